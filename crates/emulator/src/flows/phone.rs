//! What a user does with a flow: opens it, fills screens in, goes back, sends it.

use super::{
    FlowStatus,
    endpoint::{Asked, EndpointError, ask},
    offer, routes, send,
    session::{Session, Turn},
};
use crate::{
    Inner,
    control::{self, ControlError},
    messages::wamid,
    saved,
    sync::{lock, read},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a user does with a flow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowStep {
    /// `open`, `submit`, `back` or `close`; `open` when absent.
    pub action: Option<String>,
    /// The message to open it from; the last with a flow when absent.
    pub wamid: Option<String>,
    /// What is filled in, by the names of the screen's components.
    pub values: Map<String, Value>,
    /// Label or name of the component that is tapped; the footer when absent.
    pub button: Option<String>,
}

/// The flows that users have open, and the keys their phones hold.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Sessions {
    open: BTreeMap<u64, Session>,
    #[serde(with = "saved::pairs")]
    keys: BTreeMap<(u64, u64), String>,
    /// Messages whose button is dead, as the endpoint has said 427.
    dead: BTreeSet<(u64, String)>,
}

/// Does one step; gives what the phone shows then.
pub(crate) async fn step(e: &Arc<Inner>, user: u64, step: FlowStep) -> Result<Value, ControlError> {
    match step.action.as_deref().unwrap_or("open") {
        "open" => open(e, user, step.wamid.as_deref()).await,
        "submit" => submit(e, user, &step).await,
        "back" => back(e, user).await,
        "close" => {
            lock(&e.flow_sessions).open.remove(&user);
            Ok(json!({"open": false}))
        }
        other => Err(ControlError::Invalid(format!("\"{other}\": a flow is open, submit, back or close"))),
    }
}

fn taken(e: &Inner, user: u64) -> Result<Session, ControlError> {
    lock(&e.flow_sessions).open.remove(&user).ok_or(ControlError::Unknown("flow open on this phone"))
}

fn kept(e: &Inner, user: u64, session: Session) -> Value {
    let view = session.view();
    lock(&e.flow_sessions).open.insert(user, session);
    view
}

async fn open(e: &Arc<Inner>, user: u64, wanted: Option<&str>) -> Result<Value, ControlError> {
    let (mut session, asks_endpoint, first) = {
        let d = read(&e.directory);
        let found = control::all_to(e, user).into_iter().rev().find_map(|sent| {
            let id = wamid::outbound(e.seed, sent.user, sent.serial);
            let fits = wanted.is_none_or(|w| w == id);
            fits.then(|| offer::of(&d, &sent)).flatten().map(|offer| (sent, id, offer))
        });
        let (sent, id, offer) = found.ok_or(ControlError::Unknown("message with a flow"))?;
        let number = d.numbers.get(sent.number as usize).ok_or(ControlError::Unknown("phone number id"))?;
        if lock(&e.flow_sessions).dead.contains(&(user, id.clone())) {
            return Err(ControlError::Invalid(
                "the button is dead: the endpoint has said that its token is no longer valid".into(),
            ));
        }
        let named = json!({"flow_id": offer.flow_id, "flow_name": offer.flow_name});
        let flow = send::known(&d, number.waba, &named).ok_or(ControlError::Unknown("flow"))?;
        let opens = match flow.status {
            FlowStatus::Published | FlowStatus::Throttled => true,
            FlowStatus::Draft => offer.draft,
            FlowStatus::Blocked | FlowStatus::Deprecated => false,
        };
        if !opens {
            let why = format!("This form is no longer available ({}).", flow.status.name());
            return Ok(json!({"open": false, "error": why}));
        }
        let entry = routes::entry(&flow.json).unwrap_or_default().to_owned();
        let session = Session {
            flow: flow.id,
            number: number.id,
            wamid: id,
            token: offer.token,
            json: flow.json.clone(),
            screen: String::new(),
            data: json!({}),
            forms: Map::new(),
            before: Vec::new(),
        };
        (session, offer.asks_endpoint, (offer.screen.unwrap_or(entry), offer.data))
    };
    if asks_endpoint {
        return exchange(e, user, session, "INIT", json!({})).await;
    }
    (session.screen, session.data) = first;
    Ok(kept(e, user, session))
}

async fn submit(e: &Arc<Inner>, user: u64, step: &FlowStep) -> Result<Value, ControlError> {
    let mut session = taken(e, user)?;
    let before = session.clone();
    match session.act(&step.values, step.button.as_deref()) {
        None => {
            kept(e, user, before);
            Err(ControlError::Invalid("the screen has no such action".into()))
        }
        Some(Turn::Screen(screen, data)) => {
            session.go(screen, data);
            Ok(kept(e, user, session))
        }
        Some(Turn::Stay) => Ok(kept(e, user, session)),
        Some(Turn::Exchange(payload)) => exchange(e, user, session, "data_exchange", payload).await,
        Some(Turn::Complete(payload)) => complete(e, user, &session, payload),
    }
}

async fn back(e: &Arc<Inner>, user: u64) -> Result<Value, ControlError> {
    let mut session = taken(e, user)?;
    if session.shown().is_some_and(|s| s["refresh_on_back"] == true) {
        return exchange(e, user, session, "BACK", json!({})).await;
    }
    match session.before.pop() {
        Some((screen, data)) => {
            (session.screen, session.data) = (screen, data);
            Ok(kept(e, user, session))
        }
        None => Ok(json!({"open": false})),
    }
}

