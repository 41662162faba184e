//! kill -9 at any moment of a campaign: it goes on by itself, nobody is forgotten, nobody gets it twice.

use crate::support::installation::Installation;
use serde_json::Value;

const CONTACTS: u32 = 5_000;

/// Kills the server early, in the middle, again as soon as it sends again, and near the end.
async fn survives_four_kills(database: Option<String>) {
    let mut it = Installation::with_contacts(CONTACTS, database).await;
    let campaign = it.start_campaign().await;
    let total = u64::from(CONTACTS);
    let mut out = 0;
    for wanted in [1, total / 2, 0, total * 19 / 20] {
        // 0 stands for: as soon as anything more is out than before.
        let wanted = if wanted == 0 { (out + 1).min(total) } else { wanted };
        let seen = it.wait_until_out(&campaign, wanted).await;
        out = crate::support::installation::out(&seen);
        it.kill_server();
        it.start_server();
        it.wait_until_ready().await;
    }
    let end = it.wait_until_settled(&campaign).await;
    check(&it, &end).await;
}

async fn check(it: &Installation, end: &Value) {
    let (p, report) = (&end["progress"], it.emulator_report().await);
    let n = |state: &str| p[state].as_u64().unwrap();
    assert_eq!(n("recipients"), u64::from(CONTACTS), "{end}");
    assert_eq!((n("planned"), n("uncertain"), n("skipped")), (0, 0, 0), "{end}");
    let lost = n("recipients") - n("failed") - it.reached().await;
    let doubled = report["doubled"].as_u64().unwrap() + report["doubled_contents"].as_u64().unwrap();
    assert_eq!((lost, doubled), (0, 0), "{end}\n{report}");
    assert_eq!(n("recipients"), crate::support::installation::out(end), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_survives_kill_9_on_sqlite() {
    survives_four_kills(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_survives_kill_9_on_postgres() {
    let database = tokio::task::spawn_blocking(crate::support::postgres).await.unwrap();
    survives_four_kills(Some(database)).await;
}

/// A polite stop in the middle: quick, clean, and the next start goes on.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the time a real process takes is what is tested")]
async fn a_stop_is_quick_and_loses_nothing() {
    let mut it = Installation::with_contacts(CONTACTS, None).await;
    let campaign = it.start_campaign().await;
    it.wait_until_out(&campaign, u64::from(CONTACTS) / 3).await;
    let server = it.take_server();
    let asked = std::time::Instant::now();
    server.signal("TERM");
    let ended = server.wait();
    assert_eq!(ended.code, 0, "{ended:#?}");
    // Promised are 2 seconds; a machine that runs other tests beside may need a little more.
    assert!(asked.elapsed().as_secs_f64() < 3.0, "{:?} {ended:#?}", asked.elapsed());

    it.start_server();
    it.wait_until_ready().await;
    let end = it.wait_until_settled(&campaign).await;
    check(&it, &end).await;
}
