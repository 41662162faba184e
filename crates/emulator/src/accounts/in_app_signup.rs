//! In-App Signup: links inside WhatsApp through which people ask for a business's marketing.

use crate::{
    Inner,
    control::{self, ControlError},
    directory::InAppSignup,
    graph::{
        Call, Grant, GraphError, Outcome, Permission, Reply,
        call::text,
        collection::{choose, page},
    },
    settings::ObjectId,
    sync::{read, write},
    webhooks::{Metadata, Note, contact, to_json},
};
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use url::Url;

const PLACEHOLDER: &str = "{{promo_code}}";
/// Where Meta's terms of it are.
const TERMS: &str = "https://www.facebook.com/legal/ads-manager-marketing-messages-terms";

/// `/{waba_id}/signups`: POST makes a link, GET lists.
pub(crate) async fn signups(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    Grant::of(&read(&e.directory), call, e.ambient.now())?.may(Permission::Management, waba)?;
    if call.method == Method::GET {
        let d = read(&e.directory);
        let own = d.signups.iter().filter(|(_, s)| s.waba == waba);
        let rows = own.map(|(id, s)| row(call, *id, s)).collect::<Outcome<_>>()?;
        return Ok(Reply::json(&page(call, rows)?));
    }
    if call.method != Method::POST {
        return Err(GraphError::unsupported(call.method.as_str(), &waba.to_string()));
    }
    let p = call.parameters().await?;
    let mut signup = InAppSignup { waba, is_active: true, ..InAppSignup::default() };
    for name in ["signup_message", "confirmation_message", "privacy_policy_url"] {
        text(&p, name).ok_or_else(|| GraphError::required(name))?;
    }
    signup.privacy_policy_url = address(&p, "privacy_policy_url", &["http", "https"])?.unwrap_or_default();
    change(&mut signup, &p)?;
    let mut d = write(&e.directory);
    accept_terms(d.wabas.get(&waba).is_some_and(|w| w.signup_terms), p.get("policy"))?;
    if let Some(w) = d.wabas.get_mut(&waba) {
        w.signup_terms = true;
    }
    let id = d.new_id();
    d.signups.insert(id, signup);
    Ok(Reply::json(&json!({"id": id.to_string()})))
}

/// `/signups/{id}`: GET reads, POST changes.
pub(crate) async fn signup(e: &Inner, call: &Call, id: &str) -> Outcome<Reply> {
    let unknown = || GraphError::new(2_494_164).details(format!("There is no sign-up link {id}."));
    let number: u64 = id.parse().map_err(|_| unknown())?;
    {
        let d = read(&e.directory);
        let grant = Grant::of(&d, call, e.ambient.now())?;
        let s = d.signups.get(&number).ok_or_else(unknown)?;
        grant.may(Permission::Management, s.waba)?;
        if call.method == Method::GET {
            return Ok(Reply::json(&row(call, number, s)?));
        }
    }
    if call.method != Method::POST {
        return Err(GraphError::unsupported(call.method.as_str(), id));
    }
    let p = call.parameters().await?;
    if p.contains_key("privacy_policy_url") {
        return Err(GraphError::invalid("privacy_policy_url cannot be changed"));
    }
    let mut d = write(&e.directory);
    let s = d.signups.get_mut(&number).ok_or_else(unknown)?;
    let mut changed = s.clone();
    change(&mut changed, &p)?;
    *s = changed;
    Ok(Reply::json(&json!({"id": id, "success": true})))
}

/// Meta: a business accepts the terms with its first link, by the address Meta shows it, and not again.
fn accept_terms(accepted: bool, policy: Option<&Value>) -> Outcome<()> {
    let refused = |code, why: &str| Err(GraphError::new(code).details(why));
    match policy {
        Some(_) if accepted => refused(2_494_176, "The terms were accepted already: leave out policy."),
        None if accepted => Ok(()),
        Some(p) if p["accepted"] == true || p["accepted"] == "true" => {
            if p["tos"] == TERMS {
                return Ok(());
            }
            refused(2_494_177, "policy.tos is not the address of Meta's terms.")
        }
        _ => refused(2_494_168, "policy with tos and accepted: true is needed for the first sign-up link."),
    }
}

