//! Reading phone numbers.

use crate::{
    Inner, calendar,
    directory::{Directory, Number},
    graph::{
        Call, Grant, Outcome, Permission, Reply,
        collection::{choose, page},
    },
    settings::Throughput,
    sync::read,
};
use serde_json::{Value, json};

/// Meta: the fields one gets without asking.
const DEFAULT: &[&str] = &[
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "id",
];

fn all(e: &Inner, d: &Directory, n: &Number) -> Value {
    let behaviour = e.behaviour();
    let level = match n.throughput(behaviour.pace.messages_per_second) {
        Throughput::PerSecond(rate) if rate < 1_000 => "STANDARD",
        _ => "HIGH",
    };
    let can_send = if n.registered && n.status == "CONNECTED" { "AVAILABLE" } else { "BLOCKED" };
    let tier = d.portfolio_of(n.waba).map(|p| p.tier());
    let waba_override =
        d.wabas.get(&n.waba).and_then(|w| w.subscriptions.values().find_map(|s| s.override_url.clone()));
    let application = d
        .wabas
        .get(&n.waba)
        .and_then(|w| w.subscriptions.keys().find_map(|a| d.apps.get(a)?.callback_url.clone()));
    let mut webhooks = serde_json::Map::new();
    for (name, url) in [
        ("phone_number", n.override_url.clone()),
        ("whatsapp_business_account", waba_override),
        ("application", application),
    ] {
        if let Some(url) = url {
            webhooks.insert(name.into(), json!(url));
        }
    }
    json!({
        "id": n.id.to_string(),
        "verified_name": n.verified_name,
        "display_phone_number": n.display,
        "quality_rating": n.quality,
        "quality_score": {"score": n.quality},
        "status": if n.registered { n.status.as_str() } else { "PENDING" },
        "code_verification_status": if n.verified { "VERIFIED" } else { "NOT_VERIFIED" },
        "platform_type": if n.registered { "CLOUD_API" } else { "NOT_APPLICABLE" },
        "throughput": {"level": level},
        "account_mode": "LIVE",
        "is_official_business_account": false,
        "is_pin_enabled": n.pin.is_some(),
        "is_on_biz_app": n.on_business_app,
        "is_preverified_number": false,
        "search_visibility": "VISIBLE",
        "eligibility_for_api_business_global_search": "NON_ELIGIBLE_UNDEFINED_COUNTRY",
        "name_status": "APPROVED",
        "new_display_name": n.asked_name,
        "new_name_status": n.asked_name.as_ref().map(|_| "PENDING_REVIEW"),
        "country_code": n.country,
        "country_dial_code": n.calling_code,
        "last_onboarded_time": calendar::graph_date(n.onboarded_at),
        "certificate": null,
        "new_certificate": null,
        "conversational_automation": n.automation,
        "messaging_limit_tier": tier,
        "whatsapp_business_manager_messaging_limit": tier,
        "webhook_configuration": webhooks,
        "health_status": {"can_send_message": can_send, "entities": [
            {"entity_type": "PHONE_NUMBER", "id": n.id.to_string(), "can_send_message": can_send},
        ]},
    })
}

/// `GET /{phone_number_id}`.
pub(crate) fn get(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let n = d.number(id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Management, n.waba)?;
    Ok(Reply::json(&choose(call, all(e, &d, n), DEFAULT, "WhatsAppBusinessPhoneNumber")?))
}

/// `GET /{waba_id}/phone_numbers`, newest onboarded first.
pub(crate) fn list(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    Grant::of(&d, call, e.ambient.now())?.may(Permission::Management, waba)?;
    let mut numbers: Vec<&Number> = d.numbers_of(waba).collect();
    numbers.sort_by_key(|n| std::cmp::Reverse((n.onboarded_at, n.id)));
    if call.query("sort").is_some_and(|s| s.contains("ascending")) {
        numbers.reverse();
    }
    let rows =
        numbers.into_iter().map(|n| choose(call, all(e, &d, n), DEFAULT, "WhatsAppBusinessPhoneNumber"));
    Ok(Reply::json(&page(call, rows.collect::<Outcome<_>>()?)?))
}
