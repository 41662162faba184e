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

impl Tx<'_> {
    /// Notes that this installation listens now. More than `gap` since the last such note is a break.
    ///
    /// # Errors
    /// As the database says.
    pub fn note_hearing(&mut self, now: Timestamp, gap: Duration) -> Result<Hearing> {
        let broken_before = now.minus(gap);
        // Meta repeats what it could not tell at growing intervals: for a break of length d it may take about
        // another d, and settling waits for 2 d. A new break within that time leaves those still to come.
        self.get(
            "INSERT INTO hearing (id, since, deaf_us, seen_at) VALUES (1, $1, 0, $1) ON CONFLICT (id) DO UPDATE SET \
             since = CASE WHEN hearing.seen_at < $2 THEN excluded.since ELSE hearing.since END, \
             deaf_us = CASE WHEN hearing.seen_at >= $2 THEN hearing.deaf_us \
             WHEN hearing.seen_at - hearing.since < 2 * hearing.deaf_us \
             THEN excluded.seen_at - hearing.since + hearing.deaf_us \
             ELSE excluded.seen_at - hearing.seen_at END, \
             seen_at = excluded.seen_at RETURNING since, deaf_us",
            args![now, broken_before],
            |r| {
                let deaf_us: i64 = r.get(1)?;
                Ok(Hearing { since: r.get(0)?, deaf_for: Duration::from_micros(deaf_us.try_into().unwrap_or(0)) })
            },
        )
    }
}
