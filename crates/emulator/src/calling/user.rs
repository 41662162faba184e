//! What users do with calls: they call, pick up, refuse, hang up, permit and forbid.

use super::{
    business::{enabled, is_on},
    line::{PhoneCall, Stage, TEMPORARY_S},
    tell,
};
use crate::{
    Inner,
    chance::{Draw, hash, join},
    control::{self, ControlError},
    directory::{Directory, Number},
    settings::ObjectId,
    sync::{lock, read},
    webhooks::Task,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tisara_domain::{Duration, Timestamp};

/// What a user does with a call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallStep {
    /// `call`, `accept`, `reject`, `hang_up`, `permit` or `forbid`; `call` when absent.
    pub action: Option<String>,
    /// The business number; the first when absent.
    pub to: Option<ObjectId>,
    /// The call meant; the one under way when absent.
    pub call_id: Option<String>,
    /// With `permit`: for good, instead of for seven days.
    pub permanent: bool,
}

/// Does one step; gives the call and where it stands.
pub(crate) fn step(e: &Arc<Inner>, user: u64, step: &CallStep) -> Result<Value, ControlError> {
    let now = e.ambient.now();
    match step.action.as_deref().unwrap_or("call") {
        "call" => {
            let id = start(e, user, step.to.map(|n| n.0), None)?;
            Ok(json!({"id": id, "state": "ringing"}))
        }
        "accept" => {
            let call = of(e, user, step)?;
            if !call.by_business || call.stage != Stage::Ringing {
                return Err(ControlError::Invalid("no call of a business rings on this phone".into()));
            }
            picked_up(e, &call.id, now);
            Ok(json!({"id": call.id, "state": "accepted"}))
        }
        "reject" => {
            let call = of(e, user, step)?;
            if !call.by_business || matches!(call.stage, Stage::Accepted(_)) {
                return Err(ControlError::Invalid(
                    "only a call of a business that rings can be refused".into(),
                ));
            }
            let d = read(&e.directory);
            tell::status(e, &d, &call, "REJECTED", now);
            end(e, &d, &call, None, now);
            Ok(json!({"id": call.id, "state": "rejected"}))
        }
        "hang_up" => {
            let call = of(e, user, step)?;
            let d = read(&e.directory);
            end(e, &d, &call, None, now);
            Ok(json!({"id": call.id, "state": "ended"}))
        }
        action @ ("permit" | "forbid") => {
            let d = read(&e.directory);
            let (number, _) = control::number(&d, step.to.map(|n| n.0))?;
            let until = match (action, step.permanent) {
                ("forbid", _) => 0,
                (_, true) => i64::MAX,
                _ => now.seconds() + TEMPORARY_S,
            };
            lock(&e.lines).pair(number.id, user).permitted_until = until;
            Ok(json!({"success": true}))
        }
        other => {
            let words = "call, accept, reject, hang_up, permit or forbid";
            Err(ControlError::Invalid(format!("\"{other}\": a user can {words}")))
        }
    }
}

fn of(e: &Inner, user: u64, step: &CallStep) -> Result<PhoneCall, ControlError> {
    lock(&e.lines)
        .of_user(user, step.call_id.as_deref())
        .cloned()
        .ok_or(ControlError::Unknown("call under way"))
}

/// The user calls a business number: the window opens, the business is told and may take the call.
pub(crate) fn start(
    e: &Arc<Inner>,
    user: u64,
    to: Option<u64>,
    payload: Option<String>,
) -> Result<String, ControlError> {
    let now = e.ambient.now();
    let d = read(&e.directory);
    let (number, place) = control::number(&d, to)?;
    let behaviour = e.behaviour();
    if enabled(&behaviour, number).is_err() {
        return Err(ControlError::Invalid(
            "the business cannot be called: calling is not enabled on its number".into(),
        ));
    }
    let mut lines = lock(&e.lines);
    if lines.of_user(user, None).is_some() {
        return Err(ControlError::Invalid("this user has a call under way".into()));
    }
    let id = lines.new_id(e.seed, user);
    let call = PhoneCall {
        id: id.clone(),
        number: number.id,
        user,
        by_business: false,
        to_bsuid: false,
        stage: Stage::Ringing,
        callback: None,
        payload,
    };
    tell::connect(e, &d, &call, now);
    lines.put(call);
    drop(lines);
    // Meta: a call opens the window, also one that nobody takes.
    e.users.change(user, |r| r.open_window(place, now.seconds() + 86_400));
    let at = now.plus(Duration::from_millis(behaviour.calling.missed_after_ms));
    e.outbox.task(at, Task::Missed { call: id.as_str().into() });
    Ok(id)
}

