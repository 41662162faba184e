//! `POST /{phone_number_id}/calls`: what a business does with calls.

use super::{
    line::{PhoneCall, Stage},
    tell,
};
use crate::{
    Inner,
    chance::{Draw, join},
    directory::{Directory, Number},
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, call::text},
    messages,
    settings::Behaviour,
    sync::{lock, read},
    webhooks::Task,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tisara_domain::{Duration, Timestamp};

/// Meta: the longest `biz_opaque_callback_data`.
const LONGEST_CALLBACK: usize = 512;

/// Whether a part of the number's calling settings is ENABLED.
pub(super) fn is_on(number: &Number, pointer: &str) -> bool {
    number.settings.get("calling").and_then(|c| c.pointer(pointer)).is_some_and(|s| s == "ENABLED")
}

/// Meta: calling is off until it is enabled on the number (138000).
pub(super) fn enabled(behaviour: &Behaviour, number: &Number) -> Outcome<()> {
    if !behaviour.calling.checked || is_on(number, "/status") {
        return Ok(());
    }
    Err(GraphError::new(138_000).details("Calling is not enabled on this number: enable it in its settings."))
}

/// Answers an action on a call.
pub(crate) async fn act(e: &Arc<Inner>, call: &Call, id: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let d = read(&e.directory);
    let now = e.ambient.now();
    let grant = Grant::of(&d, call, now)?;
    let number = d.number(id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Messaging, number.waba)?;
    if text(&p, "messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    let behaviour = e.behaviour();
    enabled(&behaviour, number)?;
    if is_on(number, "/sip/status") {
        return Err(GraphError::invalid("With SIP enabled on the number calls are signalled by SIP only."));
    }
    let callback = text(&p, "biz_opaque_callback_data");
    if callback.as_ref().is_some_and(|c| c.chars().count() > LONGEST_CALLBACK) {
        let why = format!("biz_opaque_callback_data must be at most {LONGEST_CALLBACK} characters long.");
        return Err(GraphError::invalid(why));
    }
    match text(&p, "action").as_deref() {
        Some("connect") => connect(e, &behaviour, &d, number, &p, callback, now),
        Some(action @ ("pre_accept" | "accept" | "reject" | "terminate")) => {
            answer(e, &d, number, &p, action, callback, now)
        }
        Some(other) => Err(GraphError::invalid(format!(
            "action \"{other}\" must be connect, pre_accept, accept, reject or terminate"
        ))),
        None => Err(GraphError::required("action")),
    }
}

/// A session description of the kind that is due.
fn session(p: &Map<String, Value>, kind: &str, required: bool) -> Outcome<()> {
    let session = match p.get("session") {
        None if required => return Err(GraphError::required("session")),
        None => return Ok(()),
        Some(session) => session,
    };
    if session["sdp_type"] != kind {
        return Err(GraphError::invalid(format!("session.sdp_type must be \"{kind}\"")));
    }
    let sdp = session["sdp"].as_str().unwrap_or_default();
    // RFC 8866: v=, o=, s= and t= open every description; without m= there is nothing to hear.
    for line in ["v=0", "o=", "s=", "t=", "m=audio"] {
        if !sdp.lines().any(|l| l.trim().starts_with(line)) {
            return Err(GraphError::invalid(format!("SDP Validation error: session.sdp has no line {line}")));
        }
    }
    Ok(())
}

fn connect(
    e: &Arc<Inner>,
    behaviour: &Behaviour,
    d: &Directory,
    number: &Number,
    p: &Map<String, Value>,
    callback: Option<String>,
    now: Timestamp,
) -> Outcome<Reply> {
    let (to, recipient) = (text(p, "to"), text(p, "recipient"));
    let (user, to_bsuid) = messages::person(e, behaviour, d, number, to.as_deref(), recipient.as_deref())?;
    session(p, "offer", true)?;
    let rules = &behaviour.calling;
    let place = d.number_place(number.id).unwrap_or(u32::MAX);
    let traits = e.users.traits(&behaviour.population, user, number.waba, place);
    if !traits.on_whatsapp {
        return Err(GraphError::new(138_001).details("The recipient is not on WhatsApp."));
    }
    let now_s = now.seconds();
    let mut lines = lock(&e.lines);
    if !lines.pair(number.id, user).permitted(now_s) {
        return Err(GraphError::new(138_006).details("The recipient has not permitted calls of this number."));
    }
    if lines.under_way(number.id).any(|c| c.user == user) {
        return Err(GraphError::new(138_003).details("A call with this recipient is under way."));
    }
    if lines.under_way(number.id).count() >= rules.concurrent {
        return Err(GraphError::new(138_002).details(format!("{} calls are under way.", rules.concurrent)));
    }
    let limit = lines.pair(number.id, user).call_limit(rules, now_s);
    if limit.used >= limit.most {
        return Err(GraphError::new(138_012).details(format!(
            "The recipient has taken {} calls in 24 hours; the next is allowed at {}.",
            limit.used, limit.free_s
        )));
    }
    let id = lines.new_id(e.seed, user);
    let call = PhoneCall {
        id: id.clone(),
        number: number.id,
        user,
        by_business: true,
        to_bsuid,
        stage: Stage::Calling,
        callback,
        payload: None,
    };
    tell::connect(e, d, &call, now);
    lines.put(call);
    drop(lines);
    if traits.online && !traits.blocked {
        let mut draw = Draw::from(join(e.seed, crate::chance::hash(1, id.as_bytes())));
        let ring = draw.between(rules.ring_ms.0, rules.ring_ms.1);
        e.outbox.task(now.plus(Duration::from_millis(ring)), Task::Ring { call: id.as_str().into() });
    } else {
        let at = now.plus(Duration::from_millis(rules.missed_after_ms));
        e.outbox.task(at, Task::Missed { call: id.as_str().into() });
    }
    Ok(Reply::json(&json!({"messaging_product": "whatsapp", "calls": [{"id": id}]})))
}

/// An action on a call of a user, or the end of any call.
fn answer(
    e: &Arc<Inner>,
    d: &Directory,
    number: &Number,
    p: &Map<String, Value>,
    action: &str,
    callback: Option<String>,
    now: Timestamp,
) -> Outcome<Reply> {
    let call_id = text(p, "call_id").ok_or_else(|| GraphError::required("call_id"))?;
    let mut lines = lock(&e.lines);
    let known = lines.calls.get(&call_id).filter(|c| c.number == number.id);
    let Some(call) = known.cloned() else {
        return Err(GraphError::invalid(format!("call_id {call_id} is no call of this number.")));
    };
    let wrong = |why: &str| Err(GraphError::invalid(format!("The call {call_id} {why}.")));
    match (action, call.stage) {
        (_, Stage::Ended) => return wrong("has ended"),
        ("pre_accept" | "accept" | "reject", _) if call.by_business => {
            return wrong("was made by the business itself");
        }
        ("pre_accept", Stage::Ringing) => {
            session(p, "answer", true)?;
            set(&mut lines, &call_id, Stage::PreAccepted, callback);
        }
        ("accept", Stage::Ringing | Stage::PreAccepted) => {
            session(p, "answer", call.stage == Stage::Ringing)?;
            set(&mut lines, &call_id, Stage::Accepted(now.seconds()), callback);
            lines.pair(number.id, call.user).took(false, now.seconds());
        }
        ("reject", Stage::Ringing | Stage::PreAccepted) | ("terminate", _) => {
            set(&mut lines, &call_id, Stage::Ended, None);
            tell::terminate(e, d, &call, None, now);
        }
        _ => return wrong("is taken already"),
    }
    Ok(Reply::json(&json!({"messaging_product": "whatsapp", "success": true})))
}

fn set(lines: &mut super::Lines, id: &str, stage: Stage, callback: Option<String>) {
    if let Some(call) = lines.calls.get_mut(id) {
        call.stage = stage;
        call.callback = callback.or(call.callback.take());
    }
}

/// `GET /{phone_number_id}/call_permissions?user_wa_id=` (or `recipient=`).
pub(crate) fn permissions(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let now = e.ambient.now();
    let grant = Grant::of(&d, call, now)?;
    let number = d.number(id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Messaging, number.waba)?;
    let behaviour = e.behaviour();
    enabled(&behaviour, number)?;
    let (phone, bsuid) = (call.query("user_wa_id"), call.query("recipient"));
    if phone.is_none() && bsuid.is_none() {
        return Err(GraphError::required("user_wa_id"));
    }
    let mut lines = lock(&e.lines);
    let asked = lines.asked.entry(id).or_default();
    while asked.front().is_some_and(|at| *at <= now.0 - 1_000_000) {
        asked.pop_front();
    }
    let most = behaviour.calling.questions_per_second;
    if asked.len() >= most {
        return Err(
            GraphError::new(613).details(format!("More than {most} questions were asked within a second."))
        );
    }
    asked.push_back(now.0);
    let phone = phone.map(|p| format!("+{}", p.trim_start_matches('+')));
    let (user, _) = messages::person(e, &behaviour, &d, number, phone.as_deref(), bsuid)?;
    let now_s = now.seconds();
    let place = d.number_place(id).unwrap_or(u32::MAX);
    let callable = e.users.traits(&behaviour.population, user, number.waba, place).on_whatsapp;
    let pair = lines.pair(id, user);
    let permission = match pair.permitted_until {
        i64::MAX if callable => json!({"status": "permanent"}),
        until if until > now_s && callable => json!({"status": "temporary", "expiration_time": until}),
        _ => json!({"status": "no_permission"}),
    };
    let limits = pair.request_limits(&behaviour.calling, now_s);
    let may_ask = limits.iter().all(|l| l.used < l.most) && pair.permitted_until != i64::MAX;
    let calls = pair.call_limit(&behaviour.calling, now_s);
    let may_call = pair.permitted(now_s) && callable && calls.used < calls.most;
    let row = |l: &super::line::Limit| {
        let mut row = json!({"time_period": l.period, "max_allowed": l.most, "current_usage": l.used});
        if l.used >= l.most {
            row["limit_expiration_time"] = json!(l.free_s);
        }
        row
    };
    Ok(Reply::json(&json!({"messaging_product": "whatsapp", "permission": permission, "actions": [
        {"action_name": "send_call_permission_request", "can_perform_action": may_ask, "limits": limits.iter().map(row).collect::<Vec<_>>()},
        {"action_name": "start_call", "can_perform_action": may_call, "limits": [row(&calls)]},
    ]})))
}
