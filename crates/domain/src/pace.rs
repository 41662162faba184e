//! How fast a number may send: a bucket per number, slowed by Meta's refusals.
//!
//! Meta: a number sends 80 messages a second by default, 1,000 when upgraded, 20 in coexistence
//! (limits page); above that a send is refused with 130429. One recipient gets one message per 6 s
//! with a burst of 45 (131056). The buckets are GCRA: one moment each, no timer, so they run on any
//! clock and could be stored in a row.

use crate::time::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// A bucket that lets `rate` through per second on average, and `burst` at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Nanoseconds between two messages.
    interval_ns: i64,
    burst: i64,
    /// When the bucket would be full again, in nanoseconds of the epoch.
    full_at_ns: i64,
}

impl Bucket {
    /// A full bucket. `per_second` and `burst` are at least 1.
    #[must_use]
    pub fn per_second(per_second: u32, burst: u32) -> Self {
        Self::every(Duration::from_nanos(1_000_000_000 / u64::from(per_second.max(1))), burst)
    }

    /// A full bucket that gives one per `interval`.
    #[must_use]
    pub fn every(interval: Duration, burst: u32) -> Self {
        Self {
            interval_ns: i64::try_from(interval.as_nanos()).unwrap_or(i64::MAX / 4).max(1),
            burst: i64::from(burst.max(1)),
            full_at_ns: i64::MIN / 2,
        }
    }

    /// Meta's bucket for one recipient: one per 6 s, 45 at once.
    #[must_use]
    pub fn pair() -> Self {
        Self::every(Duration::from_secs(6), 45)
    }

    /// Takes up to `wanted` and says how many were given.
    pub fn take_up_to(&mut self, now: Timestamp, wanted: u32) -> u32 {
        let given = self.available(now).min(wanted);
        if given > 0 {
            let now_ns = nanos(now);
            self.full_at_ns = self.full_at_ns.max(now_ns) + self.interval_ns * i64::from(given);
        }
        given
    }

    /// How many could be taken now.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> u32 {
        let room =
            (nanos(now) + self.interval_ns * self.burst).saturating_sub(self.full_at_ns.max(nanos(now)));
        u32::try_from((room / self.interval_ns).clamp(0, self.burst)).unwrap_or(0)
    }

    /// The moment at which `wanted` (at most the burst) can be taken together.
    #[must_use]
    pub fn ready_at(&self, wanted: u32) -> Timestamp {
        let wanted = i64::from(wanted.max(1)).min(self.burst);
        let ns = self.full_at_ns.saturating_sub(self.interval_ns * (self.burst - wanted));
        // Rounded up: a microsecond too early would find the bucket still empty.
        Timestamp(ns.div_euclid(1_000) + 1)
    }

    /// Changes the rate and keeps what was taken.
    pub fn set_per_second(&mut self, per_second: u32) {
        self.interval_ns = 1_000_000_000 / i64::from(per_second.max(1));
    }
}

fn nanos(t: Timestamp) -> i64 {
    t.0.saturating_mul(1_000)
}

/// The pace of one number: its bucket, and what Meta's refusals taught.
///
/// On a refusal the rate falls by a fifth, at most once a second; after ten quiet seconds it grows
/// by a twentieth of the ceiling each second until it is back.
#[derive(Clone, Debug)]
pub struct Pace {
    bucket: Bucket,
    ceiling: u32,
    current: u32,
    slowed_at: Option<Timestamp>,
    grown_at: Timestamp,
}

const QUIET_BEFORE_GROWTH: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_secs(1);

