//! Which flow a message opens, and how: read from an interactive message or a template's button.

use crate::{directory::Directory, messages::Sent};
use serde_json::{Value, json};

/// What a message says of its flow.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) flow_id: Option<u64>,
    pub(super) flow_name: Option<String>,
    /// Meta: `unused` when the business gave none.
    pub(super) token: String,
    /// The first screen comes from the endpoint.
    pub(super) asks_endpoint: bool,
    pub(super) screen: Option<String>,
    pub(super) data: Value,
    pub(super) draft: bool,
}

/// A flow's id or name, from an interactive message's parameters or a template's button.
pub(super) fn names(v: &Value) -> (Option<u64>, Option<String>) {
    let id = v["flow_id"].as_u64().or_else(|| v["flow_id"].as_str().and_then(|t| t.trim().parse().ok()));
    (id, v["flow_name"].as_str().map(str::to_owned))
}

/// The flow of an accepted message, when it has one.
pub(super) fn of(d: &Directory, sent: &Sent) -> Option<Offer> {
    let content: Value = serde_json::from_str(&sent.content).ok()?;
    if sent.template == 0 {
        return (content["type"] == "flow").then(|| interactive(&content["action"]["parameters"]));
    }
    let template = d.templates.get(&sent.template)?;
    let parts = template.components.as_array()?;
    let is = |v: &Value, word: &str| v.as_str().is_some_and(|t| t.eq_ignore_ascii_case(word));
    let buttons = parts.iter().find(|c| is(&c["type"], "BUTTONS"))?["buttons"].as_array()?;
    let (index, button) = buttons.iter().enumerate().find(|(_, b)| is(&b["type"], "FLOW"))?;
    let given = content["components"].as_array().into_iter().flatten().find(|c| {
        let at = c["index"].as_u64().or_else(|| c["index"].as_str().and_then(|t| t.parse().ok()));
        is(&c["sub_type"], "flow") && at == Some(index as u64)
    });
    let action = given.map_or(Value::Null, |c| c["parameters"][0]["action"].clone());
    let (flow_id, flow_name) = names(button);
    Some(Offer {
        flow_id,
        flow_name,
        token: action["flow_token"].as_str().unwrap_or("unused").to_owned(),
        asks_endpoint: is(&button["flow_action"], "data_exchange"),
        screen: button["navigate_screen"].as_str().map(str::to_owned),
        data: object(&action["flow_action_data"]),
        draft: false,
    })
}

fn interactive(p: &Value) -> Offer {
    let (flow_id, flow_name) = names(p);
    let payload = &p["flow_action_payload"];
    Offer {
        flow_id,
        flow_name,
        token: p["flow_token"].as_str().unwrap_or("unused").to_owned(),
        asks_endpoint: p["flow_action"] == "data_exchange",
        screen: payload["screen"].as_str().map(str::to_owned),
        data: object(&payload["data"]),
        draft: p["mode"] == "draft",
    }
}

fn object(v: &Value) -> Value {
    if v.is_object() { v.clone() } else { json!({}) }
}
