//! Checking a template message against the approved template.

use super::body::Text;
use crate::{
    graph::{GraphError, Outcome},
    settings::Rules,
    templates::{Button, ButtonKind, Header, Shape, Template},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tisara_domain::template::render;

/// The `template` object of a send.
#[derive(Debug, Deserialize)]
pub(super) struct TemplateSend<'b> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'b>>,
    #[serde(borrow, default)]
    pub(super) language: Option<Language<'b>>,
    #[serde(borrow, default)]
    pub(super) components: Vec<Component<'b>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Language<'b> {
    #[serde(borrow, default)]
    pub(super) code: Option<Text<'b>>,
    #[serde(borrow, default)]
    pub(super) policy: Option<Text<'b>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Component<'b> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'b>>,
    #[serde(borrow, default)]
    sub_type: Option<Text<'b>>,
    #[serde(borrow, default)]
    index: Option<Text<'b>>,
    #[serde(borrow, default)]
    parameters: Vec<Parameter<'b>>,
    #[serde(borrow, default)]
    cards: Vec<Card<'b>>,
}

#[derive(Debug, Deserialize)]
struct Card<'b> {
    #[serde(borrow, default)]
    components: Vec<Component<'b>>,
}

#[derive(Debug, Deserialize)]
struct Parameter<'b> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'b>>,
    #[serde(borrow, default)]
    parameter_name: Option<Text<'b>>,
    #[serde(borrow, default)]
    text: Option<Text<'b>>,
    #[serde(borrow, default)]
    payload: Option<Text<'b>>,
    #[serde(borrow, default)]
    coupon_code: Option<Text<'b>>,
    #[serde(borrow, default)]
    currency: Option<Fallback<'b>>,
    #[serde(borrow, default)]
    date_time: Option<Fallback<'b>>,
    #[serde(borrow, default)]
    image: Option<Media<'b>>,
    #[serde(borrow, default)]
    video: Option<Media<'b>>,
    #[serde(borrow, default)]
    gif: Option<Media<'b>>,
    #[serde(borrow, default)]
    document: Option<Media<'b>>,
    #[serde(borrow, default)]
    location: Option<&'b RawValue>,
    #[serde(borrow, default)]
    product: Option<&'b RawValue>,
    #[serde(borrow, default)]
    limited_time_offer: Option<&'b RawValue>,
}

#[derive(Debug, Deserialize)]
struct Fallback<'b> {
    #[serde(borrow, default)]
    fallback_value: Option<Text<'b>>,
}

/// A file by id or link.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Media<'b> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'b>>,
    #[serde(borrow, default)]
    pub(super) link: Option<Text<'b>>,
}

/// Meta: statuses a template cannot be sent in, and their codes.
pub(super) fn sendable(name: &str, language: &str, template: Option<&Template>) -> Outcome<()> {
    let missing = || {
        Err(GraphError::new(132_001).details(format!("template name ({name}) does not exist in {language}")))
    };
    let Some(t) = template else { return missing() };
    match t.status.as_str() {
        "APPROVED" => Ok(()),
        "PAUSED" => {
            Err(GraphError::new(132_015)
                .details(format!("template ({name}) is paused because of low quality")))
        }
        "DISABLED" => Err(GraphError::new(132_016)
            .details(format!("template ({name}) was paused too often and is disabled"))),
        _ => missing(),
    }
}

/// Checks all components; gives the files the message refers to.
pub(super) fn check<'a, 'b>(
    rules: &Rules,
    shape: &Shape,
    components: &'a [Component<'b>],
) -> Outcome<Vec<&'a Media<'b>>> {
    let mut files = Vec::new();
    if rules.template_parameters {
        check_parts(shape, components, &mut files)?;
    }
    Ok(files)
}

