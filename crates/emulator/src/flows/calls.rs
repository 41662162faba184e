//! The calls that make, read and change flows.

use super::{
    Flow, FlowStatus, allowed,
    flow::date,
    life::{publish_now, refuse},
    no_flow, tell,
};
use crate::{
    Inner,
    directory::Directory,
    graph::{
        Call, Grant, GraphError, Outcome, Permission, Reply,
        call::text,
        collection::{choose, page},
    },
    settings::{FlowSettings, ObjectId},
    sync::{lock, read, write},
};
use http::Method;
use serde_json::{Map, Value, json};

/// Meta: what one gets without asking.
const DEFAULT: &[&str] = &["id", "name", "status", "categories", "validation_errors"];
const CATEGORIES: [&str; 9] = [
    "SIGN_UP",
    "SIGN_IN",
    "APPOINTMENT_BOOKING",
    "LEAD_GENERATION",
    "SHOPPING",
    "CONTACT_US",
    "CUSTOMER_SUPPORT",
    "SURVEY",
    "OTHER",
];
/// Meta: a preview link lives 30 days.
const PREVIEW_S: i64 = 30 * 86_400;
/// Meta: a flow JSON has at most 10 MB; three are more than any here.
const LARGEST: usize = 3 << 20;
/// Meta: requests before metrics are given (139006).
const METRICS_AFTER: u64 = 250;

/// Whether the token may manage the account; gives the token's app.
pub(super) fn account(e: &Inner, call: &Call, waba: u64) -> Outcome<u64> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    grant.may(Permission::Management, waba)?;
    Ok(grant.token.app)
}

/// The categories of a call, when it names any.
fn categories(p: &Map<String, Value>) -> Outcome<Option<Vec<String>>> {
    let given: Vec<String> = match p.get("categories") {
        None => return Ok(None),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(all)) => all.split(',').map(|c| c.trim().to_owned()).collect(),
        Some(_) => Vec::new(),
    };
    if given.is_empty() || given.iter().any(|c| !CATEGORIES.contains(&c.as_str())) {
        return Err(GraphError::invalid(format!("categories must be some of {}", CATEGORIES.join(", "))));
    }
    Ok(Some(given))
}

fn endpoint_uri(p: &Map<String, Value>) -> Outcome<Option<String>> {
    let Some(uri) = text(p, "endpoint_uri").filter(|u| !u.is_empty()) else { return Ok(None) };
    let usable = url::Url::parse(&uri).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
    let why = "endpoint_uri must be an http(s) URL.";
    if usable { Ok(Some(uri)) } else { Err(GraphError::invalid(why).user("Invalid Endpoint URI", why)) }
}

fn check_name(d: &Directory, waba: u64, name: &str, but: u64) -> Outcome<()> {
    if name.is_empty() || name.chars().count() > 200 {
        return Err(GraphError::invalid("name must have 1 to 200 characters"));
    }
    if d.flows.values().any(|f| f.waba == waba && f.name == name && f.id != but) {
        let why = format!("There is already a flow named {name} in this account.");
        return Err(GraphError::invalid(why.clone()).user("Flow name is not unique", why));
    }
    Ok(())
}

/// `flow_json` as text; a form may have read it as JSON already.
fn flow_json(p: &Map<String, Value>) -> Option<String> {
    match p.get("flow_json")? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => serde_json::to_string_pretty(other).ok(),
    }
}

/// A flow whose version is older than 3.0 names its endpoint in the JSON.
fn endpoint_in_json(flow: &Flow, code: i64) -> Outcome<()> {
    if flow.endpoint_uri.is_some() && flow.json_version().is_some_and(|v| v.starts_with('2')) {
        let why =
            "For Flow JSON versions below 3.0 the endpoint stands in the flow JSON as data_channel_uri.";
        return Err(refuse(code, "Specify Endpoint Uri in Flow JSON", why));
    }
    Ok(())
}

