//! Single messages: what came in, and what goes out beside campaigns (replies, tests, API sends).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the contact.
    Inbound,
    /// From the business.
    Outbound,
}

/// Where a message is. As with recipients, a higher one never gives way to a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum MessageState {
    /// Waits to be sent.
    Queued = 0,
    /// The attempt is recorded; it may be on its way.
    Sending = 1,
    /// May or may not have gone out.
    Uncertain = 2,
    /// Meta took it.
    Accepted = 3,
    /// One tick.
    Sent = 4,
    /// Refused or not delivered.
    Failed = 5,
    /// Two ticks.
    Delivered = 6,
    /// Blue ticks (also a voice message that was played).
    Read = 7,
    /// Came in.
    Received = 8,
}

impl MessageState {
    /// All states, in their order.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Sending,
        Self::Uncertain,
        Self::Accepted,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Read,
        Self::Received,
    ];

    /// The number to store.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The state of a stored number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    /// The word, as the API shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Uncertain => "uncertain",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Received => "received",
        }
    }

    /// The state after news of `next`: forward or unchanged.
    #[must_use]
    pub fn advanced_by(self, next: Self) -> Self {
        self.max(next)
    }
}

impl fmt::Display for MessageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is no state of a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such message state")]
pub struct UnknownMessageState;

impl FromStr for MessageState {
    type Err = UnknownMessageState;
    fn from_str(s: &str) -> Result<Self, UnknownMessageState> {
        Self::ALL.into_iter().find(|state| state.as_str() == s).ok_or(UnknownMessageState)
    }
}
