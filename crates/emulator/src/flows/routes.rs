//! Which screen may follow which: the routing model and the navigations of a flow JSON.

use super::{check::Found, flow::screens};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Meta: screens one screen may lead to.
const MOST_BRANCHES: usize = 10;

/// A navigation needs another screen of the flow, and gives it what its data model asks for.
pub(super) fn check_navigation(json: &Value, screen: &Value, action: &Value, at: &str, found: &mut Found) {
    let id = screen["id"].as_str().unwrap_or_default();
    let next = action["next"]["name"].as_str().unwrap_or_default();
    let pointer = format!("{at}/next");
    if next == id {
        let message = format!("Loop detected at screen '{id}': a screen cannot navigate to itself.");
        return found.add("INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME", &pointer, message);
    }
    let Some(target) = screens(json).find(|s| s["id"] == next) else {
        let message = format!("Unknown screen id found: '{next}'.");
        return found.add("INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME", &pointer, message);
    };
    if json.get("data_api_version").is_some()
        && json["routing_model"][id].as_array().is_some_and(|to| !to.iter().any(|t| t == next))
    {
        let message = format!(
            "Missing direct route from screen '{id}' to screen '{next}' in the routing model, while it exists in the navigate screen action of screen '{id}'."
        );
        found.add("INVALID_ROUTING_MODEL", &pointer, message);
    }
    let payload = action["payload"].as_object();
    let model = target["data"].as_object();
    let absent = |from: Option<&serde_json::Map<String, Value>>, name: &String| {
        from.is_none_or(|m| !m.contains_key(name))
    };
    let extra: Vec<&str> =
        payload.into_iter().flat_map(|p| p.keys()).filter(|n| absent(model, n)).map(String::as_str).collect();
    let lacking: Vec<&str> =
        model.into_iter().flat_map(|m| m.keys()).filter(|n| absent(payload, n)).map(String::as_str).collect();
    let pointer = format!("{at}/payload");
    if !extra.is_empty() {
        let message =
            format!("Following fields are missing in the next screen's data model: ({}).", extra.join(", "));
        found.add("INVALID_NAVIGATE_ACTION_PAYLOAD", &pointer, message);
    }
    if !lacking.is_empty() {
        let message = format!(
            "Following fields are expected in the next screen's data model but missing in payload: ({}).",
            lacking.join(", ")
        );
        found.add("INVALID_NAVIGATE_ACTION_PAYLOAD", &pointer, message);
    }
}

