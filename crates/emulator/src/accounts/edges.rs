//! Edges of a phone number: profile, settings, block list, coexistence sync.

use super::{chat, contact_book, qr, registration, username};
use crate::{
    Inner, calling, flows,
    graph::{
        Call, Grant, GraphError, Outcome, Permission, Reply,
        call::{text, unknown_edge},
        collection::{fields, page},
    },
    groups,
    sync::{read, write},
    users,
    webhooks::Task,
};
use http::Method;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tisara_domain::Duration;

/// Finds who answers an edge.
pub(crate) async fn number_edge(e: &Arc<Inner>, call: &Call, id: u64, edge: &str) -> Outcome<Reply> {
    match (edge, &call.method) {
        ("register" | "deregister" | "request_code" | "verify_code", &Method::POST) => {
            registration::step(e, call, id, edge).await
        }
        ("whatsapp_business_profile", &Method::GET) => get_profile(e, call, id),
        ("whatsapp_business_profile", &Method::POST) => set_profile(e, call, id).await,
        ("settings", &Method::GET) => {
            check(e, call, id, Permission::Management)?;
            let d = read(&e.directory);
            let mut all = d.number(id).map(|n| n.settings.clone()).unwrap_or_default();
            all.entry("calling").or_insert_with(calling::defaults);
            Ok(Reply::json(&Value::Object(all)))
        }
        ("settings", &Method::POST) => set_settings(e, call, id).await,
        ("block_users", _) => block_users(e, call, id).await,
        ("message_qrdls", &Method::GET | &Method::POST) => qr::codes(e, call, id).await,
        ("username", &Method::GET | &Method::POST | &Method::DELETE) => username::username(e, call, id).await,
        ("username_suggestions", &Method::GET) => username::suggestions(e, call, id),
        ("conversational_automation", &Method::POST) => chat::set_automation(e, call, id).await,
        ("whatsapp_commerce_settings", &Method::GET | &Method::POST) => chat::commerce(e, call, id).await,
        ("whatsapp_business_encryption", &Method::GET | &Method::POST) => {
            check(e, call, id, Permission::Messaging)?;
            flows::encryption(e, call, id).await
        }
        ("calls", &Method::POST) => calling::act(e, call, id).await,
        ("call_permissions", &Method::GET) => calling::permissions(e, call, id),
        ("groups", &Method::GET | &Method::POST) => groups::groups(e, call, id).await,
        ("contact_book", &Method::DELETE) => contact_book::delete(e, call, id).await,
        ("smb_app_data", &Method::POST) => sync_app(e, call, id).await,
        _ => Err(unknown_edge(call, &id.to_string(), edge)),
    }
}

/// The account of the number, when the token may do that with it.
pub(super) fn check(e: &Inner, call: &Call, id: u64, permission: Permission) -> Outcome<u64> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let n = d.number(id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(permission, n.waba)?;
    Ok(n.waba)
}

/// Meta: fields of a business profile and the most characters each may have.
const PROFILE: &[(&str, usize)] = &[
    ("about", 139),
    ("address", 256),
    ("description", 512),
    ("email", 128),
    ("vertical", 64),
    ("profile_picture_handle", 4_096),
];

/// Meta: what a business can be.
const VERTICALS: &[&str] = &[
    "UNDEFINED",
    "NOT_A_BIZ",
    "OTHER",
    "AUTO",
    "BEAUTY",
    "APPAREL",
    "EDU",
    "ENTERTAIN",
    "EVENT_PLAN",
    "FINANCE",
    "GROCERY",
    "GOVT",
    "HOTEL",
    "HEALTH",
    "NONPROFIT",
    "PROF_SERVICES",
    "RETAIL",
    "TRAVEL",
    "RESTAURANT",
    "ALCOHOL",
    "ONLINE_GAMBLING",
    "PHYSICAL_GAMBLING",
    "OTC_DRUGS",
];

fn get_profile(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    let d = read(&e.directory);
    let profile = d.number(id).map(|n| &n.profile);
    let asked = fields(call).unwrap_or_default();
    let mut row = Map::new();
    for name in ["about", "address", "description", "email", "profile_picture_url", "websites", "vertical"] {
        if let Some(v) =
            profile.and_then(|p| p.get(name)).filter(|_| asked.is_empty() || asked.iter().any(|a| a == name))
        {
            row.insert(name.into(), v.clone());
        }
    }
    row.insert("messaging_product".into(), json!("whatsapp"));
    Ok(Reply::json(&json!({ "data": [row] })))
}

async fn set_profile(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    let p = call.parameters().await?;
    if text(&p, "messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    for (name, most) in PROFILE {
        if p.get(*name).is_some_and(|v| !v.is_string()) {
            return Err(GraphError::invalid(format!("{name} must be a string")));
        }
        if text(&p, name).is_some_and(|t| t.chars().count() > *most) {
            return Err(GraphError::invalid(format!("{name} must be at most {most} characters long")));
        }
    }
    if let Some(vertical) = text(&p, "vertical").filter(|v| !v.is_empty() && !VERTICALS.contains(&v.as_str()))
    {
        let known = VERTICALS.join(", ");
        return Err(GraphError::invalid(format!("vertical must be one of {known}, not \"{vertical}\"")));
    }
    if p.get("about").is_some_and(|a| a == "") {
        return Err(GraphError::invalid("about must not be empty"));
    }
    if let Some(sites) = p.get("websites") {
        let sites = sites.as_array().ok_or_else(|| GraphError::invalid("websites must be an array"))?;
        if sites.len() > 2 || sites.iter().any(|s| s.as_str().is_none_or(|s| s.len() > 256)) {
            return Err(GraphError::invalid("websites takes at most two of at most 256 characters"));
        }
    }
    if let Some(n) = write(&e.directory).number_mut(id) {
        for (name, v) in p {
            if name == "profile_picture_handle" {
                n.profile
                    .insert("profile_picture_url".into(), json!("https://pps.whatsapp.net/v/emulator.jpg"));
            } else if name == "websites" || PROFILE.iter().any(|(known, _)| *known == name) {
                n.profile.insert(name, v);
            }
        }
    }
    Ok(Reply::success())
}

