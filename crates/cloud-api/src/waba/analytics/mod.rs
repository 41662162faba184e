//! What an account did and what it cost, as Meta counts it.

mod insights;
mod node;

use std::fmt::Write as _;

use serde_json::Value;

use crate::wire::open_enum;

pub use insights::{
    ClickCount, CostFigure, GroupAnalytics, GroupPoint, InsightsQuery, TemplateAnalytics, TemplatePoint,
};
pub use node::{
    Analytics, AnalyticsPoint, CallAnalytics, CallPoint, ConversationAnalytics, ConversationPoint,
    ConversationSeries, PricingAnalytics, PricingPoint, PricingSeries,
};

open_enum! {
    /// How finely to count.
    pub enum Granularity {
        /// By half hours.
        HalfHour = "HALF_HOUR",
        /// By days, of messages.
        Day = "DAY",
        /// By days, of everything else.
        Daily = "DAILY",
        /// By months, of messages.
        Month = "MONTH",
        /// By months, of everything else.
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

/// What to count, and by what to part it. What stays empty is not asked for, and then everything counts. Which
/// members a call knows is said at the call; Meta refuses the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnalyticsFilter {
    /// Only these numbers, digits without `+`.
    pub phone_numbers: Vec<String>,
    /// Only these countries, two letters each.
    pub country_codes: Vec<String>,
    /// Only these kinds of messages: 0 templates, 2 others, 100 inbound.
    pub product_types: Vec<u8>,
    /// Only these figures: `COST`, `VOLUME`, `CONVERSATION`, `COUNT`, `AVERAGE_DURATION`.
    pub metric_types: Vec<String>,
    /// Only these: `REGULAR`, `FREE_CUSTOMER_SERVICE`, `FREE_ENTRY_POINT`.
    pub pricing_types: Vec<String>,
    /// Only these: `MARKETING`, `UTILITY` and the like.
    pub pricing_categories: Vec<String>,
    /// Only these: `REGULAR`, `FREE_TIER`, `FREE_ENTRY`.
    pub conversation_types: Vec<String>,
    /// Only these: `MARKETING`, `UTILITY` and the like.
    pub conversation_categories: Vec<String>,
    /// Only these: `BUSINESS_INITIATED`, `USER_INITIATED`, `UNKNOWN`.
    pub conversation_directions: Vec<String>,
    /// Only these calls: `USER_INITIATED`, `BUSINESS_INITIATED`.
    pub directions: Vec<String>,
    /// By what to part the counts.
    pub dimensions: Vec<String>,
}

impl AnalyticsFilter {
    /// The field with its parameters: `analytics.start(1).end(2).granularity(DAY).phone_numbers(["1555"])`.
    fn as_field(&self, name: &str, range: &AnalyticsRange) -> String {
        let mut field =
            format!("{name}.start({}).end({}).granularity({})", range.start, range.end, range.granularity);
        let lists = [
            ("phone_numbers", Value::from(self.phone_numbers.as_slice())),
            ("country_codes", Value::from(self.country_codes.as_slice())),
            ("product_types", Value::from(self.product_types.as_slice())),
            ("metric_types", Value::from(self.metric_types.as_slice())),
            ("pricing_types", Value::from(self.pricing_types.as_slice())),
            ("pricing_categories", Value::from(self.pricing_categories.as_slice())),
            ("conversation_types", Value::from(self.conversation_types.as_slice())),
            ("conversation_categories", Value::from(self.conversation_categories.as_slice())),
            ("conversation_directions", Value::from(self.conversation_directions.as_slice())),
            ("directions", Value::from(self.directions.as_slice())),
            ("dimensions", Value::from(self.dimensions.as_slice())),
        ];
        for (list, values) in lists {
            if values.as_array().is_some_and(|values| !values.is_empty()) {
                // Writing to a String cannot fail.
                let _ = write!(field, ".{list}({values})");
            }
        }
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_stands_in_the_field() {
        let range = AnalyticsRange { start: 1, end: 2, granularity: Granularity::Daily };
        assert_eq!(
            AnalyticsFilter::default().as_field("analytics", &range),
            "analytics.start(1).end(2).granularity(DAILY)"
        );
        let filter = AnalyticsFilter {
            product_types: vec![0, 2],
            dimensions: vec!["COUNTRY".into(), "PHONE".into()],
            ..AnalyticsFilter::default()
        };
        assert_eq!(
            filter.as_field("pricing_analytics", &range),
            "pricing_analytics.start(1).end(2).granularity(DAILY).product_types([0,2]).dimensions([\"COUNTRY\",\"PHONE\"])"
        );
    }
}
