//! Meta's rules for a flow JSON, as far as its pages describe them: versions, screens, components,
//! actions, what they refer to, and the routing model. Nested expressions are not looked into.

use super::{flow::screens, routes, spans::Spans};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Meta: versions a message may be sent with; the older ones are frozen and cannot be published.
const VERSIONS: &[&str] =
    &["2.1", "3.0", "3.1", "4.0", "5.0", "5.1", "6.0", "6.1", "6.2", "6.3", "7.0", "7.1", "7.2", "7.3"];
const FROZEN: &[&str] = &["2.1", "3.0", "3.1", "4.0", "5.0"];
/// Meta: versions of the talk with an endpoint.
const DATA_API_VERSIONS: &[&str] = &["3.0", "4.0"];
/// Meta: components on a screen.
const MOST_COMPONENTS: usize = 50;

/// Components and the properties they cannot be without.
const COMPONENTS: &[(&str, &[&str])] = &[
    ("TextHeading", &["text"]),
    ("TextSubheading", &["text"]),
    ("TextBody", &["text"]),
    ("TextCaption", &["text"]),
    ("RichText", &["text"]),
    ("TextInput", &["label", "name"]),
    ("TextArea", &["label", "name"]),
    ("CheckboxGroup", &["name", "data-source"]),
    ("RadioButtonsGroup", &["name", "data-source"]),
    ("ChipsSelector", &["name", "label", "data-source"]),
    ("Dropdown", &["name", "label", "data-source"]),
    ("OptIn", &["name", "label"]),
    ("EmbeddedLink", &["text", "on-click-action"]),
    ("DatePicker", &["name", "label"]),
    ("CalendarPicker", &["name", "label"]),
    ("Image", &["src"]),
    ("ImageCarousel", &["images"]),
    ("If", &["condition", "then"]),
    ("Switch", &["value", "cases"]),
    ("NavigationList", &["name", "list-items"]),
    ("PhotoPicker", &["name", "label"]),
    ("DocumentPicker", &["name", "label"]),
    ("Form", &["name", "children"]),
    ("Footer", &["label", "on-click-action"]),
];

/// Whether a flow of this version may still be published.
pub(super) fn publishable(version: Option<&str>) -> bool {
    version.is_some_and(|v| VERSIONS.contains(&v) && !FROZEN.contains(&v))
}

/// The JSON of a text, and its mistakes in Meta's form; `Null` when it is none.
pub(super) fn check(text: &str) -> (Value, Vec<Value>) {
    let json: Value = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(e) => {
            let (line, column) = (e.line(), e.column().max(1));
            let place =
                json!({"line_start": line, "line_end": line, "column_start": column, "column_end": column});
            let mut error = json!({"error": "INVALID_FLOW_JSON", "error_type": "FLOW_JSON_ERROR",
                "message": format!("Flow JSON is not valid: {e}.")});
            if let (Some(error), Some(place)) = (error.as_object_mut(), place.as_object()) {
                error.extend(place.clone());
            }
            return (Value::Null, vec![error]);
        }
    };
    let mut found = Found { spans: Spans::of(text), errors: Vec::new() };
    whole(&json, &mut found);
    (json, found.errors)
}

/// The mistakes found so far.
pub(super) struct Found {
    spans: Spans,
    errors: Vec<Value>,
}

impl Found {
    /// A mistake in the value at a JSON pointer.
    pub(super) fn add(&mut self, code: &str, pointer: &str, message: impl Into<String>) {
        let span = self.spans.value(pointer);
        self.push(code, pointer, span, message.into());
    }

    /// A member that must not be there.
    fn key(&mut self, code: &str, pointer: &str, message: impl Into<String>) {
        let span = self.spans.key(pointer);
        self.push(code, pointer, span, message.into());
    }

    fn push(&mut self, code: &str, pointer: &str, span: super::spans::Span, message: String) {
        let mut error = json!({
            "error": code, "error_type": "FLOW_JSON_ERROR", "message": message,
            "line_start": span.line_start, "line_end": span.line_end,
            "column_start": span.column_start, "column_end": span.column_end,
        });
        error["pointers"] = json!([{
            "line_start": span.line_start, "line_end": span.line_end,
            "column_start": span.column_start, "column_end": span.column_end, "path": path(pointer),
        }]);
        self.errors.push(error);
    }