async fn set_settings(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    let mut p = call.parameters().await?;
    const KNOWN: [&str; 4] =
        ["user_identity_change", "calling", "payload_encryption", "storage_configuration"];
    if let Some(name) = p.keys().find(|k| !KNOWN.contains(&k.as_str())) {
        return Err(GraphError::invalid(format!("there is no setting \"{name}\"")));
    }
    if let Some((name, _)) = p.iter().find(|(_, v)| !v.is_object()) {
        return Err(GraphError::invalid(format!("{name} must be an object")));
    }
    let mut d = write(&e.directory);
    if let (Some(new), Some(number)) = (p.get("calling"), d.number(id)) {
        let merged = calling::merged(&d, number, new)?;
        p.insert("calling".into(), merged);
    }
    if let Some(n) = d.number_mut(id) {
        n.settings.extend(p);
    }
    Ok(Reply::success())
}

/// Meta: blocks users who wrote within 24 hours; a mixed result is HTTP 400 with both lists.
async fn block_users(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let waba = check(e, call, id, Permission::Messaging)?;
    if call.method == Method::GET {
        let rows = e
            .blocks
            .of(id)
            .into_iter()
            .map(|u| json!({"messaging_product": "whatsapp", "wa_id": u.to_string()}));
        return Ok(Reply::json(&page(call, rows.collect())?));
    }
    let adding = call.method == Method::POST;
    let p = call.parameters().await?;
    let given = p.get("block_users").and_then(Value::as_array).filter(|l| !l.is_empty());
    let given = given.ok_or_else(|| GraphError::required("block_users"))?;
    let d = read(&e.directory);
    let place = d.number_place(id).unwrap_or(u32::MAX);
    let portfolio = d.wabas.get(&waba).map_or(0, |w| w.portfolio);
    let behaviour = e.behaviour();
    let now_s = e.ambient.now().seconds();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for row in given {
        let input = row["user"].as_str().or(row["user_id"].as_str()).unwrap_or_default();
        let user = match row["user_id"].as_str() {
            Some(bsuid) => users::user_of(e.seed, portfolio, bsuid).map(|(user, _)| user),
            None => input.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok(),
        };
        let window = |u| e.users.traits(&behaviour.population, u, waba, place).window_until > now_s;
        match user {
            Some(u) if !adding || window(u) => {
                if adding {
                    e.blocks.add(id, u);
                } else {
                    e.blocks.remove(id, u);
                }
                good.push(json!({"input": input, "wa_id": u.to_string(), "user_id": users::bsuid(e.seed, portfolio, u, 0)}));
            }
            user => {
                let why = "The user has not written within 24 hours, or is none.";
                bad.push(json!({"input": input, "wa_id": user.map(|u: u64| u.to_string()),
                    "errors": [{"code": 131_047, "message": "Re-engagement required", "error_data": {"details": why}}]}));
            }
        }
    }
    let key = if adding { "added_users" } else { "removed_users" };
    if bad.is_empty() {
        return Ok(Reply::json(&json!({"messaging_product": "whatsapp", "block_users": {key: good}})));
    }
    Err(GraphError::new(139_100).beside("block_users", json!({key: good, "failed_users": bad})))
}

/// Meta: contacts and history of the Business app, each once and within 24 hours of onboarding.
async fn sync_app(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    let p = call.parameters().await?;
    let kind = text(&p, "sync_type").unwrap_or_default();
    if !matches!(kind.as_str(), "smb_app_state_sync" | "history") {
        return Err(GraphError::invalid("sync_type must be smb_app_state_sync or history"));
    }
    let now = e.ambient.now();
    let place = {
        let mut d = write(&e.directory);
        let place = d.number_place(id).unwrap_or(u32::MAX);
        let n = d.number_mut(id).ok_or_else(|| GraphError::unsupported("POST", &id.to_string()))?;
        if !n.on_business_app {
            return Err(GraphError::invalid("The number is not used in the WhatsApp Business app."));
        }
        if n.synced.contains(&kind) {
            return Err(GraphError::new(2_593_107).details(format!("{kind} was synchronised already.")));
        }
        if now.seconds() - n.onboarded_at > 86_400 {
            return Err(
                GraphError::new(2_593_108).details("More than 24 hours have passed since onboarding.")
            );
        }
        n.synced.push(kind.clone());
        place
    };
    let parts = if kind == "history" { 1..4 } else { 0..1 };
    for part in parts {
        let at = now.plus(Duration::from_secs(1 + u64::from(part) * 5));
        e.outbox.task(at, Task::Sync { number: place, part });
    }
    Ok(Reply::json(
        &json!({"messaging_product": "whatsapp", "request_id": format!("{:x}", id ^ now.0.unsigned_abs())}),
    ))
}
