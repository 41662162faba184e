//! Since when this installation can hear Meta, and for how long it was deaf before.
//!
//! Settling an uncertain message rests on silence, and silence proves nothing while nobody listens.

use crate::{
    args,
    seam::{Result, Tx},
};
use tisara_domain::{Duration, Timestamp};

/// How well silence can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// Listening without a break since then.
    pub since: Timestamp,
    /// The length of the break before. Breaks that follow each other too fast for Meta's repeats to have
    /// come in between are one, from the beginning of the first.
    pub deaf_for: Duration,
}

/// The last note that somebody listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// What was known then.
    pub hearing: Hearing,
    /// When it was.
    pub seen_at: Timestamp,
    /// Which node it was.
    pub owner: String,
}

impl Tx<'_> {
    /// Notes that `owner` listens at `now`. More than `gap` since the last such note, of whichever node, is a
    /// break.
    ///
    /// # Errors
    /// As the database says.
    pub fn note_hearing(&mut self, owner: &str, now: Timestamp, gap: Duration) -> Result<Hearing> {
        let broken_before = now.minus(gap);
        // Meta repeats what it could not tell at growing intervals: for a break of length d it may take about
        // another d, and settling waits for 2 d. A new break within that time leaves those still to come.
        self.get(
            "INSERT INTO hearing (id, since, deaf_us, seen_at, owner) VALUES (1, $1, 0, $1, $3) \
             ON CONFLICT (id) DO UPDATE SET \
             since = CASE WHEN hearing.seen_at < $2 THEN excluded.since ELSE hearing.since END, \
             deaf_us = CASE WHEN hearing.seen_at >= $2 THEN hearing.deaf_us \
             WHEN hearing.seen_at - hearing.since < 2 * hearing.deaf_us \
             THEN excluded.seen_at - hearing.since + hearing.deaf_us \
             ELSE excluded.seen_at - hearing.seen_at END, \
             seen_at = CASE WHEN hearing.seen_at < excluded.seen_at THEN excluded.seen_at ELSE hearing.seen_at END, \
             owner = excluded.owner RETURNING since, deaf_us",
            args![now, broken_before, owner],
            |r| hearing(r.get(0)?, r.get(1)?),
        )
    }

    /// The last note; `None` before the first.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_noted_hearing(&mut self) -> Result<Option<Noted>> {
        self.find("SELECT since, deaf_us, seen_at, owner FROM hearing WHERE id = 1", &[], |r| {
            Ok(Noted { hearing: hearing(r.get(0)?, r.get(1)?)?, seen_at: r.get(2)?, owner: r.get(3)? })
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "ends the reading of a row")]
fn hearing(since: Timestamp, deaf_us: i64) -> Result<Hearing> {
    Ok(Hearing { since, deaf_for: Duration::from_micros(deaf_us.try_into().unwrap_or(0)) })
}