/// `POST /{waba_id}/flows`.
pub(crate) async fn create(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    let app = account(e, call, waba)?;
    let p = call.parameters().await?;
    let name = text(&p, "name").ok_or_else(|| GraphError::required("name"))?;
    let endpoint_uri = endpoint_uri(&p)?;
    let now = e.ambient.now();
    let (id, errors, has_json) = {
        let mut d = write(&e.directory);
        check_name(&d, waba, &name, 0)?;
        let cloned = match text(&p, "clone_flow_id") {
            None => None,
            Some(id) => {
                let found = id.parse().ok().and_then(|id: u64| d.flows.get(&id)).filter(|f| f.waba == waba);
                let why = format!("The flow {id} of clone_flow_id is not in this account.");
                Some(found.map(Flow::settings).ok_or_else(|| {
                    GraphError::invalid(why.clone()).user("Flow with specified ID does not exist", why)
                })?)
            }
        };
        let categories = categories(&p)?.or_else(|| cloned.as_ref().map(|c| c.categories.clone()));
        let settings = FlowSettings {
            id: ObjectId(d.new_id()),
            app: ObjectId(app),
            name,
            categories: categories.ok_or_else(|| GraphError::required("categories"))?,
            flow_json: flow_json(&p).or_else(|| cloned.as_ref().and_then(|c| c.flow_json.clone())),
            endpoint_uri: endpoint_uri.or_else(|| cloned.as_ref().and_then(|c| c.endpoint_uri.clone())),
            updated_at: now.seconds(),
            ..FlowSettings::default()
        };
        let flow = Flow::of(waba, &settings);
        endpoint_in_json(&flow, 100)?;
        let created = (flow.id, flow.errors.clone(), flow.text.is_some());
        let message = format!("Flow {} has been created with DRAFT status", flow.name);
        d.flows.insert(flow.id, flow);
        if let Some(flow) = d.flows.get(&created.0) {
            let value = json!({"event": "FLOW_STATUS_CHANGE", "message": message, "new_status": "DRAFT"});
            tell(e, &d, flow, value, now);
        }
        created
    };
    let publish = text(&p, "publish").is_some_and(|t| t == "true" || t == "1");
    // Meta: what cannot be published is kept as a draft.
    let published = publish && has_json && errors.is_empty() && publish_now(e, id).await.is_ok();
    let mut answer = json!({"id": id.to_string(), "success": !publish || published});
    if has_json {
        answer["validation_errors"] = json!(errors);
    }
    Ok(Reply::json(&answer))
}

/// `GET /{waba_id}/flows`, newest first.
pub(crate) fn list(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    account(e, call, waba)?;
    let d = read(&e.directory);
    let rows = d.flows.values().rev().filter(|f| f.waba == waba).map(|f| row(e, &d, call, f));
    Ok(Reply::json(&page(call, rows.collect::<Outcome<_>>()?)?))
}

/// `GET /{flow_id}`.
pub(crate) fn get(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    allowed(e, call, id)?;
    let asked = call.query("fields").unwrap_or_default();
    if asked.replace(' ', "").contains("preview.invalidate(true)")
        && let Some(flow) = write(&e.directory).flows.get_mut(&id)
    {
        flow.previews += 1;
    }
    let d = read(&e.directory);
    let flow = d.flows.get(&id).ok_or_else(|| no_flow("GET", id))?;
    Ok(Reply::json(&row(e, &d, call, flow)?))
}

