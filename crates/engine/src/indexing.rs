//! Making the words of messages searchable: in batches, some time after the messages were written and
//! in transactions of its own, so that neither a webhook nor a sender waits for an index.

use crate::parts::{Shared, in_the_way};
use std::sync::Arc;
use tisara_domain::{Duration, OrgId, Timestamp};
use tisara_store::{Engine, Error, Result};
use tokio_util::sync::CancellationToken;

const LEASE: &str = "indexing";
/// Messages indexed in one transaction: the more, the cheaper each; but SQLite has one writer, and whoever
/// else wants to write waits for so long. On PostgreSQL nobody waits.
const BATCH_MIN: u32 = 100;
const BATCH_MAX: u32 = 4_000;
const BATCH_TAKES: Duration = Duration::from_millis(30);

/// Indexes what waits, and looks again every tick, until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut leased_until = Timestamp(0);
    let mut batch = BATCH_MIN;
    while !stop.is_cancelled() {
        if let Err(e) = index_all(&shared, &stop, &mut leased_until, &mut batch).await {
            in_the_way(&e, "indexing messages for search");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = shared.ambient.sleep(shared.settings.tick()) => {}
        }
    }
}

/// Works off what waits, organization by organization, a batch of each in turn.
async fn index_all(
    shared: &Shared,
    stop: &CancellationToken,
    leased_until: &mut Timestamp,
    batch: &mut u32,
) -> Result<()> {
    let (mut after, mut more) = (None, false);
    while !stop.is_cancelled() {
        let Some(org) = shared.store.read(move |tx| tx.next_org_to_index(after)).await? else {
            if !std::mem::take(&mut more) {
                metrics::gauge!("tisara_search_lag_seconds").set(0.0);
                return Ok(());
            }
            after = None;
            continue;
        };
        // One node at a time, so that ordinals are given out in order and no work is done twice.
        if !shared.holds_lease(LEASE, leased_until).await? {
            return Ok(());
        }
        more |= index_batch(shared, org, batch).await?;
        after = Some(org);
    }
    Ok(())
}

/// Indexes one batch; says whether there may be more. The next one is as large as fits into its time.
async fn index_batch(shared: &Shared, org: OrgId, batch: &mut u32) -> Result<bool> {
    // Reading splits the words, on a reader's thread: the writer only writes.
    let limit = *batch;
    let waiting = shared.store.read(move |tx| tx.org(org).list_unindexed(limit)).await?;
    let Some(oldest) = waiting.oldest else { return Ok(false) };
    let lag = shared.ambient.now().since(oldest);
    metrics::gauge!("tisara_search_lag_seconds").set(lag.as_secs_f64());
    let more = waiting.messages.len() >= limit as usize;
    let clock = shared.ambient.clone();
    let (indexed, took) = shared
        .store
        .write(move |tx| {
            let began_at = clock.now();
            let indexed = tx.org(org).index_messages(&waiting.messages)?;
            tx.sort_in_words()?;
            Ok::<_, Error>((indexed, clock.now().since(began_at)))
        })
        .await?;
    metrics::counter!("tisara_messages_indexed_total").increment(indexed);
    *batch = match shared.store.engine() {
        Engine::Sqlite if took > BATCH_TAKES => limit / 2,
        Engine::Sqlite | Engine::Postgres => limit + limit / 2,
    }
    .clamp(BATCH_MIN, BATCH_MAX);
    Ok(more)
}
