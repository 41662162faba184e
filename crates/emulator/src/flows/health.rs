//! How well a flow's endpoint answers, and when Meta tells of it.

use crate::saved::{self, Word};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Meta: error rate and latency are judged over half an hour, availability over ten minutes.
const WINDOW_S: i64 = 1_800;
const PING_WINDOW_S: i64 = 600;
/// Meta: percent of requests that failed, and 90th percentile in milliseconds.
const ERROR_RATES: [u32; 3] = [5, 10, 50];
const LATENCIES_MS: [u32; 3] = [1_000, 5_000, 7_000];
/// Meta: percent of health checks that must be answered.
const AVAILABLE: u32 = 90;

/// What is remembered of an endpoint.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Health {
    requests: VecDeque<Request>,
    pings: VecDeque<(i64, bool)>,
    error_rate: u32,
    latency: u32,
    unavailable: bool,
    /// All requests ever, and those that failed.
    pub(super) asked: u64,
    pub(super) failed: u64,
}

#[derive(Serialize, Deserialize)]
struct Request {
    at_s: i64,
    ms: u32,
    #[serde(deserialize_with = "saved::word_or_none")]
    error: Option<Word>,
}

impl Health {
    /// Counts one request; gives the alerts it leads to (without `flow_id`).
    pub(super) fn request(
        &mut self,
        at_s: i64,
        ms: u32,
        error: Option<&'static str>,
        alert_after: usize,
    ) -> Vec<Value> {
        self.asked += 1;
        self.failed += u64::from(error.is_some());
        self.requests.push_back(Request { at_s, ms, error });
        while self.requests.front().is_some_and(|r| r.at_s <= at_s - WINDOW_S) {
            self.requests.pop_front();
        }
        if self.requests.len() < alert_after.max(1) {
            return Vec::new();
        }
        let mut alerts = Vec::new();
        alerts.extend(self.judge_errors());
        alerts.extend(self.judge_latency());
        alerts
    }

    fn judge_errors(&mut self) -> Option<Value> {
        let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
        for kind in self.requests.iter().filter_map(|r| r.error) {
            *kinds.entry(kind).or_default() += 1;
        }
        let failed: u32 = kinds.values().sum();
        let rate = percent(failed, self.requests.len());
        let (threshold, state) = crossed(&mut self.error_rate, &ERROR_RATES, |t| rate >= f64::from(t))?;
        let errors: Vec<Value> = kinds
            .iter()
            .map(|(kind, n)| {
                json!({"error_type": kind.to_uppercase(), "error_count": n, "error_rate": percent(*n, failed as usize)})
            })
            .collect();
        Some(json!({
            "event": "ENDPOINT_ERROR_RATE",
            "message": format!("The flow endpoint request error rate has {} the {threshold}% threshold in the last 30 minutes.", verb(state)),
            "error_rate": rate, "threshold": threshold, "alert_state": state, "errors": errors,
        }))
    }

    fn judge_latency(&mut self) -> Option<Value> {
        let mut all: Vec<u32> = self.requests.iter().map(|r| r.ms).collect();
        all.sort_unstable();
        let at = |part: usize| all.get((all.len() * part / 100).min(all.len() - 1)).copied().unwrap_or(0);
        let (p50, p90) = (at(50), at(90));
        let (threshold, state) = crossed(&mut self.latency, &LATENCIES_MS, |t| p90 >= t)?;
        Some(json!({
            "event": "ENDPOINT_LATENCY",
            "message": format!("Flow endpoint latency has {} the p90 threshold in the last 30 minutes.", verb(state)),
            "p90_latency": p90, "p50_latency": p50, "requests_count": all.len(),
            "threshold": threshold, "alert_state": state,
        }))
    }

    /// Counts one health check; gives the alert it leads to.
    pub(super) fn ping(&mut self, at_s: i64, answered: bool) -> Option<Value> {
        self.pings.push_back((at_s, answered));
        while self.pings.front().is_some_and(|(at, _)| *at <= at_s - PING_WINDOW_S) {
            self.pings.pop_front();
        }
        let good = self.pings.iter().filter(|(_, ok)| *ok).count();
        let availability = percent(u32::try_from(good).unwrap_or(u32::MAX), self.pings.len());
        let unavailable = availability < f64::from(AVAILABLE);
        if unavailable == std::mem::replace(&mut self.unavailable, unavailable) {
            return None;
        }
        let (state, text) = if unavailable {
            (
                "ACTIVATED",
                "has breached the 90% threshold in the last 10 minutes. Users will be unable to open or use the flow.",
            )
        } else {
            ("DEACTIVATED", "is above the 90% threshold again.")
        };
        Some(json!({
            "event": "ENDPOINT_AVAILABILITY", "message": format!("The flow endpoint availability {text}"),
            "alert_state": state, "availability": availability, "threshold": AVAILABLE,
        }))
    }
}

fn verb(state: &str) -> &'static str {
    if state == "ACTIVATED" { "reached" } else { "recovered from" }
}

fn percent(part: u32, of: usize) -> f64 {
    (f64::from(part) * 10_000.0 / of.max(1) as f64).round() / 100.0
}

/// Compares with the highest threshold that holds; gives the one that was crossed, and which way.
fn crossed(known: &mut u32, thresholds: &[u32], holds: impl Fn(u32) -> bool) -> Option<(u32, &'static str)> {
    let now = thresholds.iter().copied().filter(|t| holds(*t)).max().unwrap_or(0);
    let before = std::mem::replace(known, now);
    match now.cmp(&before) {
        std::cmp::Ordering::Greater => Some((now, "ACTIVATED")),
        std::cmp::Ordering::Less => Some((before, "DEACTIVATED")),
        std::cmp::Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_when_they_cross_a_threshold_and_when_they_are_over() {
        let mut h = Health::default();
        let mut told = Vec::new();
        for i in 0..10 {
            let error = (i % 5 == 0).then_some("timeout_error");
            told.extend(h.request(i, 100, error, 10));
        }
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&told[0]["error_rate"], &told[0]["threshold"]), (&json!(20.0), &json!(10)));
        assert_eq!(told[0]["errors"][0]["error_type"], "TIMEOUT_ERROR");
        let later: Vec<Value> = (0..40).flat_map(|i| h.request(2_000 + i, 100, None, 10)).collect();
        assert_eq!(later.len(), 1);
        assert_eq!(later[0]["alert_state"], "DEACTIVATED");
    }

    #[test]
    fn a_slow_or_dead_endpoint_is_told_of() {
        let mut h = Health::default();
        let told: Vec<Value> = (0..10).flat_map(|i| h.request(i, 6_000, None, 10)).collect();
        assert_eq!((&told[0]["event"], &told[0]["threshold"]), (&json!("ENDPOINT_LATENCY"), &json!(5_000)));
        assert_eq!(h.ping(1, true), None);
        assert_eq!(h.ping(2, false).map(|a| a["availability"].clone()), Some(json!(50.0)));
        assert_eq!(h.ping(3, false), None);
        assert_eq!(h.ping(900, true).map(|a| a["alert_state"].clone()), Some(json!("DEACTIVATED")));
    }
}
