//! What happens to numbers: their limit, their name, their PIN, their username.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::numbers::MessagingTier;
use crate::wire::{Extra, Str, open_enum};

/// How many people may be reached in 24 hours. Meta writes a number or the name of a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capacity {
    /// That many; -1 is without limit.
    People(i64),
    /// By tier.
    Tier(MessagingTier),
}

impl Capacity {
    /// The number; `None` is without limit or not known.
    #[must_use]
    pub fn people(&self) -> Option<u32> {
        match self {
            Self::People(people) => u32::try_from(*people).ok(),
            Self::Tier(tier) => tier.people(),
        }
    }
}

impl Serialize for Capacity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::People(people) => serializer.serialize_i64(*people),
            Self::Tier(tier) => tier.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Capacity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Str::deserialize(deserializer)?;
        Ok(match text.parse() {
            Ok(people) => Self::People(people),
            Err(_) => Self::Tier(MessagingTier::from(text.as_str())),
        })
    }
}

/// `phone_number_quality_update`: how many people may be reached, how fast a number may send.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberQualityUpdate {
    /// Digits without `+`.
    pub display_phone_number: String,
    /// `ONBOARDING`, `UPGRADE`, `DOWNGRADE`, `THROUGHPUT_UPGRADE` and the like.
    pub event: String,
    /// The tier now. To be dropped by Meta.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_limit: Option<MessagingTier>,
    /// The tier before. To be dropped by Meta.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_limit: Option<MessagingTier>,
    /// How many people the portfolio may reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_daily_conversations_per_business: Option<Capacity>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `phone_number_name_update`: a display name was judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberNameUpdate {
    /// Digits without `+`.
    pub display_phone_number: String,
    /// `APPROVED`, `REJECTED`, `DEFERRED`, `PENDING`.
    pub decision: String,
    /// The name asked for.
    pub requested_verified_name: String,
    /// `NAME_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `security`: somebody changed or asked for a number's PIN.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SecurityNotice {
    /// Digits without `+`.
    pub display_phone_number: String,
    /// `PIN_CHANGED`, `PIN_RESET_REQUEST`, `PIN_REQUEST_SUCCESS`.
    pub event: String,
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

open_enum! {
    /// Where a business username stands.
    pub enum UsernameStatus {
        /// In use.
        Approved = "approved",
        /// Kept for this number.
        Reserved = "reserved",
        /// Given up.
        Deleted = "deleted",
    }
}

/// `business_username_updates`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsernameUpdate {
    /// Digits without `+`.
    #[serde(default)]
    pub display_phone_number: String,
    /// The username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Where it stands.
    pub status: UsernameStatus,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capacity_is_a_number_or_a_tier() {
        let read = |text: &str| serde_json::from_str::<Capacity>(text).unwrap();
        assert_eq!(read("2000").people(), Some(2000));
        assert_eq!(read("\"TIER_2K\"").people(), Some(2000));
        assert_eq!(read("-1").people(), None);
        assert_eq!(read("\"TIER_UNLIMITED\"").people(), None);
        assert_eq!(serde_json::to_string(&read("\"TIER_9K\"")).unwrap(), "\"TIER_9K\"");
    }
}
