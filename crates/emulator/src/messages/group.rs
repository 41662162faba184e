//! A message to a group: one acceptance, and a fate for each participant, told in aggregated statuses.

use super::{
    accept::{Valid, check_template, form_part, sendable},
    body::{Envelope, Kind, Text},
    free_form::{self, Checked},
    recipient::Recipient,
    sent::Sent,
    wamid,
};
use crate::{
    Inner,
    chance::{Draw, hash, join},
    directory::{Directory, Number},
    graph::{GraphError, Outcome, Reply, find_code},
    groups::Group,
    report::Accepted,
    settings::Behaviour,
    sync::{read, write},
    templates::Category,
    users::Spoken,
    webhooks::{Facts, Metadata, Note, Plan, Status, Task, contact, to_json},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tisara_domain::{Duration, Timestamp};

/// Meta: what a group can be sent.
const KINDS: [Kind; 8] = [
    Kind::Text,
    Kind::Image,
    Kind::Video,
    Kind::Audio,
    Kind::Document,
    Kind::Sticker,
    Kind::Template,
    Kind::Pin,
];
/// Meta: pinned messages at once.
const PINS: usize = 3;

/// Checks and accepts; the caller holds the directory.
pub(super) fn accept(
    e: &Arc<Inner>,
    behaviour: &Behaviour,
    d: &Directory,
    (number, place): (&Number, u32),
    body: &Envelope<'_>,
    fail_later: Option<u32>,
) -> Outcome<Reply> {
    let now = e.ambient.now();
    let (kind, raw) = form_part(body)?;
    sendable(number)?;
    let to = body.to.as_ref().map(Text::as_str).ok_or_else(|| GraphError::required("to"))?;
    let group = d.groups.get(to).filter(|g| g.number == number.id);
    let group = group.ok_or_else(|| GraphError::new(131_041).details("The group was not found."))?;
    if group.suspended {
        return Err(GraphError::new(131_207).details("The group is suspended."));
    }
    if group.participants.is_empty() {
        return Err(GraphError::new(131_020).details("Nobody has joined the group yet."));
    }
    if !KINDS.contains(&kind) {
        return Err(GraphError::new(131_051)
            .details(format!("Message type \"{}\" is not supported in groups.", kind.name())));
    }
    let to = Recipient { user: group.serial, input: group.id.clone(), bsuid: false };
    let (template, checked) = match kind {
        Kind::Template => {
            let (t, checked) = check_template(e, behaviour, d, (number, false), raw, &to)?;
            if t.category == Category::Authentication {
                let why = "Authentication templates are not supported in groups.";
                return Err(GraphError::new(131_009).details(why));
            }
            (Some(t), checked)
        }
        Kind::Pin => (None, pin(e, group, raw)?),
        _ => (None, free_form::check(kind, raw, behaviour.rules.field_limits)?),
    };
    number.take(&behaviour.pace, group.serial, now).map_err(super::accept::too_fast)?;
    let callback = body.biz_opaque_callback_data.as_ref().map(Text::as_str);
    let valid = Valid { kind, raw, to, template, checked, callback, marketing: false };
    Ok(take(e, behaviour, d, (number, place), group, &valid, body, fail_later, now))
}

/// Meta: 1 to 30 days; the pinned message must be one of this group.
fn pin(e: &Inner, group: &Group, raw: &str) -> Outcome<Checked> {
    let v: Value = serde_json::from_str(raw).map_err(|e| GraphError::invalid(format!("pin: {e}")))?;
    let id = v["message_id"].as_str().ok_or_else(|| free_form::missing("pin.message_id"))?;
    let days = v["expiration_days"].as_i64().or_else(|| v["expiration_days"].as_str()?.parse().ok());
    match v["type"].as_str() {
        Some("pin") if !days.is_some_and(|d| (1..=30).contains(&d)) => {
            return Err(GraphError::new(131_009).details("pin.expiration_days must be 1 to 30"));
        }
        Some("pin" | "unpin") => {}
        _ => return Err(GraphError::new(131_009).details("pin.type must be pin or unpin")),
    }
    let known = wamid::parse(e.seed, id)
        .is_some_and(|p| p.user == group.serial || group.participants.contains(&p.user));
    if !known {
        return Err(GraphError::new(131_009).details("pin.message_id is no message of this group"));
    }
    Ok(Checked::default())
}

#[expect(clippy::too_many_arguments, reason = "one caller, every part needed")]
fn take(
    e: &Arc<Inner>,
    behaviour: &Behaviour,
    d: &Directory,
    (number, place): (&Number, u32),
    group: &Group,
    valid: &Valid<'_, '_>,
    body: &Envelope<'_>,
    fail_later: Option<u32>,
    now: Timestamp,
) -> Reply {
    let serial = e.serial.fetch_add(1, Ordering::Relaxed);
    let category = valid.template.map_or(Category::Service, |t| t.category);
    let content_hash = hash(join(number.id, group.serial), valid.raw.as_bytes());
    let in_window = group.window_open(now.seconds());
    let before = e.ledger.times_accepted(content_hash);
    let fate = join(join(e.seed, content_hash), u64::from(before));
    let closed =
        valid.template.is_none() && valid.kind != Kind::Pin && behaviour.rules.closed_window && !in_window;
    let error = fail_later.or_else(|| closed.then_some(131_047));
    e.ledger.accepted(
        &behaviour.identity,
        &Accepted {
            number: number.id,
            user: group.serial,
            callback: valid.callback,
            content_hash,
            fails: error.is_some(),
        },
    );
    let id = wamid::outbound(e.seed, group.serial, serial);
    let tells =
        Tells { e, d, number, place, group, id: &id, callback: valid.callback, category, in_window, now };
    let plans: Vec<(u64, Plan)> = group
        .participants
        .iter()
        .map(|user| {
            (
                *user,
                plan(
                    e,
                    behaviour,
                    number,
                    place,
                    *user,
                    category,
                    valid.kind,
                    Draw::from(join(fate, *user)),
                    now,
                ),
            )
        })
        .collect();
    let shown = match error {
        Some(code) => {
            tells.failed(code, behaviour.statuses.failed_ms.0);
            Plan::failure(code, behaviour.statuses.failed_ms.0)
        }
        None => {
            tells.all(&plans);
            plans.first().map_or(Plan::EMPTY, |(_, p)| *p)
        }
    };
    if valid.kind == Kind::Pin {
        e.outbox.task(now, Task::Pin { group: group.id.as_str().into(), pin: valid.raw.into() });
    }
    let sent = Arc::new(Sent {
        serial,
        user: group.serial,
        number: place,
        kind: valid.kind.name(),
        content: valid.raw.into(),
        template: valid.template.map_or(0, |t| t.id),
        accepted: now,
        plan: shown,
        held: false,
        released: AtomicI64::new(0),
        later: std::sync::OnceLock::new(),
        callback: valid.callback.map(Box::from),
        reply_to: body.context.as_ref().and_then(|c| c.message_id.as_ref()).map(|t| t.as_str().into()),
        group: Some(group.id.as_str().into()),
    });
    for user in &group.participants {
        e.users.change(*user, |r| r.say(Spoken::Out(sent.clone())));
    }
    if e.recent.keeps() {
        e.recent.push(sent);
    }
    Reply::json(&json!({"messaging_product": "whatsapp",
        "contacts": [{"input": group.id, "wa_id": group.id}], "messages": [{"id": id, "group_id": group.id}]}))
}

/// What becomes of the message on one participant's phone.
#[expect(clippy::too_many_arguments, reason = "one caller, every part needed")]
fn plan(
    e: &Inner,
    behaviour: &Behaviour,
    number: &Number,
    place: u32,
    user: u64,
    category: Category,
    kind: Kind,
    draw: Draw,
    now: Timestamp,
) -> Plan {
    let mut traits = e.users.traits(&behaviour.population, user, number.waba, place);
    // The group's window counts, and was looked at already.
    traits.window_until = i64::MAX;
    traits.reads &= kind != Kind::Pin;
    let facts = Facts {
        user: traits,
        category,
        now_s: now.seconds(),
        life_s: crate::templates::LONGEST_LIFE_S,
        to_us: false,
        reaction: false,
        voice: false,
        bad_target: false,
        identity_changed: false,
        broken_media: false,
        no_payment: false,
        over_user_cap: false,
        over_limit: false,
        fault: None,
    };
    facts.plan(behaviour, draw)
}

/// The statuses of one group message.
struct Tells<'m> {
    e: &'m Arc<Inner>,
    d: &'m Directory,
    number: &'m Number,
    place: u32,
    group: &'m Group,
    id: &'m str,
    callback: Option<&'m str>,
    category: Category,
    in_window: bool,
    now: Timestamp,
}