    fn missing(&mut self, pointer: &str, name: &str) {
        self.add(
            "MISSING_REQUIRED_TYPE_PROPERTY",
            pointer,
            format!("Required property '{name}' is missing at '{}'.", path(pointer)),
        );
    }
}

/// `/screens/0/layout` as Meta writes it: `screens[0].layout`.
fn path(pointer: &str) -> String {
    let mut text = String::new();
    for step in pointer.split('/').skip(1) {
        if step.parse::<usize>().is_ok() {
            text.push_str(&format!("[{step}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(step);
        }
    }
    if text.is_empty() { "$root".into() } else { text }
}

fn whole(json: &Value, found: &mut Found) {
    let Some(members) = json.as_object() else {
        return found.add("INVALID_PROPERTY_TYPE", "", "Expected property $root to be of type object.");
    };
    let version = match json["version"].as_str() {
        None => {
            found.add("MISSING_FLOW_JSON_VERSION", "", "Flow JSON version is not specified.");
            None
        }
        Some(v) if !v.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b)) => {
            found.add("INVALID_FLOW_JSON_VERSION", "/version", "Invalid Flow JSON version.");
            None
        }
        Some(v) if !VERSIONS.contains(&v) => {
            found.add("UNSUPPORTED_FLOW_JSON_VERSION", "/version", "Unsupported Flow JSON version.");
            None
        }
        Some(v) => Some(v),
    };
    for name in members.keys() {
        let pointer = format!("/{name}");
        match name.as_str() {
            "version" | "screens" | "routing_model" | "data_api_version" => {}
            "data_channel_uri" if version.is_none_or(|v| v.starts_with('2')) => {}
            "data_channel_uri" => found.key(
                "INVALID_PROPERTY_KEY",
                &pointer,
                "Property `data_channel_uri` is no longer supported in Flow JSON as of version '3.0'. Please configure your endpoint URI using Flows API or Builder.",
            ),
            _ => found.key("INVALID_PROPERTY_KEY", &pointer, format!("Property '{name}' cannot be specified at '$root'.")),
        }
    }
    if let Some(v) = members.get("data_api_version")
        && !v.as_str().is_some_and(|v| DATA_API_VERSIONS.contains(&v))
    {
        found.add(
            "NO_SUPPORTED_DATA_API_VERSION",
            "/data_api_version",
            "No supported Data API version found for given Flow JSON version.",
        );
    }
    if members.get("screens").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return found.add(
            "MIN_ITEMS_REQUIRED",
            "/screens",
            "Property 'screens' should have at least '1' items.",
        );
    }
    let mut ids = BTreeSet::new();
    for (i, screen) in screens(json).enumerate() {
        let pointer = format!("/screens/{i}");
        check_id(screen, &pointer, &mut ids, found);
        check_screen(json, screen, &pointer, found);
    }
    let terminal = || screens(json).filter(|s| s["terminal"] == true);
    if terminal().next().is_none() {
        found.add("MISSING_TERMINAL_SCREEN", "/screens", "There should be at least one terminal screen.");
    } else if terminal().all(|s| s["success"] == false) {
        found.add(
            "INVALID_PROPERTY_VALUE",
            "/screens",
            "At least one terminal screen must have property 'success' set as true.",
        );
    }
    routes::check(json, found);
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn check_id<'j>(screen: &'j Value, pointer: &str, ids: &mut BTreeSet<&'j str>, found: &mut Found) {
    let Some(id) = screen["id"].as_str() else { return found.missing(pointer, "id") };
    let at = format!("{pointer}/id");
    if id == "SUCCESS" {
        found.add("SCREEN_ID_IS_RESERVED_KEYWORD", &at, "Screen id 'SUCCESS' is a reserved keyword.");
    } else if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') {
        found.add("PATTERN_MISMATCH", &at, "Property 'id' should only consist of alphabets and underscores.");
    }
    if !ids.insert(id) {
        found.add("DUPLICATE_SCREEN_IDS", &at, format!("Screen id '{id}' is used more than once."));
    }
}

