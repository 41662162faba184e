//! What becomes of a flow: published, withdrawn, deleted, copied, and what Meta does to it.

use super::{Flow, FlowStatus, allowed, check, endpoint, tell};
use crate::{
    Inner,
    directory::Directory,
    graph::{Call, GraphError, Outcome, Reply, call::text},
    sync::{read, write},
};
use serde_json::{Value, json};
use tisara_domain::Timestamp;

/// A flow call refused with one of Meta's flow codes.
pub(super) fn refuse(code: i64, title: &str, why: impl Into<String>) -> GraphError {
    let why = why.into();
    GraphError::new(code).user(title, why.clone()).details(why)
}

/// `POST /{flow_id}/publish`.
pub(crate) async fn publish(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    allowed(e, call, id)?;
    publish_now(e, id).await?;
    Ok(Reply::success())
}

/// Publishes a draft that has no mistakes; one with an endpoint must be answered by it.
pub(super) async fn publish_now(e: &Inner, id: u64) -> Outcome<()> {
    let number = {
        let d = read(&e.directory);
        let Some(flow) = d.flows.get(&id) else {
            return Err(GraphError::unsupported("POST", &id.to_string()));
        };
        publishable(&d, flow)?
    };
    if let Some(number) = number
        && let Err(error) = endpoint::ping(e, id, number).await
    {
        return Err(refuse(
            139_002,
            "Endpoint Not Available",
            format!("The health check has failed: {error}."),
        ));
    }
    set_status(e, &mut write(&e.directory), id, FlowStatus::Published, e.ambient.now());
    Ok(())
}

/// Meta's conditions; gives the number whose key the endpoint has, for a flow with one.
fn publishable(d: &Directory, flow: &Flow) -> Outcome<Option<u64>> {
    let no = |title: &str, why: &str| Err(refuse(139_002, title, why));
    if flow.status != FlowStatus::Draft {
        let why = format!("The flow is {}; only a DRAFT can be published.", flow.status.name());
        return no("Publishing Flow in invalid state", &why);
    }
    if flow.text.is_none() || !flow.errors.is_empty() {
        let why = match flow.errors.first().and_then(|e| e["message"].as_str()) {
            Some(first) => {
                format!("The flow has {} validation errors, the first: {first}", flow.errors.len())
            }
            None => "The flow has no flow JSON; upload it to /assets first.".into(),
        };
        return no("Publishing Flow with validation errors", &why);
    }
    if !check::publishable(flow.json_version()) {
        let why = "The version is frozen; see Meta's changelog for the versions that can be published.";
        return no("Versions in Flow JSON file are not available for publishing", why);
    }
    let Some(first) = d.numbers_of(flow.waba).next() else {
        let why = "The account needs a phone number before a flow can be published.";
        return no("No Phone Number connected to WhatsApp Business Account", why);
    };
    if !flow.has_endpoint() {
        return Ok(None);
    }
    if flow.endpoint().is_none() {
        let why = "Set endpoint_uri before publishing a flow that has data_api_version.";
        return no("Publishing without specifying endpoint_uri is forbidden", why);
    }
    let Some(number) = d.numbers_of(flow.waba).find(|n| n.flow_public_key.is_some()) else {
        let why = format!("POST /{}/whatsapp_business_encryption first.", first.id);
        return no("Missing Flows Signed Public Key", &why);
    };
    let subscribed = d.wabas.get(&flow.waba).into_iter().flat_map(|w| w.subscriptions.keys());
    if !subscribed.filter_map(|a| d.apps.get(a)).any(|a| a.listens("flows")) {
        let why = "Subscribe an app of the account to the webhook field flows.";
        return no("WhatsApp Business Account is not subscribed to Flows Webhooks", why);
    }
    Ok(Some(number.id))
}

/// `POST /{flow_id}/deprecate`.
pub(crate) fn deprecate(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    allowed(e, call, id)?;
    let mut d = write(&e.directory);
    match d.flows.get(&id).map(|f| f.status) {
        Some(FlowStatus::Draft) => {
            return Err(refuse(139_003, "Can't deprecate unpublished flow", "A draft is deleted instead."));
        }
        Some(FlowStatus::Deprecated) => {
            return Err(refuse(139_003, "Flow is already deprecated", "The flow is deprecated already."));
        }
        _ => {}
    }
    set_status(e, &mut d, id, FlowStatus::Deprecated, e.ambient.now());
    Ok(Reply::success())
}

