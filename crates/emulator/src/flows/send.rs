//! Whether a message with a flow may be sent.

use super::{Flow, FlowStatus, offer::names};
use crate::{
    Inner,
    directory::{Directory, Number},
    graph::{GraphError, Outcome},
    sync::lock,
    templates::{ButtonKind, Template},
};
use serde_json::Value;

/// Meta: messages with a throttled flow in an hour.
const THROTTLED_PER_HOUR: usize = 10;

/// The account's flow of this id, or else of this name.
pub(crate) fn known<'d>(d: &'d Directory, waba: u64, v: &Value) -> Option<&'d Flow> {
    match names(v) {
        (Some(id), _) => d.flows.get(&id).filter(|f| f.waba == waba),
        (None, Some(name)) => d.flows.values().find(|f| f.waba == waba && f.name == name),
        (None, None) => None,
    }
}

fn unknown(v: &Value) -> GraphError {
    let (id, name) = names(v);
    let which = id.map(|i| i.to_string()).or(name).unwrap_or_default();
    GraphError::new(131_009).details(format!(
        "Flow with specified ID does not exist or does not belong to your WABA, or it is in invalid state: {which}"
    ))
}

/// An `interactive` message of type `flow`.
pub(crate) fn check_interactive(e: &Inner, d: &Directory, number: &Number, message: &Value) -> Outcome<()> {
    let p = &message["action"]["parameters"];
    let flow = known(d, number.waba, p).ok_or_else(|| unknown(p))?;
    let draft = match p["mode"].as_str() {
        None | Some("published") => false,
        Some("draft") => true,
        Some(other) => {
            return Err(GraphError::new(131_009).details(format!(
                "interactive.action.parameters.mode \"{other}\" must be draft or published"
            )));
        }
    };
    if p["flow_message_version"].as_str() != Some("3") && p["flow_message_version"] != 3 {
        return Err(GraphError::new(131_009)
            .details("interactive.action.parameters.flow_message_version must be \"3\""));
    }
    if draft != (flow.status == FlowStatus::Draft) {
        return Err(GraphError::new(131_009).details(format!(
            "Invalid Flow Mode: the flow is {}; a draft is sent with mode \"draft\", any other without.",
            flow.status.name()
        )));
    }
    sendable(e, number, flow)?;
    let action = p["flow_action"].as_str().unwrap_or("navigate");
    match action {
        "navigate" => {
            let screen = p["flow_action_payload"]["screen"].as_str();
            if let Some(screen) = screen.filter(|s| flow.screen(s).is_none()) {
                return Err(GraphError::new(131_009)
                    .details(format!("flow_action_payload.screen \"{screen}\" is no screen of the flow")));
            }
            Ok(())
        }
        "data_exchange" if !flow.has_endpoint() => Err(GraphError::new(131_009)
            .details("flow_action \"data_exchange\" needs a flow with an endpoint (data_api_version)")),
        "data_exchange" => Ok(()),
        other => Err(GraphError::new(131_009)
            .details(format!("flow_action \"{other}\" must be navigate or data_exchange"))),
    }
}

/// A template with a flow button.
pub(crate) fn check_template(e: &Inner, d: &Directory, number: &Number, template: &Template) -> Outcome<()> {
    match of_template(d, number.waba, template) {
        None => Ok(()),
        Some(None) => {
            Err(GraphError::new(132_068)
                .details("The flow of the template's button does not exist any more."))
        }
        Some(Some(flow)) => sendable(e, number, flow),
    }
}

/// The flow of a template's button: none without such a button, `Some(None)` when the flow is gone.
fn of_template<'d>(d: &'d Directory, waba: u64, template: &Template) -> Option<Option<&'d Flow>> {
    let button = template.shape.buttons.iter().find(|b| b.kind == ButtonKind::Flow)?;
    let by_id = button.target.parse().ok().and_then(|id: u64| d.flows.get(&id));
    Some(by_id.or_else(|| d.flows.values().find(|f| f.name == button.target)).filter(|f| f.waba == waba))
}

/// Meta: a blocked flow is 132068, also one whose endpoint has no key; the eleventh message an hour with a
/// throttled one 132069.
fn sendable(e: &Inner, number: &Number, flow: &Flow) -> Outcome<()> {
    match flow.status {
        FlowStatus::Blocked => {
            return Err(GraphError::new(132_068).details("The flow is blocked: correct it first."));
        }
        FlowStatus::Deprecated => {
            return Err(GraphError::new(132_068).details("The flow is deprecated and can no longer be sent."));
        }
        FlowStatus::Throttled => {
            let now_s = e.ambient.now().seconds();
            let mut sends = lock(&flow.throttled_sends);
            while sends.front().is_some_and(|at| *at <= now_s - 3_600) {
                sends.pop_front();
            }
            if sends.len() >= THROTTLED_PER_HOUR {
                return Err(GraphError::new(132_069).details(format!(
                    "The flow is throttled and {THROTTLED_PER_HOUR} messages with it were sent in the last hour."
                )));
            }
        }
        FlowStatus::Draft | FlowStatus::Published => {}
    }
    if flow.has_endpoint() && number.flow_public_key.is_none() {
        return Err(GraphError::new(132_068).details(
            "The flow has an endpoint, but this number has no public key: whatsapp_business_encryption.",
        ));
    }
    Ok(())
}

/// A message was accepted: counts it for a throttled flow.
pub(crate) fn accepted(
    e: &Inner,
    d: &Directory,
    waba: u64,
    message: Option<&Value>,
    template: Option<&Template>,
) {
    let flow = match (message, template) {
        (_, Some(t)) => of_template(d, waba, t).flatten(),
        (Some(m), None) if m["type"] == "flow" => known(d, waba, &m["action"]["parameters"]),
        _ => None,
    };
    if let Some(flow) = flow.filter(|f| f.status == FlowStatus::Throttled) {
        lock(&flow.throttled_sends).push_back(e.ambient.now().seconds());
    }
}