fn check_screen(json: &Value, screen: &Value, pointer: &str, found: &mut Found) {
    const KNOWN: [&str; 8] =
        ["id", "title", "terminal", "success", "data", "layout", "refresh_on_back", "sensitive"];
    for name in screen.as_object().into_iter().flat_map(|m| m.keys()) {
        if !KNOWN.contains(&name.as_str()) {
            let message = format!("Property '{name}' cannot be specified at '{}'.", path(pointer));
            found.key("INVALID_PROPERTY_KEY", &format!("{pointer}/{name}"), message);
        }
    }
    if screen.get("success").is_some() && screen["terminal"] != true {
        found.key(
            "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED",
            &format!("{pointer}/success"),
            "Property 'success' can only be specified on a terminal screen.",
        );
    }
    for (name, model) in screen["data"].as_object().into_iter().flatten() {
        if model.get("__example__").is_none() {
            found.missing(&format!("{pointer}/data/{name}"), "__example__");
        }
    }
    let layout = format!("{pointer}/layout");
    if screen["layout"].is_null() {
        return found.missing(pointer, "layout");
    }
    if screen["layout"]["type"] != "SingleColumnLayout" {
        let at = format!("{layout}/type");
        found.add("INVALID_PROPERTY_VALUE", &at, "Invalid value found for property 'type'.");
    }
    let Some(children) = screen["layout"]["children"].as_array() else {
        return found.missing(&layout, "children");
    };
    let mut seen = Seen::default();
    walk(children, &format!("{layout}/children"), &mut seen, found);
    if seen.count > MOST_COMPONENTS {
        found.add(
            "MAX_ALLOWED_COMPONENTS_PER_SCREEN",
            &format!("{layout}/children"),
            format!("A screen can have at most {MOST_COMPONENTS} components."),
        );
    }
    if screen["terminal"] == true && !seen.footer {
        found.add(
            "MISSING_FOOTER_ON_TERMINAL_SCREEN",
            pointer,
            "Terminal screens must have a Footer component.",
        );
    }
    for (action, at) in &seen.actions {
        check_action(json, screen, action, at, &seen.names, found);
    }
}

/// What a screen's components hold.
#[derive(Default)]
struct Seen<'j> {
    count: usize,
    footer: bool,
    names: BTreeSet<&'j str>,
    actions: Vec<(&'j Value, String)>,
}

fn walk<'j>(children: &'j [Value], pointer: &str, seen: &mut Seen<'j>, found: &mut Found) {
    for (i, c) in children.iter().enumerate() {
        let at = format!("{pointer}/{i}");
        seen.count += 1;
        let Some(kind) = c["type"].as_str() else {
            found.missing(&at, "type");
            continue;
        };
        let Some((_, required)) = COMPONENTS.iter().find(|(name, _)| *name == kind) else {
            let at = format!("{at}/type");
            found.add("INVALID_PROPERTY_VALUE", &at, "Invalid value found for property 'type'.");
            continue;
        };
        for name in *required {
            if c.get(*name).is_none() {
                found.missing(&at, name);
            }
        }
        seen.footer |= kind == "Footer";
        if kind != "Form"
            && let Some(name) = c["name"].as_str()
            && !seen.names.insert(name)
        {
            let message = format!("Component name '{name}' is used more than once on the screen.");
            found.add("DUPLICATE_FORM_COMPONENT_NAMES", &format!("{at}/name"), message);
        }
        for name in ["on-click-action", "on-select-action", "on-unselect-action"] {
            if let Some(action) = c.get(name) {
                seen.actions.push((action, format!("{at}/{name}")));
            }
        }
        for branch in ["children", "then", "else"] {
            if let Some(children) = c[branch].as_array() {
                walk(children, &format!("{at}/{branch}"), seen, found);
            }
        }
        for (case, children) in c["cases"].as_object().into_iter().flatten() {
            if let Some(children) = children.as_array() {
                walk(children, &format!("{at}/cases/{case}"), seen, found);
            }
        }
    }
}

fn check_action(
    json: &Value,
    screen: &Value,
    action: &Value,
    at: &str,
    names: &BTreeSet<&str>,
    found: &mut Found,
) {
    match action["name"].as_str() {
        None => found.missing(at, "name"),
        Some("navigate") => routes::check_navigation(json, screen, action, at, found),
        Some("complete") if screen["terminal"] != true => {
            found.add(
                "INVALID_COMPLETE_ACTION",
                at,
                "Action 'complete' can only be used on a terminal screen.",
            );
        }
        Some("data_exchange") if json.get("data_api_version").is_none() => {
            found.add(
                "NO_SUPPORTED_DATA_API_VERSION",
                at,
                "Data api version is required for data_exchange action.",
            );
        }
        Some("complete" | "data_exchange" | "update_data" | "open_url") => {}
        Some(_) => found.add(
            "INVALID_ENUM_VALUE",
            &format!("{at}/name"),
            "Value should be one of: [data_exchange, navigate, complete, update_data, open_url].",
        ),
    }
    let mut used = Vec::new();
    references(&action["payload"], &mut used);
    let id = screen["id"].as_str().unwrap_or_default();
    for expression in used {
        let inner = expression.trim_start_matches("${").trim_end_matches('}');
        let payload = format!("{at}/payload");
        let missing = match inner.split_once('.') {
            Some(("form", name)) if !names.contains(first(name)) => "Form component",
            Some(("data", name)) if screen["data"].get(first(name)).is_none() => "dynamic data",
            _ => continue,
        };
        found.add(
            "INVALID_ON_CLICK_ACTION_PAYLOAD",
            &payload,
            format!("Missing {missing} '{expression}' for screen '{id}'."),
        );
    }
}