/// Meta: what the phone sends to the endpoint.
fn request(e: &Inner, session: &Session, action: &str, data: Value) -> Value {
    let d = read(&e.directory);
    let version = d.flows.get(&session.flow).and_then(|f| f.data_api_version().map(str::to_owned));
    json!({"version": version.unwrap_or_else(|| "3.0".into()), "action": action, "screen": session.screen,
        "data": data, "flow_token": session.token})
}

async fn asked(e: &Inner, user: u64, session: &Session, request: &Value) -> Result<Value, EndpointError> {
    let held = lock(&e.flow_sessions).keys.get(&(user, session.number)).cloned();
    let whom = Asked { flow: session.flow, number: session.number, key: held };
    let (answer, key) = ask(e, &whom, request).await?;
    lock(&e.flow_sessions).keys.insert((user, session.number), key);
    Ok(answer)
}

/// Asks the endpoint, and shows what it says.
async fn exchange(
    e: &Arc<Inner>,
    user: u64,
    mut session: Session,
    action: &str,
    data: Value,
) -> Result<Value, ControlError> {
    let request = request(e, &session, action, data);
    let answer = match asked(e, user, &session, &request).await {
        Ok(answer) => answer,
        Err(error) => return Ok(failed(e, user, session, &error)),
    };
    let data = if answer["data"].is_object() { answer["data"].clone() } else { json!({}) };
    let Some(screen) = answer["screen"].as_str() else {
        return Ok(
            notify(e, user, session, action, "payload-schema-error", "The answer names no screen.").await
        );
    };
    if screen == "SUCCESS" {
        return complete(e, user, &session, data["extension_message_response"]["params"].clone());
    }
    let from = (action == "data_exchange").then_some(session.screen.as_str());
    if !routes::allowed(&session.json, from, screen) {
        let why = format!("The screen {screen} does not follow {} in the routing model.", session.screen);
        return Ok(notify(e, user, session, action, "invalid-screen-transition", &why).await);
    }
    if let Some(wrong) = mismatch(&session.json, screen, &data) {
        let why = format!("{wrong} of screen {screen} has another type than in the flow JSON.");
        return Ok(notify(e, user, session, action, "payload-schema-error", &why).await);
    }
    if action == "BACK" {
        session.before.pop();
        (session.screen, session.data) = (screen.to_owned(), data);
    } else if session.screen.is_empty() {
        (session.screen, session.data) = (screen.to_owned(), data);
    } else {
        session.go(screen.to_owned(), data);
    }
    Ok(kept(e, user, session))
}

/// The first value that does not fit the screen's data model.
fn mismatch<'j>(json: &'j Value, screen: &str, data: &Value) -> Option<&'j str> {
    let model = super::flow::screens(json).find(|s| s["id"] == screen)?["data"].as_object()?;
    let fits = |kind: &str, v: &Value| match kind {
        "string" => v.is_string(),
        "number" | "integer" => v.is_number(),
        "boolean" => v.is_boolean(),
        "array" => v.is_array(),
        "object" => v.is_object(),
        _ => true,
    };
    let wrong = |(name, m): &(&'j String, &Value)| {
        let given = data.get(name.as_str()).filter(|v| !v.is_null());
        given.is_some_and(|v| !fits(m["type"].as_str().unwrap_or_default(), v))
    };
    model.iter().find(wrong).map(|(name, _)| name.as_str())
}

/// The endpoint gave no screen: Meta shows a general error; after 427 the button is dead.
fn failed(e: &Inner, user: u64, session: Session, error: &EndpointError) -> Value {
    if let EndpointError::TokenInvalid(said) = error {
        lock(&e.flow_sessions).dead.insert((user, session.wamid));
        return json!({"open": false, "error": error.to_string(), "shown": said});
    }
    let open = !session.screen.is_empty();
    let mut view = if open { kept(e, user, session) } else { json!({"open": false}) };
    view["error"] = json!(error.to_string());
    view
}

/// The phone could not use an answer, and tells the endpoint so. Meta: it is to be acknowledged.
async fn notify(e: &Inner, user: u64, session: Session, action: &str, error: &str, why: &str) -> Value {
    let action = if action == "INIT" { "INIT" } else { "data_exchange" };
    let request = request(e, &session, action, json!({"error": error, "error_message": why}));
    let answer = asked(e, user, &session, &request).await;
    let open = !session.screen.is_empty();
    let mut view = if open { kept(e, user, session) } else { json!({"open": false}) };
    view["error"] = json!(format!("{error}: {why}"));
    view["acknowledged"] = json!(answer.is_ok_and(|a| a["data"]["acknowledged"] == true));
    view
}

/// The flow ends: the business gets the answer as a message.
fn complete(e: &Arc<Inner>, user: u64, session: &Session, params: Value) -> Result<Value, ControlError> {
    let mut response = if params.is_object() { params } else { json!({}) };
    if response["flow_token"].is_null() {
        response["flow_token"] = json!(session.token);
    }
    let reply = json!({"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": response.to_string()}});
    let message = json!({"type": "interactive", "interactive": reply});
    let id = control::say(e, user, Some(session.number), message, Some(&session.wamid))?;
    lock(&e.flow_sessions).open.remove(&user);
    Ok(json!({"open": false, "id": id, "response": response}))
}
