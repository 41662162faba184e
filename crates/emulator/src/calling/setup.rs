//! Calling in a number's settings, and what messages about calls need.

use super::business::enabled;
use crate::{
    Inner,
    directory::{Directory, Number},
    graph::{GraphError, Outcome},
    settings::Behaviour,
    sync::lock,
};
use serde_json::{Value, json};

/// Meta: the messaging limit a portfolio needs before its numbers may call.
const LEAST_LIMIT: u32 = 2_000;
const DAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

/// What Meta answers for a number whose calling nobody has set.
pub(crate) fn defaults() -> Value {
    json!({"status": "DISABLED", "call_icon_visibility": "DEFAULT", "callback_permission_status": "DISABLED"})
}

/// Checks new `calling` settings and gives them merged over the present ones.
pub(crate) fn merged(d: &Directory, number: &Number, new: &Value) -> Outcome<Value> {
    let Some(new) = new.as_object() else { return Err(GraphError::invalid("calling must be an object")) };
    for (name, value) in new {
        let among = |words: &[&str]| {
            if value.as_str().is_some_and(|v| words.contains(&v)) {
                return Ok(());
            }
            Err(GraphError::invalid(format!("calling.{name} must be {}", words.join(" or "))))
        };
        match name.as_str() {
            "status" | "callback_permission_status" => among(&["ENABLED", "DISABLED"])?,
            "call_icon_visibility" => among(&["DEFAULT", "DISABLE_ALL"])?,
            "srtp_key_exchange_protocol" => among(&["DTLS", "SDES"])?,
            "call_hours" => hours(value)?,
            "call_icons" | "sip" | "video" | "restrictions" => {}
            _ => return Err(GraphError::invalid(format!("there is no setting calling.{name}"))),
        }
    }
    let mut all = number.settings.get("calling").cloned().unwrap_or_else(defaults);
    if let Some(all) = all.as_object_mut() {
        all.extend(new.clone());
    }
    if new.get("status").is_some_and(|s| s == "ENABLED") {
        if d.portfolio_of(number.waba).is_some_and(|p| p.limit > 0 && p.limit < LEAST_LIMIT) {
            let why = format!("The messaging limit of the portfolio must be at least {LEAST_LIMIT}.");
            return Err(GraphError::new(138_015).details(why));
        }
        let subscribed = d.wabas.get(&number.waba).into_iter().flat_map(|w| w.subscriptions.keys());
        let told = subscribed.filter_map(|a| d.apps.get(a)).any(|a| a.listens("calls"));
        if !told && all["sip"]["status"] != "ENABLED" {
            return Err(GraphError::new(138_018).details(
                "No app of the account is subscribed to the webhook field calls, and SIP is not enabled.",
            ));
        }
    }
    Ok(all)
}

/// Meta: at most two openings a day, from `HHMM` to a later `HHMM`.
fn hours(v: &Value) -> Outcome<()> {
    let no = |why: &str| Err(GraphError::invalid(format!("calling.call_hours.{why}")));
    if !matches!(v["status"].as_str(), Some("ENABLED" | "DISABLED")) {
        return no("status must be ENABLED or DISABLED");
    }
    if v["timezone_id"].as_str().is_none_or(str::is_empty) {
        return no("timezone_id is required");
    }
    let Some(week) = v["weekly_operating_hours"].as_array() else {
        return no("weekly_operating_hours is required");
    };
    let clock = |t: &Value| {
        let t = t.as_str().filter(|t| t.len() == 4 && t.bytes().all(|b| b.is_ascii_digit()))?;
        let t: u32 = t.parse().ok()?;
        (t / 100 < 24 && t % 100 < 60).then_some(t)
    };
    for day in DAYS {
        let of_day: Vec<&Value> = week.iter().filter(|w| w["day_of_week"] == day).collect();
        if of_day.len() > 2 {
            return no("weekly_operating_hours: at most two entries a day");
        }
        for w in of_day {
            match (clock(&w["open_time"]), clock(&w["close_time"])) {
                (Some(open), Some(close)) if open < close => {}
                _ => return no("weekly_operating_hours: open_time must be before close_time, both as HHMM"),
            }
        }
    }
    if week.iter().any(|w| !w["day_of_week"].as_str().is_some_and(|d| DAYS.contains(&d))) {
        return no("weekly_operating_hours: day_of_week must be a day, such as MONDAY");
    }
    Ok(())
}

/// A message with a call button.
pub(crate) fn check_button(behaviour: &Behaviour, number: &Number) -> Outcome<()> {
    enabled(behaviour, number)
}

/// A message that asks for permission. Meta: one in 24 hours and two in seven days, until a call connects.
pub(crate) fn check_request(e: &Inner, behaviour: &Behaviour, number: &Number, user: u64) -> Outcome<()> {
    enabled(behaviour, number)?;
    if !behaviour.calling.checked {
        return Ok(());
    }
    let mut lines = lock(&e.lines);
    let pair = lines.pair(number.id, user);
    if pair.permitted_until == i64::MAX {
        return Err(GraphError::new(138_017).details("The user has permitted calls for good already."));
    }
    let limits = pair.request_limits(&behaviour.calling, e.ambient.now().seconds());
    match limits.iter().find(|l| l.used >= l.most) {
        None => Ok(()),
        Some(l) => Err(GraphError::new(138_009).details(format!(
            "{} requests were sent to this user within {}, as many as allowed; the next is allowed at {}.",
            l.used, l.period, l.free_s
        ))),
    }
}

/// A request for permission was accepted.
pub(crate) fn requested(e: &Inner, number: u64, user: u64) {
    let now_s = e.ambient.now().seconds();
    lock(&e.lines).pair(number, user).requests.push_back(now_s);
}
