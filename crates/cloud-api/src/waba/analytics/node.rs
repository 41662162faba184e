//! What is read as a field of the account: messages, conversations, prices, calls.

use serde::{Deserialize, Serialize};

use super::{AnalyticsFilter, AnalyticsRange, Granularity};
use crate::client::{CallError, Calls};
use crate::wire::{Extra, Timestamp, lenient, opt_text_or_number};

/// Messages sent and delivered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Analytics {
    /// Numbers counted.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub phone_numbers: Vec<String>,
    /// Countries counted.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub country_codes: Vec<String>,
    /// How finely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// The counts.
    #[serde(deserialize_with = "lenient::list")]
    pub data_points: Vec<AnalyticsPoint>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnalyticsPoint {
    /// From when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub start: Timestamp,
    /// To when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub end: Timestamp,
    /// Sent.
    #[serde(deserialize_with = "lenient::u64")]
    pub sent: u64,
    /// Delivered.
    #[serde(deserialize_with = "lenient::u64")]
    pub delivered: u64,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Conversations and their cost, as they were counted until July 2025.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversationAnalytics {
    /// One series, mostly.
    #[serde(deserialize_with = "lenient::list")]
    pub data: Vec<ConversationSeries>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A series of counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversationSeries {
    /// The figures.
    #[serde(deserialize_with = "lenient::list")]
    pub data_points: Vec<ConversationPoint>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Conversations of one time, and of one value of each dimension asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversationPoint {
    /// From when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub start: Timestamp,
    /// To when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub end: Timestamp,
    /// How many.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub conversation: Option<u64>,
    /// Number.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// `REGULAR`, `FREE_TIER`, `FREE_ENTRY_POINT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_type: Option<String>,
    /// `BUSINESS_INITIATED`, `USER_INITIATED`, `UNKNOWN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_direction: Option<String>,
    /// `MARKETING`, `UTILITY` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_category: Option<String>,
    /// Cost in the currency of the account; withheld on a partner's credit line.
    #[serde(deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Messages and their cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PricingAnalytics {
    /// One series, mostly.
    #[serde(deserialize_with = "lenient::list")]
    pub data: Vec<PricingSeries>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A series of costs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PricingSeries {
    /// The figures.
    #[serde(deserialize_with = "lenient::list")]
    pub data_points: Vec<PricingPoint>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Volume and cost of one time, and of one value of each dimension asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PricingPoint {
    /// From when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub start: Timestamp,
    /// To when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub end: Timestamp,
    /// Number.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Volume tier, such as `0:750000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// `REGULAR`, `FREE_CUSTOMER_SERVICE`, `FREE_ENTRY_POINT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pricing_type: Option<String>,
    /// `MARKETING`, `UTILITY` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pricing_category: Option<String>,
    /// Messages.
    #[serde(deserialize_with = "lenient::u64")]
    pub volume: u64,
    /// Cost in the currency of the account; withheld on a partner's credit line.
    #[serde(deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Calls and their cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallAnalytics {
    /// How finely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// The figures.
    #[serde(deserialize_with = "lenient::list")]
    pub data_points: Vec<CallPoint>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Calls of one time, and of one value of each dimension asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallPoint {
    /// From when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub start: Timestamp,
    /// To when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub end: Timestamp,
    /// How many.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Seconds.
    #[serde(deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub average_duration: Option<f64>,
    /// Cost in the currency of the account.
    #[serde(deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// `USER_INITIATED` or `BUSINESS_INITIATED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Number.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The account with the one field that was asked for. Meta leaves the field out when there is nothing.
#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    analytics: Analytics,
    #[serde(default)]
    conversation_analytics: ConversationAnalytics,
    #[serde(default)]
    pricing_analytics: PricingAnalytics,
    #[serde(default)]
    call_analytics: CallAnalytics,
}

impl Calls<'_> {
    /// Reads messages sent and delivered. Filters: `phone_numbers`, `country_codes`, `product_types`. One year
    /// back; so are all that follow.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_analytics(
        &self,
        waba_id: &str,
        range: &AnalyticsRange,
        filter: &AnalyticsFilter,
    ) -> Result<Analytics, CallError> {
        Ok(self.analytics_node(waba_id, "analytics", range, filter).await?.analytics)
    }

    /// Reads conversations and their cost. Filters: `phone_numbers`, `metric_types`, `conversation_categories`,
    /// `conversation_types`, `conversation_directions`, `dimensions`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_conversation_analytics(
        &self,
        waba_id: &str,
        range: &AnalyticsRange,
        filter: &AnalyticsFilter,
    ) -> Result<ConversationAnalytics, CallError> {
        Ok(self
            .analytics_node(waba_id, "conversation_analytics", range, filter)
            .await?
            .conversation_analytics)
    }

    /// Reads volume and cost of messages. Filters: `phone_numbers`, `country_codes`, `metric_types`,
    /// `pricing_types`, `pricing_categories`, `dimensions` (`COUNTRY`, `PHONE`, `PRICING_CATEGORY`,
    /// `PRICING_TYPE`, `TIER`).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_pricing_analytics(
        &self,
        waba_id: &str,
        range: &AnalyticsRange,
        filter: &AnalyticsFilter,
    ) -> Result<PricingAnalytics, CallError> {
        Ok(self.analytics_node(waba_id, "pricing_analytics", range, filter).await?.pricing_analytics)
    }

    /// Reads calls and their cost. Filters: `phone_numbers`, `country_codes`, `directions`, `metric_types`
    /// (`COUNT`, `COST`, `AVERAGE_DURATION`), `dimensions`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_call_analytics(
        &self,
        waba_id: &str,
        range: &AnalyticsRange,
        filter: &AnalyticsFilter,
    ) -> Result<CallAnalytics, CallError> {
        Ok(self.analytics_node(waba_id, "call_analytics", range, filter).await?.call_analytics)
    }

    async fn analytics_node(
        &self,
        waba_id: &str,
        field: &str,
        range: &AnalyticsRange,
        filter: &AnalyticsFilter,
    ) -> Result<Node, CallError> {
        self.get(&[waba_id], &[("fields", &filter.as_field(field, range))]).await
    }
}
