//! Meta's rules for the components of a new template.

use crate::graph::{GraphError, Outcome};
use serde_json::Value;

/// Why a template is refused before any review.
fn refuse(code: i64, why: impl Into<String>) -> GraphError {
    let why = why.into();
    GraphError::new(code).user("Your template could not be created", why.clone()).details(why)
}

/// Checks all components; `handle_known` says whether a header's handle came from an upload.
pub(super) fn check(
    components: &Value,
    named: bool,
    authentication: bool,
    handle_known: &dyn Fn(&str) -> bool,
) -> Outcome<()> {
    let all = components.as_array().ok_or_else(|| refuse(100, "components must be an array"))?;
    let of = |kind: &str| {
        all.iter()
            .filter(|c| c["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(kind)))
            .collect::<Vec<_>>()
    };
    const KNOWN: [&str; 8] = [
        "HEADER",
        "BODY",
        "FOOTER",
        "BUTTONS",
        "CAROUSEL",
        "LIMITED_TIME_OFFER",
        "CALL_PERMISSION_REQUEST",
        "ORDER_DETAILS",
    ];
    for c in all {
        let kind = c["type"].as_str().unwrap_or_default();
        if !KNOWN.iter().any(|k| k.eq_ignore_ascii_case(kind)) {
            return Err(refuse(2_388_039, format!("components hold an unknown type \"{kind}\"")));
        }
    }
    for kind in KNOWN {
        if of(kind).len() > 1 {
            return Err(refuse(2_388_039, format!("there is more than one {kind}")));
        }
    }
    let Some(body) = of("BODY").first().copied() else {
        return Err(refuse(2_388_072, "the component BODY is required"));
    };
    if let Some(header) = of("HEADER").first() {
        check_header(header, named, handle_known)?;
    }
    if authentication {
        check_authentication(body, of("BUTTONS").first().copied())?;
    } else {
        let most = if of("LIMITED_TIME_OFFER").is_empty() { 1_024 } else { 600 };
        check_body(body, named, most)?;
    }
    if let Some(footer) = of("FOOTER").first() {
        let text = footer["text"].as_str().unwrap_or_default();
        if text.contains("{{") || text.contains('\n') {
            return Err(refuse(2_388_073, "the footer takes neither variables nor line breaks"));
        }
        at_most("footer", text, 60)?;
        if !of("LIMITED_TIME_OFFER").is_empty() {
            return Err(refuse(2_388_073, "a limited-time offer has no footer"));
        }
    }
    if let Some(buttons) = of("BUTTONS").first() {
        check_buttons(buttons["buttons"].as_array().map_or(&[], Vec::as_slice))?;
    }
    if let Some(carousel) = of("CAROUSEL").first() {
        let cards = carousel["cards"].as_array().map_or(0, Vec::len);
        if !(2..=10).contains(&cards) {
            return Err(refuse(2_388_039, format!("a carousel has 2 to 10 cards, not {cards}")));
        }
    }
    Ok(())
}

fn at_most(part: &str, text: &str, most: usize) -> Outcome<()> {
    let characters = text.chars().count();
    if characters > most {
        return Err(refuse(2_388_040, format!("the {part} has {characters} characters, {most} are allowed")));
    }
    Ok(())
}

fn check_header(header: &Value, named: bool, handle_known: &dyn Fn(&str) -> bool) -> Outcome<()> {
    let format = header["format"].as_str().unwrap_or("TEXT").to_ascii_uppercase();
    match format.as_str() {
        "TEXT" => {
            let text = header["text"].as_str().unwrap_or_default();
            if text.is_empty() || text.contains(['\n', '*', '_', '~']) {
                return Err(refuse(
                    2_388_047,
                    "a text header needs text without line breaks, formatting or *, _, ~",
                ));
            }
            at_most("header", text, 60)?;
            let variables = variables(text, named, 2_388_047)?;
            if variables.len() > 1 {
                return Err(refuse(2_388_047, "a header takes at most one variable"));
            }
            let example = if named {
                &header["example"]["header_text_named_params"]
            } else {
                &header["example"]["header_text"]
            };
            if !variables.is_empty() && example.as_array().is_none_or(Vec::is_empty) {
                return Err(refuse(2_388_039, "the header's variable needs an example"));
            }
        }
        "IMAGE" | "VIDEO" | "DOCUMENT" | "GIF" => {
            let handle = header["example"]["header_handle"][0].as_str().unwrap_or_default();
            if handle.is_empty() {
                return Err(refuse(
                    2_388_039,
                    "a header with media needs example.header_handle from an upload",
                ));
            }
            if !handle_known(handle) {
                return Err(refuse(100, "example.header_handle is no handle of a finished upload"));
            }
        }
        "LOCATION" | "PRODUCT" => {}
        other => return Err(refuse(2_388_047, format!("the header format \"{other}\" is not known"))),
    }
    Ok(())
}

fn check_body(body: &Value, named: bool, most: usize) -> Outcome<()> {
    let text = body["text"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(refuse(2_388_072, "the body needs text"));
    }
    at_most("body", text, most)?;
    if text.contains("\n\n\n") || text.contains("     ") || text.contains('\t') {
        return Err(refuse(
            2_388_072,
            "the body may hold neither tabs nor more than two line breaks or four spaces in a row",
        ));
    }
    let variables = variables(text, named, 2_388_072)?;
    if variables.is_empty() {
        return Ok(());
    }
    let trimmed = text.trim();
    if trimmed.starts_with("{{") || trimmed.ends_with("}}") {
        return Err(refuse(2_388_299, "variables may stand neither at the start nor at the end of the body"));
    }
    let between =
        text.split("}}").skip(1).filter_map(|t| t.split_once("{{")).map(|(between, _)| between.trim());
    if between.into_iter().any(str::is_empty) {
        return Err(refuse(2_388_072, "two variables need text between them"));
    }
    let words = words_beside(text);
    if words < variables.len() * 2 {
        return Err(refuse(
            2_388_293,
            format!("{} variables are too many for {words} words", variables.len()),
        ));
    }
    let examples = if named {
        body["example"]["body_text_named_params"].as_array().map_or(0, Vec::len)
    } else {
        body["example"]["body_text"][0].as_array().map_or(0, Vec::len)
    };
    if examples < variables.len() {
        return Err(refuse(
            2_388_039,
            format!("the body has {} variables and {examples} examples", variables.len()),
        ));
    }
    Ok(())
}

/// Words outside variables.
fn words_beside(text: &str) -> usize {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        plain.push(' ');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count()
}

/// The variables of a text; positional ones must be 1, 2, 3… in order of first appearance.
fn variables(text: &str, named: bool, code: i64) -> Outcome<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['{', '}']) {
        let inner = rest[start..].strip_prefix("{{").and_then(|r| r.split_once("}}"));
        let Some((name, after)) = inner else {
            return Err(refuse(code, "a variable is written with two braces on each side, as {{1}}"));
        };
        let fits = if named {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        } else {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
        };
        if !fits {
            let how = if named { "lower-case letters, digits and _" } else { "a number" };
            return Err(refuse(code, format!("the variable {{{{{name}}}}} must be {how}")));
        }
        if !found.iter().any(|f| f == name) {
            found.push(name.to_owned());
        }
        rest = after;
    }
    if !named {
        let mut numbers: Vec<usize> = found.iter().filter_map(|n| n.parse().ok()).collect();
        numbers.sort_unstable();
        if numbers.iter().enumerate().any(|(i, n)| *n != i + 1) {
            return Err(refuse(code, "variables must be numbered 1, 2, 3… without a gap"));
        }
    }
    Ok(found)
}