fn first(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// Every plain `${…}` in a value.
fn references<'j>(value: &'j Value, used: &mut Vec<&'j str>) {
    match value {
        Value::String(text) if text.starts_with("${") && text.ends_with('}') => used.push(text),
        Value::Array(all) => all.iter().for_each(|v| references(v, used)),
        Value::Object(all) => all.values().for_each(|v| references(v, used)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(children: Value) -> Value {
        json!({"version": "7.3", "screens": [{"id": "ONE", "title": "One", "terminal": true,
            "layout": {"type": "SingleColumnLayout", "children": children}}]})
    }

    fn footer(action: Value) -> Value {
        json!({"type": "Footer", "label": "Done", "on-click-action": action})
    }

    fn codes(json: &Value) -> Vec<String> {
        let (_, errors) = check(&serde_json::to_string_pretty(json).unwrap());
        errors.iter().map(|e| e["error"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_good_flow_has_no_mistakes() {
        let done = json!({"name": "complete", "payload": {"who": "${form.who}"}});
        let good = flow(json!([{"type": "TextInput", "name": "who", "label": "Name"}, footer(done)]));
        assert_eq!(codes(&good), Vec::<String>::new());
    }

    #[test]
    fn every_mistake_has_metas_name_and_a_place() {
        let done = json!({"name": "complete", "payload": {}});
        let wrong = |children: Value| codes(&flow(children));
        assert_eq!(wrong(json!([{"type": "Song"}, footer(done.clone())])), ["INVALID_PROPERTY_VALUE"]);
        assert_eq!(wrong(json!([{"text": "x"}, footer(done.clone())])), ["MISSING_REQUIRED_TYPE_PROPERTY"]);
        assert_eq!(wrong(json!([{"type": "TextBody", "text": "x"}])), ["MISSING_FOOTER_ON_TERMINAL_SCREEN"]);
        let asks = footer(json!({"name": "data_exchange", "payload": {}}));
        assert_eq!(wrong(json!([asks])), ["NO_SUPPORTED_DATA_API_VERSION"]);
        let unknown = footer(json!({"name": "complete", "payload": {"a": "${form.b}", "c": "${data.d}"}}));
        assert_eq!(wrong(json!([unknown])), ["INVALID_ON_CLICK_ACTION_PAYLOAD"; 2]);
        let nowhere =
            footer(json!({"name": "navigate", "next": {"type": "screen", "name": "TWO"}, "payload": {}}));
        assert!(wrong(json!([nowhere])).contains(&"INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME".to_owned()));
        let mut old = flow(json!([footer(done)]));
        old["version"] = json!("1.0");
        old["extra"] = json!(1);
        assert_eq!(codes(&old), ["UNSUPPORTED_FLOW_JSON_VERSION", "INVALID_PROPERTY_KEY"]);
    }

    #[test]
    fn a_mistake_says_where_it_stands() {
        let (_, errors) = check("{\n \"version\": \"7.3\",\n \"screens\": [],\n \"tune\": 1}");
        let tune = &errors[0];
        assert_eq!(tune["message"], "Property 'tune' cannot be specified at '$root'.");
        assert_eq!(
            (&tune["line_start"], &tune["column_start"], &tune["column_end"]),
            (&json!(4), &json!(2), &json!(7))
        );
        assert_eq!(tune["pointers"][0]["path"], "tune");
        let (json, errors) = check("{\"version\": ,}");
        assert_eq!(
            (json, &errors[0]["error"], &errors[0]["line_start"]),
            (Value::Null, &json!("INVALID_FLOW_JSON"), &json!(1))
        );
    }
}
