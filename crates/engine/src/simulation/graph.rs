//! Meta as the simulation has it: takes sends, answers or not, and tells of them later.

use crate::wire::{Route, Sending, Wire};
use bytes::Bytes;
use futures::FutureExt as _;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tisara_cloud_api::{
    AccessToken, CallError, ErrorBody, GraphError, SendReceipt,
    client::{Gate, NotSent, Unknown},
};
use tisara_domain::{Duration, RecipientRef, Rng, Timestamp};
use tokio::sync::oneshot;

/// Meta's id of the only number.
pub(super) const NUMBER: &str = "106540352242922";

/// A send on its way to Meta.
struct Pending {
    about: RecipientRef,
    answer: oneshot::Sender<Result<SendReceipt, CallError>>,
}

/// A webhook that waits to be delivered.
#[derive(Clone)]
pub(super) struct Webhook {
    pub(super) body: Bytes,
    /// Not delivered before.
    pub(super) due: Timestamp,
}

/// A time in which Meta tells more slowly than things happen: what happened last comes latest, and the
/// order stays. Nothing is lost, and something arrives all the while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backlog {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// How much longer telling takes than happening.
    pub(super) slowness: u32,
}

impl Backlog {
    /// When Meta tells what happened at `at`.
    fn told_at(self, at: Timestamp) -> Timestamp {
        if at < self.from {
            return at;
        }
        let told_of_all = self.from.plus(self.until.since(self.from) * self.slowness);
        if at < self.until {
            self.from.plus(at.since(self.from) * self.slowness)
        } else {
            // It catches up.
            at.max(told_of_all.plus(at.since(self.until) / 4))
        }
    }
}

#[derive(Default)]
pub(super) struct State {
    pending: Vec<Pending>,
    pub(super) webhooks: Vec<Webhook>,
    /// How often a row was accepted and did not fail.
    pub(super) reached: BTreeMap<(String, i64), u32>,
    /// How often a row was accepted and then failed.
    pub(super) failed: BTreeMap<(String, i64), u32>,
    /// When sends began, for the pace.
    pub(super) began: Vec<Timestamp>,
    accepted: u64,
}

