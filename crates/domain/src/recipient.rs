//! A recipient: one row of a campaign's ledger, and how it may move.
//!
//! The order of the states is the order in which truth arrives, and a row only moves forward in it;
//! the one way back is a deliberate new attempt ([`RecipientState::may_be_tried_again`]).

use crate::id::{CampaignId, IdError};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where a recipient is. The number is what the database holds; a higher one never gives way to a
/// lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum RecipientState {
    /// Waits to be sent.
    Planned = 0,
    /// Will not be sent, by rule; see [`SkipReason`].
    Skipped = 1,
    /// May or may not have gone out: its sender died or got no answer. Never blindly sent again.
    Uncertain = 2,
    /// Meta took it and gave it an id.
    Accepted = 3,
    /// Meta says it is on its way (one tick).
    Sent = 4,
    /// Meta refused it, or could not deliver it.
    Failed = 5,
    /// It is on the person's phone (two ticks).
    Delivered = 6,
    /// The person saw it (blue ticks).
    Read = 7,
}

impl RecipientState {
    /// All states, in their order.
    pub const ALL: [Self; 8] = [
        Self::Planned,
        Self::Skipped,
        Self::Uncertain,
        Self::Accepted,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Read,
    ];

    /// The state of a stored number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    /// The number to store.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The word, as the API shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Skipped => "skipped",
            Self::Uncertain => "uncertain",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    /// The state after news of `next`: forward or unchanged. A skipped row hears no news: nothing
    /// was sent for it.
    #[must_use]
    pub fn advanced_by(self, next: Self) -> Self {
        if self == Self::Skipped { self } else { self.max(next) }
    }

    /// Whether Meta surely has the message.
    #[must_use]
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Accepted | Self::Sent | Self::Delivered | Self::Read)
    }

    /// Whether a new attempt may be started from here: only where no message can be on its way.
    #[must_use]
    pub const fn may_be_tried_again(self) -> bool {
        matches!(self, Self::Planned | Self::Uncertain | Self::Failed)
    }
}

impl fmt::Display for RecipientState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such state: use one of planned, skipped, uncertain, accepted, sent, failed, delivered, read")]
pub struct UnknownState;

impl FromStr for RecipientState {
    type Err = UnknownState;
    fn from_str(s: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == s).ok_or(UnknownState)
    }
}

/// Why a recipient was planned as skipped. The number is what the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i32)]
pub enum SkipReason {
    /// The person said stop.
    OptedOut = 1,
    /// The person never agreed to marketing.
    NoConsent = 2,
    /// Another contact of this campaign has the same identity.
    DuplicateIdentity = 3,
    /// There is no phone number or user id that WhatsApp could reach.
    NoIdentity = 4,
    /// The person got a marketing message too recently.
    FrequencyCap = 5,
    /// Meta delivers no marketing templates to US numbers (since 2025-04-01).
    UsMarketing = 6,
    /// A variable of the template has no usable value.
    InvalidValue = 7,
    /// The campaign was cancelled before this one's turn.
    Cancelled = 8,
    /// The contact was erased before its turn.
    Erased = 9,
}

impl SkipReason {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::OptedOut,
        Self::NoConsent,
        Self::DuplicateIdentity,
        Self::NoIdentity,
        Self::FrequencyCap,
        Self::UsMarketing,
        Self::InvalidValue,
        Self::Cancelled,
        Self::Erased,
    ];

    /// The number to store.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The reason of a stored number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.code() == code)
    }

    /// The word, as the API shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OptedOut => "opted_out",
            Self::NoConsent => "no_consent",
            Self::DuplicateIdentity => "duplicate_identity",
            Self::NoIdentity => "no_identity",
            Self::FrequencyCap => "frequency_cap",
            Self::UsMarketing => "us_marketing",
            Self::InvalidValue => "invalid_value",
            Self::Cancelled => "cancelled",
            Self::Erased => "erased",
        }
    }

    /// One sentence for a person.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::OptedOut => "This person asked not to get marketing messages.",
            Self::NoConsent => "No consent to marketing is on record for this person.",
            Self::DuplicateIdentity => "Another contact of this campaign has the same number.",
            Self::NoIdentity => "This contact has no number that WhatsApp could reach.",
            Self::FrequencyCap => "This person got a marketing message too recently.",
            Self::UsMarketing => "Meta delivers no marketing messages to US numbers.",
            Self::InvalidValue => {
                "A variable of the template has no value for this contact, and no fallback."
            }
            Self::Cancelled => "The campaign was cancelled before its turn came.",
            Self::Erased => "The contact was erased before its turn came.",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reasons of a failure that are ours, beside Meta's codes (which are positive).
