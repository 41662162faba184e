//! Making a number ready to send: add, verify, register, PIN, override, remove.

use super::subscription::check_override;
use crate::{
    Inner,
    directory::{Directory, Number},
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, call::text},
    settings::NumberSettings,
    sync::{read, write},
    webhooks::{self, Note, to_json},
};
use serde_json::{Map, Value, json};
use std::{collections::VecDeque, sync::Arc};

/// The code that every verification message of the emulator holds.
pub(crate) const VERIFY_CODE: &str = "123456";
/// Meta: 10 register and 10 deregister calls per number and 72 hours.
const CALLS: usize = 10;
const CALLS_WITHIN_S: i64 = 72 * 3_600;
/// Wrong PINs before guessing is stopped for the time below (Meta gives no figures).
const GUESSES: usize = 5;
const GUESSES_WITHIN_S: i64 = 3_600;

fn allowed(e: &Inner, call: &Call, number: u64) -> Outcome<()> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let n = d.number(number).ok_or_else(|| grant.unknown(&number.to_string()))?;
    grant.may(Permission::Management, n.waba)
}

fn change<T>(e: &Inner, number: u64, f: impl FnOnce(&mut Number) -> Outcome<T>) -> Outcome<T> {
    let mut d = write(&e.directory);
    f(d.number_mut(number).ok_or_else(|| GraphError::unsupported("POST", &number.to_string()))?)
}

/// `POST /{waba_id}/phone_numbers`: adds a number, not yet verified.
pub(crate) async fn add(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    {
        let d = read(&e.directory);
        Grant::of(&d, call, e.ambient.now())?.may(Permission::Management, waba)?;
    }
    let p = call.parameters().await?;
    let cc = text(&p, "cc").or_else(|| text(&p, "country_code")).ok_or_else(|| GraphError::required("cc"))?;
    let national = text(&p, "phone_number").ok_or_else(|| GraphError::required("phone_number"))?;
    let name = text(&p, "verified_name").ok_or_else(|| GraphError::required("verified_name"))?;
    let digits = |t: &str| t.chars().filter(char::is_ascii_digit).collect::<String>();
    let phone = format!("+{} {}", digits(&cc), digits(&national));
    let mut d = write(&e.directory);
    let mut n = Number::of(
        waba,
        &NumberSettings {
            phone,
            verified_name: name,
            registered: false,
            verified: false,
            ..NumberSettings::default()
        },
    );
    if !(1_000_000..1_000_000_000_000_000).contains(&n.digits) {
        return Err(GraphError::invalid("phone_number is no phone number"));
    }
    if d.numbers.iter().any(|other| other.digits == n.digits && d.number_place(other.id).is_some()) {
        return Err(GraphError::invalid("The phone number is in use by an account already."));
    }
    let most = if d.portfolio_of(waba).is_some_and(|p| p.verified || p.limit >= 2_000) { 20 } else { 2 };
    let portfolio = d.wabas.get(&waba).map_or(0, |w| w.portfolio);
    let there = d
        .wabas
        .values()
        .filter(|w| w.portfolio == portfolio)
        .map(|w| d.numbers_of(w.id).count())
        .sum::<usize>();
    if there >= most {
        return Err(GraphError::invalid(format!("The business portfolio may have {most} phone numbers.")));
    }
    n.id = d.new_id();
    n.onboarded_at = e.ambient.now().seconds();
    let id = n.id;
    d.add_number(n);
    Ok(Reply::json(&json!({"id": id.to_string()})))
}

/// `POST /{phone_number_id}`: the PIN, the display name, or the webhook override.
pub(crate) async fn change_number(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    allowed(e, call, id)?;
    let p = call.parameters().await?;
    if let Some(pin) = text(&p, "pin") {
        check_pin(&pin)?;
        change(e, id, |n| {
            n.pin = Some(pin);
            Ok(())
        })?;
        let d = read(&e.directory);
        tell_security(e, &d, id, "PIN_CHANGED");
        return Ok(Reply::success());
    }
    if let Some(name) = text(&p, "new_display_name") {
        change(e, id, |n| {
            n.asked_name = Some(name);
            Ok(())
        })?;
        return Ok(Reply::success());
    }
    if let Some(Value::Object(w)) = p.get("webhook_configuration") {
        let url = text(w, "override_callback_uri").filter(|u| !u.is_empty());
        if let Some(url) = &url {
            check_override(url)?;
            webhooks::verify(e, url, &text(w, "verify_token").unwrap_or_default()).await?;
        }
        change(e, id, |n| {
            n.override_url = url;
            Ok(())
        })?;
        return Ok(Reply::success());
    }
    Err(GraphError::invalid("Give pin, new_display_name or webhook_configuration."))
}

