//! What is read beside the account, by days: templates, groups of templates, groups of people.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Granularity;
use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::wire::{Extra, Timestamp, lenient, opt_text_or_number, text_or_number};

/// How templates, or groups of templates, did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateAnalytics {
    /// How finely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// `cloud_api` or `marketing_messages_lite_api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    /// Whose days these are, where they are not UTC's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waba_timezone: Option<String>,
    /// The figures.
    #[serde(deserialize_with = "lenient::list")]
    pub data_points: Vec<TemplatePoint>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How one template, or group of templates, did in one day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplatePoint {
    /// Which template.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    /// Which group of templates.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub template_group_id: Option<String>,
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
    /// `quick_reply_button`, `url_button`, `unique_url_button`.
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

/// How groups of people did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupAnalytics {
    /// How finely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// The figures.
    #[serde(deserialize_with = "lenient::list")]
    pub data_points: Vec<GroupPoint>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How one group did in one day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupPoint {
    /// Which group.
    #[serde(deserialize_with = "text_or_number")]
    pub group_id: String,
    /// From when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub start: Timestamp,
    /// To when. A number on the wire.
    #[serde(serialize_with = "Timestamp::as_number")]
    pub end: Timestamp,
    /// Messages sent to the group.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// Deliveries, each person counted.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u64>,
    /// Readings, each person counted.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// People who came.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub joined: Option<u64>,
    /// People who left.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which days, and which figures. Meta: at most 90 days back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsightsQuery {
    start: String,
    end: String,
    waba_days: bool,
    /// Which figures; all when empty.
    pub metric_types: Vec<String>,
}

impl InsightsQuery {
    /// Days of UTC, by unix seconds.
    #[must_use]
    pub fn utc(start: i64, end: i64) -> Self {
        Self { start: start.to_string(), end: end.to_string(), waba_days: false, metric_types: Vec::new() }
    }

    /// Days of the account's own time zone, by dates such as `2026-11-01`. Not for groups of people.
    #[must_use]
    pub fn waba_days(start: impl Into<String>, end: impl Into<String>) -> Self {
        Self { start: start.into(), end: end.into(), waba_days: true, metric_types: Vec::new() }
    }

    fn query(&self, ids: (&'static str, &[&str]), page: &PageRequest) -> Vec<(&'static str, String)> {
        let listed = format!("[{}]", ids.1.join(","));
        let mut query = vec![("start", self.start.as_str()), ("end", &self.end), ("granularity", "DAILY")];
        let metric_types = self.metric_types.join(",");
        if !self.metric_types.is_empty() {
            query.push(("metric_types", &metric_types));
        }
        if self.waba_days {
            query.push(("use_waba_timezone", "true"));
        }
        query.push((ids.0, &listed));
        page.query(&query)
    }
}

impl Calls<'_> {
    /// Reads how templates did, at most 10 at once. Figures: `cost`, `clicked`, `delivered`, `read`, `sent`.
    /// Statistics must be on ([`Calls::enable_insights`]).
    ///
    /// # Errors
    /// [`CallError`]; 200007 when they are off.
    pub async fn list_template_analytics(
        &self,
        waba_id: &str,
        query: &InsightsQuery,
        template_ids: &[&str],
        page: &PageRequest,
    ) -> Result<Page<TemplateAnalytics>, CallError> {
        self.list_insights((waba_id, "template_analytics"), query, ("template_ids", template_ids), page).await
    }

    /// The same of groups of templates, at most 10 at once.
    ///
    /// # Errors
    /// [`CallError`]; 200007 when statistics are off.
    pub async fn list_template_group_analytics(
        &self,
        waba_id: &str,
        query: &InsightsQuery,
        template_group_ids: &[&str],
        page: &PageRequest,
    ) -> Result<Page<TemplateAnalytics>, CallError> {
        let ids = ("template_group_ids", template_group_ids);
        self.list_insights((waba_id, "template_group_analytics"), query, ids, page).await
    }

    /// Reads how a group of people did; Meta takes one at a time. Figures: `SENT`, `DELIVERED`, `READ`,
    /// `PARTICIPANTS_JOINED`, `PARTICIPANTS_LEFT`; at least one must be named.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_group_analytics(
        &self,
        waba_id: &str,
        query: &InsightsQuery,
        group_id: &str,
        page: &PageRequest,
    ) -> Result<Page<GroupAnalytics>, CallError> {
        self.list_insights((waba_id, "group_analytics"), query, ("group_ids", &[group_id]), page).await
    }

    async fn list_insights<T: DeserializeOwned>(
        &self,
        (waba_id, edge): (&str, &str),
        query: &InsightsQuery,
        ids: (&'static str, &[&str]),
        page: &PageRequest,
    ) -> Result<Page<T>, CallError> {
        self.get(&[waba_id, edge], &page::borrowed(&query.query(ids, page))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_its_days_and_figures() {
        let mut query = InsightsQuery::waba_days("2026-11-01", "2026-11-02");
        query.metric_types = vec!["sent".into(), "read".into()];
        let pairs = query.query(("template_ids", &["1", "2"]), &PageRequest::first(5));
        let text: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            text.join("&"),
            "start=2026-11-01&end=2026-11-02&granularity=DAILY&metric_types=sent,read&use_waba_timezone=true\
             &template_ids=[1,2]&limit=5"
        );
    }
}
