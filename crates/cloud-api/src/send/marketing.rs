//! Marketing Messages: the second way for marketing templates, `POST /{phone_number_id}/marketing_messages`.

use serde::{Deserialize, Serialize};

use super::message::OutgoingMessage;
use crate::wire::open_enum;

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_activity_sharing: Option<bool>,
}

impl MarketingMessage {
    /// With Meta's defaults.
    #[must_use]
    pub fn new(message: OutgoingMessage) -> Self {
        Self { message, product_policy: None, message_activity_sharing: None }
    }
}
