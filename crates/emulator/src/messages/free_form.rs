//! Checking everything that is no template: texts, files, places, cards, reactions.

use super::{
    body::{Kind, Text},
    interactive,
    template::Media,
};
use crate::graph::{GraphError, Outcome, words};
use serde::Deserialize;
use serde_json::Value;

/// What the rest of a send needs to know of a checked message.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Checked {
    /// The file it refers to: id and link.
    pub(super) file: Option<(Option<String>, Option<String>)>,
    /// A reaction's target.
    pub(super) target: Option<String>,
    /// A voice message, which is `played`.
    pub(super) voice: bool,
}

#[derive(Deserialize)]
struct TextPart<'b> {
    #[serde(borrow, default)]
    body: Option<Text<'b>>,
}

/// Checks the object named like the type. Lengths are checked only with `limits`.
pub(super) fn check(kind: Kind, raw: &str, limits: bool) -> Outcome<Checked> {
    let shape = |e: serde_json::Error| GraphError::invalid(format!("{}: {}", kind.name(), words(&e)));
    if kind == Kind::Text {
        if !raw.starts_with('{') {
            return Err(GraphError::invalid("text must be an object"));
        }
        let text: TextPart<'_> = serde_json::from_str(raw).map_err(shape)?;
        let body = text.body.ok_or_else(|| missing("text.body"))?;
        most(limits, "text.body", body.as_str(), 4_096)?;
        if body.as_str().trim().is_empty() {
            return Err(missing("text.body"));
        }
        return Ok(Checked::default());
    }
    let v: Value = serde_json::from_str(raw).map_err(shape)?;
    if kind != Kind::Contacts && !v.is_object() {
        return Err(GraphError::invalid(format!("{} must be an object", kind.name())));
    }
    match kind {
        Kind::Image | Kind::Video | Kind::Audio | Kind::Document | Kind::Sticker => {
            file(kind, raw, &v, limits)
        }
        Kind::Location => location(&v),
        Kind::Contacts => contacts(&v, limits),
        Kind::Reaction => reaction(&v),
        Kind::Interactive => interactive::check(&v, limits),
        Kind::Pin => Err(GraphError::new(131_009).details("pin is for groups: recipient_type must be group")),
        Kind::Text | Kind::Template => Ok(Checked::default()),
    }
}

pub(super) fn missing(path: &str) -> GraphError {
    GraphError::new(131_008).details(format!("{path} is required"))
}

/// Refuses a text above `most` characters.
pub(super) fn most(limits: bool, path: &str, text: &str, most: usize) -> Outcome<()> {
    // A character takes at least one byte: short texts need no counting.
    if !limits || text.len() <= most || text.chars().count() <= most {
        return Ok(());
    }
    Err(GraphError::invalid(format!("Param {path} must be at most {most} characters long.")))
}

fn file(kind: Kind, raw: &str, v: &Value, limits: bool) -> Outcome<Checked> {
    let name = kind.name();
    let media: Media<'_> =
        serde_json::from_str(raw).map_err(|e| GraphError::invalid(format!("{name}: {e}")))?;
    match (&media.id, &media.link) {
        (None, None) => return Err(missing(&format!("{name}.id or {name}.link"))),
        (Some(_), Some(_)) => {
            return Err(GraphError::invalid(format!("{name}: give either id or link, not both")));
        }
        _ => {}
    }
    if let Some(link) = &media.link {
        link_url(&format!("{name}.link"), link.as_str())?;
    }
    if let Some(caption) = v.get("caption") {
        if matches!(kind, Kind::Audio | Kind::Sticker) {
            return Err(GraphError::invalid(format!("{name} takes no caption")));
        }
        most(limits, &format!("{name}.caption"), caption.as_str().unwrap_or_default(), 1_024)?;
    }
    Ok(Checked {
        file: Some((media.id.map(|t| t.0.into_owned()), media.link.map(|t| t.0.into_owned()))),
        voice: kind == Kind::Audio && v["voice"] == true,
        target: None,
    })
}

/// Refuses what is no http(s) URL.
pub(super) fn link_url(path: &str, link: &str) -> Outcome<()> {
    let usable = url::Url::parse(link).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
    if usable { Ok(()) } else { Err(GraphError::invalid(format!("Param {path} is not a valid URL."))) }
}

