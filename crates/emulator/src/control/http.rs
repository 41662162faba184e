//! `/_emulator/*`: the control handle over HTTP.

use super::{
    Control, ControlError, News, NumberChange, PortfolioChange, State as Kept, TemplateChange,
    users::{Described, Tap},
};
use crate::{
    accounts::Signup,
    calling::CallStep,
    commerce::OrderStep,
    flows::{FlowChange, FlowStep},
    groups::{GroupChange, GroupStep},
    page,
    settings::{Fault, ObjectId},
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tisara_domain::{Duration, Timestamp};

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}

type Answer = Result<Json<Value>, ControlError>;

/// All control routes.
pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/_emulator/config", get(config).post(set_config))
        .route("/_emulator/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_emulator/media/{id}", get(media))
        .route("/_emulator/users", post(describe))
        .route("/_emulator/users/{phone}", get(user))
        .route("/_emulator/users/{phone}/write", post(write))
        .route("/_emulator/users/{phone}/say", post(say))
        .route("/_emulator/users/{phone}/tap", post(tap))
        .route("/_emulator/users/{phone}/stop-marketing", post(stop_marketing))
        .route("/_emulator/users/{phone}/resume-marketing", post(resume_marketing))
        .route("/_emulator/users/{phone}/flow", post(flow_step))
        .route("/_emulator/users/{phone}/call", post(call_step))
        .route("/_emulator/users/{phone}/group", post(group_step))
        .route("/_emulator/groups/{id}", post(group))
        .route("/_emulator/users/{phone}/order", post(order))
        .route("/_emulator/users/{phone}/pay", post(pay))
        .route("/_emulator/users/{phone}/signup", post(sign_up))
        .route("/_emulator/flows/{which}", post(flow))
        .route("/_emulator/templates/{which}", post(template))
        .route("/_emulator/numbers/{id}", post(number))
        .route("/_emulator/portfolios/{id}", post(portfolio))
        .route("/_emulator/users/{phone}/change-number", post(change_number))
        .route("/_emulator/accounts", get(accounts))
        .route("/_emulator/signup", post(signup))
        .route("/_emulator/deauthorize", post(deauthorize))
        .route("/_emulator/tell", post(tell))
        .route("/_emulator/state", get(save).post(load))
        .route("/_emulator/clock", get(clock))
        .route("/_emulator/clock/advance", post(advance))
        .route("/_emulator/webhooks", post(webhooks))
        .route("/_emulator/messages", get(messages))
        .route("/_emulator/report", get(report).delete(clear_report))
        .route("/_emulator/report/ids", get(report_ids))
        .route("/_emulator/report/users/{phone}", get(user))
        .route("/_emulator/{*rest}", delete(nothing).get(nothing).post(nothing))
        .merge(page::router())
        .with_state(control)
}

/// Reads a JSON body; an empty one is an empty object.
fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, ControlError> {
    let bytes = if bytes.is_empty() { b"{}" } else { &bytes[..] };
    serde_json::from_slice(bytes).map_err(|e| ControlError::Invalid(format!("the body does not fit: {e}")))
}

fn done() -> Json<Value> {
    Json(json!({"success": true}))
}

async fn nothing() -> Response {
    let text = "there is no such control endpoint; docs/emulator.md lists them";
    (StatusCode::NOT_FOUND, Json(json!({ "error": text }))).into_response()
}

