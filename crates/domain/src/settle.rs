//! What to do with a message that may or may not have gone out.
//!
//! Meta has no idempotency key, so the only proof that a send did not happen is that its `sent`
//! status stays away although webhooks do arrive. This rule says when that proof is good enough.

use crate::time::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// What the operator wants done once the proof is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlePolicy {
    /// Send again, once the grace time is over and webhooks are known to flow.
    #[default]
    Resend,
    /// Never send again: count it as given up after the grace time.
    GiveUp,
}

/// What is known at the moment of deciding.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// The first moment at which the uncertain attempt can have been made.
    pub began_at: Timestamp,
    /// The last such moment.
    pub attempted_at: Timestamp,
    /// Since when this installation has been receiving webhooks without a break.
    pub receiving_since: Timestamp,
    /// How long it was deaf before that; zero if it was not.
    pub deaf_for: Duration,
    /// When the newest webhook for this number arrived.
    pub last_webhook_at: Option<Timestamp>,
    /// Whether every webhook that has arrived was applied: an unread one may be the proof.
    pub journal_is_applied: bool,
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Look again at this moment, or when webhooks arrive.
    Wait(Timestamp),
    /// It did not go out as far as can be known: send it again.
    Resend,
    /// Close it without sending.
    GiveUp,
}

/// Where the number has been quiet since the attempt, the grace time is this many times longer.
pub const QUIET_FACTOR: u32 = 5;

/// Decides. `grace` is the least time to wait for a status after the attempt.
///
/// Meta retries refused webhooks at growing intervals, so after a break of length d the missing one
/// may take about another d to come: the grace counts from the end of the break and is at least 2 d.
///
/// Webhooks flow if one arrived after the attempt. Where the number has been quiet since, because the
/// attempt was among the last, one that arrived after the attempt *began* will do, after
/// [`QUIET_FACTOR`] times the grace. Without even that, nothing is known and nothing is sent.
#[must_use]
pub fn settle(now: Timestamp, grace: Duration, policy: SettlePolicy, e: Evidence) -> Settlement {
    let grace = grace.max(e.deaf_for * 2);
    let due = e.attempted_at.max(e.receiving_since).plus(grace);
    if now < due {
        return Settlement::Wait(due);
    }
    match policy {
        SettlePolicy::GiveUp => Settlement::GiveUp,
        SettlePolicy::Resend => {
            let came_after = |moment: Timestamp| e.last_webhook_at.is_some_and(|t| t >= moment);
            let flows = came_after(e.attempted_at.max(e.receiving_since));
            let flowed = came_after(e.began_at);
            let quiet_due = e.attempted_at.max(e.receiving_since).plus(grace * QUIET_FACTOR);
            if e.journal_is_applied && (flows || flowed && now >= quiet_due) {
                return Settlement::Resend;
            }
            Settlement::Wait(now.plus(grace.clamp(Duration::from_millis(200), Duration::from_secs(60))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GRACE: Duration = Duration::from_secs(300);

    fn evidence() -> Evidence {
        Evidence {
            began_at: Timestamp::from_seconds(995),
            attempted_at: Timestamp::from_seconds(1_000),
            receiving_since: Timestamp::from_seconds(0),
            deaf_for: Duration::ZERO,
            last_webhook_at: Some(Timestamp::from_seconds(1_001)),
            journal_is_applied: true,
        }
    }

    #[test]
    fn within_the_grace_time_nothing_happens() {
        let now = Timestamp::from_seconds(1_299);
        assert_eq!(
            settle(now, GRACE, SettlePolicy::Resend, evidence()),
            Settlement::Wait(Timestamp::from_seconds(1_300))
        );
    }

    #[test]
    fn after_it_and_with_webhooks_flowing_it_is_sent_again() {
        let now = Timestamp::from_seconds(1_300);
        assert_eq!(settle(now, GRACE, SettlePolicy::Resend, evidence()), Settlement::Resend);
        assert_eq!(settle(now, GRACE, SettlePolicy::GiveUp, evidence()), Settlement::GiveUp);
    }

    #[test]
    fn silence_proves_nothing() {
        let quiet = Evidence { last_webhook_at: Some(Timestamp::from_seconds(994)), ..evidence() };
        let now = Timestamp::from_seconds(90_000);
        assert!(matches!(settle(now, GRACE, SettlePolicy::Resend, quiet), Settlement::Wait(_)));
    }

    #[test]
    fn the_last_of_a_campaign_waits_longer_but_not_for_ever() {
        let quiet = Evidence { last_webhook_at: Some(Timestamp::from_seconds(997)), ..evidence() };
        let decide = |s| settle(Timestamp::from_seconds(s), GRACE, SettlePolicy::Resend, quiet);
        assert!(matches!(decide(2_499), Settlement::Wait(_)));
        assert_eq!(decide(2_500), Settlement::Resend);
    }

    #[test]
    fn a_long_break_makes_the_wait_longer() {
        let after_break = Evidence {
            receiving_since: Timestamp::from_seconds(5_000),
            deaf_for: Duration::from_secs(4_000),
            last_webhook_at: Some(Timestamp::from_seconds(12_000)),
            ..evidence()
        };
        assert_eq!(
            settle(Timestamp::from_seconds(12_999), GRACE, SettlePolicy::Resend, after_break),
            Settlement::Wait(Timestamp::from_seconds(13_000))
        );
        assert_eq!(
            settle(Timestamp::from_seconds(13_000), GRACE, SettlePolicy::Resend, after_break),
            Settlement::Resend
        );
    }

    proptest! {
        /// Never sent again before the grace time, with an unread journal, or without a webhook since.
        #[test]
        fn resending_needs_every_proof(
            now in 0_i64..10_000, attempted in 0_i64..10_000, since in 0_i64..10_000,
            deaf in 0_u64..5_000, webhook in prop::option::of(0_i64..10_000), applied: bool,
        ) {
            let e = Evidence {
                began_at: Timestamp::from_seconds(attempted - 5),
                attempted_at: Timestamp::from_seconds(attempted),
                receiving_since: Timestamp::from_seconds(since),
                deaf_for: Duration::from_secs(deaf),
                last_webhook_at: webhook.map(Timestamp::from_seconds),
                journal_is_applied: applied,
            };
            let now = Timestamp::from_seconds(now);
            match settle(now, GRACE, SettlePolicy::Resend, e) {
                Settlement::Resend => {
                    prop_assert!(applied && now.since(e.attempted_at) >= GRACE);
                    prop_assert!(now.since(e.receiving_since) >= e.deaf_for * 2);
                    let heard = e.last_webhook_at.unwrap();
                    let long_quiet = now.since(e.attempted_at) >= GRACE * QUIET_FACTOR;
                    prop_assert!(heard >= e.attempted_at || heard >= e.began_at && long_quiet);
                }
                Settlement::Wait(until) => prop_assert!(until > now, "a wait that does not wait spins"),
                Settlement::GiveUp => prop_assert!(false, "not the policy"),
            }
        }
    }
}
