//! What users are and do.

use super::handle::ControlError;
use crate::{
    Inner, calling,
    chance::{Draw, join},
    commerce,
    directory::{Directory, Number},
    media::{self, File, RECEIVED_LIFE_S},
    messages::{Sent, wamid},
    payments::{self, PaymentStep},
    settings::ObjectId,
    sync::{lock, read},
    templates::Category,
    users::{self, Spoken},
    webhooks::{Contact, Metadata, Note, Plan, Task, contact, to_json},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, atomic::Ordering};
use tisara_domain::{Duration, Timestamp};

/// What is to be set of a user; absent fields stay as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Described {
    /// The phone number, with country code.
    pub phone: String,
    /// Has WhatsApp (131026 otherwise).
    pub on_whatsapp: Option<bool>,
    /// Is reached (only `sent` otherwise).
    pub online: Option<bool>,
    /// Reads and lets it be known.
    pub reads: Option<bool>,
    /// Has stopped marketing of every business (131050).
    pub opted_out: Option<bool>,
    /// Has blocked the business: messages stay `sent`.
    pub blocked: Option<bool>,
    /// Opens (24 hours) or closes the service window of `number`, or of all numbers.
    pub window_open: Option<bool>,
    /// Came from an advertisement: the first answer opens a free entry point.
    pub from_ad: Option<bool>,
    /// The number `window_open` and `from_ad` are about; all when absent.
    pub number: Option<ObjectId>,
    /// Name in the profile.
    pub name: Option<String>,
    /// Username; empty takes it away.
    pub username: Option<String>,
    /// Hides the phone number (needs a username).
    pub phone_hidden: Option<bool>,
    /// Identity key hash a send may ask for (137000).
    pub identity_hash: Option<String>,
}

/// A tap on a button.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tap {
    /// The message; the last with buttons when absent.
    pub wamid: Option<String>,
    /// The button's text, id or place (from 0); the first when absent.
    pub button: Option<String>,
}

/// International digits of a phone number.
pub(super) fn phone(text: &str) -> Result<u64, ControlError> {
    let digits: String = text.chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')')).collect();
    if !(7..=15).contains(&digits.len())
        || !digits.bytes().all(|b| b.is_ascii_digit())
        || digits.starts_with('0')
    {
        return Err(ControlError::Phone);
    }
    digits.parse().map_err(|_| ControlError::Phone)
}

pub(super) fn describe(e: &Inner, d: Described) -> Result<(), ControlError> {
    let user = phone(&d.phone)?;
    let directory = read(&e.directory);
    let places: Vec<u32> = match d.number {
        Some(id) => vec![directory.number_place(id.0).ok_or(ControlError::Unknown("phone number id"))?],
        None => (0..u32::try_from(directory.numbers.len()).unwrap_or(0)).collect(),
    };
    let now = e.ambient.now();
    let now_s = now.seconds();
    let comes_online = d.online == Some(true);
    e.users.change(user, |r| {
        r.on_whatsapp = d.on_whatsapp.or(r.on_whatsapp);
        r.online = d.online.or(r.online);
        r.reads = d.reads.or(r.reads);
        if let Some(out) = d.opted_out {
            r.opted_out = Some(out);
            r.stopped.clear();
            r.resumed.clear();
        }
        r.blocked = d.blocked.unwrap_or(r.blocked);
        for place in &places {
            if let Some(open) = d.window_open {
                r.open_window(*place, if open { now_s + 86_400 } else { 0 });
            }
            match d.from_ad {
                Some(true) => drop(r.from_ad.insert(*place)),
                Some(false) => drop(r.from_ad.remove(place)),
                None => {}
            }
        }
        r.name = d.name.or(r.name.take());
        if let Some(username) = d.username {
            r.username = Some(Some(username).filter(|u| !u.is_empty()));
        }
        r.phone_hidden = d.phone_hidden.or(r.phone_hidden);
        r.identity_hash = d.identity_hash.or(r.identity_hash.take());
    });
    if comes_online {
        deliver_waiting(e, user, now);
    }
    Ok(())
}