fn row(e: &Inner, d: &Directory, call: &Call, flow: &Flow) -> Outcome<Value> {
    let mut all = flow.fields();
    let expires = date(e.ambient.now().seconds() + PREVIEW_S);
    all["preview"] = json!({"preview_url": link(e, call, flow, "preview"), "expires_at": expires});
    all["health_status"] = health_status(d, flow);
    if let Some(waba) = d.wabas.get(&flow.waba) {
        all["whatsapp_business_account"] = json!({
            "id": waba.id.to_string(), "name": waba.name, "currency": waba.currency, "timezone_id": "1",
            "message_template_namespace": format!("{:08x}_{:04x}", waba.id >> 16, waba.id & 0xffff),
        });
    }
    if let Some(app) = d.apps.get(&flow.app) {
        let link = format!("https://www.facebook.com/games/?app_id={}", app.id);
        all["application"] = json!({"id": app.id.to_string(), "name": app.name, "link": link});
    }
    if call.query("fields").is_some_and(|f| f.split(',').any(|f| f.trim().starts_with("metric"))) {
        all["metric"] = metric(e, call, flow)?;
    }
    choose(call, all, DEFAULT, "WhatsAppBusinessFlow")
}

fn health_status(d: &Directory, flow: &Flow) -> Value {
    let entity = |kind: &str, id: u64, state: &str| json!({"entity_type": kind, "id": id.to_string(), "can_send_message": state});
    let state = match flow.status {
        FlowStatus::Published | FlowStatus::Draft => "AVAILABLE",
        FlowStatus::Throttled => "LIMITED",
        FlowStatus::Blocked | FlowStatus::Deprecated => "BLOCKED",
    };
    let mut entities = vec![entity("FLOW", flow.id, state)];
    let mut overall = state;
    if let Some(w) = d.wabas.get(&flow.waba) {
        let mut row = entity("WABA", w.id, "AVAILABLE");
        if !w.payment_method {
            overall = "BLOCKED";
            row["can_send_message"] = json!("BLOCKED");
            row["errors"] = json!([{"error_code": 141_006,
                "error_description": "There is an error with the payment method. This will block business initiated conversations.",
                "possible_solution": "There was an error with your payment method. Please add a new payment method to the account."}]);
        }
        entities.push(row);
        entities.push(entity("BUSINESS", w.portfolio, "AVAILABLE"));
    }
    entities.push(entity("APP", flow.app, "AVAILABLE"));
    json!({"can_send_message": overall, "entities": entities})
}

/// Meta: `metric.name(…).granularity(…)`; refused until the endpoint was asked 250 times. Here it counts
/// from the beginning only.
fn metric(e: &Inner, call: &Call, flow: &Flow) -> Outcome<Value> {
    let asked = call.query("fields").unwrap_or_default();
    let name =
        asked.split("name(").nth(1).and_then(|t| t.split(')').next()).unwrap_or("ENDPOINT_REQUEST_COUNT");
    let health = lock(&flow.health);
    if health.asked < METRICS_AFTER {
        return Err(refuse(
            139_006,
            "Metrics threshold is not reached",
            "Not enough data to provide flow metrics.",
        ));
    }
    let value = match name {
        "ENDPOINT_REQUEST_COUNT" => json!(health.asked),
        "ENDPOINT_REQUEST_ERROR" => json!(health.failed),
        "ENDPOINT_REQUEST_ERROR_RATE" => json!(health.failed as f64 / health.asked as f64),
        other => return Err(GraphError::invalid(format!("the metric {other} is not kept here"))),
    };
    let at = date(e.ambient.now().seconds());
    Ok(json!({"name": name, "granularity": "LIFETIME",
        "data_points": [{"timestamp": at, "data": [{"key": "value", "value": value}]}]}))
}