/// `DELETE /{flow_id}`, for drafts.
pub(crate) fn delete(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    allowed(e, call, id)?;
    let mut d = write(&e.directory);
    if d.flows.get(&id).is_some_and(|f| f.status != FlowStatus::Draft) {
        let why = "Only a draft can be deleted; deprecate it instead.";
        return Err(refuse(139_004, "Can't delete published Flow", why));
    }
    d.flows.remove(&id);
    Ok(Reply::success())
}

/// The status changes, and `FLOW_STATUS_CHANGE` tells of it.
pub(crate) fn set_status(e: &Inner, d: &mut Directory, id: u64, to: FlowStatus, now: Timestamp) {
    let Some(flow) = d.flows.get_mut(&id) else { return };
    let old = std::mem::replace(&mut flow.status, to);
    flow.updated_s = now.seconds();
    if old == to {
        return;
    }
    if let Some(flow) = d.flows.get(&id) {
        let message = format!("Flow {} changed status from {} to {}", flow.name, old.name(), to.name());
        let value = json!({"event": "FLOW_STATUS_CHANGE", "message": message, "old_status": old.name(), "new_status": to.name()});
        tell(e, d, flow, value, now);
    }
}

/// Meta: one code for every flow that could not be copied.
const NOT_MIGRATED: &str = "4233041";

/// `POST /{waba_id}/migrate_flows`: copies of another account's flows, under the same names.
pub(crate) async fn migrate(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    super::calls::account(e, call, waba)?;
    let p = call.parameters().await?;
    let source = text(&p, "source_waba_id").ok_or_else(|| GraphError::required("source_waba_id"))?;
    let source: u64 = source.parse().map_err(|_| GraphError::invalid("source_waba_id is no id"))?;
    super::calls::account(e, call, source)?;
    let mut d = write(&e.directory);
    let same = |a: u64, b: u64| d.wabas.get(&a).map(|w| w.portfolio) == d.wabas.get(&b).map(|w| w.portfolio);
    if source == waba || !d.wabas.contains_key(&source) || !same(source, waba) {
        let why = "source_waba_id must be another account of the same business.";
        return Err(GraphError::invalid(why).user("Flows Migration Error", why));
    }
    let names: Vec<String> = match p.get("source_flow_names") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(names)) => names.split(',').map(|n| n.trim().to_owned()).collect(),
        _ => d.flows.values().filter(|f| f.waba == source).map(|f| f.name.clone()).collect(),
    };
    let names: Vec<String> = names.into_iter().filter(|n| !n.is_empty()).collect();
    if names.len() > 100 {
        return Err(GraphError::invalid("At most 100 flows can be migrated in a request."));
    }
    let (mut migrated, mut failed) = (Vec::new(), Vec::new());
    for name in names {
        let fail = |why: &str| json!({"source_name": name, "error_code": NOT_MIGRATED, "error_message": format!("Flows Migration Error: {why}")});
        let Some(settings) =
            d.flows.values().find(|f| f.waba == source && f.name == name).map(Flow::settings)
        else {
            failed.push(fail("Flow name not found in source WABA."));
            continue;
        };
        if d.flows.values().any(|f| f.waba == waba && f.name == name) {
            failed.push(fail("Flow with the same name exists in destination WABA."));
            continue;
        }
        let mut copy = Flow::of(waba, &settings);
        copy.id = d.new_id();
        // Meta: published when the original is, otherwise a draft.
        if copy.status != FlowStatus::Published {
            copy.status = FlowStatus::Draft;
        }
        migrated.push(json!({"source_name": name, "source_id": settings.id.to_string(), "migrated_id": copy.id.to_string()}));
        d.flows.insert(copy.id, copy);
    }
    let mut answer = json!({"migrated_flows": migrated});
    if !failed.is_empty() {
        answer["failed_flows"] = json!(failed);
    }
    Ok(Reply::json(&answer))
}
