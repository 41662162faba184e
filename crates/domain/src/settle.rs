//! What to do with a message that may or may not have gone out.
//!
//! Meta has no idempotency key, so the only proof that a send did not happen is that its `sent`
//! status stays away although webhooks do arrive. This rule says when that proof is good enough.

use crate::{
    time::{Duration, Timestamp},
    watermark::Watermark,
};
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
    /// Never decide: it stays uncertain until a webhook or a person says what it is.
    Ask,
}

/// What a person decides about a message that may or may not have gone out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Send it again, at the risk that the person gets it twice.
    SendAgain,
    /// Do not send it again: count it as failed, at the risk that it never arrived.
    GiveUp,
    /// It did go out, as the person knows from elsewhere: count it as sent.
    MarkSent,
}

/// Why a message is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtCause {
    /// Meta did not answer, or with an error that does not say whether it took the message.
    NoAnswer,
    /// The server died between sending and writing down what became of it.
    SenderDied,
}

impl DoubtCause {
    /// One sentence for a person.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NoAnswer => "Meta did not say whether it took the message.",
            Self::SenderDied => {
                "The server stopped while the message was being sent, or just before or after."
            }
        }
    }
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
    /// How far the account's news have come.
    pub news: Watermark,
    /// When the account's newest webhook of any kind arrived.
    pub last_webhook_at: Option<Timestamp>,
    /// Until when every webhook that has arrived was applied: an unread one may be the proof.
    pub applied_until: Timestamp,
    /// Whether Meta has told of everything else that it took for the same campaign: while it owes news,
    /// silence is no quiet.
    pub all_else_is_told: bool,
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

/// Where the number has been quiet since the attempt, the wait is this many times longer.
pub const QUIET_FACTOR: u32 = 5;
/// Meta's clock may be ahead of ours by so much, or by the grace time if that is shorter.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5);
/// Meta's timestamps are whole seconds, rounded down.
const ROUNDING: Duration = Duration::from_secs(1);
/// An uncertain message that nobody decides is looked at this often.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);

impl Evidence {
    /// How long news of the attempt may take: the grace time; twice a break of ours before, since Meta
    /// repeats what we missed at growing intervals; and twice what news were late by of late. Of a break only
    /// what came after the attempt began counts: there was no news of it to miss before.
    fn wait(&self, now: Timestamp, grace: Duration) -> Duration {
        let missed_for = self.deaf_for.min(self.receiving_since.since(self.began_at));
        grace.max(missed_for * 2).max(self.news.lag(now) * 2)
    }

    /// Statuses of what happened long enough after the attempt are here: its own would be, too.
    fn news_have_passed(&self, wait: Duration, grace: Duration) -> bool {
        let passed = self.attempted_at.plus(wait).plus(CLOCK_SKEW.min(grace));
        self.news.statuses_until.is_some_and(|t| t >= passed)
    }

    /// For an attempt among the last: webhooks have reached us since we listen, of what happened when or
    /// after the attempt began, and nothing else is missing.
    fn is_quiet(&self) -> bool {
        self.all_else_is_told
            && self.last_webhook_at.is_some_and(|t| t >= self.receiving_since)
            && self.news.events_until.is_some_and(|t| t.plus(ROUNDING) > self.began_at)
    }
}