pub mod own_code {
    /// It may have gone out, and the campaign's policy is not to send again.
    pub const GIVEN_UP: i32 = -1;
    /// The message could not be made from the frozen values.
    pub const UNSENDABLE: i32 = -2;
    /// Meta failed it without naming a reason.
    pub const UNNAMED: i32 = -3;

    /// One sentence for a person; `None` when the code is not ours.
    #[must_use]
    pub const fn explanation(code: i32) -> Option<&'static str> {
        match code {
            GIVEN_UP => {
                Some("It may have gone out, no word came back, and it was decided not to send it again.")
            }
            UNNAMED => Some("Meta could not deliver it, and named no reason."),
            UNSENDABLE => Some("The message could not be made from this person's values."),
            _ => None,
        }
    }
}

/// Which attempt for which recipient a message is: what every campaign send carries in
/// `biz_opaque_callback_data`, and every status webhook brings back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecipientRef {
    /// The campaign.
    pub campaign: CampaignId,
    /// The row within it.
    pub seq: i64,
    /// 1 for the first attempt.
    pub attempt: u32,
}

impl fmt::Display for RecipientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.campaign, self.seq, self.attempt)
    }
}

impl FromStr for RecipientRef {
    type Err = IdError;
    fn from_str(s: &str) -> Result<Self, IdError> {
        let bad = IdError { prefix: "campaign" };
        let mut parts = s.split('.');
        let (Some(campaign), Some(seq), Some(attempt), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad);
        };
        Ok(Self {
            campaign: campaign.parse()?,
            seq: seq.parse().ok().filter(|n| *n >= 0).ok_or_else(|| bad.clone())?,
            attempt: attempt.parse().map_err(|_| bad)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TypedId as _;
    use proptest::{prelude::*, sample::select};

    fn any_state() -> impl Strategy<Value = RecipientState> {
        select(RecipientState::ALL.to_vec())
    }

    /// What webhooks and answers can say; `planned` and `skipped` are only ever decided by us.
    fn any_news() -> impl Strategy<Value = RecipientState> {
        select(RecipientState::ALL[2..].to_vec())
    }

    #[test]
    fn codes_and_words_name_one_state_each() {
        for s in RecipientState::ALL {
            assert_eq!(RecipientState::from_code(s.code()), Some(s));
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        for r in SkipReason::ALL {
            assert_eq!(SkipReason::from_code(r.code()), Some(r));
        }
    }

    proptest! {
        #[test]
        fn news_never_moves_a_recipient_back(from in any_state(), news in any_news()) {
            prop_assert!(from.advanced_by(news) >= from);
        }

        /// However webhooks are shuffled and doubled, the end is the same.
        #[test]
        fn the_order_of_news_does_not_matter(start in any_state(), mut news in prop::collection::vec(any_news(), 0..12)) {
            let end = news.iter().fold(start, |s, n| s.advanced_by(*n));
            news.reverse();
            let again: Vec<_> = news.iter().chain(news.iter()).collect();
            prop_assert_eq!(again.into_iter().fold(start, |s, n| s.advanced_by(*n)), end);
        }

        #[test]
        fn nothing_that_is_out_is_tried_again(s in any_state()) {
            prop_assert!(!(s.is_out() && s.may_be_tried_again()));
        }

        #[test]
        fn a_reference_survives_the_round_trip(id: [u8; 16], seq in 0_i64.., attempt: u32) {
            let r = RecipientRef { campaign: CampaignId::from_bytes(id), seq, attempt };
            prop_assert_eq!(r.to_string().parse(), Ok(r));
            prop_assert!(r.to_string().len() <= 512, "Meta's limit for biz_opaque_callback_data");
        }

        #[test]
        fn foreign_callback_data_is_refused_without_panic(text in ".{0,80}") {
            let _ = text.parse::<RecipientRef>();
        }
    }
}