/// `POST /{flow_id}`: name, categories, endpoint, app.
pub(crate) async fn update(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    allowed(e, call, id)?;
    let p = call.parameters().await?;
    let (categories, endpoint) = (categories(&p)?, endpoint_uri(&p)?);
    let mut d = write(&e.directory);
    let flow = d.flows.get(&id).ok_or_else(|| no_flow("POST", id))?;
    if flow.status == FlowStatus::Deprecated {
        return Err(refuse(139_001, "Flow can't be updated", "A deprecated flow cannot be changed."));
    }
    let name = text(&p, "name");
    if let Some(name) = &name {
        check_name(&d, flow.waba, name, id)?;
    }
    let app = match text(&p, "application_id") {
        None => None,
        Some(app) => {
            let known = app.parse().ok().filter(|a| d.apps.contains_key(a));
            Some(known.ok_or_else(|| GraphError::invalid("application_id is no app this token may use"))?)
        }
    };
    let now = e.ambient.now();
    let Some(flow) = d.flows.get_mut(&id) else { return Err(no_flow("POST", id)) };
    let before = flow.endpoint_uri.clone();
    flow.endpoint_uri = endpoint.or(before.clone());
    if let Err(error) = endpoint_in_json(flow, 139_001) {
        flow.endpoint_uri = before;
        return Err(error);
    }
    flow.name = name.unwrap_or_else(|| flow.name.clone());
    flow.categories = categories.unwrap_or_else(|| flow.categories.clone());
    flow.app = app.unwrap_or(flow.app);
    flow.updated_s = now.seconds();
    Ok(Reply::success())
}

/// `GET` and `POST /{flow_id}/assets`: the flow JSON.
pub(crate) async fn assets(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    allowed(e, call, id)?;
    if call.method == Method::GET {
        let d = read(&e.directory);
        let flow = d.flows.get(&id).ok_or_else(|| no_flow("GET", id))?;
        let row = || json!({"name": "flow.json", "asset_type": "FLOW_JSON", "download_url": link(e, call, flow, "flow.json")});
        let rows = flow.text.as_ref().map(|_| row()).into_iter().collect();
        return Ok(Reply::json(&page(call, rows)?));
    }
    let parts = call.multipart().await?;
    let field = |name: &str| {
        let part = parts.iter().find(|p| p.name == name);
        part.and_then(|p| std::str::from_utf8(&p.bytes).ok())
    };
    if field("asset_type") != Some("FLOW_JSON") {
        return Err(GraphError::invalid("asset_type must be FLOW_JSON"));
    }
    if field("name") != Some("flow.json") {
        return Err(GraphError::invalid("name must be flow.json"));
    }
    let file = parts.iter().find(|p| p.name == "file").ok_or_else(|| GraphError::required("file"))?;
    if file.bytes.len() > LARGEST {
        return Err(GraphError::invalid(format!("file has more than {LARGEST} bytes")));
    }
    let json = std::str::from_utf8(&file.bytes).map_err(|_| GraphError::invalid("file is not UTF-8 text"))?;
    let now = e.ambient.now();
    let mut d = write(&e.directory);
    let flow = d.flows.get_mut(&id).ok_or_else(|| no_flow("POST", id))?;
    if flow.status != FlowStatus::Draft {
        let why = format!("The flow is {}; clone it to change it.", flow.status.name());
        return Err(refuse(139_001, "Flow can't be updated", why));
    }
    flow.set_text(json);
    flow.updated_s = now.seconds();
    Ok(Reply::json(&json!({"success": true, "validation_errors": flow.errors})))
}

fn link(e: &Inner, call: &Call, flow: &Flow, file: &str) -> String {
    format!("{}/wa/flows/{}/{file}?token={}", call.base, flow.id, flow.link_token(e.seed))
}

/// What the links of assets and previews lead to: the flow JSON, for whoever has the link.
pub(crate) fn download(e: &Inner, call: &Call, id: &str) -> Outcome<Reply> {
    let d = read(&e.directory);
    let flow = id.parse().ok().and_then(|id: u64| d.flows.get(&id));
    let flow = flow.filter(|f| call.query("token") == Some(f.link_token(e.seed).as_str()));
    let gone = || GraphError::new(100).status(404).message("The link has expired or the flow is gone.");
    let text = flow.and_then(|f| f.text.clone()).ok_or_else(gone)?;
    Ok(Reply::raw(200, "application/json; charset=UTF-8", text.to_string()))
}
