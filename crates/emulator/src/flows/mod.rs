//! Flows: forms of screens that open inside the chat. The calls that make and publish them, the
//! checks before one is sent, and the phone that opens one, asks the business's endpoint (really
//! encrypted and signed) and sends the answer.
//!
//! The phone knows no layout: it follows the flow JSON's actions with the values a person or a test
//! gives, so that a flow can be walked through without a screen.

mod calls;
mod check;
mod encryption;
mod endpoint;
mod flow;
mod health;
mod life;
mod offer;
mod phone;
mod routes;
mod seal;
mod send;
mod session;
mod spans;
mod template;

pub(crate) use calls::{assets, create, download, get, list, update};
pub(crate) use encryption::encryption;
pub(crate) use endpoint::ENDPOINT_ERRORS;
pub(crate) use flow::{Flow, FlowStatus};
pub(crate) use life::{delete, deprecate, migrate, publish, set_status};
pub use phone::FlowStep;
pub(crate) use phone::{Sessions, step};
pub(crate) use send::{accepted, check_interactive, check_template};
pub(crate) use template::link_buttons;

use crate::{
    Inner,
    control::ControlError,
    directory::Directory,
    graph::{Call, Grant, GraphError, Outcome, Permission},
    sync::{read, write},
    webhooks::{Note, to_json},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tisara_domain::Timestamp;

/// Whether the token may manage the flow.
fn allowed(e: &Inner, call: &Call, id: u64) -> Outcome<()> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let flow = d.flows.get(&id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Management, flow.waba)
}

/// The webhook `flows`.
fn tell(e: &Inner, d: &Directory, flow: &Flow, mut value: Value, now: Timestamp) {
    value["flow_id"] = json!(flow.id.to_string());
    e.outbox.note(d, Note::account(flow.waba, "flows", to_json(&value), now.seconds()));
}

/// What becomes of a flow; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowChange {
    /// DRAFT, PUBLISHED, DEPRECATED, BLOCKED or THROTTLED.
    pub status: Option<String>,
    /// Meta checks the endpoint's health.
    pub ping: bool,
    /// An alert as Meta would tell it: the members of the webhook's value, such as
    /// `{"event":"ENDPOINT_LATENCY","p90_latency":8000,"threshold":7000,"alert_state":"ACTIVATED"}`.
    pub alert: Option<Value>,
}

/// What Meta does to a flow, found by id or name; gives what the endpoint said to a ping.
pub(crate) async fn change(e: &Inner, which: &str, to: FlowChange) -> Result<Value, ControlError> {
    let now = e.ambient.now();
    let (id, number) = {
        let mut d = write(&e.directory);
        let found = d.flows.values().find(|f| f.id.to_string() == which || f.name == which);
        let (id, waba) = found.map(|f| (f.id, f.waba)).ok_or(ControlError::Unknown("flow"))?;
        if let Some(status) = &to.status {
            let words = "status is DRAFT, PUBLISHED, DEPRECATED, BLOCKED or THROTTLED";
            let status = FlowStatus::parse(status).ok_or_else(|| ControlError::Invalid(words.into()))?;
            set_status(e, &mut d, id, status, now);
        }
        if let (Some(flow), Some(alert)) = (d.flows.get(&id), to.alert) {
            if !alert["event"].is_string() {
                return Err(ControlError::Invalid("an alert needs an event".into()));
            }
            tell(e, &d, flow, alert, now);
        }
        let number = d.numbers_of(waba).find(|n| n.flow_public_key.is_some()).map(|n| n.id);
        (id, number)
    };
    let mut answer = json!({"success": true});
    if to.ping {
        let health = match number {
            Some(number) => endpoint::ping(e, id, number).await,
            None => Err(endpoint::EndpointError::NoKey),
        };
        answer["healthy"] = json!(health.is_ok());
        if let Err(error) = health {
            answer["error"] = json!(error.to_string());
        }
    }
    Ok(answer)
}

/// The answer to an id that is no flow.
fn no_flow(method: &str, id: u64) -> GraphError {
    GraphError::unsupported(method, &id.to_string())
}
