//! How far Meta's news have come, by Meta's own clock.
//!
//! That a webhook arrives says little: it may tell of what happened long ago, while newer news wait in a
//! backlog. What counts is the age of the news. Two things are kept of an account: the newest moment that a
//! webhook told of, and how late news were of late.
//!
//! What is assumed: Meta tells roughly in the order in which things happen, and where its connections
//! overtake each other or a webhook is repeated, by no more than what was seen lately; so whoever waits for
//! the grace time and for twice the lag that was seen has heard of all that happened before.

use crate::time::{Duration, Timestamp};

/// Meta's timestamps are whole seconds, rounded down.
const ROUNDING: Duration = Duration::from_secs(1);
/// No lag counts for more than this: the webhook of a week's outage must not stop everything for weeks.
const LAG_MAX: Duration = Duration::from_secs(24 * 3600);
/// A lag is forgotten in so many times its length.
const FORGOTTEN_IN: u32 = 4;
/// That something was heard is written down at most this often, if nothing else is new.
const HEARD_EVERY: Duration = Duration::from_secs(10);

/// What is known of an account's news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// The newest moment, by Meta's clock, that an applied status told of.
    pub statuses_until: Option<Timestamp>,
    /// The newest moment that any applied status or message told of.
    pub events_until: Option<Timestamp>,
    /// The longest time lately between something's happening and our hearing of it…
    pub lag: Duration,
    /// …and when that was.
    pub lag_at: Timestamp,
    /// When the newest of these webhooks arrived.
    pub heard_at: Option<Timestamp>,
}

impl Watermark {
    /// A status of `at` arrived at `arrived_at`.
    pub fn note_status(&mut self, at: Timestamp, arrived_at: Timestamp) {
        // Nobody hears of what has not happened yet: then the clocks differ.
        let at = at.min(arrived_at);
        self.statuses_until = self.statuses_until.max(Some(at));
        self.note_message(at, arrived_at);
    }

    /// A message that a customer wrote at `at` arrived at `arrived_at`.
    pub fn note_message(&mut self, at: Timestamp, arrived_at: Timestamp) {
        self.events_until = self.events_until.max(Some(at.min(arrived_at)));
        self.note_lag(arrived_at.since(at.plus(ROUNDING)).min(LAG_MAX), arrived_at);
        self.heard_at = self.heard_at.max(Some(arrived_at));
    }

    fn note_lag(&mut self, lag: Duration, at: Timestamp) {
        if lag >= self.lag(at) {
            (self.lag, self.lag_at) = (lag, at);
        }
    }

    /// How late news are, as far as is known: the longest lag seen, less as time goes by.
    #[must_use]
    pub fn lag(&self, now: Timestamp) -> Duration {
        self.lag.saturating_sub(now.since(self.lag_at) / FORGOTTEN_IN)
    }

    /// Adds what `newer` knows.
    pub fn merge(&mut self, newer: &Self) {
        self.statuses_until = self.statuses_until.max(newer.statuses_until);
        self.events_until = self.events_until.max(newer.events_until);
        if newer.heard_at.is_some() {
            self.note_lag(newer.lag, newer.lag_at);
        }
        self.heard_at = self.heard_at.max(newer.heard_at);
    }

    /// Whether it says anything that `stored` does not and that must be kept. At a steady flow that is once
    /// a second, since Meta's moments are whole seconds.
    #[must_use]
    pub fn is_worth_keeping(&self, stored: &Self) -> bool {
        let heard_later = match (self.heard_at, stored.heard_at) {
            (Some(now), Some(before)) => now.since(before) >= HEARD_EVERY,
            (now, before) => now != before,
        };
        self.statuses_until != stored.statuses_until
            || self.events_until != stored.events_until
            || self.lag > stored.lag
            || heard_later
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_lag_is_seen_and_forgotten_in_four_times_its_length() {
        let mut w = Watermark::default();
        w.note_status(at(100), at(141));
        assert_eq!(w.lag(at(141)), Duration::from_secs(40), "a second is rounding");
        assert_eq!(w.lag(at(221)), Duration::from_secs(20));
        assert_eq!(w.lag(at(301)), Duration::ZERO);
        w.note_status(at(250), at(256));
        assert_eq!(w.lag(at(256)), Duration::from_micros(11_250_000), "the longer one still counts");
    }

    #[test]
    fn a_clock_that_runs_ahead_tells_nothing_of_the_future() {
        let mut w = Watermark::default();
        w.note_status(at(500), at(100));
        assert_eq!((w.statuses_until, w.lag), (Some(at(100)), Duration::ZERO));
    }

    #[test]
    fn a_customers_message_is_no_news_of_statuses() {
        let mut w = Watermark::default();
        w.note_message(at(100), at(101));
        assert_eq!((w.statuses_until, w.events_until), (None, Some(at(100))));
    }

    #[test]
    fn a_steady_flow_is_kept_once_a_second() {
        let mut stored = Watermark::default();
        stored.note_status(at(100), Timestamp::from_millis(100_300));
        let mut w = stored;
        w.note_status(at(100), Timestamp::from_millis(100_900));
        assert!(!w.is_worth_keeping(&stored));
        w.note_status(at(101), Timestamp::from_millis(101_010));
        assert!(w.is_worth_keeping(&stored));
    }

    proptest! {
        /// It never goes back, and knows no less than each of its parts.
        #[test]
        fn merging_is_hearing_both(news in prop::collection::vec((0_i64..5_000, 0_i64..5_000, any::<bool>()), 1..20), cut in 0_usize..20) {
            let heard = |news: &[(i64, i64, bool)]| {
                let mut w = Watermark::default();
                for (happened, late, status) in news {
                    let (happened, arrived) = (at(*happened), at(happened + late));
                    if *status { w.note_status(happened, arrived) } else { w.note_message(happened, arrived) }
                }
                w
            };
            let (first, second) = news.split_at(cut.min(news.len()));
            let mut merged = heard(first);
            merged.merge(&heard(second));
            let all = heard(&news);
            prop_assert_eq!(merged.statuses_until, all.statuses_until);
            prop_assert_eq!(merged.events_until, all.events_until);
            prop_assert_eq!(merged.heard_at, all.heard_at);
            prop_assert!(merged.lag(at(10_000)) >= heard(second).lag(at(10_000)));
        }
    }
}