impl Pace {
    /// A pace of `per_second` messages, which is also its ceiling.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let ceiling = per_second.max(1);
        Self {
            bucket: Bucket::per_second(ceiling, burst(ceiling)),
            ceiling,
            current: ceiling,
            slowed_at: None,
            grown_at: Timestamp(0),
        }
    }

    /// Takes up to `wanted` sends.
    pub fn take_up_to(&mut self, now: Timestamp, wanted: u32) -> u32 {
        self.grow(now);
        self.bucket.take_up_to(now, wanted)
    }

    /// When the next send may go.
    #[must_use]
    pub fn ready_at(&self) -> Timestamp {
        self.bucket.ready_at(1)
    }

    /// Messages a second at present.
    #[must_use]
    pub fn per_second(&self) -> u32 {
        self.current
    }

    /// Meta refused with 130429: slow down.
    pub fn refused(&mut self, now: Timestamp) {
        if self.slowed_at.is_some_and(|t| now.since(t) < STEP) {
            return;
        }
        self.slowed_at = Some(now);
        self.grown_at = now;
        self.set((self.current - self.current / 5).max(1).min(self.current.saturating_sub(1).max(1)));
    }

    /// Meta raised or lowered the number's throughput.
    pub fn set_ceiling(&mut self, per_second: u32) {
        self.ceiling = per_second.max(1);
        if self.slowed_at.is_none() || self.current > self.ceiling {
            self.set(self.ceiling);
        }
    }

    fn grow(&mut self, now: Timestamp) {
        let Some(slowed_at) = self.slowed_at else { return };
        if now.since(slowed_at) < QUIET_BEFORE_GROWTH || now.since(self.grown_at) < STEP {
            return;
        }
        self.grown_at = now;
        self.set((self.current + (self.ceiling / 20).max(1)).min(self.ceiling));
        if self.current == self.ceiling {
            self.slowed_at = None;
        }
    }

    fn set(&mut self, per_second: u32) {
        self.current = per_second;
        self.bucket.set_per_second(per_second);
    }
}

/// A tenth of a second's worth at once: smooth enough for Meta, coarse enough to batch.
fn burst(per_second: u32) -> u32 {
    (per_second / 10).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bucket_gives_its_burst_then_its_rate() {
        let mut b = Bucket::per_second(80, 8);
        let t = Timestamp::from_seconds(1_000);
        assert_eq!(b.take_up_to(t, 100), 8);
        assert_eq!(b.take_up_to(t, 1), 0);
        let next = b.ready_at(1);
        assert!(next > t && next.since(t) <= Duration::from_micros(12_501));
        assert_eq!(b.take_up_to(next, 100), 1);
    }

    #[test]
    fn one_person_gets_a_burst_of_45_and_then_one_per_six_seconds() {
        let mut b = Bucket::pair();
        let t = Timestamp::from_seconds(1);
        assert_eq!(b.take_up_to(t, 50), 45);
        assert_eq!(b.take_up_to(t.plus(Duration::from_secs(6)), 50), 1);
    }

    #[test]
    fn refusals_slow_a_number_and_quiet_brings_it_back() {
        let mut p = Pace::new(80);
        let mut t = Timestamp::from_seconds(100);
        p.refused(t);
        p.refused(t);
        assert_eq!(p.per_second(), 64);
        for _ in 0..60 {
            t = t.plus(Duration::from_secs(1));
            p.take_up_to(t, 1);
        }
        assert_eq!(p.per_second(), 80);
    }

    #[test]
    fn the_pace_never_falls_to_nothing() {
        let mut p = Pace::new(2);
        for s in 0..100 {
            p.refused(Timestamp::from_seconds(s * 2));
        }
        assert_eq!(p.per_second(), 1);
    }

    proptest! {
        /// In any window, however it is asked, a bucket gives at most burst + rate × window.
        #[test]
        fn no_window_gets_more_than_the_rate(
            rate in 1_u32..2_000, burst in 1_u32..100,
            asks in prop::collection::vec((0_i64..200_000, 1_u32..300), 1..100),
        ) {
            let mut b = Bucket::per_second(rate, burst);
            let start = Timestamp::from_seconds(1_000);
            let (mut now, mut given) = (start, 0_u64);
            for (wait_us, wanted) in asks {
                now = Timestamp(now.0 + wait_us);
                given += u64::from(b.take_up_to(now, wanted));
                let seconds = now.since(start).as_secs_f64();
                // Intervals are whole nanoseconds, so the rate may be high by a part in a million.
                let most = f64::from(burst) + f64::from(rate) * seconds * 1.000_01 + 1e-6;
                prop_assert!(given as f64 <= most, "{given} of {most}");
            }
        }

        /// Waiting until the promised moment is always enough.
        #[test]
        fn ready_at_keeps_its_word(rate in 1_u32..5_000, burst in 1_u32..50, taken in 1_u32..200, wanted in 1_u32..50) {
            let mut b = Bucket::per_second(rate, burst);
            let t = Timestamp::from_seconds(5);
            b.take_up_to(t, taken);
            let wanted = wanted.min(burst);
            let at = b.ready_at(wanted).max(t);
            prop_assert!(b.available(at) >= wanted);
        }
    }
}