/// A user is online again: what still may be delivered is.
fn deliver_waiting(e: &Inner, user: u64, now: Timestamp) {
    let behaviour = e.behaviour();
    let reads = e.users.traits(&behaviour.population, user, 0, u32::MAX).reads;
    let kept = all_to(e, user);
    e.outbox.came_online(user, now, |message| {
        let mut draw = Draw::from(join(join(e.seed, user), message.serial));
        let mut wait = |(low, high)| draw.between(low, high);
        let plan =
            Plan::back_online(reads, wait(behaviour.statuses.delivered_ms), wait(behaviour.statuses.read_ms));
        if let Some(sent) = kept.iter().find(|s| s.serial == message.serial) {
            let _ = sent.later.set((now, plan));
        }
        plan
    });
}

/// The number meant: by id, or the first there is.
pub(crate) fn number(directory: &Directory, id: Option<u64>) -> Result<(&Number, u32), ControlError> {
    let place = match id {
        Some(id) => directory.number_place(id),
        None => directory.numbers.iter().find_map(|n| directory.number_place(n.id)),
    };
    let place = place.ok_or(ControlError::Unknown("phone number id"))?;
    Ok((&directory.numbers[place as usize], place))
}

/// The value of an inbound webhook.
#[derive(Serialize)]
struct Inbound<'m> {
    messaging_product: &'static str,
    metadata: Metadata,
    contacts: [Contact; 1],
    messages: [&'m Value; 1],
}

/// A user sends something: window, thread, webhook.
pub(crate) fn say(
    e: &Arc<Inner>,
    user: u64,
    to: Option<u64>,
    message: Value,
    reply_to: Option<&str>,
) -> Result<String, ControlError> {
    say_in(e, &read(&e.directory), user, to, message, reply_to)
}

/// As [`say`], for who reads the directory already.
pub(crate) fn say_in(
    e: &Inner,
    directory: &Directory,
    user: u64,
    to: Option<u64>,
    mut message: Value,
    reply_to: Option<&str>,
) -> Result<String, ControlError> {
    let kind = message["type"].as_str().unwrap_or_default().to_owned();
    if kind.is_empty() || !message.is_object() {
        return Err(ControlError::Invalid("a message needs a type and the object named like it".into()));
    }
    let part = &message[kind.as_str()];
    if !part.is_object() && !part.is_array() && !matches!(kind.as_str(), "request_welcome" | "unsupported") {
        return Err(ControlError::Invalid(format!("a message of type {kind} needs an object \"{kind}\"")));
    }
    // What is said in a group goes to the number that made it.
    let group = match message["group_id"].as_str() {
        None => None,
        Some(id) => {
            let inside = directory.groups.get(id).filter(|g| g.participants.contains(&user));
            Some(inside.ok_or(ControlError::Unknown("group this user is in"))?)
        }
    };
    let (number, place) = number(directory, group.map(|g| g.number).or(to))?;
    let now = e.ambient.now();
    keep_file(e, number, &kind, &mut message, now)?;
    let cards = message["contacts"].as_array();
    if cards.is_some_and(|all| all.iter().any(|card| card["origin"] == "contact_request")) {
        // The user has shared the phone number: it is known from now on.
        let portfolio = directory.wabas.get(&number.waba).map_or(0, |w| w.portfolio);
        let keep = e.behaviour().rules.contact_book;
        e.contact_book.spoke(portfolio, number.id, user, now.seconds(), keep);
    }
    let id = wamid::inbound(e.seed, user, e.serial.fetch_add(1, Ordering::Relaxed));
    let who = contact(e, directory, number, place, user);
    if let Some(wa_id) = who.wa_id() {
        message["from"] = json!(wa_id);
    }
    message["from_user_id"] = json!(who.user_id());
    message["id"] = json!(id);
    message["timestamp"] = json!(now.seconds().to_string());
    if let Some(to) = reply_to {
        message["context"] = json!({"from": number.digits.to_string(), "id": to});
    }
    e.users.change(user, |r| {
        match group {
            Some(group) => group.open_window(now.seconds() + 86_400),
            None => r.open_window(place, now.seconds() + 86_400),
        }
        r.say(Spoken::In { number: place, message: Arc::new(message.clone()) });
    });
    let value = Inbound {
        messaging_product: "whatsapp",
        metadata: Metadata::of(number),
        contacts: [who],
        messages: [&message],
    };
    let note = Note {
        number: Some(place),
        ..Note::account(number.waba, "messages", to_json(&value), now.seconds())
    };
    e.outbox.note(directory, note);
    Ok(id)
}

