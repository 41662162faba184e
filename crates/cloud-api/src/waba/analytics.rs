//! What an account did and what it cost, as Meta counts it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::wire::{Extra, Timestamp, lenient, open_enum, opt_text_or_number, text_or_number};

open_enum! {
    /// How finely to count.
    pub enum Granularity {
        /// By half hours.
        HalfHour = "HALF_HOUR",
        /// By days; [`Calls::get_pricing_analytics`] says `DAILY`.
        Day = "DAY",
        /// By days.
        Daily = "DAILY",
        /// By months; [`Calls::get_pricing_analytics`] says `MONTHLY`.
        Month = "MONTH",
        /// By months.
        Monthly = "MONTHLY",
    }
}

/// From when to when, and how finely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsRange {
    /// Unix seconds.
    pub start: i64,
    /// Unix seconds.
    pub end: i64,
    /// How finely.
    pub granularity: Granularity,
}

impl AnalyticsRange {
    fn as_call(&self, name: &str) -> String {
        format!("{name}.start({}).end({}).granularity({})", self.start, self.end, self.granularity)
    }
}

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

/// How templates did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateAnalytics {
    /// How finely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// `cloud_api` or `marketing_messages_lite_api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    /// The figures.
    #[serde(deserialize_with = "lenient::list")]
    pub data_points: Vec<TemplatePoint>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How one template did at one time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplatePoint {
    /// Which template.
    #[serde(deserialize_with = "text_or_number")]
    pub template_id: String,
    /// From when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub start: Timestamp,
    /// To when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub end: Timestamp,
    /// Sent.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// Delivered.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u64>,
    /// Read.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// Taps.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub clicked: Vec<ClickCount>,
    /// Costs.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub cost: Vec<CostFigure>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Taps on one button.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClickCount {
    /// `quick_reply_button`, `unique_url_button` and the like.
    #[serde(rename = "type")]
    pub kind: String,
    /// Label.
    pub button_content: String,
    /// How many.
    #[serde(deserialize_with = "lenient::u64")]
    pub count: u64,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CostFigure {
    /// `amount_spent`, `cost_per_delivered`, `cost_per_url_button_click`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In the currency of the account.
    #[serde(deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
struct WithAnalytics {
    #[serde(default)]
    analytics: Analytics,
}

#[derive(Deserialize)]
struct WithPricing {
    #[serde(default)]
    pricing_analytics: PricingAnalytics,
}

impl Calls<'_> {
    /// Reads messages sent and delivered; of all numbers when `phone_numbers` is empty.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_analytics(
        &self,
        waba_id: &str,
        range: &AnalyticsRange,
        phone_numbers: &[&str],
    ) -> Result<Analytics, CallError> {
        let mut fields = range.as_call("analytics");
        if !phone_numbers.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(fields, ".phone_numbers({})", Value::from(phone_numbers));
        }
        let node: WithAnalytics = self.get(&[waba_id], &[("fields", &fields)]).await?;
        Ok(node.analytics)
    }

    /// Reads volume and cost, by these dimensions (`COUNTRY`, `PHONE`, `PRICING_CATEGORY`,
    /// `PRICING_TYPE`, `TIER`).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_pricing_analytics(
        &self,
        waba_id: &str,
        range: &AnalyticsRange,
        dimensions: &[&str],
    ) -> Result<PricingAnalytics, CallError> {
        let mut fields = range.as_call("pricing_analytics");
        if !dimensions.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(fields, ".dimensions({})", Value::from(dimensions));
        }
        let node: WithPricing = self.get(&[waba_id], &[("fields", &fields)]).await?;
        Ok(node.pricing_analytics)
    }

    /// Reads how templates did, at most 10 at once and 90 days back. Statistics must be on.
    ///
    /// # Errors
    /// [`CallError`]; 200007 when they are off.
    pub async fn list_template_analytics(
        &self,
        waba_id: &str,
        start: i64,
        end: i64,
        template_ids: &[&str],
        page: &PageRequest,
    ) -> Result<Page<TemplateAnalytics>, CallError> {
        let (start, end) = (start.to_string(), end.to_string());
        let templates = format!("[{}]", template_ids.join(","));
        let query = page.query(&[
            ("start", &start),
            ("end", &end),
            ("granularity", "daily"),
            ("metric_types", "cost,clicked,delivered,read,sent"),
            ("template_ids", &templates),
        ]);
        self.get(&[waba_id, "template_analytics"], &page::borrowed(&query)).await
    }
}