fn check_authentication(body: &Value, buttons: Option<&Value>) -> Outcome<()> {
    if body.get("text").is_some() {
        return Err(refuse(2_388_072, "the text of an authentication template is Meta's; leave it out"));
    }
    let otp = buttons
        .is_some_and(|b| b["buttons"][0]["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case("OTP")));
    if !otp {
        return Err(refuse(2_388_039, "an authentication template needs a button of type OTP"));
    }
    Ok(())
}

fn check_buttons(buttons: &[Value]) -> Outcome<()> {
    if buttons.is_empty() || buttons.len() > 10 {
        return Err(refuse(2_388_039, format!("1 to 10 buttons are allowed, there are {}", buttons.len())));
    }
    let kinds: Vec<String> =
        buttons.iter().map(|b| b["type"].as_str().unwrap_or_default().to_ascii_uppercase()).collect();
    for (kind, most) in [("URL", 2), ("PHONE_NUMBER", 1), ("COPY_CODE", 1), ("FLOW", 1), ("OTP", 1)] {
        if kinds.iter().filter(|k| *k == kind).count() > most {
            return Err(refuse(2_388_039, format!("at most {most} buttons of type {kind} are allowed")));
        }
    }
    // Quick replies must stand together.
    let quick: Vec<bool> = kinds.iter().map(|k| k == "QUICK_REPLY").collect();
    if quick.windows(2).filter(|w| w[0] != w[1]).count() > 1 {
        return Err(refuse(
            2_388_039,
            "quick replies must stand together: the buttons are an invalid combination",
        ));
    }
    for (b, kind) in buttons.iter().zip(&kinds) {
        let text = b["text"].as_str().unwrap_or_default();
        let labelled = !matches!(kind.as_str(), "OTP" | "COPY_CODE" | "REQUEST_CONTACT_INFO");
        if text.is_empty() && labelled {
            return Err(refuse(2_388_039, format!("a button of type {kind} needs text")));
        }
        at_most("button text", text, 25)?;
        match kind.as_str() {
            "URL" => {
                let url = b["url"].as_str().unwrap_or_default();
                at_most("button url", url, 2_000)?;
                if url::Url::parse(&url.replace("{{1}}", "x")).is_err() {
                    return Err(refuse(2_388_039, "a URL button needs a URL"));
                }
                let variable = url.contains("{{");
                if variable && !url.ends_with("{{1}}") {
                    return Err(refuse(2_388_039, "a URL's variable is {{1}} and stands at its end"));
                }
                if variable && b["example"].as_array().is_none_or(Vec::is_empty) {
                    return Err(refuse(2_388_039, "a URL with a variable needs an example"));
                }
            }
            "PHONE_NUMBER" => {
                let phone = b["phone_number"].as_str().unwrap_or_default();
                if phone.is_empty() {
                    return Err(refuse(2_388_039, "a phone button needs phone_number"));
                }
                at_most("phone number", phone, 20)?;
            }
            "COPY_CODE" => {
                let example = &b["example"];
                let code = example.as_str().or(example[0].as_str()).unwrap_or_default();
                if code.is_empty() {
                    return Err(refuse(2_388_039, "a button that copies a code needs an example"));
                }
                at_most("coupon code", code, 20)?;
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(components: &Value, named: bool) -> i64 {
        check(components, named, false, &|h| h == "4::good").map_or_else(|e| e.code, |()| 0)
    }

    fn body(text: &str, examples: &[&str]) -> Value {
        json!({"type": "BODY", "text": text, "example": {"body_text": [examples]}})
    }

    #[test]
    fn bodies_follow_metas_rules() {
        let long = "x".repeat(1_025);
        for (text, examples, want) in [
            ("Hello there", &[][..], 0),
            ("Hi {{1}}, your order {{2}} is ready.", &["a", "b"], 0),
            ("Hi {{1}}, your order is ready.", &[], 2_388_039),
            ("{{1}} is here today", &["a"], 2_388_299),
            ("Here is your {{1}}", &["a"], 2_388_299),
            ("Hi {{1}}{{2}}, your order is ready.", &["a", "b"], 2_388_072),
            ("Hi {{1}}, your order {{3}} is ready.", &["a", "b"], 2_388_072),
            ("Hi {{name}}, your order is ready.", &["a"], 2_388_072),
            ("Hi {1}, your order is ready.", &["a"], 2_388_072),
            ("Hi {{1}, your order is ready.", &["a"], 2_388_072),
            ("A {{1}} b {{2}} c {{3}} d.", &["a", "b", "c"], 2_388_293),
            ("", &[], 2_388_072),
            (&long, &[], 2_388_040),
        ] {
            assert_eq!(code(&json!([body(text, examples)]), false), want, "{text}");
        }
        let named = json!([{"type": "BODY", "text": "Hi {{first_name}}, your order is ready.", "example": {"body_text_named_params": [{"param_name": "first_name", "example": "a"}]}}]);
        assert_eq!(code(&named, true), 0);
        assert_eq!(code(&named, false), 2_388_072);
    }

    #[test]
    fn other_components_follow_metas_rules() {
        let with = |c: Value| code(&json!([body("Hello there", &[]), c]), false);
        let header = |format: &str, handle: &str| json!({"type": "HEADER", "format": format, "example": {"header_handle": [handle]}});
        assert_eq!(with(header("IMAGE", "4::good")), 0);
        assert_eq!(with(header("IMAGE", "4::bad")), 100);
        assert_eq!(with(header("IMAGE", "")), 2_388_039);
        assert_eq!(with(header("DANCE", "4::good")), 2_388_047);
        assert_eq!(with(json!({"type": "HEADER", "format": "TEXT", "text": "x".repeat(61)})), 2_388_040);
        assert_eq!(with(json!({"type": "HEADER", "format": "TEXT", "text": "*bold*"})), 2_388_047);
        assert_eq!(with(json!({"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"})), 2_388_039);
        assert_eq!(with(json!({"type": "FOOTER", "text": "Hi {{1}}"})), 2_388_073);
        assert_eq!(with(json!({"type": "FOOTER", "text": "x".repeat(61)})), 2_388_040);
        assert_eq!(with(json!({"type": "DANCE"})), 2_388_039);
        assert_eq!(with(body("again", &[])), 2_388_039);
        assert_eq!(code(&json!([]), false), 2_388_072);
        assert_eq!(code(&json!("x"), false), 100);
        let quick = json!({"type": "QUICK_REPLY", "text": "Yes"});
        let url = json!({"type": "URL", "text": "Go", "url": "https://x.com/{{1}}", "example": ["https://x.com/a"]});
        let buttons = |list: Vec<&Value>| with(json!({"type": "BUTTONS", "buttons": list}));
        assert_eq!(buttons(vec![&quick, &quick, &url]), 0);
        assert_eq!(buttons(vec![&quick, &url, &quick]), 2_388_039);
        assert_eq!(buttons(vec![&url, &url, &url]), 2_388_039);
        assert_eq!(
            buttons(vec![
                &json!({"type": "URL", "text": "Go", "url": "https://x.com/{{1}}/a", "example": ["x"]})
            ]),
            2_388_039
        );
        assert_eq!(buttons(vec![&json!({"type": "QUICK_REPLY", "text": "x".repeat(26)})]), 2_388_040);
        assert_eq!(buttons(vec![]), 2_388_039);
    }
}