fn change(s: &mut InAppSignup, p: &Map<String, Value>) -> Outcome<()> {
    let words = |name: &str, most: usize| match text(p, name) {
        Some(t) if (1..=most).contains(&t.chars().count()) => Ok(Some(t)),
        Some(_) => Err(GraphError::invalid(format!("{name} must have 1 to {most} characters"))),
        None => Ok(None),
    };
    if let Some(message) = words("signup_message", 300)? {
        s.message = message;
    }
    if let Some(message) = words("confirmation_message", 300)? {
        s.confirmation = message;
    }
    if let Some(name) = words("display_name", 256)? {
        s.display_name = Some(name);
    }
    if let Some(code) = words("promo_code", 50)? {
        if !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(GraphError::invalid("promo_code must be letters and digits"));
        }
        s.promo_code = Some(code);
    }
    if text(p, "website_url").is_some_and(|w| !w.starts_with("https://")) {
        return Err(GraphError::new(2_494_179).details("website_url must begin with https://"));
    }
    s.website_url = address(p, "website_url", &["https"])?.or(s.website_url.take());
    match text(p, "status").as_deref() {
        None => {}
        Some("ACTIVE") => s.is_active = true,
        Some("DISABLED") => s.is_active = false,
        Some(_) => return Err(GraphError::invalid("status must be ACTIVE or DISABLED")),
    }
    let rest = s.confirmation.replace(PLACEHOLDER, "");
    if rest.contains("{{") {
        return Err(
            GraphError::new(2_494_166).details(format!("confirmation_message may hold {PLACEHOLDER} only"))
        );
    }
    if rest.len() < s.confirmation.len() && s.promo_code.is_none() {
        return Err(
            GraphError::new(2_494_167).details("confirmation_message names a promo_code that is not given")
        );
    }
    Ok(())
}

fn address(p: &Map<String, Value>, name: &str, schemes: &[&str]) -> Outcome<Option<String>> {
    let Some(given) = text(p, name) else { return Ok(None) };
    if Url::parse(&given).is_ok_and(|u| schemes.contains(&u.scheme()) && u.host().is_some()) {
        return Ok(Some(given));
    }
    Err(GraphError::invalid(format!("{name} must be an address with {}", schemes.join(" or "))))
}

fn row(call: &Call, id: u64, s: &InAppSignup) -> Outcome<Value> {
    let all = json!({"id": id.to_string(), "waba_id": s.waba.to_string(), "status": if s.is_active { "ACTIVE" } else { "DISABLED" },
        "signup_message": s.message, "confirmation_message": s.confirmation, "privacy_policy_url": s.privacy_policy_url,
        "website_url": s.website_url, "promo_code": s.promo_code, "display_name": s.display_name});
    let every = [
        "id",
        "waba_id",
        "status",
        "signup_message",
        "confirmation_message",
        "privacy_policy_url",
        "website_url",
        "promo_code",
        "display_name",
    ];
    choose(call, all, &every, "WhatsAppBusinessSignup")
}

/// A user follows a sign-up link and agrees.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignupStep {
    /// The link: its id, or the whole address.
    pub link: String,
    /// The business number; the first when absent.
    pub to: Option<ObjectId>,
}

/// The user wants marketing from now on; the business is told, and the phone shows the confirmation.
pub(crate) fn follow(e: &Arc<Inner>, user: u64, step: &SignupStep) -> Result<Value, ControlError> {
    let d = read(&e.directory);
    let id = step.link.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let found = id.parse::<u64>().ok().and_then(|id| d.signups.get(&id));
    let s = found.ok_or(ControlError::Unknown("sign-up link"))?;
    if !s.is_active {
        return Err(ControlError::Invalid("the sign-up link is disabled".into()));
    }
    let own = step.to.map(|n| n.0).or_else(|| d.numbers_of(s.waba).next().map(|n| n.id));
    let (number, place) = control::number(&d, own)?;
    if number.waba != s.waba {
        return Err(ControlError::Invalid("the sign-up link is another account's".into()));
    }
    e.users.change(user, |r| {
        r.resumed.insert(number.waba);
        r.stopped.remove(&number.waba);
    });
    let now_s = e.ambient.now().seconds();
    let who = contact(e, &d, number, place, user);
    let mut preference = json!({"user_id": who.user_id(), "detail": "User signed up for marketing messages",
        "category": "marketing_messages", "value": "signup", "signup_id": id, "timestamp": now_s});
    if let Some(wa_id) = who.wa_id() {
        preference["wa_id"] = json!(wa_id);
    }
    let value = json!({"messaging_product": "whatsapp", "metadata": Metadata::of(number), "contacts": [who],
        "user_preferences": [preference]});
    let note = Note {
        number: Some(place),
        ..Note::account(number.waba, "user_preferences", to_json(&value), now_s)
    };
    e.outbox.note(&d, note);
    let shown = s.confirmation.replace(PLACEHOLDER, s.promo_code.as_deref().unwrap_or_default());
    Ok(json!({"asked": s.message, "shown": shown}))
}
