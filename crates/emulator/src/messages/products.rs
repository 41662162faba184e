//! What the products beside plain messaging ask of a message before it is accepted: flows, calls, catalogs.

use super::recipient;
use crate::{
    Inner, calling, commerce,
    directory::{Directory, Number},
    flows,
    graph::Outcome,
    payments,
    settings::Behaviour,
    templates::{ButtonKind, Template},
};
use serde_json::Value;

/// An `interactive` message, whose shape has been checked.
pub(super) fn check_interactive(
    e: &Inner,
    behaviour: &Behaviour,
    directory: &Directory,
    (number, user): (&Number, u64),
    raw: &str,
) -> Outcome<()> {
    let message: Value = serde_json::from_str(raw).unwrap_or_default();
    match message["type"].as_str() {
        Some("flow") if behaviour.flows.checked => flows::check_interactive(e, directory, number, &message),
        Some("call_permission_request") => calling::check_request(e, behaviour, number, user),
        Some("product" | "product_list" | "catalog_message" | "carousel") if behaviour.commerce.checked => {
            commerce::check(directory, number, &message)
        }
        Some("voice_call") => calling::check_button(behaviour, number),
        Some("order_details" | "order_status") => match payments::said(&message) {
            Some(said) => payments::check(e, behaviour, directory, (number, user), &said),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A template that may be sent.
pub(super) fn check_template(
    e: &Inner,
    behaviour: &Behaviour,
    directory: &Directory,
    (number, user): (&Number, u64),
    template: &Template,
    raw: &str,
) -> Outcome<()> {
    if tells_of_an_order(template, raw) {
        let message: Value = serde_json::from_str(raw).unwrap_or_default();
        if let Some(said) = payments::said(&message) {
            payments::check(e, behaviour, directory, (number, user), &said)?;
        }
    }
    if template.shape.call_permission {
        calling::check_request(e, behaviour, number, user)?;
    }
    if template.shape.buttons.iter().any(|b| b.kind == ButtonKind::VoiceCall) {
        calling::check_button(behaviour, number)?;
    }
    if behaviour.flows.checked {
        flows::check_template(e, directory, number, template)?;
    }
    Ok(())
}

/// Most templates are none of orders, and are not read twice.
fn tells_of_an_order(template: &Template, raw: &str) -> bool {
    template.shape.buttons.iter().any(|b| b.kind == ButtonKind::OrderDetails)
        || raw.contains("\"order_status\"")
}

/// A message was accepted: whatever is counted of it.
pub(super) fn accepted(
    e: &Inner,
    directory: &Directory,
    (number, user): (&Number, u64),
    (serial, raw): (u64, &str),
    interactive: Option<&str>,
    template: Option<&Template>,
) {
    if interactive.is_some_and(|raw| raw.contains("order_"))
        || template.is_some_and(|t| tells_of_an_order(t, raw))
    {
        let message: Value = serde_json::from_str(raw).unwrap_or_default();
        if let Some(said) = payments::said(&message) {
            payments::accepted(e, (number.id, user), serial, &said);
        }
    }
    let message: Option<Value> = interactive.and_then(|raw| serde_json::from_str(raw).ok());
    flows::accepted(e, directory, number.waba, message.as_ref(), template);
    if template.is_some_and(|t| t.shape.call_permission)
        || message.is_some_and(|m| m["type"] == "call_permission_request")
    {
        calling::requested(e, number.id, user);
    }
}

/// Who is meant by a phone number or a user id; whether it was the id.
pub(crate) fn person(
    e: &Inner,
    behaviour: &Behaviour,
    directory: &Directory,
    number: &Number,
    to: Option<&str>,
    id: Option<&str>,
) -> Outcome<(u64, bool)> {
    let found = recipient::person(e, behaviour, directory, number, to, id)?;
    Ok((found.user, found.bsuid))
}
