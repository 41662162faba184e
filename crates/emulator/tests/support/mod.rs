//! What all tests of the emulator share: one in this process, a clock that stands still, and a
//! receiver that keeps what it is told.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "every test uses its own part of this, and a test may panic"
)]

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};
use tisara_domain::{Duration, Timestamp};
use tisara_emulator::{Emulator, ManualClock, RouterSink, Settings, World};
use tower::ServiceExt as _;

/// One POST the receiver got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) signature: String,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Keeps posts; answers with the statuses it was told to give, then with 200.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    pub(crate) got: Arc<Mutex<Vec<Got>>>,
    pub(crate) answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub(crate) fn router(&self) -> Router {
        let challenge = |Query(q): Query<BTreeMap<String, String>>| async move {
            if q.get("hub.verify_token").map(String::as_str) == Some("good") {
                (StatusCode::OK, q.get("hub.challenge").cloned().unwrap_or_default())
            } else {
                (StatusCode::FORBIDDEN, String::new())
            }
        };
        let take = |State(r): State<Receiver>, headers: HeaderMap, request: Request| async move {
            let path = request.uri().path().to_owned();
            let body = to_bytes(request.into_body(), 4 << 20).await.unwrap();
            let signature = headers["x-hub-signature-256"].to_str().unwrap().to_owned();
            // The project's own parser must understand every webhook of every test.
            let envelope = tisara_cloud_api::webhook::parse(&body).unwrap();
            assert!(envelope.malformed.is_empty(), "{:?}", envelope.malformed);
            r.got.lock().unwrap().push(Got { path, signature, body });
            let answer = r.answers.lock().unwrap().pop_front().unwrap_or(200);
            StatusCode::from_u16(answer).unwrap()
        };
        Router::new().route("/{*path}", get(challenge).post(take)).with_state(self.clone())
    }

    /// All changes received, in the order of arrival.
    pub(crate) fn changes(&self) -> Vec<Value> {
        let got = self.got.lock().unwrap();
        got.iter()
            .flat_map(|g| g.json()["entry"].as_array().unwrap().clone())
            .flat_map(|e| e["changes"].as_array().unwrap().clone())
            .collect()
    }

    pub(crate) fn values(&self, field: &str) -> Vec<Value> {
        self.changes().into_iter().filter(|c| c["field"] == field).map(|c| c["value"].clone()).collect()
    }

    pub(crate) fn statuses(&self) -> Vec<Value> {
        self.values("messages")
            .into_iter()
            .flat_map(|v| v["statuses"].as_array().cloned().unwrap_or_default())
            .collect()
    }

    pub(crate) fn messages(&self) -> Vec<Value> {
        self.values("messages")
            .into_iter()
            .flat_map(|v| v["messages"].as_array().cloned().unwrap_or_default())
            .collect()
    }

    pub(crate) fn posts(&self) -> usize {
        self.got.lock().unwrap().len()
    }
}

/// An emulator on a manual clock, its webhooks going to a receiver in this process.
pub(crate) struct Bench {
    pub(crate) clock: ManualClock,
    pub(crate) emulator: Emulator,
    pub(crate) receiver: Receiver,
    pub(crate) token: String,
}

pub(crate) const START: i64 = 1_795_000_000;

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        settings.behaviour.pace.messages_per_second = tisara_emulator::settings::Throughput::Max;
        settings.world.apps[0].callback_url = Some("http://receiver/hook".into());
        change(&mut settings);
        let clock = ManualClock::at(Timestamp::from_seconds(START));
        let emulator = Emulator::manual(settings, clock.clone());
        let receiver = Receiver::default();
        emulator.set_sink(RouterSink(receiver.router()));
        Self { clock, emulator, receiver, token: World::TOKEN.into() }
    }

    pub(crate) async fn raw(&self, request: Request) -> (StatusCode, HeaderMap, Bytes) {
        let response = self.emulator.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, to_bytes(body, 200 << 20).await.unwrap())
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "emulator.test")
            .header("authorization", format!("Bearer {}", self.token));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
        self.request(request.body(body).unwrap()).await
    }

    /// A request as it is; the answer's status and JSON.
    pub(crate) async fn request(&self, request: Request) -> (u16, Value) {
        let (status, _, bytes) = self.raw(request).await;
        (status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, Some(body)).await
    }

    /// Sends a message body to the messages endpoint.
    pub(crate) async fn send(&self, body: Value) -> (u16, Value) {
        self.post(&format!("/v25.0/{}/messages", World::NUMBER_ID), body).await
    }

    /// Everything that is still to happen within a year happens.
    pub(crate) async fn settle(&self) -> usize {
        let until = Timestamp::from_seconds(START + 366 * 86_400);
        self.emulator.run_until_settled(&self.clock, until).await
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        tisara_domain::Clock::now(&self.clock)
    }

    pub(crate) async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.emulator.deliver_due().await;
    }
}

pub(crate) fn text(to: &str, body: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}})
}

/// The template without parameters.
pub(crate) fn hello(to: &str) -> Value {
    template(to, "hello_world", "en_US", json!([]))
}

pub(crate) fn template(to: &str, name: &str, language: &str, components: Value) -> Value {
    json!({"messaging_product": "whatsapp", "to": to, "type": "template",
        "template": {"name": name, "language": {"code": language}, "components": components}})
}

/// A marketing template that needs one value.
pub(crate) fn sale(to: &str) -> Value {
    template(
        to,
        "seasonal_sale",
        "si_LK",
        json!([{"type": "body", "parameters": [{"type": "text", "text": "Nimal"}]}]),
    )
}

pub(crate) fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or(0)
}

pub(crate) fn details(answer: &Value) -> String {
    answer["error"]["error_data"]["details"].as_str().unwrap_or_default().to_owned()
}
