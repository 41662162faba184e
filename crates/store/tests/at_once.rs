//! Two transactions at the same rows of a campaign, on PostgreSQL; SQLite has one writer.
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy knows only functions marked as tests")]

mod common;
use common::{
    at,
    campaigns::{accepted, campaign, counts, definition, news, number, people, plan},
    org, read, write,
};
use std::sync::Arc;
use tisara_domain::{RecipientState as State, Timestamp};
use tisara_store::{
    Engine, Result, Store, Tx,
    campaigns::Audience,
    ledger::{recipients::Recipient, statuses::StatusNews},
    testing::TestStore,
};
use tokio::sync::Notify;

const TOKEN: i64 = 1;

/// One person whose message was handed out.
async fn handed_out() -> TestStore {
    let test = TestStore::new(Engine::Postgres).await;
    people(&test.store, 1).await;
    plan(&test.store, definition(Audience::All)).await;
    write(&test.store, |tx| tx.org(org()).reserve_window(campaign(), TOKEN, 1)).await;
    test
}

/// Commits the first when the second waits for it. One of two connections that write is kept for the engine.
async fn at_once(
    store: &Store,
    mut first: impl FnMut(&mut Tx<'_>) -> Result<()> + Send + 'static,
    second: impl FnMut(&mut Tx<'_>) -> Result<()> + Send + 'static,
) {
    let engine = store.for_engine();
    let begun = Arc::new(Notify::new());
    let told = Arc::clone(&begun);
    let first = write(store, move |tx| {
        first(tx)?;
        told.notify_one();
        until_waited_for(tx)
    });
    let second = async {
        begun.notified().await;
        write(&engine, second).await;
    };
    tokio::join!(first, second);
}

fn until_waited_for(tx: &mut Tx<'_>) -> Result<()> {
    for _ in 0..100_000 {
        let waiting: i64 = tx.get(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))",
            &[],
            |r| r.get(0),
        )?;
        if waiting > 0 {
            return Ok(());
        }
    }
    panic!("the other one does not come to the same row");
}

fn told(state: State, when: Timestamp) -> StatusNews {
    StatusNews { at: when, ..news(0, 1, state, "wamid.0") }
}

fn apply(tx: &mut Tx<'_>, news: &StatusNews) -> Result<()> {
    tx.org(org()).apply_statuses(number(), [news]).map(drop)
}

fn accept(tx: &mut Tx<'_>) -> Result<()> {
    tx.org(org()).record_outcomes(number(), &[accepted(0)], at(10))
}

async fn row(store: &Store) -> Recipient {
    read(store, |tx| tx.org(org()).find_recipient(campaign(), 0)).await.unwrap()
}

/// What the one learned is not overwritten by what the other knew before.
#[tokio::test]
async fn two_batches_of_statuses_lose_none() {
    let test = handed_out().await;
    at_once(
        &test.store,
        |tx| apply(tx, &told(State::Delivered, at(22))),
        |tx| apply(tx, &told(State::Sent, at(21))),
    )
    .await;
    let row = row(&test.store).await;
    assert_eq!((row.state, row.sent_at, row.delivered_at), (State::Delivered, Some(at(21)), Some(at(22))));
    assert_eq!(counts(&test.store).await, vec![(State::Delivered, 0, 1)]);
}

#[tokio::test]
async fn an_answer_and_a_status_are_both_kept() {
    let status = |tx: &mut Tx<'_>| apply(tx, &told(State::Sent, at(21)));
    for answer_first in [true, false] {
        let test = handed_out().await;
        if answer_first {
            at_once(&test.store, accept, status).await;
        } else {
            at_once(&test.store, status, accept).await;
        }
        let row = row(&test.store).await;
        let accepted_at = if answer_first { at(10) } else { at(21) };
        assert_eq!((row.state, row.accepted_at, row.sent_at), (State::Sent, Some(accepted_at), Some(at(21))));
        assert_eq!(counts(&test.store).await, vec![(State::Sent, 0, 1)]);
    }
}

/// The same news may come twice. When they come again while the attempt they ask for is handed out, they ask for nothing
/// more: the attempt would be made a second time.
#[tokio::test]
async fn a_failure_told_twice_is_not_tried_twice() {
    let test = handed_out().await;
    let store = &test.store;
    write(store, accept).await;
    let failed = StatusNews { code: 131_049, retry_at: Some(at(60)), ..told(State::Failed, at(20)) };
    let again = failed.clone();
    write(store, move |tx| apply(tx, &failed)).await;
    at_once(
        store,
        |tx| {
            let retried = tx.org(org()).reserve_retries(number(), TOKEN, 9, at(60))?;
            assert_eq!(retried.iter().map(|r| r.attempt).collect::<Vec<_>>(), [2]);
            Ok(())
        },
        move |tx| apply(tx, &again),
    )
    .await;
    let more = write(store, |tx| tx.org(org()).reserve_retries(number(), TOKEN, 9, at(90))).await;
    assert_eq!(more, vec![]);
}
