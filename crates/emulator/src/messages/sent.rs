//! An accepted message, kept whole for people to look at.

use super::wamid;
use crate::{
    Inner,
    directory::Directory,
    saved::{self, Word},
    sync::lock,
    templates::{ButtonKind, Header, Shape},
    webhooks::Plan,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};
use tisara_domain::{Duration, Timestamp, template::render};

/// One accepted message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) serial: u64,
    pub(crate) user: u64,
    /// The number's place.
    pub(crate) number: u32,
    #[serde(deserialize_with = "saved::word")]
    pub(crate) kind: Word,
    /// The object named like the type, as it was sent.
    pub(crate) content: Box<str>,
    /// 0 for a free-form message.
    pub(crate) template: u64,
    pub(crate) accepted: Timestamp,
    pub(crate) plan: Plan,
    pub(crate) held: bool,
    /// When pacing let it go (microseconds); negative when it failed then; 0 while it is held.
    pub(crate) released: AtomicI64,
    /// What came when its user was back online, and when that was.
    #[serde(with = "saved::once")]
    pub(crate) later: OnceLock<(Timestamp, Plan)>,
    pub(crate) callback: Option<Box<str>>,
    pub(crate) reply_to: Option<Box<str>>,
    /// The group it was sent to; `user` then stands for the group.
    pub(crate) group: Option<Box<str>>,
}

impl Sent {
    /// The message as it looks to a person, with the status it has at `now`.
    pub(crate) fn json(&self, e: &Inner, directory: &Directory, now: Timestamp) -> Value {
        let content: Value = serde_json::from_str(&self.content).unwrap_or(Value::Null);
        let number = directory.numbers.get(self.number as usize);
        json!({
            "id": wamid::outbound(e.seed, self.user, self.serial),
            "direction": "to_user",
            "user": self.user.to_string(),
            "phone_number_id": number.map(|n| n.id.to_string()),
            "from": number.map(|n| n.digits.to_string()),
            "from_name": number.map(|n| n.verified_name.clone()),
            "at": self.accepted.seconds(),
            "type": self.kind,
            "content": content,
            "shown": self.shown(directory, &content),
            "status": self.status(now),
            "error": self.plan.fails().then_some(self.plan.error),
            "biz_opaque_callback_data": self.callback.as_deref(),
            "reply_to": self.reply_to.as_deref(),
            "group_id": self.group.as_deref(),
        })
    }

    /// The last status that has happened.
    pub(crate) fn status(&self, now: Timestamp) -> &'static str {
        let mut accepted = self.accepted;
        if self.held {
            match self.released.load(Ordering::Relaxed) {
                0 => return "held",
                at if at < 0 => return "failed",
                at => accepted = Timestamp(at),
            }
        }
        let mut plan = self.plan;
        if let Some((at, later)) = self.later.get() {
            (accepted, plan) = (*at, *later);
        }
        let passed = plan.steps().rfind(|s| accepted.plus(Duration::from_millis(s.after_ms.into())) <= now);
        let before = if self.later.get().is_some() { "sent" } else { "accepted" };
        passed.map_or(before, |s| s.status.name())
    }

    /// What the user sees: header, body, footer and buttons.
    fn shown(&self, directory: &Directory, content: &Value) -> Value {
        match (directory.templates.get(&self.template), self.kind) {
            (Some(t), _) => filled(&t.shape, &content["components"]),
            (None, "text") => json!({"body": content["body"]}),
            (None, "interactive") => interactive(content),
            (None, "reaction") => json!({"body": content["emoji"]}),
            (None, kind) => json!({
                "header": {"type": kind, "media": content},
                "body": content["caption"].as_str().or(content["name"].as_str()).unwrap_or_default(),
            }),
        }
    }

    /// The buttons a person can tap: label, kind, and what a tap answers with.
    pub(crate) fn buttons(&self, directory: &Directory) -> Vec<Value> {
        let content: Value = serde_json::from_str(&self.content).unwrap_or(Value::Null);
        let shown = self.shown(directory, &content);
        let cards = shown["cards"].as_array().into_iter().flatten();
        let all = std::iter::once(&shown).chain(cards);
        all.flat_map(|part| part["buttons"].as_array().cloned().unwrap_or_default()).collect()
    }
}

