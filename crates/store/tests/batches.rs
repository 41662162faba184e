//! What a batch reads on PostgreSQL, when its statistics say that there is nothing: they were made before the campaign, or
//! while nobody waited.

mod common;
use common::{
    at,
    campaigns::{accepted, campaign, definition, news, number, people, plan},
    org, rows_read, write,
};
use tisara_domain::RecipientState as State;
use tisara_store::{
    Engine, Result, Store, Tx, args,
    campaigns::Audience,
    ledger::{outcomes::Outcome, statuses::StatusNews},
    testing::TestStore,
};

const BATCH: i64 = 500;
/// More than the runs after which PostgreSQL keeps a plan.
const BATCHES: i64 = 8;

fn delivered(seq: i64) -> StatusNews {
    news(seq, 1, State::Delivered, &format!("wamid.{seq}"))
}

/// Writes rows, takes them away, lets PostgreSQL count what is left, and writes them again.
async fn write_unnoticed(
    store: &Store,
    tables: &'static [&'static str],
    insert: fn(&mut Tx<'_>) -> Result<u64>,
) {
    write(store, move |tx| {
        insert(tx)?;
        for table in tables {
            tx.execute(&format!("DELETE FROM {table}"), &[])?;
            tx.execute(&format!("ANALYZE {table}"), &[])?;
        }
        Ok(())
    })
    .await;
    write(store, insert).await;
}

#[tokio::test]
async fn a_batch_of_answers_or_statuses_reads_its_own_rows() {
    let test = TestStore::new(Engine::Postgres).await;
    let store = &test.store;
    people(store, 1).await;
    plan(store, definition(Audience::All)).await;
    write_unnoticed(store, &["recipient"], |tx| {
        tx.execute(
            "INSERT INTO recipient (org_id, campaign_id, seq, contact_id, address, state, reason, attempt) \
             SELECT $1, $2, seq, gen_random_uuid(), '+94', 0, 0, 0 FROM generate_series(1, $3) AS seq",
            args![org(), campaign(), 20 * BATCH],
        )
    })
    .await;
    for batch in 0..BATCHES {
        let seqs = move || batch * BATCH + 1..=(batch + 1) * BATCH;
        let (for_answers, for_statuses) = write(store, move |tx| {
            let outcomes: Vec<Outcome> = seqs().map(accepted).collect();
            let news: Vec<StatusNews> = seqs().map(delivered).collect();
            let answers =
                rows_read(tx, &["recipient"], |org| org.record_outcomes(number(), &outcomes, at(10)))?;
            let statuses = rows_read(tx, &["recipient"], |org| org.apply_statuses(number(), &news))?;
            Ok((answers.1, statuses.1))
        })
        .await;
        assert!(for_answers <= 2 * BATCH, "{for_answers} rows were read to mark {BATCH} as accepted");
        assert!(for_statuses <= 2 * BATCH, "{for_statuses} rows were read for {BATCH} statuses");
    }
    let delivered = write(store, |tx| {
        let sql = "SELECT count(*) FROM recipient WHERE org_id = $1 AND campaign_id = $2 AND state = $3";
        tx.get::<i64>(sql, args![org(), campaign(), State::Delivered], |r| r.get(0))
    });
    assert_eq!(delivered.await, BATCHES * BATCH);
}

#[tokio::test]
async fn a_window_reads_its_own_rows_and_people() {
    let test = TestStore::new(Engine::Postgres).await;
    let store = &test.store;
    people(store, 1).await;
    write_unnoticed(store, &["contact"], |tx| {
        tx.execute(
            "INSERT INTO contact (org_id, id, phone, name, name_fold, consent, reachable, created_at, updated_at) \
             SELECT $1, CAST(lpad(to_hex(n), 32, '0') AS UUID), '+94' || (770000000 + n), 'n', 'n', 1, 1, 0, 0 \
             FROM generate_series(2, $2) AS n",
            args![org(), 20 * BATCH],
        )
    })
    .await;
    plan(store, definition(Audience::All)).await;
    for _ in 0..BATCHES {
        let (window, people) = write(store, |tx| {
            rows_read(tx, &["contact"], |org| org.reserve_window(campaign(), 1, BATCH as u32))
        })
        .await;
        assert_eq!(window.rows.len() as i64, BATCH);
        assert!(people <= 2 * BATCH, "{people} people were looked at for a window of {BATCH}");
    }
}

/// The index of an account's entries would find one by its id as well: by going through all of it.
#[tokio::test]
async fn entries_of_the_journal_are_found_by_their_key() {
    let test = TestStore::new(Engine::Postgres).await;
    let store = &test.store;
    write_unnoticed(store, &["journal_todo", "journal"], |tx| {
        tx.execute(
            "WITH kept AS (INSERT INTO journal (waba, received_at, body) SELECT '101', 0, '{}' FROM generate_series(1, $1) \
             RETURNING id) INSERT INTO journal_todo (id) SELECT id FROM kept",
            args![20 * BATCH],
        )
    })
    .await;
    for _ in 0..BATCHES {
        let (found, pages) = write(store, |tx| {
            let sql = "SELECT pg_stat_get_xact_blocks_fetched('journal_waba'::regclass)";
            let before: i64 = tx.get(sql, &[], |r| r.get(0))?;
            let found = tx.list_journal_todo(None, BATCH as u32, 1 << 20)?;
            let pages = tx.get::<i64>(sql, &[], |r| r.get(0))? - before;
            Ok((found.len() as i64, pages))
        })
        .await;
        assert_eq!((found, pages), (BATCH, 0));
    }
}

#[tokio::test]
async fn a_batch_that_is_indexed_is_found_on_the_list() {
    let test = TestStore::new(Engine::Postgres).await;
    let store = &test.store;
    people(store, 1).await;
    write(store, |tx| {
        tx.execute(
            "INSERT INTO message (org_id, id, thread_id, number_id, state, kind, text, content, address, attempt, lease, \
             due_at, created_at) SELECT $1, CAST(lpad(to_hex(n), 32, '0') AS UUID), $3, $3, 0, 0, '', '{}', 'x', 0, 0, 0, 0 \
             FROM generate_series(1, $2) AS n",
            args![org(), 20 * BATCH, number()],
        )
    })
    .await;
    write_unnoticed(store, &["message_unindexed"], |tx| {
        tx.execute("INSERT INTO message_unindexed (org_id, message_id) SELECT org_id, id FROM message", &[])
    })
    .await;
    for _ in 0..BATCHES {
        let (_, read) = write(store, |tx| {
            let waiting = tx.org(org()).list_unindexed(BATCH as u32)?;
            rows_read(tx, &["message_unindexed"], |org| org.index_messages(&waiting.messages))
        })
        .await;
        assert!(read <= 2 * BATCH, "{read} rows were read to take {BATCH} off the list");
    }
    let left = write(store, |tx| tx.get::<i64>("SELECT count(*) FROM message_unindexed", &[], |r| r.get(0)));
    assert_eq!(left.await, (20 - BATCHES) * BATCH);
}