fn tell_security(e: &Inner, d: &Directory, id: u64, event: &str) {
    let Some(n) = d.number(id) else { return };
    let value = json!({"display_phone_number": n.digits.to_string(), "event": event, "requester": "122093000000000001"});
    let note = Note::account(n.waba, "security", to_json(&value), e.ambient.now().seconds());
    e.outbox.note(d, note);
}

fn check_pin(pin: &str) -> Outcome<()> {
    if pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    Err(GraphError::invalid("pin must be six digits"))
}

/// `DELETE /{phone_number_id}`.
pub(crate) fn delete(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    allowed(e, call, id)?;
    write(&e.directory).remove_number(id);
    Ok(Reply::success())
}

/// Counts a call in a moving window; 133016 when there were too many.
fn count(calls: &mut VecDeque<i64>, now_s: i64) -> Outcome<()> {
    while calls.front().is_some_and(|at| *at <= now_s - CALLS_WITHIN_S) {
        calls.pop_front();
    }
    if calls.len() >= CALLS {
        return Err(GraphError::new(133_016)
            .details("Registration or deregistration failed because there were too many attempts for this phone number in 72 hours."));
    }
    calls.push_back(now_s);
    Ok(())
}

/// `register`, `deregister`, `request_code` and `verify_code`.
pub(super) async fn step(e: &Arc<Inner>, call: &Call, id: u64, edge: &str) -> Outcome<Reply> {
    allowed(e, call, id)?;
    let p = call.parameters().await?;
    let now_s = e.ambient.now().seconds();
    change(e, id, |n| match edge {
        "request_code" => request_code(n, &p),
        "verify_code" => verify_code(n, &p),
        "register" => register(n, &p, now_s),
        _ => deregister(n, now_s),
    })?;
    Ok(Reply::success())
}

fn request_code(n: &Number, p: &Map<String, Value>) -> Outcome<()> {
    let method = text(p, "code_method").ok_or_else(|| GraphError::required("code_method"))?;
    if !matches!(method.as_str(), "SMS" | "VOICE") {
        return Err(GraphError::invalid("code_method must be SMS or VOICE"));
    }
    text(p, "language").ok_or_else(|| GraphError::required("language"))?;
    if n.verified {
        return Err(GraphError::new(136_024).details("The number is verified already."));
    }
    Ok(())
}

fn verify_code(n: &mut Number, p: &Map<String, Value>) -> Outcome<()> {
    let code = text(p, "code").ok_or_else(|| GraphError::required("code"))?;
    if code != VERIFY_CODE {
        return Err(
            GraphError::new(136_025).details(format!("Wrong code; in the emulator it is {VERIFY_CODE}."))
        );
    }
    n.verified = true;
    Ok(())
}

fn register(n: &mut Number, p: &Map<String, Value>, now_s: i64) -> Outcome<()> {
    if text(p, "messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    let pin = text(p, "pin").ok_or_else(|| GraphError::required("pin"))?;
    check_pin(&pin)?;
    count(&mut n.register_calls, now_s)?;
    if !n.verified {
        return Err(
            GraphError::new(133_006).details("The phone number needs to be verified before registering.")
        );
    }
    while n.pin_failures.front().is_some_and(|at| *at <= now_s - GUESSES_WITHIN_S) {
        n.pin_failures.pop_front();
    }
    if n.pin_failures.len() >= GUESSES {
        return Err(GraphError::new(133_008).details("Too many wrong PINs; try again in an hour."));
    }
    if n.pin.as_ref().is_some_and(|known| *known != pin) {
        n.pin_failures.push_back(now_s);
        return Err(
            GraphError::new(133_005).details("The two-step verification PIN is not the one that was set.")
        );
    }
    n.pin = Some(pin);
    n.registered = true;
    n.status = "CONNECTED".into();
    Ok(())
}

fn deregister(n: &mut Number, now_s: i64) -> Outcome<()> {
    if n.on_business_app {
        return Err(GraphError::invalid(
            "A number that is also used in the WhatsApp Business app cannot be deregistered.",
        ));
    }
    count(&mut n.deregister_calls, now_s)?;
    n.registered = false;
    n.status = "DISCONNECTED".into();
    Ok(())
}