fn check_parts<'a, 'b>(
    shape: &Shape,
    components: &'a [Component<'b>],
    files: &mut Vec<&'a Media<'b>>,
) -> Outcome<()> {
    let find = |kind: &str| components.iter().find(|c| is(c, kind));
    for c in components {
        let known = ["header", "body", "button", "carousel", "limited_time_offer", "footer", "order_status"];
        if !known.iter().any(|k| is(c, k)) {
            let kind = c.kind.as_ref().map_or("", Text::as_str);
            return Err(GraphError::invalid(format!(
                "Unexpected component type \"{kind}\" in template.components."
            )));
        }
    }
    header(&shape.header, shape.named, find("header").map_or(&[], |c| &c.parameters), files)?;
    let body = find("body").map_or(&[][..], |c| &c.parameters);
    texts("body", &shape.body, shape.named, body)?;
    length("body", &shape.body_text, shape.named, body, 1_024)?;
    buttons(&shape.buttons, components)?;
    if shape.limited_time_offer == Some(true)
        && !find("limited_time_offer")
            .is_some_and(|c| c.parameters.iter().any(|p| p.limited_time_offer.is_some()))
    {
        return Err(GraphError::new(132_012).details("limited_time_offer: expiration_time_ms is required"));
    }
    let cards = find("carousel").map_or(&[][..], |c| &c.cards);
    if cards.len() != shape.cards.len() {
        return Err(GraphError::new(132_012).details(format!(
            "carousel: the template has {} cards, the message {}",
            shape.cards.len(),
            cards.len()
        )));
    }
    for (shape, card) in shape.cards.iter().zip(cards) {
        check_parts(shape, &card.components, files)?;
    }
    Ok(())
}

fn is(c: &Component<'_>, kind: &str) -> bool {
    c.kind.as_ref().is_some_and(|k| k.as_str().eq_ignore_ascii_case(kind))
}

fn header<'a, 'b>(
    header: &Header,
    named: bool,
    given: &'a [Parameter<'b>],
    files: &mut Vec<&'a Media<'b>>,
) -> Outcome<()> {
    let expected = match header {
        Header::None => {
            return if given.is_empty() { Ok(()) } else { Err(count("header", given.len(), 0)) };
        }
        Header::Text { text, variables } => {
            texts("header", variables, named, given)?;
            return length("header", text, named, given, 60);
        }
        Header::Attached(kind) => *kind,
    };
    let Some(first) = given.first() else {
        return Err(format_mismatch(expected, "UNKNOWN"));
    };
    let kind = first.kind.as_ref().map_or("", Text::as_str);
    if !kind.eq_ignore_ascii_case(expected) {
        return Err(format_mismatch(expected, kind));
    }
    let media = match expected {
        "image" => first.image.as_ref(),
        "video" => first.video.as_ref(),
        "gif" => first.gif.as_ref(),
        "document" => first.document.as_ref(),
        "location" if first.location.is_some() => return Ok(()),
        "product" if first.product.is_some() => return Ok(()),
        _ => None,
    };
    match media {
        Some(m) if m.id.is_some() || m.link.is_some() => {
            files.push(m);
            Ok(())
        }
        _ => Err(GraphError::new(131_008).details(format!("header: {expected} needs an id or a link"))),
    }
}

fn format_mismatch(expected: &str, received: &str) -> GraphError {
    let (expected, received) = (expected.to_ascii_uppercase(), received.to_ascii_uppercase());
    GraphError::new(132_012)
        .details(format!("header: Format mismatch, expected {expected}, received {received}"))
}

fn count(part: &str, given: usize, expected: usize) -> GraphError {
    GraphError::new(132_000).details(format!(
        "{part}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
    ))
}

