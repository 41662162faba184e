//! Flow buttons of a template that is being made.

use super::{Flow, FlowStatus, send::known};
use crate::{
    directory::Directory,
    graph::{GraphError, Outcome},
    settings::{FlowSettings, ObjectId},
};
use serde_json::{Value, json};
use tisara_domain::Timestamp;

/// Meta: a button names a flow of the account, or brings a flow JSON, which becomes a published flow.
pub(crate) fn link_buttons(
    d: &mut Directory,
    waba: u64,
    template: &str,
    components: &mut Value,
    now: Timestamp,
) -> Outcome<()> {
    let is = |v: &Value, word: &str| v.as_str().is_some_and(|t| t.eq_ignore_ascii_case(word));
    let parts = components.as_array_mut().into_iter().flatten().filter(|c| is(&c["type"], "BUTTONS"));
    let buttons = parts.filter_map(|c| c.get_mut("buttons")?.as_array_mut()).flatten();
    for button in buttons.filter(|b| is(&b["type"], "FLOW")) {
        let text = match button.get("flow_json") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(json) if json.is_object() => Some(json.to_string()),
            _ => None,
        };
        let refuse = |why: String| {
            Err(GraphError::invalid(why.clone()).user("Your template could not be created", why))
        };
        let Some(text) = text else {
            if known(d, waba, button).is_none() {
                return refuse(
                    "flow_id or flow_name of the flow button names no flow of this account".into(),
                );
            }
            continue;
        };
        let app = d.wabas.get(&waba).and_then(|w| w.subscriptions.keys().next().copied()).unwrap_or(0);
        let settings = FlowSettings {
            id: ObjectId(d.new_id()),
            app: ObjectId(app),
            name: format!("{template}_flow"),
            flow_json: Some(text),
            updated_at: now.seconds(),
            ..FlowSettings::default()
        };
        let mut flow = Flow::of(waba, &settings);
        if let Some(first) = flow.errors.first() {
            return refuse(format!(
                "flow_json is not valid: {}",
                first["message"].as_str().unwrap_or_default()
            ));
        }
        flow.status = FlowStatus::Published;
        if let Some(button) = button.as_object_mut() {
            button.remove("flow_json");
            button.insert("flow_id".into(), json!(flow.id.to_string()));
        }
        d.flows.insert(flow.id, flow);
    }
    Ok(())
}