fn location(v: &Value) -> Outcome<Checked> {
    for (name, most) in [("latitude", 90.0), ("longitude", 180.0)] {
        let degrees = match &v[name] {
            Value::Null => return Err(missing(&format!("location.{name}"))),
            Value::Number(n) => n.as_f64(),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        };
        if !degrees.is_some_and(|d: f64| d.abs() <= most) {
            return Err(
                GraphError::new(131_009).details(format!("location.{name} must be a number of degrees"))
            );
        }
    }
    Ok(Checked::default())
}

fn contacts(v: &Value, limits: bool) -> Outcome<Checked> {
    let all = v.as_array().ok_or_else(|| GraphError::invalid("contacts must be an array"))?;
    if all.is_empty() {
        return Err(missing("contacts[0]"));
    }
    if limits && all.len() > 257 {
        return Err(GraphError::invalid("contacts: at most 257 contacts"));
    }
    for (i, contact) in all.iter().enumerate() {
        let name = &contact["name"];
        if name["formatted_name"].as_str().is_none_or(str::is_empty) {
            return Err(missing(&format!("contacts[{i}].name.formatted_name")));
        }
        let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
        if !parts.iter().any(|p| name[*p].is_string()) {
            return Err(missing(&format!("contacts[{i}].name.first_name or another part of the name")));
        }
    }
    Ok(Checked::default())
}

fn reaction(v: &Value) -> Outcome<Checked> {
    let target =
        v["message_id"].as_str().filter(|t| !t.is_empty()).ok_or_else(|| missing("reaction.message_id"))?;
    let emoji = v["emoji"].as_str().ok_or_else(|| missing("reaction.emoji"))?;
    // One emoji is at most a family of four with skin tones and joiners; letters are none at all.
    if emoji.chars().count() > 12 || emoji.chars().any(char::is_alphabetic) {
        return Err(
            GraphError::new(131_009).details("reaction.emoji must be one emoji, or empty to take it back")
        );
    }
    Ok(Checked { target: Some(target.to_owned()), ..Checked::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(kind: Kind, v: &Value) -> i64 {
        check(kind, &v.to_string(), true).map_or_else(|e| e.code, |_| 0)
    }

    #[test]
    fn every_kind_is_checked() {
        let long = "x".repeat(5_000);
        for (kind, body, want) in [
            (Kind::Text, json!({"body": "hi"}), 0),
            (Kind::Text, json!({"body": long}), 100),
            (Kind::Text, json!({"body": "  "}), 131_008),
            (Kind::Text, json!({}), 131_008),
            (Kind::Text, json!([]), 100),
            (Kind::Text, json!({"body": []}), 100),
            (Kind::Image, json!({"link": "https://x.com/a.png"}), 0),
            (Kind::Image, json!({"id": 5, "caption": long}), 100),
            (Kind::Image, json!({"link": "file:///etc/passwd"}), 100),
            (Kind::Image, json!({}), 131_008),
            (Kind::Image, json!({"id": "1", "link": "https://x.com"}), 100),
            (Kind::Audio, json!({"id": "1", "caption": "no"}), 100),
            (Kind::Location, json!({"latitude": "37.44", "longitude": -122.1}), 0),
            (Kind::Location, json!({"latitude": "x", "longitude": 1}), 131_009),
            (Kind::Location, json!({"latitude": 1}), 131_008),
            (Kind::Contacts, json!([{"name": {"formatted_name": "A B", "first_name": "A"}}]), 0),
            (Kind::Contacts, json!([{"name": {"formatted_name": "A B"}}]), 131_008),
            (Kind::Contacts, json!([]), 131_008),
            (Kind::Contacts, json!({}), 100),
            (Kind::Reaction, json!({"message_id": "wamid.x", "emoji": "👍"}), 0),
            (Kind::Reaction, json!({"message_id": "wamid.x", "emoji": ""}), 0),
            (Kind::Reaction, json!({"message_id": "wamid.x", "emoji": "ok"}), 131_009),
            (Kind::Reaction, json!({"emoji": "👍"}), 131_008),
        ] {
            assert_eq!(
                code(kind, &body),
                want,
                "{kind:?} {}",
                body.to_string().chars().take(80).collect::<String>()
            );
        }
    }
}
