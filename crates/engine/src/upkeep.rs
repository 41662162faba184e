//! What has to be done from time to time: noting that we hear, telling what changed, throwing away
//! what is old.

use crate::parts::{Shared, in_the_way};
use std::sync::Arc;
use tisara_domain::{Duration, Timestamp};
use tisara_store::{Engine as Database, hearing::Hearing};
use tokio_util::sync::CancellationToken;

/// How often listeners are told which campaigns changed.
const TELL: Duration = Duration::from_millis(250);
/// How often a working node notes that it hears.
const NOTE: Duration = Duration::from_secs(1);
/// A node that works may be late by so much; more is a break.
const BREAK: Duration = Duration::from_secs(5);
/// A node that starts waits so long for another one's note.
const LISTEN_FOR_OTHERS: Duration = Duration::from_millis(2_500);
const TRIM: Duration = Duration::from_secs(3600);
const TRIM_BATCH: u32 = 1_000;
/// Answers to repeated writes are kept for a day.
const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Runs until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, mut start: Start, stop: CancellationToken) {
    let (mut next_note, mut next_trim) = (Timestamp(0), Timestamp(0));
    while !stop.is_cancelled() {
        let now = shared.ambient.now();
        if now >= next_note && start.is_over(&shared, now).await {
            next_note = now.plus(NOTE);
            // A webhook that could not be kept was told Meta so, and comes again: until then we are deaf.
            let gap = if shared.take_missed() { Duration::ZERO } else { BREAK };
            note_hearing(&shared, now, gap).await;
        }
        if now >= next_trim {
            next_trim = now.plus(TRIM);
            if let Err(e) = trim(&shared, now).await {
                in_the_way(&e, "throwing away what is old");
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

/// Whether this start was a break in hearing: whoever listened before has stopped, unless another node
/// does it still.
pub(crate) struct Start {
    started_at: Timestamp,
    is_over: bool,
}

impl Start {
    /// On SQLite there is one process, and every start is a break, however short. On PostgreSQL the last
    /// note may be of a node that lives or of one that has just died; until it is known, this node trusts
    /// silence as if it had been a break.
    ///
    /// # Errors
    /// As the database says.
    pub(crate) async fn begin(shared: &Shared) -> tisara_store::Result<Self> {
        let started_at = shared.ambient.now();
        if shared.store.engine() == Database::Sqlite {
            note_hearing(shared, started_at, Duration::ZERO).await;
            return Ok(Self { started_at, is_over: true });
        }
        let noted = shared.store.read(|tx| tx.find_noted_hearing()).await?;
        let deaf_for = noted.map_or(Duration::ZERO, |n| started_at.since(n.seen_at).max(n.hearing.deaf_for));
        shared.set_hearing(Hearing { since: started_at, deaf_for });
        Ok(Self { started_at, is_over: false })
    }

    /// Looks for another node's note; without one in time it writes the break down.
    async fn is_over(&mut self, shared: &Shared, now: Timestamp) -> bool {
        if self.is_over {
            return true;
        }
        match shared.store.read(|tx| tx.find_noted_hearing()).await {
            Ok(Some(n)) if n.seen_at > self.started_at && n.owner != shared.owner => self.is_over = true,
            Ok(_) if now >= self.started_at.plus(LISTEN_FOR_OTHERS) => {
                self.is_over = note_hearing(shared, self.started_at, Duration::ZERO).await;
            }
            Ok(_) => {}
            Err(e) => in_the_way(&e, "noting that we hear"),
        }
        self.is_over
    }
}

/// Notes that this installation listens, and learns since when. More than `gap` since the last note is
/// a break. Says whether it could be noted.
async fn note_hearing(shared: &Shared, now: Timestamp, gap: Duration) -> bool {
    let owner = shared.owner.clone();
    match shared.store.write(move |tx| tx.note_hearing(&owner, now, gap)).await {
        Ok(hearing) => {
            shared.set_hearing(hearing);
            true
        }
        Err(e) => {
            in_the_way(&e, "noting that we hear");
            false
        }
    }
}

async fn trim(shared: &Shared, now: Timestamp) -> tisara_store::Result<()> {
    let before = now.minus(Duration::from_secs(u64::from(shared.settings.journal_keep_days) * 24 * 3600));
    while shared.store.write(move |tx| tx.trim_journal(before, TRIM_BATCH)).await? >= u64::from(TRIM_BATCH) {}
    let before = now.minus(IDEMPOTENCY_KEPT);
    shared.store.write(move |tx| tx.purge_idempotent(before)).await.map(|_| ())
}