/// Decides. `grace` is the least time to wait for a status after the attempt.
///
/// Sending again needs the proof that news have come past the attempt, by Meta's own clock and by more than
/// they were ever late lately: that webhooks *arrive* proves nothing, they may be old. Where the number has
/// been quiet since, because the attempt was among the last, no such news will come; then a webhook since
/// we listen, of what happened after the attempt *began*, will do, after [`QUIET_FACTOR`] times the wait
/// and with nothing else missing. Without even that, nothing is known and nothing is sent.
#[must_use]
pub fn settle(now: Timestamp, grace: Duration, policy: SettlePolicy, e: Evidence) -> Settlement {
    let wait = e.wait(now, grace);
    let from = e.attempted_at.max(e.receiving_since);
    let due = from.plus(wait);
    if now < due {
        return Settlement::Wait(due);
    }
    match policy {
        SettlePolicy::GiveUp => Settlement::GiveUp,
        SettlePolicy::Ask => Settlement::Wait(now.plus(LOOK_AGAIN)),
        SettlePolicy::Resend => {
            let is_applied = e.applied_until >= now.min(due);
            let is_proven = e.news_have_passed(wait, grace)
                || e.is_quiet() && now >= from.plus(wait.saturating_mul(QUIET_FACTOR));
            if is_applied && is_proven {
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

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// Statuses of up to `until`, without delay.
    fn told(until: i64) -> Watermark {
        let mut w = Watermark::default();
        w.note_status(at(until), at(until));
        w
    }

    fn evidence() -> Evidence {
        Evidence {
            began_at: at(995),
            attempted_at: at(1_000),
            receiving_since: at(0),
            deaf_for: Duration::ZERO,
            news: told(1_305),
            last_webhook_at: Some(at(1_305)),
            applied_until: at(100_000),
            all_else_is_told: true,
        }
    }

    fn decide(now: i64, e: Evidence) -> Settlement {
        settle(at(now), GRACE, SettlePolicy::Resend, e)
    }

    #[test]
    fn within_the_grace_time_nothing_happens() {
        assert_eq!(decide(1_299, evidence()), Settlement::Wait(at(1_300)));
    }

    #[test]
    fn after_it_and_with_news_past_it_it_is_sent_again() {
        assert_eq!(decide(1_310, evidence()), Settlement::Resend);
        assert_eq!(settle(at(1_310), GRACE, SettlePolicy::GiveUp, evidence()), Settlement::GiveUp);
    }

    #[test]
    fn who_wants_to_be_asked_is_never_decided_for() {
        let decided = settle(at(900_000), GRACE, SettlePolicy::Ask, evidence());
        assert!(matches!(decided, Settlement::Wait(_)));
    }

    #[test]
    fn webhooks_that_arrive_late_prove_nothing() {
        // They arrive all the time, but tell of what happened before the attempt.
        let mut news = told(900);
        news.note_status(at(999), at(2_000));
        let e = Evidence { news, last_webhook_at: Some(at(2_000)), ..evidence() };
        assert!(matches!(decide(2_001, e), Settlement::Wait(_)));
    }

    #[test]
    fn a_lag_that_was_seen_makes_the_wait_longer() {
        let mut news = told(1_305);
        news.note_message(at(700), at(1_301));
        let e = Evidence { news, ..evidence() };
        assert_eq!(e.wait(at(1_301), GRACE), Duration::from_secs(1_200));
        assert!(matches!(decide(1_310, e), Settlement::Wait(_)));
    }

    #[test]
    fn silence_proves_nothing() {
        let quiet = Evidence { news: told(993), ..evidence() };
        assert!(matches!(decide(90_000, quiet), Settlement::Wait(_)));
        assert!(matches!(
            decide(90_000, Evidence { news: Watermark::default(), ..quiet }),
            Settlement::Wait(_)
        ));
    }

    #[test]
    fn the_last_of_a_campaign_waits_longer_but_not_for_ever() {
        let quiet = Evidence { news: told(997), ..evidence() };
        assert!(matches!(decide(2_499, quiet), Settlement::Wait(_)));
        assert_eq!(decide(2_500, quiet), Settlement::Resend);
    }

    #[test]
    fn it_is_not_quiet_while_meta_owes_news_or_since_a_break_nothing_came() {
        let quiet = Evidence { news: told(997), ..evidence() };
        for e in [
            Evidence { all_else_is_told: false, ..quiet },
            Evidence { receiving_since: at(1_400), last_webhook_at: Some(at(1_001)), ..quiet },
        ] {
            assert!(matches!(decide(90_000, e), Settlement::Wait(_)), "{e:?}");
        }
    }

    #[test]
    fn a_long_break_makes_the_wait_longer() {
        let after_break = Evidence {
            receiving_since: at(5_000),
            deaf_for: Duration::from_secs(4_000),
            news: told(12_000),
            ..evidence()
        };
        assert_eq!(decide(12_999, after_break), Settlement::Wait(at(13_000)));
        assert_eq!(decide(13_000, after_break), Settlement::Resend);
    }

    #[test]
    fn of_a_break_only_what_came_after_the_attempt_counts() {
        let late_in_it = Evidence {
            began_at: at(4_600),
            attempted_at: at(4_600),
            receiving_since: at(5_000),
            deaf_for: Duration::from_secs(4_000),
            news: told(12_000),
            ..evidence()
        };
        assert_eq!(decide(5_799, late_in_it), Settlement::Wait(at(5_800)));
        assert_eq!(decide(5_800, late_in_it), Settlement::Resend);
    }

    proptest! {
        /// Never sent again before the grace time, with an unread journal, or without news past the attempt.
        #[test]
        fn resending_needs_every_proof(
            now in 0_i64..10_000, attempted in 0_i64..10_000, since in 0_i64..10_000, deaf in 0_u64..5_000,
            news in prop::collection::vec((0_i64..10_000, 0_i64..3_000, any::<bool>()), 0..6),
            applied in 0_i64..20_000, all_else_is_told: bool,
        ) {
            let mut heard = Watermark::default();
            for (happened, late, status) in news {
                let (happened, arrived) = (at(happened), at(happened + late));
                if status { heard.note_status(happened, arrived) } else { heard.note_message(happened, arrived) }
            }
            let e = Evidence {
                began_at: at(attempted - 5),
                attempted_at: at(attempted),
                receiving_since: at(since),
                deaf_for: Duration::from_secs(deaf),
                news: heard,
                last_webhook_at: heard.heard_at,
                applied_until: at(applied),
                all_else_is_told,
            };
            let now = at(now);
            match settle(now, GRACE, SettlePolicy::Resend, e) {
                Settlement::Resend => {
                    prop_assert!(now.since(e.attempted_at) >= GRACE);
                    prop_assert!(now.since(e.attempted_at) >= heard.lag(now) * 2);
                    let missed = e.deaf_for.min(e.receiving_since.since(e.began_at));
                    prop_assert!(now.since(e.receiving_since) >= missed * 2);
                    prop_assert!(e.applied_until >= now || e.applied_until >= e.attempted_at.plus(GRACE));
                    let passed = heard.statuses_until.is_some_and(|t| t > e.attempted_at.plus(GRACE));
                    let quiet = now.since(e.attempted_at) >= GRACE * QUIET_FACTOR && all_else_is_told
                        && heard.events_until.is_some_and(|t| t >= e.began_at)
                        && heard.heard_at.is_some_and(|t| t >= e.receiving_since);
                    prop_assert!(passed || quiet);
                }
                Settlement::Wait(until) => prop_assert!(until > now, "a wait that does not wait spins"),
                Settlement::GiveUp => prop_assert!(false, "not the policy"),
            }
        }

        /// However slow Meta tells, in order: an attempt that it took is never sent again before it has
        /// told of it, as long as something is still told. (What happened last is told last.)
        #[test]
        fn a_backlog_never_doubles(
            slowness in 1_i64..20, attempted in 0_i64..500, status_after in 0_i64..200, step in 1_i64..50,
        ) {
            // Something happens every second, for so long that the attempt is not among the last.
            let told_at = |happened: i64| happened * slowness;
            let status_at = attempted + status_after;
            let mut news = Watermark::default();
            let mut next = 0;
            for now in (0..told_at(status_at)).step_by(step as usize) {
                while told_at(next) <= now {
                    news.note_status(at(next), at(now));
                    next += 1;
                }
                let e = Evidence {
                    began_at: at(attempted),
                    attempted_at: at(attempted),
                    receiving_since: at(0),
                    deaf_for: Duration::ZERO,
                    news,
                    last_webhook_at: Some(at(now)),
                    applied_until: at(now),
                    all_else_is_told: false,
                };
                prop_assert!(matches!(decide(now, e), Settlement::Wait(_)), "at {now} of {}", told_at(status_at));
            }
        }
    }
}
