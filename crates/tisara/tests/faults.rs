//! A database that fails in one way or another while campaigns, chats and replies go on, and a node that
//! fails beside another: nothing is lost, nothing doubled, and the server says what happens.
//!
//! The judge is the emulator; `tisara-torture` holds the server's own words against what was done to it.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and prints its seed")]

use std::{path::Path, process::Command, sync::Arc};
use tisara_domain::Rng;
use tisara_stage::Postgres;
use tisara_store::{Engine, Url, testing::TestStore};
use tisara_torture::{Harm, Plan, run};

/// Runs campaigns, chats and replies with this harm done so often. Another script each time; the seed is
/// printed.
async fn is_survived(harm: Harm, times: u32, recipients: u32, database: String, dir: Option<&Path>) {
    let seed = Rng::from_os().unwrap().below(1_000_000_000);
    eprintln!("seed {seed}: {harm:?} on {database}");
    let plan = Plan {
        kills: times,
        harm,
        recipients,
        seed,
        database,
        tisara: env!("CARGO_BIN_EXE_tisara").into(),
        dir: dir.map(Path::to_path_buf),
        tell: |line| eprintln!("{line}"),
    };
    let outcome = run(plan).await.unwrap();
    eprintln!("{outcome:?}");
    assert!(outcome.is_kept(), "{outcome:#?}");
    assert!(outcome.inbound > 10 && outcome.replies > 10, "{outcome:#?}");
}

/// A schema of the PostgreSQL that the test command started.
async fn schema() -> (String, TestStore) {
    let test = TestStore::new(Engine::Postgres).await;
    let Url::Postgres(url) = test.url.clone() else { unreachable!("asked for PostgreSQL") };
    (url, test)
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_crashes_and_comes_back() {
    let postgres = Arc::new(Postgres::start().unwrap());
    is_survived(Harm::StopDatabase(Arc::clone(&postgres)), 2, 1_000, postgres.url(), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_that_somebody_else_forgot() {
    let (url, _keep) = schema().await;
    is_survived(Harm::HoldLocks, 2, 1_000, url, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_take_every_connection() {
    let (url, _keep) = schema().await;
    is_survived(Harm::TakeConnections, 2, 1_000, url, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_may_not_grow() {
    is_survived(Harm::LimitFiles, 2, 1_000, "sqlite".to_owned(), None).await;
}

/// A real full disk needs a small one, and making one needs the right to mount it.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs"]).arg(&data).output();
    if !mount.is_ok_and(|done| done.status.success()) {
        eprintln!("NOT CHECKED: this user may not mount a small disk; see files_that_may_not_grow");
        return;
    }
    let survived = tokio::spawn({
        let (dir, data) = (dir.path().to_path_buf(), data.clone());
        async move { is_survived(Harm::FillDisk(data), 2, 1_000, "sqlite".to_owned(), Some(&dir)).await }
    });
    let survived = survived.await;
    let _ = Command::new("umount").arg("-l").arg(&data).status();
    survived.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_or_stands_still_beside_another() {
    let (url, _keep) = schema().await;
    is_survived(Harm::Nodes, 3, 5_000, url, None).await;
}
