//! `GET /{waba_id}?fields=analytics…`: messages, conversations and prices over time.

use super::{
    Counts, Field, RateCard,
    counts::{Key, Totals},
};
use crate::{
    calendar,
    directory::Directory,
    graph::{GraphError, Outcome},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const DAY_S: i64 = 86_400;
/// Meta: a year back, since December 2025.
const LOOK_BACK_S: i64 = 366 * DAY_S;

/// The answer to one field of an account; `None` for a field that is no analytics.
pub(crate) fn field(
    directory: &Directory,
    rates: &RateCard,
    counts: &Counts,
    waba: u64,
    now_s: i64,
    field: &Field,
) -> Option<Outcome<Value>> {
    let query = Query { directory, rates, counts, waba, now_s, field };
    match field.name.as_str() {
        "analytics" => Some(query.messages()),
        "conversation_analytics" => Some(query.conversations()),
        "pricing_analytics" => Some(query.prices()),
        _ => None,
    }
}

struct Query<'a> {
    directory: &'a Directory,
    rates: &'a RateCard,
    counts: &'a Counts,
    waba: u64,
    now_s: i64,
    field: &'a Field,
}

/// Length of a data point.
#[derive(Clone, Copy)]
enum Granularity {
    HalfHour,
    Day,
    Month,
}

impl Granularity {
    fn point(self, at_s: i64) -> (i64, i64) {
        match self {
            Self::HalfHour => (at_s, at_s + 1_800),
            Self::Day => (at_s - at_s.rem_euclid(DAY_S), at_s - at_s.rem_euclid(DAY_S) + DAY_S),
            Self::Month => (calendar::month_begins(at_s), calendar::next_month_begins(at_s)),
        }
    }
}

