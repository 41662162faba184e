//! What may go wrong on purpose.

use serde::{Deserialize, Serialize};

/// One fault and when it strikes, such as `{"kind":"error_after_accept","status":500,"when":{"next":3}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// How often.
    #[serde(default)]
    pub when: When,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// On this part of the calls, by the seed.
    Probability(f64),
    /// On the next so many calls, then never.
    Next(u64),
}

impl Default for When {
    fn default() -> Self {
        Self::Probability(1.0)
    }
}

/// What goes wrong. The first group strikes sends, the second webhooks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The call takes this much longer.
    Latency {
        /// Milliseconds.
        ms: u64,
    },
    /// Refused with this code before anything happens: 130429, 131056, 4, 80007, 131048, 368…
    Refuse {
        /// One of Meta's codes.
        code: i64,
        /// HTTP status instead of the code's usual one (429 is seen with 130429).
        #[serde(default)]
        status: Option<u16>,
    },
    /// A server error; the message was not accepted.
    ErrorBeforeAccept {
        /// HTTP status, 500 to 599.
        status: u16,
    },
    /// A server error; the message was accepted and its statuses will come.
    ErrorAfterAccept {
        /// HTTP status, 500 to 599.
        status: u16,
    },
    /// No answer for this long; the message was not accepted.
    HangBeforeAccept {
        /// Milliseconds on the emulator's clock.
        ms: u64,
    },
    /// No answer for this long; the message was accepted.
    HangAfterAccept {
        /// Milliseconds on the emulator's clock.
        ms: u64,
    },
    /// The connection breaks; the message was not accepted.
    ResetBeforeAccept,
    /// The connection breaks; the message was accepted.
    ResetAfterAccept,
    /// The first status webhook is delivered before the call is answered.
    StatusBeforeAnswer,
    /// 190 with subcode 463, as if the token had run out. Strikes every kind of call.
    TokenExpired,
    /// Accepted, but fails later with this code.
    FailLater {
        /// One of Meta's codes, such as 131000 or 130472.
        code: i64,
    },

    /// The update comes a second time.
    WebhookDuplicate {
        /// How much later, in milliseconds.
        #[serde(default)]
        after_ms: u64,
    },
    /// The update comes late, so that later ones overtake it.
    WebhookDelay {
        /// How much later, in milliseconds.
        ms: u64,
    },
    /// The update never comes.
    WebhookLost,
}
