//! What the products beside plain messaging ask of a message before it is accepted: flows, calls, catalogs.

use super::recipient;
use crate::{
    Inner, calling, commerce,
    directory::{Directory, Number},
    flows,
    graph::Outcome,
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
) -> Outcome<()> {
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

/// A message was accepted: whatever is counted of it.
pub(super) fn accepted(
    e: &Inner,
    directory: &Directory,
    (number, user): (&Number, u64),
    interactive: Option<&str>,
    template: Option<&Template>,
) {
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