/// Meta: a flow with an endpoint names its routes: every screen, only forwards, with a way in.
pub(super) fn check(json: &Value, found: &mut Found) {
    let Some(routes) = json["routing_model"].as_object() else {
        if json.get("data_api_version").is_some() {
            let message = "Required property 'routing_model' is missing at '$root'.";
            found.add("MISSING_REQUIRED_TYPE_PROPERTY", "", message);
        }
        return;
    };
    let at = "/routing_model";
    let ids: BTreeSet<&str> = screens(json).filter_map(|s| s["id"].as_str()).collect();
    let routes: BTreeMap<&str, Vec<&str>> = routes
        .iter()
        .map(|(from, to)| {
            (from.as_str(), to.as_array().into_iter().flatten().filter_map(Value::as_str).collect())
        })
        .collect();
    let mut wrong = |message: String| found.add("INVALID_ROUTING_MODEL", at, message);
    let list = |names: Vec<&str>| names.join(", ");
    let missing: Vec<&str> = ids.iter().copied().filter(|id| !routes.contains_key(id)).collect();
    if !missing.is_empty() {
        wrong(format!("Following screens are missing in the routing model: ({}).", list(missing)));
    }
    let unknown: BTreeSet<&str> = routes
        .iter()
        .flat_map(|(from, to)| to.iter().copied().chain([*from]))
        .filter(|s| !ids.contains(s))
        .collect();
    if !unknown.is_empty() {
        wrong(format!(
            "Invalid screens found in the routing model: ({}).",
            list(unknown.into_iter().collect())
        ));
    }
    for (from, to) in &routes {
        if to.len() > MOST_BRANCHES {
            wrong(format!(
                "Number of branches exceeds the max limit of {MOST_BRANCHES} for screen: ({from})."
            ));
        }
        for back in to.iter().filter(|t| *t > from && routes.get(*t).is_some_and(|b| b.contains(from))) {
            wrong(format!(
                "Backward route [({back})->({from})] corresponding to forward route [({from})->({back})] is not allowed in the routing model. Only forward routes can be specified."
            ));
        }
        if to.contains(from) {
            wrong(format!("Loop detected in the routing model for screens: ({from})."));
        }
    }
    let entered: BTreeSet<&str> = routes.values().flatten().copied().collect();
    let entries: Vec<&str> = routes.keys().copied().filter(|s| !entered.contains(s)).collect();
    let Some(first) = entries.first() else {
        return wrong(
            "No entry screen found in the routing model. Expected a screen with no inbound edges as the entry screen.".into(),
        );
    };
    let mut reached = BTreeSet::new();
    let mut open = vec![*first];
    while let Some(screen) = open.pop() {
        if reached.insert(screen) {
            open.extend(routes.get(screen).into_iter().flatten().copied());
        }
    }
    let apart: Vec<&str> =
        routes.keys().copied().filter(|s| !reached.contains(s) && ids.contains(s)).collect();
    if !apart.is_empty() {
        wrong(format!(
            "Following screens are not connected with the rest of the screens : ({}). All screens should be connected.",
            list(apart)
        ));
    }
}

/// Where a flow begins: the screen no other leads to.
pub(super) fn entry(json: &Value) -> Option<&str> {
    let routes = json["routing_model"].as_object();
    let entered: BTreeSet<&str> = routes
        .into_iter()
        .flat_map(|r| r.values())
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let ids: Vec<&str> = screens(json).filter_map(|s| s["id"].as_str()).collect();
    ids.iter().find(|id| !entered.contains(*id)).or_else(|| ids.first()).copied()
}

/// Whether the endpoint may lead from one screen to the other.
pub(super) fn allowed(json: &Value, from: Option<&str>, to: &str) -> bool {
    let known = screens(json).any(|s| s["id"] == to);
    // Meta: the same screen again, with other data, is always allowed; the first may be any.
    let routed = |from: &str| {
        from == to || json["routing_model"][from].as_array().is_none_or(|next| next.iter().any(|n| n == to))
    };
    known && from.is_none_or(routed)
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use serde_json::{Value, json};

    fn messages(routes: Value) -> Vec<String> {
        let screen = |id: &str| {
            json!({"id": id, "terminal": true, "layout": {"type": "SingleColumnLayout", "children": [
                {"type": "Footer", "label": "Go", "on-click-action": {"name": "data_exchange", "payload": {}}}]}})
        };
        let flow = json!({"version": "7.3", "data_api_version": "3.0", "routing_model": routes,
            "screens": [screen("A"), screen("B"), screen("C")]});
        let (_, errors) = check(&flow.to_string());
        errors.iter().map(|e| e["message"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn routes_lead_forwards_and_to_every_screen() {
        assert_eq!(messages(json!({"A": ["B", "C"], "B": ["C"], "C": []})), Vec::<String>::new());
        let has = |routes: Value, text: &str| {
            let all = messages(routes);
            assert!(all.iter().any(|m| m.contains(text)), "{text}: {all:?}");
        };
        has(json!({"A": ["B"], "B": []}), "missing in the routing model: (C)");
        has(json!({"A": ["B", "D"], "B": ["C"], "C": []}), "Invalid screens found in the routing model: (D)");
        has(json!({"A": ["B"], "B": ["A"], "C": []}), "Backward route");
        has(json!({"A": ["B"], "B": ["C"], "C": ["A"]}), "No entry screen");
        has(json!({"A": ["B"], "B": [], "C": []}), "not connected with the rest");
    }
}