/// A file that comes with a user's message as base64 in `data` is kept; the webhook carries its id
/// and a link, as Meta's does.
fn keep_file(
    e: &Inner,
    number: &Number,
    kind: &str,
    message: &mut Value,
    now: Timestamp,
) -> Result<(), ControlError> {
    let Some(part) = message.get_mut(kind).and_then(Value::as_object_mut) else { return Ok(()) };
    let Some(data) = part.remove("data") else { return Ok(()) };
    let bytes = data.as_str().and_then(|d| STANDARD.decode(d).ok());
    let bytes = bytes.ok_or_else(|| ControlError::Invalid("data must be base64".into()))?;
    let mime = part.get("mime_type").and_then(Value::as_str).unwrap_or("application/octet-stream").to_owned();
    let name = part.get("filename").and_then(Value::as_str).map(str::to_owned);
    let file = File::new(number.id, &mime, name, bytes.into(), now.seconds() + RECEIVED_LIFE_S);
    let sha256 = STANDARD.encode(file.sha256);
    let id = lock(&e.media).receive(file);
    part.insert("id".into(), json!(id.to_string()));
    part.insert("mime_type".into(), json!(mime));
    part.insert("sha256".into(), json!(sha256));
    part.insert("url".into(), json!(media::link(e, &e.public_url, id, now.seconds() + media::LINK_LIFE_S)));
    Ok(())
}

/// A user taps: templates answer `button`, interactive messages `interactive`.
pub(super) fn tap(e: &Arc<Inner>, user: u64, tap: Tap) -> Result<String, ControlError> {
    let (sent, button, id) = {
        let directory = read(&e.directory);
        let mut sent = all_to(e, user);
        sent.reverse();
        let sent = sent
            .into_iter()
            .find(|s| match &tap.wamid {
                Some(id) => *id == wamid::outbound(e.seed, s.user, s.serial),
                None => !s.buttons(&directory).is_empty(),
            })
            .ok_or(ControlError::Unknown("message with buttons"))?;
        let buttons = sent.buttons(&directory);
        let wanted = tap.button.as_deref();
        let found = buttons.iter().enumerate().find(|(i, b)| {
            wanted.is_none_or(|w| b["text"] == w || b["id"] == w || b["payload"] == w || w.parse() == Ok(*i))
        });
        let button = found.map(|(_, b)| b.clone()).ok_or_else(|| {
            let names: Vec<&str> = buttons.iter().filter_map(|b| b["text"].as_str()).collect();
            ControlError::Button(names.join(", "))
        })?;
        let id = directory.numbers.get(sent.number as usize).map(|n| n.id);
        (sent, button, id)
    };
    let kind = button["kind"].as_str();
    if let (true, Some(kind)) = (sent.template != 0, kind) {
        let label = button["text"].as_str().unwrap_or_default();
        let clicked = match kind {
            "quick_reply" => Some("quick_reply_button"),
            "url" => Some("unique_url_button"),
            _ => None,
        };
        if let Some(clicked) = clicked {
            let now_s = e.ambient.now().seconds();
            e.outbox.lock().counts.click(now_s, user, sent.template, clicked, label);
        }
    }
    let message = match kind {
        // It opens something on the phone and tells the business nothing.
        Some("url" | "phone" | "copy_code") => return Ok(String::new()),
        Some("quick_reply") => {
            json!({"type": "button", "button": {"payload": button["payload"], "text": button["text"]}})
        }
        Some("reply") => {
            json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": button["id"], "title": button["text"]}}})
        }
        Some("row") => {
            let mut row = json!({"id": button["id"], "title": button["text"]});
            if button["description"].is_string() {
                row["description"] = button["description"].clone();
            }
            json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}})
        }
        Some("send_location") => {
            json!({"type": "location", "location": {"latitude": 6.9271, "longitude": 79.8612, "name": "Colombo"}})
        }
        Some("share_contact") => {
            json!({"type": "contacts", "contacts": [{"origin": "contact_request", "phones": [{"phone": format!("+{user}"), "wa_id": user.to_string(), "type": "MOBILE"}]}]})
        }
        Some("flow") => {
            let response = json!({"flow_token": button["flow_token"].as_str().unwrap_or("unused")});
            json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": response.to_string()}}})
        }
        Some("call_permission") => {
            let number = id.ok_or(ControlError::Unknown("phone number id"))?;
            let which = button["id"].as_str().unwrap_or_default();
            calling::answer_request(e, user, number, sent.accepted.seconds(), which)?
        }
        Some("pay") => {
            let reference_id = button["reference_id"].as_str().map(str::to_owned);
            let step = PaymentStep { to: id.map(ObjectId), reference_id, ..PaymentStep::default() };
            payments::pay(e, user, &step)?;
            return Ok(String::new());
        }
        Some("voice_call") => {
            return calling::start(e, user, id, button["payload"].as_str().map(str::to_owned));
        }
        kind => {
            return Err(ControlError::Invalid(format!(
                "a tap on a {} button sends nothing",
                kind.unwrap_or("plain")
            )));
        }
    };
    say(e, user, id, message, Some(&wamid::outbound(e.seed, sent.user, sent.serial)))
}

