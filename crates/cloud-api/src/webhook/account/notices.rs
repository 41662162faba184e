//! Alerts, reviews, capabilities, solutions, payment configurations.

use serde::{Deserialize, Serialize};

use super::numbers::Capacity;
use crate::wire::{Extra, Timestamp, lenient, open_enum, text_or_number};

/// `account_alerts`: something about an account that somebody should know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountAlert {
    /// `BUSINESS`, `PHONE_NUMBER` and the like.
    pub entity_type: String,
    /// Which.
    #[serde(deserialize_with = "text_or_number")]
    pub entity_id: String,
    /// What.
    pub alert_info: AlertInfo,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What somebody should know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertInfo {
    /// `CRITICAL`, `WARNING`, `INFORMATIONAL`.
    pub alert_severity: String,
    /// `ACTIVE` or `NONE`.
    pub alert_status: String,
    /// Such as `INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED` or `OBA_APPROVED`.
    pub alert_type: String,
    /// In words.
    pub alert_description: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

open_enum! {
    /// How an account was judged.
    pub enum ReviewDecision {
        /// May go on.
        Approved = "APPROVED",
        /// May not.
        Rejected = "REJECTED",
        /// Still being judged.
        Pending = "PENDING",
        /// Needs more.
        Deferred = "DEFERRED",
    }
}

/// `account_review_update`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountReview {
    /// How it was judged.
    pub decision: ReviewDecision,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `business_capability_update`: what a portfolio may have and do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessCapability {
    /// People it may reach outside open windows in moving 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_daily_conversations_per_business: Option<Capacity>,
    /// The same in its old form, a number a phone number; -1 is without limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_daily_conversation_per_phone: Option<Capacity>,
    /// Numbers it may have.
    #[serde(deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub max_phone_numbers_per_business: Option<i64>,
    /// Numbers each account may have.
    #[serde(deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub max_phone_numbers_per_waba: Option<i64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `partner_solutions`: a solution of several partners was made or changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartnerSolution {
    /// `SOLUTION_CREATED` or `SOLUTION_UPDATED`.
    pub event: String,
    /// Which.
    #[serde(deserialize_with = "text_or_number")]
    pub solution_id: String,
    /// `ACTIVE`, `DEACTIVATED`, `DRAFT`, `INITIATED`, `PENDING_DEACTIVATION`, `REJECTED`.
    pub solution_status: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `payment_configuration_update`: a way of being paid was connected or lost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentConfiguration {
    /// Its name.
    pub configuration_name: String,
    /// The provider.
    pub provider_name: String,
    /// The provider's id of the business.
    #[serde(deserialize_with = "text_or_number")]
    pub provider_mid: String,
    /// `Active`, `Needs Connecting`, `Needs Testing`.
    pub status: String,
    /// When it was made. A number on the wire.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub created_timestamp: Option<Timestamp>,
    /// When it was changed. A number on the wire.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub updated_timestamp: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