fn filled(shape: &Shape, components: &Value) -> Value {
    let find = |kind: &str| {
        components
            .as_array()
            .into_iter()
            .flatten()
            .find(|c| c["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(kind)))
    };
    let parameters = |kind: &str| find(kind).map(|c| c["parameters"].clone()).unwrap_or_default();
    let fill = |text: &str, given: &Value| {
        render(text, |name| {
            let given = given.as_array()?;
            let p = match name.parse::<usize>() {
                Ok(n) if !shape.named => given.get(n.checked_sub(1)?)?,
                _ => given.iter().find(|p| p["parameter_name"] == name)?,
            };
            let text = p["text"]
                .as_str()
                .or(p["currency"]["fallback_value"].as_str())
                .or(p["date_time"]["fallback_value"].as_str())?;
            Some(Cow::Owned(text.to_owned()))
        })
    };
    let header = match &shape.header {
        Header::None => Value::Null,
        Header::Text { text, .. } => json!({"type": "text", "text": fill(text, &parameters("header"))}),
        Header::Attached(kind) => json!({"type": kind, "media": parameters("header")[0][*kind]}),
    };
    let button = |i: usize| {
        components.as_array().into_iter().flatten().find(|c| {
            let index = match &c["index"] {
                Value::String(s) => s.parse().ok(),
                n => n.as_u64(),
            };
            c["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case("button")) && index == Some(i as u64)
        })
    };
    let mut buttons: Vec<Value> = shape
        .buttons
        .iter()
        .enumerate()
        .map(|(i, b)| {
            let given = button(i).map(|c| c["parameters"][0].clone()).unwrap_or_default();
            match b.kind {
                ButtonKind::QuickReply => {
                    json!({"kind": "quick_reply", "text": b.text, "payload": given["payload"].as_str().unwrap_or(&b.text)})
                }
                ButtonKind::Url { .. } => {
                    let suffix = given["text"].as_str().unwrap_or_default();
                    json!({"kind": "url", "text": b.text, "url": render(&b.target, |_| Some(Cow::Borrowed(suffix)))})
                }
                ButtonKind::Phone => json!({"kind": "phone", "text": b.text, "phone": b.target}),
                ButtonKind::CopyCode => json!({"kind": "copy_code", "text": b.text, "code": given["coupon_code"]}),
                ButtonKind::Flow => {
                    json!({"kind": "flow", "text": b.text, "flow_token": given["action"]["flow_token"]})
                }
                ButtonKind::OrderDetails => {
                    let label = if b.text.is_empty() { "Review and pay" } else { &b.text };
                    json!({"kind": "pay", "text": label, "reference_id": given["action"]["order_details"]["reference_id"]})
                }
                ButtonKind::VoiceCall => {
                    json!({"kind": "voice_call", "text": b.text, "payload": given["payload"]})
                }
                other => json!({"kind": other.name().to_lowercase(), "text": b.text}),
            }
        })
        .collect();
    if shape.call_permission {
        buttons.extend(call_permission());
    }
    let given_cards = find("carousel").map(|c| c["cards"].clone()).unwrap_or_default();
    let cards: Vec<Value> =
        shape.cards.iter().enumerate().map(|(i, card)| filled(card, &given_cards[i]["components"])).collect();
    json!({
        "header": header,
        "body": fill(&shape.body_text, &parameters("body")),
        "footer": shape.footer,
        "buttons": buttons,
        "cards": cards,
    })
}

/// What a user may say to a request for permission to call.
fn call_permission() -> [Value; 3] {
    [("accept_permanent", "Always allow"), ("accept", "Allow temporarily"), ("reject", "Don't allow")]
        .map(|(id, text)| json!({"kind": "call_permission", "id": id, "text": text}))
}

fn interactive(v: &Value) -> Value {
    let action = &v["action"];
    let mut buttons = Vec::new();
    for b in action["buttons"].as_array().into_iter().flatten() {
        // Those of a carousel's cards are called otherwise.
        let reply = if b["reply"].is_object() { &b["reply"] } else { &b["quick_reply"] };
        buttons.push(json!({"kind": "reply", "id": reply["id"], "text": reply["title"]}));
    }
    for section in action["sections"].as_array().into_iter().flatten() {
        for row in section["rows"].as_array().into_iter().flatten() {
            buttons.push(json!({"kind": "row", "id": row["id"], "text": row["title"],
                "description": row["description"], "section": section["title"]}));
        }
    }
    let cards: Vec<Value> = action["cards"].as_array().into_iter().flatten().map(interactive).collect();
    let parameters = &action["parameters"];
    match v["type"].as_str() {
        Some("cta_url") => {
            buttons
                .push(json!({"kind": "url", "text": parameters["display_text"], "url": parameters["url"]}));
        }
        Some("flow") => buttons.push(
            json!({"kind": "flow", "text": parameters["flow_cta"], "flow_token": parameters["flow_token"]}),
        ),
        Some("call_permission_request") => buttons.extend(call_permission()),
        Some("voice_call") => {
            let label = parameters["display_text"].as_str().unwrap_or("Call now");
            buttons.push(json!({"kind": "voice_call", "text": label, "payload": parameters["payload"]}));
        }
        Some("order_details") => {
            let text = format!("Review and pay {}", money(parameters));
            buttons.push(json!({"kind": "pay", "text": text, "reference_id": parameters["reference_id"]}));
        }
        Some("location_request_message") => {
            buttons.push(json!({"kind": "send_location", "text": "Send location"}));
        }
        Some("request_contact_info") => {
            buttons.push(json!({"kind": "share_contact", "text": "Share contact info"}));
        }
        _ => {}
    }
    let header = &v["header"];
    let kind = header["type"].as_str().unwrap_or_default();
    json!({
        "header": match kind {
            "" => Value::Null,
            "text" => json!({"type": "text", "text": header["text"]}),
            _ => json!({"type": kind, "media": header[kind]}),
        },
        "body": v["body"]["text"],
        "order": order(parameters),
        "footer": v["footer"]["text"],
        "menu": action["button"],
        "buttons": buttons,
        "cards": cards,
    })
}

/// An order's lines as a person reads them; `null` when it is none.
fn order(parameters: &Value) -> Value {
    let order = &parameters["order"];
    if order.is_null() {
        return Value::Null;
    }
    let lines = order["items"].as_array().into_iter().flatten().map(|item| {
        let amount = if item["sale_amount"].is_null() { &item["amount"] } else { &item["sale_amount"] };
        json!({"name": item["name"], "quantity": item["quantity"], "amount": decimal(amount)})
    });
    json!({"reference_id": parameters["reference_id"], "status": order["status"], "description": order["description"],
        "items": lines.collect::<Vec<_>>()})
}

fn money(parameters: &Value) -> String {
    format!(
        "{} {}",
        parameters["currency"].as_str().unwrap_or_default(),
        decimal(&parameters["total_amount"])
    )
}

fn decimal(amount: &Value) -> String {
    let number = |name: &str| amount[name].as_i64().or_else(|| amount[name].as_str()?.parse().ok());
    let (value, offset) = (number("value").unwrap_or(0), number("offset").filter(|o| *o > 0).unwrap_or(100));
    format!("{}.{:02}", value / offset, (value % offset).abs())
}

const SHARDS: usize = 16;

/// The last messages of everybody, for looking at; bounded.
pub(crate) struct Recent {
    each: usize,
    shards: Vec<Mutex<VecDeque<Arc<Sent>>>>,
}

impl Recent {
    pub(crate) fn new(keep: usize) -> Self {
        Self { each: keep.div_ceil(SHARDS), shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    fn shard(&self, user: u64) -> &Mutex<VecDeque<Arc<Sent>>> {
        &self.shards[crate::chance::mix(user) as usize % SHARDS]
    }

    pub(crate) fn keeps(&self) -> bool {
        self.each > 0
    }

    pub(crate) fn push(&self, sent: Arc<Sent>) {
        let mut shard = lock(self.shard(sent.user));
        if shard.len() >= self.each {
            shard.pop_front();
        }
        shard.push_back(sent);
    }

    /// The kept messages to `user`, oldest first.
    pub(crate) fn to(&self, user: u64) -> Vec<Arc<Sent>> {
        lock(self.shard(user)).iter().filter(|s| s.user == user).cloned().collect()
    }

    /// The last `most` messages to anybody, oldest first.
    pub(crate) fn last(&self, most: usize) -> Vec<Arc<Sent>> {
        let mut all: Vec<Arc<Sent>> =
            self.shards.iter().flat_map(|s| lock(s).iter().cloned().collect::<Vec<_>>()).collect();
        all.sort_by_key(|s| s.serial);
        all.split_off(all.len().saturating_sub(most))
    }

    /// Pacing has judged: these held messages were let go or failed.
    pub(crate) fn released(e: &Inner, serials: &HashSet<u64>, now: Timestamp, good: bool) {
        let at = if good { now.0 } else { -1 };
        for shard in &e.recent.shards {
            for sent in lock(shard).iter().filter(|s| s.held && serials.contains(&s.serial)) {
                let _ = sent.released.compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }

    /// The serials of what is kept, in order; the messages go into `sent`.
    pub(crate) fn save(&self, sent: &mut BTreeMap<u64, Arc<Sent>>) -> Vec<u64> {
        let all = self.last(usize::MAX);
        let serials = all.iter().map(|s| s.serial).collect();
        sent.extend(all.into_iter().map(|s| (s.serial, s)));
        serials
    }

    pub(crate) fn load(&self, serials: &[u64], sent: &BTreeMap<u64, Arc<Sent>>) {
        self.clear();
        if self.keeps() {
            serials.iter().filter_map(|serial| sent.get(serial)).for_each(|s| self.push(s.clone()));
        }
    }

    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            lock(shard).clear();
        }
    }
}