impl Query<'_> {
    fn granularity(&self, names: [&'static str; 3]) -> Outcome<Granularity> {
        let given = self.field.get("granularity").ok_or_else(|| GraphError::required("granularity"))?;
        let all = [Granularity::HalfHour, Granularity::Day, Granularity::Month];
        let found = names.iter().zip(all).find(|(n, _)| n.eq_ignore_ascii_case(given));
        found.map(|(_, g)| g).ok_or_else(|| {
            GraphError::invalid(format!("granularity must be one of {}, not \"{given}\"", names.join(", ")))
        })
    }

    /// What the account's numbers did in the time asked for, to the countries asked for.
    fn rows(&self) -> Outcome<Vec<(&Key, &Totals)>> {
        let (start, end) = (self.field.moment("start")?, self.field.moment("end")?);
        if start >= end {
            return Err(GraphError::invalid("start must be before end"));
        }
        if start < self.now_s - LOOK_BACK_S {
            return Err(GraphError::invalid("start must be within the last year"));
        }
        let phones: Vec<String> = self.field.list("phone_numbers");
        let phones: Vec<String> =
            phones.iter().map(|p| p.chars().filter(char::is_ascii_digit).collect()).collect();
        let countries = self.field.list("country_codes");
        let wanted = |key: &Key| {
            let number = self.directory.numbers.get(key.number as usize);
            (start..end).contains(&key.start_s)
                && number.is_some_and(|n| {
                    n.waba == self.waba && (phones.is_empty() || phones.contains(&n.digits.to_string()))
                })
                && (countries.is_empty() || countries.iter().any(|c| c.eq_ignore_ascii_case(key.country)))
        };
        Ok(self.counts.by_key.iter().filter(|(key, _)| wanted(key)).collect())
    }

    fn phone(&self, key: &Key) -> String {
        self.directory.numbers.get(key.number as usize).map_or_else(String::new, |n| n.digits.to_string())
    }

    fn cost(&self, key: &Key, totals: &Totals) -> u64 {
        let rate = if key.pricing_type == "regular" { self.rates.rate(key.country, key.category) } else { 0 };
        totals.delivered * rate
    }

    fn messages(&self) -> Outcome<Value> {
        let granularity = self.granularity(["HALF_HOUR", "DAY", "MONTH"])?;
        let mut points: BTreeMap<(i64, i64), (u64, u64)> = BTreeMap::new();
        for (key, totals) in self.rows()? {
            let point = points.entry(granularity.point(key.start_s)).or_default();
            point.0 += totals.sent;
            point.1 += totals.delivered;
        }
        let points: Vec<Value> = points
            .into_iter()
            .map(|((start, end), (sent, delivered))| json!({"start": start, "end": end, "sent": sent, "delivered": delivered}))
            .collect();
        Ok(json!({
            "phone_numbers": self.field.list("phone_numbers"),
            "country_codes": self.field.list("country_codes"),
            "granularity": self.field.get("granularity").map(str::to_uppercase),
            "data_points": points,
        }))
    }

    /// Meta: since prices are by message, every delivered message is a conversation of its own.
    fn conversations(&self) -> Outcome<Value> {
        let granularity = self.granularity(["HALF_HOUR", "DAILY", "MONTHLY"])?;
        let known =
            ["CONVERSATION_CATEGORY", "CONVERSATION_TYPE", "CONVERSATION_DIRECTION", "COUNTRY", "PHONE"];
        let dimensions = self.field.words("dimensions", &known)?;
        let describe = |key: &Key| {
            dimensions
                .iter()
                .map(|d| match *d {
                    "CONVERSATION_CATEGORY" => {
                        ("conversation_category", key.category.name().to_ascii_uppercase())
                    }
                    "CONVERSATION_TYPE" => (
                        "conversation_type",
                        match key.pricing_type {
                            "free_customer_service" => "FREE_TIER".to_owned(),
                            other => other.to_ascii_uppercase(),
                        },
                    ),
                    "CONVERSATION_DIRECTION" => {
                        let by_business = key.template != 0;
                        (
                            "conversation_direction",
                            if by_business { "BUSINESS_INITIATED".into() } else { "USER_INITIATED".into() },
                        )
                    }
                    "COUNTRY" => ("country", key.country.to_owned()),
                    _ => ("phone_number", self.phone(key)),
                })
                .collect()
        };
        self.points(
            granularity,
            |_| true,
            describe,
            |point, volume, cost| {
                point.insert("conversation".into(), json!(volume));
                point.insert("cost".into(), json!(cost));
            },
        )
    }

    fn prices(&self) -> Outcome<Value> {
        let granularity = self.granularity(["HALF_HOUR", "DAILY", "MONTHLY"])?;
        let known = ["COUNTRY", "PHONE", "PRICING_CATEGORY", "PRICING_TYPE", "TIER"];
        let dimensions = self.field.words("dimensions", &known)?;
        let metrics = self.field.words("metric_types", &["COST", "VOLUME"])?;
        let types =
            self.field.words("pricing_types", &["FREE_CUSTOMER_SERVICE", "FREE_ENTRY_POINT", "REGULAR"])?;
        let categories = self.field.list("pricing_categories");
        let one_of =
            |list: &[&str], word: &str| list.is_empty() || list.iter().any(|w| w.eq_ignore_ascii_case(word));
        let wanted = |key: &Key| {
            one_of(&types, key.pricing_type)
                && (categories.is_empty()
                    || categories.iter().any(|c| c.eq_ignore_ascii_case(key.category.name())))
        };
        let describe = |key: &Key| {
            dimensions
                .iter()
                .filter_map(|d| match *d {
                    "COUNTRY" => Some(("country", key.country.to_owned())),
                    "PHONE" => Some(("phone_number", self.phone(key))),
                    "PRICING_CATEGORY" => {
                        Some(("pricing_category", key.category.name().to_ascii_uppercase()))
                    }
                    "PRICING_TYPE" => Some(("pricing_type", key.pricing_type.to_ascii_uppercase())),
                    // The sample card has no volume tiers.
                    _ => None,
                })
                .collect()
        };
        self.points(granularity, wanted, describe, |point, volume, cost| {
            if one_of(&metrics, "VOLUME") {
                point.insert("volume".into(), json!(volume));
            }
            if one_of(&metrics, "COST") {
                point.insert("cost".into(), json!(cost));
            }
        })
    }

    /// One data point for each time and combination of dimensions in which something was delivered.
    fn points(
        &self,
        granularity: Granularity,
        wanted: impl Fn(&Key) -> bool,
        describe: impl Fn(&Key) -> Vec<(&'static str, String)>,
        measure: impl Fn(&mut Map<String, Value>, u64, f64),
    ) -> Outcome<Value> {
        let mut points: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for (key, totals) in self.rows()?.into_iter().filter(|(key, t)| wanted(key) && t.delivered > 0) {
            let point = points.entry((granularity.point(key.start_s), describe(key))).or_default();
            point.0 += totals.delivered;
            point.1 += self.cost(key, totals);
        }
        let rows = points.into_iter().map(|(((start, end), dimensions), (volume, cost))| {
            let mut point = Map::new();
            point.insert("start".into(), json!(start));
            point.insert("end".into(), json!(end));
            point.extend(dimensions.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
            measure(&mut point, volume, cost as f64 / 1e6);
            Value::Object(point)
        });
        Ok(json!({"data": [{"data_points": rows.collect::<Vec<_>>()}]}))
    }
}