/// A file as people look at it; never as a page of this origin.
async fn media(State(c): State<Control>, Path(id): Path<ObjectId>) -> Result<Response, ControlError> {
    let (mime, bytes) = c.media(id)?;
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

async fn config(State(c): State<Control>) -> Json<Value> {
    Json(json!(c.behaviour()))
}

async fn set_config(State(c): State<Control>, bytes: Bytes) -> Answer {
    Ok(Json(json!(c.patch(body(&bytes)?)?)))
}

async fn faults(State(c): State<Control>) -> Json<Value> {
    Json(json!(c.behaviour().faults))
}

async fn add_fault(State(c): State<Control>, bytes: Bytes) -> Answer {
    c.add_fault(body::<Fault>(&bytes)?);
    Ok(Json(json!(c.behaviour().faults)))
}

async fn clear_faults(State(c): State<Control>) -> Json<Value> {
    c.change(|b| b.faults.clear());
    done()
}

/// One user or a list of users.
async fn describe(State(c): State<Control>, bytes: Bytes) -> Answer {
    let users: Vec<Described> = match body::<Value>(&bytes)? {
        list @ Value::Array(_) => serde_json::from_value(list),
        one => serde_json::from_value(one).map(|u| vec![u]),
    }
    .map_err(|e| ControlError::Invalid(format!("the body does not fit: {e}")))?;
    for user in users {
        c.describe(user)?;
    }
    Ok(done())
}

async fn user(State(c): State<Control>, Path(phone): Path<String>) -> Answer {
    Ok(Json(c.user(&phone)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    text: String,
    #[serde(default)]
    to: Option<ObjectId>,
}

async fn write(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    let w: Write = body(&bytes)?;
    Ok(Json(json!({"id": c.write(&phone, w.to, &w.text)?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    message: Value,
    #[serde(default)]
    to: Option<ObjectId>,
    #[serde(default)]
    reply_to: Option<String>,
}

async fn say(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    let s: Say = body(&bytes)?;
    Ok(Json(json!({"id": c.say(&phone, s.to, s.message, s.reply_to.as_deref())?})))
}

async fn tap(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    let id = c.tap(&phone, body::<Tap>(&bytes)?)?;
    Ok(Json(json!({"id": Some(id).filter(|id| !id.is_empty())})))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Of {
    of: Option<ObjectId>,
}

async fn stop_marketing(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    c.stop_marketing(&phone, body::<Of>(&bytes)?.of, true)?;
    Ok(done())
}

async fn resume_marketing(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    c.stop_marketing(&phone, body::<Of>(&bytes)?.of, false)?;
    Ok(done())
}

async fn flow_step(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    Ok(Json(c.flow_step(&phone, body::<FlowStep>(&bytes)?).await?))
}

async fn call_step(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    Ok(Json(c.call_step(&phone, &body::<CallStep>(&bytes)?)?))
}

async fn group_step(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    Ok(Json(c.group_step(&phone, &body::<GroupStep>(&bytes)?)?))
}

async fn group(State(c): State<Control>, Path(id): Path<String>, bytes: Bytes) -> Answer {
    c.change_group(&id, &body::<GroupChange>(&bytes)?)?;
    Ok(done())
}

async fn pay(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    Ok(Json(c.pay(&phone, &body(&bytes)?)?))
}

async fn sign_up(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    Ok(Json(c.sign_up(&phone, &body(&bytes)?)?))
}

async fn order(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    Ok(Json(json!({"id": c.order(&phone, &body::<OrderStep>(&bytes)?)?})))
}

async fn flow(State(c): State<Control>, Path(which): Path<String>, bytes: Bytes) -> Answer {
    Ok(Json(c.change_flow(&which, body::<FlowChange>(&bytes)?).await?))
}

async fn template(State(c): State<Control>, Path(which): Path<String>, bytes: Bytes) -> Answer {
    c.change_template(&which, &body::<TemplateChange>(&bytes)?)?;
    Ok(done())
}

async fn number(State(c): State<Control>, Path(id): Path<ObjectId>, bytes: Bytes) -> Answer {
    c.change_number(id, body::<NumberChange>(&bytes)?)?;
    Ok(done())
}

async fn portfolio(State(c): State<Control>, Path(id): Path<ObjectId>, bytes: Bytes) -> Answer {
    c.change_portfolio(id, &body::<PortfolioChange>(&bytes)?)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    to: String,
}

async fn change_number(State(c): State<Control>, Path(phone): Path<String>, bytes: Bytes) -> Answer {
    c.change_user_number(&phone, &body::<Moved>(&bytes)?.to)?;
    Ok(done())
}

async fn accounts(State(c): State<Control>) -> Json<Value> {
    Json(c.accounts())
}

async fn signup(State(c): State<Control>, bytes: Bytes) -> Answer {
    Ok(Json(c.finish_signup(&body::<Signup>(&bytes)?)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Removed {
    #[serde(default)]
    app: Option<ObjectId>,
    waba: ObjectId,
}

async fn deauthorize(State(c): State<Control>, bytes: Bytes) -> Answer {
    let r: Removed = body(&bytes)?;
    c.deauthorize(r.app, r.waba).await?;
    Ok(done())
}

async fn tell(State(c): State<Control>, bytes: Bytes) -> Answer {
    c.tell(body::<News>(&bytes)?)?;
    Ok(done())
}

async fn save(State(c): State<Control>) -> Result<Json<Kept>, ControlError> {
    Ok(Json(c.save()?))
}

async fn load(State(c): State<Control>, bytes: Bytes) -> Answer {
    c.load(body::<Kept>(&bytes)?)?;
    Ok(done())
}

async fn clock(State(c): State<Control>) -> Json<Value> {
    let next = c.next_moment().map(|t| t.to_string());
    Json(json!({"now": c.0.ambient.now().to_string(), "next": next, "manual": c.0.manual.is_some()}))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Advance {
    ms: Option<u64>,
    to: Option<Timestamp>,
}

async fn advance(State(c): State<Control>, bytes: Bytes) -> Answer {
    let a: Advance = body(&bytes)?;
    let until = match (a.ms, a.to) {
        (Some(ms), None) => c.0.ambient.now().plus(Duration::from_millis(ms)),
        (None, Some(to)) => to,
        _ => return Err(ControlError::Invalid("give either ms or to".into())),
    };
    c.advance(until).await?;
    Ok(clock_of(&c))
}

fn clock_of(c: &Control) -> Json<Value> {
    Json(json!({"now": c.0.ambient.now().to_string()}))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Webhooks {
    app: Option<ObjectId>,
    callback_url: Option<String>,
    verify_token: Option<String>,
    app_secret: Option<String>,
    verify: bool,
}

async fn webhooks(State(c): State<Control>, bytes: Bytes) -> Answer {
    let w: Webhooks = body(&bytes)?;
    c.set_webhooks(w.app, w.callback_url, w.verify_token, w.app_secret)?;
    if w.verify {
        c.verify_webhooks(w.app).await?;
    }
    Ok(done())
}

#[derive(Deserialize)]
struct Which {
    to: Option<String>,
    #[serde(default = "hundred")]
    limit: usize,
}

fn hundred() -> usize {
    100
}

async fn messages(State(c): State<Control>, Query(q): Query<Which>) -> Answer {
    Ok(Json(json!({"data": c.messages(q.to.as_deref(), q.limit)?})))
}

async fn report(State(c): State<Control>) -> Json<Value> {
    Json(json!(c.report()))
}

async fn report_ids(State(c): State<Control>) -> Response {
    let parts = futures::stream::iter(c.report_ids().map(Ok::<_, std::convert::Infallible>));
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(parts)).into_response()
}

async fn clear_report(State(c): State<Control>) -> Json<Value> {
    c.clear_report();
    done()
}