/// A user stops or resumes marketing: the preference and its webhook.
pub(super) fn stop(e: &Arc<Inner>, user: u64, of: Option<u64>, stop: bool) -> Result<(), ControlError> {
    let directory = read(&e.directory);
    let (number, place) = number(&directory, of)?;
    e.users.change(user, |r| {
        let (to, from) =
            if stop { (&mut r.stopped, &mut r.resumed) } else { (&mut r.resumed, &mut r.stopped) };
        to.insert(number.waba);
        from.remove(&number.waba);
    });
    let now_s = e.ambient.now().seconds();
    let who = contact(e, &directory, number, place, user);
    let (value, detail) = if stop {
        ("stop", "User requested to stop marketing messages")
    } else {
        ("resume", "User requested to resume marketing messages")
    };
    let mut preference = json!({"user_id": who.user_id(), "detail": detail, "category": "marketing_messages", "value": value, "timestamp": now_s});
    if let Some(wa_id) = who.wa_id() {
        preference["wa_id"] = json!(wa_id);
    }
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": Metadata::of(number),
        "contacts": [who],
        "user_preferences": [preference],
    });
    let note = Note {
        number: Some(place),
        ..Note::account(number.waba, "user_preferences", to_json(&value), now_s)
    };
    e.outbox.note(&directory, note);
    Ok(())
}

/// Every message kept that a user got, oldest first.
pub(crate) fn all_to(e: &Inner, user: u64) -> Vec<Arc<Sent>> {
    let mut all = e.recent.to(user);
    let thread = e.users.peek(user, |r| {
        r.thread
            .iter()
            .filter_map(|s| if let Spoken::Out(s) = s { Some(s.clone()) } else { None })
            .collect::<Vec<_>>()
    });
    all.extend(thread.unwrap_or_default());
    all.sort_by_key(|s| s.serial);
    all.dedup_by_key(|s| s.serial);
    all
}