/// Meta: as many values as variables, none empty, no new-line, tab or more than four spaces.
fn texts(part: &str, expected: &[String], named: bool, given: &[Parameter<'_>]) -> Outcome<()> {
    if given.len() != expected.len() {
        return Err(count(part, given.len(), expected.len()));
    }
    for p in given {
        let text = value(p).ok_or_else(|| {
            let kind = p.kind.as_ref().map_or("text", Text::as_str);
            GraphError::new(131_008)
                .details(format!("{part}: Parameter of type {kind} is missing text value"))
        })?;
        if text.contains(['\n', '\r', '\t']) || text.contains("     ") {
            return Err(GraphError::new(132_018).details(
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
            ));
        }
        if named {
            let name = p.parameter_name.as_ref().map_or("", Text::as_str);
            if name.is_empty() {
                return Err(GraphError::invalid(format!("{part}: Parameter name is missing or empty")));
            }
            if !expected.iter().any(|e| e == name) {
                return Err(GraphError::invalid(format!(
                    "{part}: Parameter name \"{name}\" is not in the template"
                )));
            }
        }
    }
    if named && let Some(missing) = expected.iter().find(|e| !given.iter().any(|p| name_of(p) == Some(e))) {
        return Err(GraphError::invalid(format!("{part}: Parameter \"{missing}\" is missing")));
    }
    Ok(())
}

fn name_of<'p>(p: &'p Parameter<'_>) -> Option<&'p str> {
    p.parameter_name.as_ref().map(Text::as_str)
}

/// The text a parameter stands for; `None` when it has none.
fn value<'p>(p: &'p Parameter<'_>) -> Option<&'p str> {
    let fallback = |f: &'p Option<Fallback<'_>>| f.as_ref().and_then(|f| f.fallback_value.as_ref());
    let text = match p.kind.as_ref().map_or("text", Text::as_str) {
        "text" | "TEXT" => p.text.as_ref(),
        "currency" => fallback(&p.currency),
        "date_time" => fallback(&p.date_time),
        _ => None,
    };
    text.map(Text::as_str).filter(|t| !t.is_empty())
}

fn length(part: &str, text: &str, named: bool, given: &[Parameter<'_>], most: usize) -> Outcome<()> {
    // Only a long message needs its exact length.
    if text.len() + given.iter().filter_map(value).map(str::len).sum::<usize>() <= most {
        return Ok(());
    }
    let filled = render(text, |name| {
        let p = if named {
            given.iter().find(|p| name_of(p) == Some(name))
        } else {
            name.parse::<usize>().ok().and_then(|n| given.get(n.checked_sub(1)?))
        };
        p.and_then(value).map(Cow::Borrowed)
    });
    let characters = filled.chars().count();
    if characters > most {
        return Err(GraphError::new(132_005)
            .details(format!("{part}: the filled text has {characters} characters, {most} are allowed")));
    }
    Ok(())
}

/// Meta: a link with a variable needs its suffix, a coupon its code; other buttons may be left out.
fn buttons(approved: &[Button], components: &[Component<'_>]) -> Outcome<()> {
    let mut given: Vec<Option<&Component<'_>>> = vec![None; approved.len()];
    for c in components.iter().filter(|c| is(c, "button")) {
        let index = c.index.as_ref().map_or("", Text::as_str);
        let place = index.parse::<usize>().ok().filter(|i| *i < approved.len()).ok_or_else(|| {
            GraphError::new(132_018).details(format!("buttons: there is no button at index {index}"))
        })?;
        let sub_type = c.sub_type.as_ref().map_or("", Text::as_str);
        let fits = match approved[place].kind {
            ButtonKind::QuickReply => sub_type.eq_ignore_ascii_case("quick_reply"),
            ButtonKind::Url { .. } => sub_type.eq_ignore_ascii_case("url"),
            ButtonKind::CopyCode => sub_type.eq_ignore_ascii_case("copy_code"),
            ButtonKind::Flow => sub_type.eq_ignore_ascii_case("flow"),
            ButtonKind::Catalog => sub_type.eq_ignore_ascii_case("catalog"),
            ButtonKind::Mpm => sub_type.eq_ignore_ascii_case("mpm"),
            ButtonKind::VoiceCall => sub_type.eq_ignore_ascii_case("voice_call"),
            ButtonKind::OrderDetails => sub_type.eq_ignore_ascii_case("order_details"),
            ButtonKind::Phone => false,
            ButtonKind::Other => true,
        };
        if !fits {
            return Err(GraphError::new(132_012).details(format!(
                "buttons: Button at index {place} is of type {}, the message says \"{sub_type}\"",
                approved[place].kind.name()
            )));
        }
        given[place] = Some(c);
    }
    for (i, (button, given)) in approved.iter().zip(given).enumerate() {
        let parameter = given.and_then(|c| c.parameters.first());
        let needs = || {
            GraphError::new(131_008).details(format!(
                "buttons: Button at index {i} of type {} requires a parameter",
                button.kind.name()
            ))
        };
        match button.kind {
            ButtonKind::Url { variable: true } => {
                let suffix = parameter.and_then(|p| p.text.as_ref().or(p.payload.as_ref()));
                suffix.filter(|s| !s.as_str().is_empty()).ok_or_else(needs)?;
            }
            ButtonKind::Url { variable: false } if parameter.is_some() => {
                return Err(GraphError::new(132_018).details(format!(
                    "buttons: Button at index {i} of type Url does not require parameters"
                )));
            }
            ButtonKind::OrderDetails => drop(parameter.ok_or_else(needs)?),
            ButtonKind::CopyCode => {
                let code = parameter.and_then(|p| p.coupon_code.as_ref()).ok_or_else(needs)?;
                if code.as_str().chars().count() > 20 {
                    return Err(
                        GraphError::new(132_005).details("buttons: a coupon code has at most 20 characters")
                    );
                }
            }
            _ => {}
        }
    }
    Ok(())
}
