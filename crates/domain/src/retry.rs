//! How long to wait before a refused send is tried again, and when to stop trying.
//!
//! Which of Meta's codes leads to which [`Wait`] is a fact about Meta and stands in the table of the
//! `cloud-api` crate; how patient we are is our rule and stands here.

use crate::{
    rng::Rng,
    time::{Duration, Timestamp},
};

/// The reasons for which a send that surely did not go out is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// We never reached Meta: 1 s, doubling to 5 min, as often as it takes.
    Connection,
    /// Meta took it and then failed it for a fault of its own (131000, 131016): a minute, doubling;
    /// three attempts.
    Fault,
    /// The number or account is above its rate (4, 80007, 130429): short, as often as it takes.
    Pace,
    /// This recipient got too much too fast (131056). Meta: wait 4^attempt seconds.
    Pair,
    /// Meta limits marketing to this person (131049). Meta: not before 24 h; three attempts.
    Day,
}

impl Wait {
    const fn max_attempts(self) -> u32 {
        match self {
            // Nothing is wrong with the message: giving up here would lose it.
            Self::Connection | Self::Pace => u32::MAX,
            Self::Fault => 3,
            Self::Pair => 6,
            Self::Day => 3,
        }
    }

    fn delay(self, attempt: u32) -> Duration {
        match self {
            Self::Connection => Duration::from_secs(1 << attempt.min(9)).min(Duration::from_secs(300)),
            Self::Fault => Duration::from_secs(60 << attempt.min(5)),
            Self::Pace => Duration::from_millis(250 << attempt.min(5)),
            Self::Pair => Duration::from_secs(4_u64.saturating_pow(attempt.min(6))),
            Self::Day => Duration::from_secs(24 * 3600 + 600),
        }
    }

    /// When attempt number `made + 1` may be made, `made` being how many there were (at least 1);
    /// `None` when it is time to give up. Up to a fifth is added by chance, so that what failed
    /// together is not tried again together.
    #[must_use]
    pub fn next_attempt(self, made: u32, now: Timestamp, rng: &Rng) -> Option<Timestamp> {
        if made >= self.max_attempts() {
            return None;
        }
        let delay = self.delay(made.saturating_sub(1));
        let jitter_us = rng.below(u64::try_from(delay.as_micros() / 5).unwrap_or(u64::MAX));
        Some(now.plus(delay).plus(Duration::from_micros(jitter_us)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn a_pair_waits_one_four_sixteen_seconds() {
        assert_eq!(Wait::Pair.delay(0), Duration::from_secs(1));
        assert_eq!(Wait::Pair.delay(1), Duration::from_secs(4));
        assert_eq!(Wait::Pair.delay(2), Duration::from_secs(16));
    }

    #[test]
    fn a_persons_marketing_limit_waits_a_day_three_times() {
        let (now, rng) = (Timestamp::from_seconds(0), Rng::seeded(1));
        let at = Wait::Day.next_attempt(1, now, &rng).unwrap();
        assert!(at.since(now) > Duration::from_secs(24 * 3600));
        assert_eq!(Wait::Day.next_attempt(3, now, &rng), None);
    }

    proptest! {
        #[test]
        fn no_wait_is_shorter_than_its_rule_or_longer_than_a_fifth_more(made in 1_u32..40, seed: u64) {
            let (now, rng) = (Timestamp::from_seconds(1_000), Rng::seeded(seed));
            for wait in [Wait::Connection, Wait::Fault, Wait::Pace, Wait::Pair, Wait::Day] {
                if let Some(at) = wait.next_attempt(made, now, &rng) {
                    let delay = wait.delay(made - 1);
                    prop_assert!(at.since(now) >= delay && at.since(now) <= delay + delay / 5);
                }
            }
        }
    }
}