/// The phone of a called user rings.
pub(crate) fn ring(e: &Arc<Inner>, id: &str, now: Timestamp) {
    let behaviour = e.behaviour();
    let call = {
        let mut lines = lock(&e.lines);
        let Some(call) = lines.calls.get_mut(id).filter(|c| c.stage == Stage::Calling) else { return };
        call.stage = Stage::Ringing;
        call.clone()
    };
    tell::status(e, &read(&e.directory), &call, "RINGING", now);
    let rules = &behaviour.calling;
    let mut draw = Draw::from(join(e.seed, hash(2, id.as_bytes())));
    let answers = draw.chance(rules.answers);
    let (after, task) = if answers {
        (draw.between(rules.answer_ms.0, rules.answer_ms.1), Task::PickUp { call: id.into() })
    } else {
        (rules.missed_after_ms, Task::Missed { call: id.into() })
    };
    e.outbox.task(now.plus(Duration::from_millis(after)), task);
}

/// A called user picks up.
pub(crate) fn picked_up(e: &Arc<Inner>, id: &str, now: Timestamp) {
    let call = {
        let mut lines = lock(&e.lines);
        let Some(call) = lines.calls.get_mut(id).filter(|c| c.stage == Stage::Ringing) else { return };
        call.stage = Stage::Accepted(now.seconds());
        let call = call.clone();
        lines.pair(call.number, call.user).took(true, now.seconds());
        call
    };
    tell::status(e, &read(&e.directory), &call, "ACCEPTED", now);
}

/// Nobody has taken the call in time.
pub(crate) fn missed(e: &Arc<Inner>, id: &str, now: Timestamp) {
    let call = lock(&e.lines).calls.get(id).cloned();
    if let Some(call) = call.filter(|c| !matches!(c.stage, Stage::Accepted(_) | Stage::Ended)) {
        end(e, &read(&e.directory), &call, None, now);
    }
}

/// A call is over. A user who has called a business with callbacks enabled permits one by that.
fn end(e: &Arc<Inner>, d: &Directory, call: &PhoneCall, error: Option<i64>, now: Timestamp) {
    let callback = {
        let mut lines = lock(&e.lines);
        if let Some(call) = lines.calls.get_mut(&call.id) {
            call.stage = Stage::Ended;
        }
        let missed = !matches!(call.stage, Stage::Accepted(_));
        let pair = lines.pair(call.number, call.user);
        if call.by_business && missed {
            pair.missed();
        }
        let wanted = d.number(call.number).is_some_and(callbacks);
        let callback = !call.by_business && wanted && !pair.permitted(now.seconds());
        if callback {
            pair.permitted_until = now.seconds() + TEMPORARY_S;
        }
        callback
    };
    tell::terminate(e, d, call, error, now);
    if callback {
        let reply = reply("accept", Some(now.seconds() + TEMPORARY_S), "automatic");
        // The number exists: it has just had the call.
        let _ = control::say_in(e, d, call.user, Some(call.number), reply, Some(&call.id));
    }
}

fn callbacks(number: &Number) -> bool {
    is_on(number, "/callback_permission_status")
}

/// The user's answer to a request for permission, by a tap: the message that tells of it.
pub(crate) fn answer_request(
    e: &Inner,
    user: u64,
    number: u64,
    sent_s: i64,
    which: &str,
) -> Result<Value, ControlError> {
    let now_s = e.ambient.now().seconds();
    // Meta: a request that nobody answers expires after seven days.
    if sent_s + TEMPORARY_S <= now_s {
        return Err(ControlError::Invalid("the request for permission has expired".into()));
    }
    let until = match which {
        "accept_permanent" => i64::MAX,
        "accept" => now_s + TEMPORARY_S,
        _ => 0,
    };
    lock(&e.lines).pair(number, user).permitted_until = until;
    Ok(match which {
        "accept_permanent" => reply("accept", None, "user_action"),
        "accept" => reply("accept", Some(until), "user_action"),
        _ => reply("reject", None, "user_action"),
    })
}

fn reply(response: &str, until: Option<i64>, source: &str) -> Value {
    let mut reply = json!({"response": response, "response_source": source});
    if response == "accept" {
        reply["is_permanent"] = json!(until.is_none());
    }
    if let Some(until) = until {
        reply["expiration_timestamp"] = json!(until.to_string());
    }
    json!({"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply": reply}})
}