/// Everything known of a user.
pub(super) fn view(e: &Inner, user: u64) -> Result<Value, ControlError> {
    let directory = read(&e.directory);
    let behaviour = e.behaviour();
    let now = e.ambient.now();
    let typing = e.users.peek(user, |r| r.typing).flatten();
    let numbers: Vec<Value> = directory
        .numbers
        .iter()
        .zip(0_u32..)
        .map(|(n, place)| {
            let t = e.users.traits(&behaviour.population, user, n.waba, place);
            json!({
                "phone_number_id": n.id.to_string(), "display_phone_number": n.display, "verified_name": n.verified_name,
                "window_until": t.window_until, "window_open": t.window_until > now.seconds(),
                "free_until": t.free_until, "opted_out": t.opted_out,
                "shop": commerce::shown(&directory, n),
                "typing": typing.is_some_and(|(of, until)| of == place && until > now.seconds()),
                "user_id": users::bsuid(e.seed, directory.wabas.get(&n.waba).map_or(0, |w| w.portfolio), user, t.generation),
            })
        })
        .collect();
    let t = e.users.traits(&behaviour.population, user, 0, u32::MAX);
    let mut thread: Vec<(i64, u64, Value)> =
        all_to(e, user).iter().map(|s| (s.accepted.0, s.serial, s.json(e, &directory, now))).collect();
    let said = e.users.peek(user, |r| r.thread.iter().cloned().collect::<Vec<_>>()).unwrap_or_default();
    for s in said {
        if let Spoken::In { number, message } = s {
            let at: i64 = message["timestamp"].as_str().and_then(|t| t.parse().ok()).unwrap_or_default();
            let serial =
                message["id"].as_str().and_then(|id| wamid::parse(e.seed, id)).map_or(0, |p| p.serial);
            let number = directory.numbers.get(number as usize).map(|n| n.id.to_string());
            let row = json!({"id": message["id"], "direction": "from_user", "at": at, "type": message["type"],
                "phone_number_id": number, "message": *message});
            thread.push((at * 1_000_000, serial, row));
        }
    }
    thread.sort_by_key(|(_, serial, _)| *serial);
    Ok(json!({
        "phone": user.to_string(),
        "name": e.users.name(user),
        "username": t.has_username.then(|| e.users.username(user)),
        "phone_hidden": t.phone_hidden,
        "country": users::country(&user.to_string()),
        "on_whatsapp": t.on_whatsapp,
        "online": t.online,
        "reads": t.reads,
        "blocked": t.blocked,
        "numbers": numbers,
        "thread": thread.into_iter().map(|(.., row)| row).collect::<Vec<_>>(),
    }))
}

/// Users who have read something may answer it or stop marketing, by the population's habits.
pub(crate) fn react(e: &Arc<Inner>, reads: Vec<(u64, u32, u64, Category)>, now: Timestamp) {
    let behaviour = e.behaviour();
    let habits = &behaviour.population;
    if habits.replies <= 0.0 && habits.stops <= 0.0 {
        return;
    }
    for (user, number, serial, category) in reads {
        let mut draw = Draw::from(join(join(e.seed, user), serial));
        let stop = category == Category::Marketing && draw.chance(habits.stops);
        if stop || draw.chance(habits.replies) {
            let at = now.plus(Duration::from_millis(draw.between(1_000, 60_000)));
            e.outbox.task(at, Task::Reaction { user, number, serial, stop });
        }
    }
}

/// The answer of a user who reacts by habit: a button if there is one, else a few words.
pub(crate) fn answer_read(e: &Arc<Inner>, user: u64, place: u32, serial: u64, stop_it: bool) {
    let id = read(&e.directory).numbers.get(place as usize).map(|n| n.id);
    if stop_it {
        let _ = stop(e, user, id, true);
        return;
    }
    const WORDS: &[&str] =
        &["Thank you!", "Is this still available?", "Yes please", "How much is it?", "Ok 👍", "ස්තුතියි"];
    let mut draw = Draw::from(join(join(!e.seed, user), serial));
    let wamid = wamid::outbound(e.seed, user, serial);
    if draw.chance(0.5) && tap(e, user, Tap { wamid: Some(wamid.clone()), button: None }).is_ok() {
        return;
    }
    let words = WORDS[draw.next() as usize % WORDS.len()];
    let _ = say(e, user, id, json!({"type": "text", "text": {"body": words}}), None);
}
