//! The headers in which Meta says how much of a budget is used.

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::wire::{Extra, lenient};

/// Header with the app's hourly budget.
pub const APP_USAGE: &str = "x-app-usage";
/// Header with the budget of each business account.
pub const BUSINESS_USAGE: &str = "x-business-use-case-usage";

/// Percent of the app's budget; at 100 calls are refused with code 4.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppUsage {
    /// By number of calls.
    #[serde(deserialize_with = "lenient::u64")]
    pub call_count: u64,
    /// By time taken.
    #[serde(deserialize_with = "lenient::u64")]
    pub total_time: u64,
    /// By processor time taken.
    #[serde(deserialize_with = "lenient::u64")]
    pub total_cputime: u64,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Percent of one business account's budget; at 100 calls are refused with code 80007.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessUsage {
    /// `whatsapp_business_management`, or `whatsapp` for messaging.
    #[serde(rename = "type")]
    pub kind: String,
    /// By number of calls.
    #[serde(deserialize_with = "lenient::u64")]
    pub call_count: u64,
    /// By time taken.
    #[serde(deserialize_with = "lenient::u64")]
    pub total_time: u64,
    /// By processor time taken.
    #[serde(deserialize_with = "lenient::u64")]
    pub total_cputime: u64,
    /// Minutes until calls are answered again; 0 when not throttled.
    #[serde(deserialize_with = "lenient::u64")]
    pub estimated_time_to_regain_access: u64,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Usage by id of the business account.
pub type BusinessUsages = BTreeMap<String, Vec<BusinessUsage>>;

/// The app's usage, if the answer told it.
#[must_use]
pub fn app_usage(headers: &HeaderMap) -> Option<AppUsage> {
    serde_json::from_slice(headers.get(APP_USAGE)?.as_bytes()).ok()
}

/// Usage of the business accounts, if the answer told it.
#[must_use]
pub fn business_usages(headers: &HeaderMap) -> Option<BusinessUsages> {
    serde_json::from_slice(headers.get(BUSINESS_USAGE)?.as_bytes()).ok()
}

/// How long the headers ask to wait: `Retry-After` in seconds, or the longest time to regain access.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = headers
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse::<u64>().ok())
        .map(Duration::from_secs);
    let minutes = business_usages(headers)
        .into_iter()
        .flat_map(BTreeMap::into_values)
        .flatten()
        .map(|usage| usage.estimated_time_to_regain_access)
        .filter(|minutes| *minutes > 0)
        .max();
    asked.or_else(|| minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_wait_comes_from_either_header() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert(
            BUSINESS_USAGE,
            HeaderValue::from_static(
                r#"{"1":[{"type":"whatsapp","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":2}]}"#,
            ),
        );
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(120)));
        headers.insert("retry-after", HeaderValue::from_static("7"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        headers.insert(
            APP_USAGE,
            HeaderValue::from_static(r#"{"call_count":28,"total_time":25,"total_cputime":25}"#),
        );
        assert_eq!(app_usage(&headers).unwrap().call_count, 28);
    }
}