impl Tells<'_> {
    /// Meta: one `sent`; then one webhook for all who got it, and one for all who read it.
    fn all(&self, plans: &[(u64, Plan)]) {
        let first =
            plans.iter().filter_map(|(_, p)| p.steps().next()).map(|s| s.after_ms).min().unwrap_or(100);
        self.later(first, vec![self.row("sent", first)], None);
        for status in [Status::Delivered, Status::Read] {
            let mut reached: Vec<(u32, u64, bool)> = plans
                .iter()
                .filter(|(_, p)| !p.fails())
                .filter_map(|(user, p)| {
                    let step = p.steps().find(|s| s.status == status)?;
                    Some((step.after_ms, *user, p.priced(status)))
                })
                .collect();
            reached.sort_unstable();
            let Some((last, ..)) = reached.last().copied() else { continue };
            let rows =
                reached.iter().map(|(at, user, priced)| self.participant(status.name(), *at, *user, *priced));
            let people = reached.iter().map(|(_, user, _)| *user).collect();
            self.later(last, rows.collect(), Some(people));
        }
    }

    fn failed(&self, code: u32, after_ms: u64) {
        let after = u32::try_from(after_ms).unwrap_or(u32::MAX);
        let mut row = self.row("failed", after);
        let title = find_code(i64::from(code)).title;
        row["errors"] = json!([{"code": code, "title": title, "message": title, "error_data": {"details": title},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}]);
        self.later(after, vec![row], None);
    }

    fn at(&self, after_ms: u32) -> Timestamp {
        self.now.plus(Duration::from_millis(after_ms.into()))
    }

    fn row(&self, status: &str, after_ms: u32) -> Value {
        let mut row = json!({"id": self.id, "status": status, "timestamp": self.at(after_ms).seconds().to_string(),
            "recipient_id": self.group.id, "recipient_type": "group"});
        if let Some(data) = self.callback {
            row["biz_opaque_callback_data"] = json!(data);
        }
        row
    }

    fn participant(&self, status: &str, after_ms: u32, user: u64, priced: bool) -> Value {
        let mut row = self.row(status, after_ms);
        let who = contact(self.e, self.d, self.number, self.place, user);
        if let Some(wa_id) = who.wa_id() {
            row["recipient_participant_id"] = json!(wa_id);
        }
        row["recipient_participant_user_id"] = json!(who.user_id());
        if priced {
            let free = self.category == Category::Service || self.in_window;
            row["pricing"] = json!({"billable": !free, "pricing_model": "PMP", "category": format!("group_{}", self.category.name()),
                "type": if free { "free_customer_service" } else { "regular" }});
        }
        row
    }

    fn later(&self, after_ms: u32, rows: Vec<Value>, people: Option<Vec<u64>>) {
        let mut value =
            json!({"messaging_product": "whatsapp", "metadata": Metadata::of(self.number), "statuses": rows});
        if let Some(people) = people {
            let contacts: Vec<_> =
                people.into_iter().map(|u| contact(self.e, self.d, self.number, self.place, u)).collect();
            value["contacts"] = json!(contacts);
        }
        let at = self.at(after_ms);
        let note = Note {
            number: Some(self.place),
            ..Note::account(self.number.waba, "messages", to_json(&value), at.seconds())
        };
        self.e.outbox.task(at, Task::Tell(Arc::new(note)));
    }
}

/// A message is pinned or unpinned; the fourth pin takes the oldest away.
pub(crate) fn pinned(e: &Inner, group: &str, pin: &str, now: Timestamp) {
    let v: Value = serde_json::from_str(pin).unwrap_or_default();
    let id = v["message_id"].as_str().unwrap_or_default().to_owned();
    let days =
        v["expiration_days"].as_i64().or_else(|| v["expiration_days"].as_str()?.parse().ok()).unwrap_or(0);
    let mut d = write(&e.directory);
    let Some(group) = d.groups.get_mut(group) else { return };
    group.pins.retain(|(pinned, until)| *pinned != id && *until > now.seconds());
    if v["type"] == "pin" {
        if group.pins.len() >= PINS {
            group.pins.remove(0);
        }
        group.pins.push((id, now.seconds() + days * 86_400));
    }
}

/// Tells what was planned for this moment.
pub(crate) fn tell(e: &Inner, note: Arc<Note>) {
    e.outbox.note_shared(&read(&e.directory), note);
}
