//! A backup in the middle of a campaign, the campaign sent to its end, the backup restored: nobody gets
//! anything again, until somebody says so, and then exactly those whom it said.

use crate::support::installation::Installation;
use serde_json::Value;

const CONTACTS: u32 = 2_000;

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

async fn a_restored_copy_sends_nothing_again(database: Option<String>, restored_into: Option<String>) {
    let mut it = Installation::with_contacts(CONTACTS, database).await;
    let campaign = it.start_campaign().await;
    it.wait_until_out(&campaign, u64::from(CONTACTS) / 4).await;
    let made = it.run(&["backup", "copy.backup", "--include-key", "--json"]);
    assert_eq!(made.code, 0, "{made:#?}");
    it.wait_until_settled(&campaign).await;
    let before = it.emulator_report().await;
    assert_eq!(number(&before["doubled"]), 0, "{before}");

    it.stop_server();
    it.lose_everything(restored_into);
    let restored = it.run(&["restore", "copy.backup", "--json"]);
    assert_eq!(restored.code, 0, "{restored:#?}");
    let held: Value = serde_json::from_str(&restored.out).unwrap();
    assert_eq!(number(&held["held"]["campaigns"]), 1, "{held}");
    assert!(number(&held["held"]["waiting"]) > 0, "{held}");

    it.start_server();
    it.wait_until_ready().await;
    let path = format!("/campaigns/{campaign}");
    it.get_when("the campaign to be held", &path, |c| {
        c["state"] == "paused" && c["paused_reason"] == "restored"
    })
    .await;
    // Not by the usual way, and not by itself: the server has looked for work many times by then.
    it.run_client(&["campaign", "resume", &campaign]).fails_with(1, &["restored from a backup"]);
    it.wait_until_it_has_looked_for_work().await;
    let after = it.emulator_report().await;
    assert_eq!(
        (number(&after["accepted"]), number(&after["doubled"])),
        (number(&before["accepted"]), 0),
        "{after}"
    );

    // Exactly those whom it names are sent to. They all had it: the emulator counts each as doubled.
    let shown = it.run_client(&["campaign", "resume", &campaign, "--after-restore", "--dry-run", "--json"]);
    let shown = number(&serde_json::from_str::<Value>(&shown.out).unwrap()["sends"]);
    let resumed = it.run_client(&["campaign", "resume", &campaign, "--after-restore", "--json"]);
    let sends = number(&serde_json::from_str::<Value>(&resumed.out).unwrap()["sends"]);
    // Those of whom a webhook told in between are left out.
    assert!(
        sends > 0 && sends <= shown && shown <= number(&held["held"]["waiting"]),
        "{sends} of {shown}: {held}"
    );
    // What Meta told of messages before the restore, it told to the installation that is lost.
    it.get_when("what was held to be sent", &path, |c| c["progress"]["planned"] == 0).await;
    let end = it.emulator_report().await;
    assert_eq!(number(&end["accepted"]) - number(&before["accepted"]), sends, "{end}");
    assert_eq!(number(&end["doubled"]), sends, "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_sqlite_is_restored_without_sending_again() {
    a_restored_copy_sends_nothing_again(None, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_postgres_is_restored_without_sending_again() {
    let postgres = || tokio::task::spawn_blocking(crate::support::postgres);
    a_restored_copy_sends_nothing_again(Some(postgres().await.unwrap()), Some(postgres().await.unwrap()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_sqlite_becomes_postgres() {
    let database = tokio::task::spawn_blocking(crate::support::postgres).await.unwrap();
    a_restored_copy_sends_nothing_again(None, Some(database)).await;
}

/// The key is asked for by name, never silently left out or made anew.
#[test]
fn a_backup_without_its_key_says_so() {
    use crate::support::{run, tisara};
    let dir = tempfile::tempdir().unwrap();
    run(tisara(dir.path()).args(["backup", "b"])).fails_with(2, &["no key file"]);
    assert_eq!(run(tisara(dir.path()).args(["org", "create", "A"])).code, 0);
    let made = run(tisara(dir.path()).args(["backup", "b"]));
    assert!(made.code == 0 && made.err.contains("is not in the backup"), "{made:#?}");
    assert_eq!(run(tisara(dir.path()).args(["restore", "b", "--check"])).code, 0);
    run(tisara(dir.path()).args(["restore", "b", "--data-dir", "new"]))
        .fails_with(2, &["does not hold its key"]);
    std::fs::write(dir.path().join("new/key"), "00".repeat(32)).unwrap();
    run(tisara(dir.path()).args(["restore", "b", "--data-dir", "new"])).fails_with(2, &["is not the one"]);
    run(tisara(dir.path()).args(["restore", "b"])).fails_with(2, &["not empty"]);
    std::fs::copy(dir.path().join("data/key"), dir.path().join("new/key")).unwrap();
    let restored = run(tisara(dir.path()).args(["restore", "b", "--data-dir", "new"]));
    assert_eq!(restored.code, 0, "{restored:#?}");
    std::fs::write(dir.path().join("b"), "not a backup").unwrap();
    run(tisara(dir.path()).args(["restore", "b", "--check"])).fails_with(2, &["no whole backup"]);
}