/// Meta. Cloning shares it.
#[derive(Clone)]
pub(super) struct Graph {
    state: Arc<Mutex<State>>,
    rng: Rng,
    backlog: Option<Backlog>,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Graph {
    pub(super) fn new(
        rng: Rng,
        now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
        backlog: Option<Backlog>,
    ) -> Self {
        Self { state: Arc::default(), rng, backlog, now }
    }

    /// When Meta will tell what happens now.
    fn told_at(&self) -> Timestamp {
        let now = (self.now)();
        self.backlog.map_or(now, |b| b.told_at(now))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pending(&self) -> usize {
        self.lock().pending.len()
    }

    /// One of the sends on its way comes to its end, in one of the ways it can.
    pub(super) fn end_one(&self) {
        let mut state = self.lock();
        if state.pending.is_empty() {
            return;
        }
        let at = self.rng.below(state.pending.len() as u64) as usize;
        let send = state.pending.swap_remove(at);
        let answer = match self.rng.below(100) {
            0..=1 => Err(refused(130_429, 400)),
            2..=3 => Err(CallError::NotSent(NotSent::Connect("refused".to_owned()))),
            4..=6 => Err(refused(131_000, 500)),
            7..=8 => Err(CallError::Unknown(Unknown::TimedOut)),
            9..=11 => {
                self.accept(&mut state, send.about, true);
                Err(CallError::Unknown(Unknown::TimedOut))
            }
            12..=13 => {
                self.accept(&mut state, send.about, true);
                Err(refused(2, 503))
            }
            // Taken, but failed for a fault of Meta's own: it may be tried again.
            14 => Ok(self.accept(&mut state, send.about, false)),
            _ => Ok(self.accept(&mut state, send.about, true)),
        };
        // The program may be dead by now.
        let _ = send.answer.send(answer);
    }

    /// The program died: what was on its way may still arrive at Meta.
    pub(super) fn cut_off(&self) {
        let mut state = self.lock();
        for send in std::mem::take(&mut state.pending) {
            if self.rng.chance(0.5) {
                self.accept(&mut state, send.about, true);
            }
        }
    }

    /// A customer writes to the number.
    pub(super) fn somebody_writes(&self) {
        let mut state = self.lock();
        state.accepted += 1;
        let since = (self.now)();
        let message = json!({"from": "94770000001", "id": format!("wamid.in.{}", state.accepted),
            "timestamp": since.seconds().to_string(), "type": "text", "text": {"body": "Hello"}});
        state.webhooks.push(Webhook { body: envelope("messages", &message), due: self.told_at() });
    }

    fn accept(&self, state: &mut State, about: RecipientRef, arrives: bool) -> SendReceipt {
        state.accepted += 1;
        let wamid = format!("wamid.{}", state.accepted);
        let fates = if arrives { &mut state.reached } else { &mut state.failed };
        *fates.entry((about.campaign.to_string(), about.seq)).or_default() += 1;
        let statuses: &[&str] = match self.rng.below(10) {
            _ if !arrives => &["failed"],
            0 => &["sent", "read"],
            1..=4 => &["sent", "delivered"],
            _ => &["sent", "delivered", "read"],
        };
        let since = (self.now)();
        for (i, status) in statuses.iter().enumerate() {
            let at = since.plus(Duration::from_secs(i as u64)).seconds().to_string();
            let mut value = json!({"id": wamid, "status": status, "timestamp": at, "recipient_id": "94770000001",
                "biz_opaque_callback_data": about.to_string()});
            if !arrives {
                value["errors"] = json!([{"code": 131_000, "title": "Something went wrong"}]);
            }
            let webhook = Webhook { body: envelope("statuses", &value), due: self.told_at() };
            // Order is not promised, and some come twice.
            let place = self.rng.below(state.webhooks.len() as u64 + 1) as usize;
            state.webhooks.insert(place, webhook.clone());
            if self.rng.chance(0.05) {
                state.webhooks.push(webhook);
            }
        }
        SendReceipt { message_id: wamid, wa_id: None, user_id: None, message_status: None, group_id: None }
    }
}

fn envelope(kind: &str, element: &Value) -> Bytes {
    let value = json!({"messaging_product": "whatsapp", "metadata": {"display_phone_number": "1", "phone_number_id": NUMBER},
        kind: [element]});
    let body = json!({"object": "whatsapp_business_account",
        "entry": [{"id": "101", "changes": [{"field": "messages", "value": value}]}]});
    Bytes::from(body.to_string())
}

fn refused(code: i64, http_status: u16) -> CallError {
    let body: ErrorBody = serde_json::from_value(json!({"message": "no", "code": code})).unwrap();
    CallError::Refused(Box::new(GraphError {
        http_status,
        body,
        retry_after: None,
        beside: serde_json::Map::new(),
    }))
}

impl Wire for Graph {
    fn route(&self, _: &str, _: AccessToken) -> Option<Arc<dyn Route>> {
        Some(Arc::new(self.clone()))
    }
}

impl Route for Graph {
    fn send(&self, body: Bytes, gate: Gate) -> Sending {
        if !gate() {
            return async { Err(CallError::NotSent(NotSent::Held)) }.boxed();
        }
        let message: Value = serde_json::from_slice(&body).unwrap();
        let about = message["biz_opaque_callback_data"].as_str().unwrap().parse().unwrap();
        let (answer, waiting) = oneshot::channel();
        let mut state = self.lock();
        state.began.push((self.now)());
        state.pending.push(Pending { about, answer });
        async move { waiting.await.unwrap_or(Err(CallError::Unknown(Unknown::TimedOut))) }.boxed()
    }
}
