//! Marketing Messages: the second way for marketing templates, `POST /{phone_number_id}/marketing_messages`.

use serde::{Deserialize, Serialize};

use super::message::OutgoingMessage;
use crate::wire::{Extra, lenient, open_enum};

open_enum! {
    /// What to do when a marketing message cannot go this way.
    pub enum ProductPolicy {
        /// Send it as an ordinary message.
        CloudApiFallback = "CLOUD_API_FALLBACK",
        /// Refuse it.
        Strict = "STRICT",
    }
}

/// A marketing template sent this way. Its statuses carry the category `marketing_lite`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarketingMessage {
    /// The message; its content must be a marketing template (134100).
    #[serde(flatten)]
    pub message: OutgoingMessage,
    /// What to do when it cannot go this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_policy: Option<ProductPolicy>,
    /// Whether Meta may use what people do with it to choose whom to show more.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub message_activity_sharing: Option<bool>,
    /// What this message may cost, beside the bid of its template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid_spec: Option<BidSpec>,
}

/// What marketing messages may cost at most: an amount on a template, a factor on a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BidSpec {
    /// Of a template: the most for 1,000 delivered messages, in minor units of the account's currency.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub bid_amount: Option<u64>,
    /// Of a template: `LOWEST_COST_WITH_BID_CAP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bid_strategy: Option<String>,
    /// Of a message: the template's amount times this.
    #[serde(deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub per_message_bid_multiplier: Option<f64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl MarketingMessage {
    /// With Meta's defaults.
    #[must_use]
    pub fn new(message: OutgoingMessage) -> Self {
        Self { message, product_policy: None, message_activity_sharing: None, bid_spec: None }
    }
}
