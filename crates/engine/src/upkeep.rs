//! What has to be done from time to time: noting that we hear, telling what changed, throwing away
//! what is old.

use crate::parts::Shared;
use std::sync::Arc;
use tisara_domain::{Duration, Timestamp};
use tokio_util::sync::CancellationToken;

/// How often listeners are told which campaigns changed.
const TELL: Duration = Duration::from_millis(250);
/// How often a working node notes that it hears.
const NOTE: Duration = Duration::from_secs(1);
/// A break, as the node sees it that has just started, and as one that works may be late by.
const BREAK_AT_START: Duration = Duration::from_millis(1_500);
const BREAK: Duration = Duration::from_secs(5);
const TRIM: Duration = Duration::from_secs(3600);
const TRIM_BATCH: u32 = 1_000;
/// Answers to repeated writes are kept for a day.
const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Runs until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let (mut next_note, mut next_trim) = (Timestamp(0), Timestamp(0));
    while !stop.is_cancelled() {
        let now = shared.ambient.now();
        if now >= next_note {
            next_note = now.plus(NOTE);
            note_hearing(&shared, now, BREAK).await;
        }
        if now >= next_trim {
            next_trim = now.plus(TRIM);
            if let Err(e) = trim(&shared, now).await {
                tracing::warn!(error = %e, "old entries could not be thrown away; it will be tried again");
            }
        }
        shared.tell_touched();
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = shared.ambient.sleep(TELL) => {}
        }
    }
}

/// At the start: whoever listened before has stopped, unless another node does it still.
pub(crate) async fn begin_hearing(shared: &Shared) {
    note_hearing(shared, shared.ambient.now(), BREAK_AT_START).await;
}

/// Notes that this installation listens, and learns since when. More than `gap` since the last note is
/// a break.
async fn note_hearing(shared: &Shared, now: Timestamp, gap: Duration) {
    match shared.store.write(move |tx| tx.note_hearing(now, gap)).await {
        Ok(hearing) => shared.set_hearing(hearing),
        Err(e) => tracing::warn!(error = %e, "storage is in the way"),
    }
}

async fn trim(shared: &Shared, now: Timestamp) -> tisara_store::Result<()> {
    let before = now.minus(Duration::from_secs(u64::from(shared.settings.journal_keep_days) * 24 * 3600));
    while shared.store.write(move |tx| tx.trim_journal(before, TRIM_BATCH)).await? >= u64::from(TRIM_BATCH) {}
    let before = now.minus(IDEMPOTENCY_KEPT);
    shared.store.write(move |tx| tx.purge_idempotent(before)).await.map(|_| ())
}
