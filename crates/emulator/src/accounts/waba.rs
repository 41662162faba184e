//! WhatsApp Business Accounts.

use super::subscription::subscribed;
use crate::{
    Inner, analytics,
    directory::{Directory, Waba},
    graph::{
        Call, Grant, GraphError, Outcome, Permission, Reply,
        call::truth,
        collection::{choose, page},
    },
    sync::{read, write},
};
use serde_json::{Value, json};

const DEFAULT: &[&str] = &["id", "name", "timezone_id", "message_template_namespace", "currency"];

fn all(d: &Directory, w: &Waba) -> Value {
    let portfolio = d.portfolios.get(&w.portfolio);
    json!({
        "id": w.id.to_string(),
        "name": w.name,
        "status": "ACTIVE",
        "currency": w.currency,
        "country": w.country,
        "timezone_id": "1",
        "message_template_namespace": format!("{:08x}_{:04x}", w.id >> 16, w.id & 0xffff),
        "account_review_status": "APPROVED",
        "business_verification_status": if portfolio.is_some_and(|p| p.verified) { "verified" } else { "not_verified" },
        "ownership_type": "CLIENT_OWNED",
        "owner_business_info": {"id": w.portfolio.to_string(), "name": portfolio.map_or("", |p| &p.name)},
        "on_behalf_of_business_info": null,
        "primary_business_location": w.country,
        "health_status": {"can_send_message": if w.payment_method { "AVAILABLE" } else { "BLOCKED" }, "entities": [
            {"entity_type": "WABA", "id": w.id.to_string(), "can_send_message": if w.payment_method { "AVAILABLE" } else { "BLOCKED" }},
        ]},
        "is_enabled_for_insights": w.insights,
        "marketing_messages_lite_api_status": "ELIGIBLE",
        "marketing_messages_onboarding_status": "ELIGIBLE",
        "subscribed_apps": subscribed(d, w),
        "disable_marketing_messages_on_cloud_api": w.marketing_disabled,
        "whatsapp_business_manager_messaging_limit": portfolio.map(|p| p.tier()),
        "primary_funding_id": w.payment_method.then(|| "1".to_owned()),
    })
}

/// `GET /{waba_id}`.
pub(crate) fn get(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let w = d.wabas.get(&id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Management, id)?;
    let mut row = all(&d, w);
    let asked = call.query("fields").filter(|f| f.contains("analytics")).unwrap_or_default();
    for field in analytics::Field::all(asked) {
        let state = e.outbox.lock();
        let now_s = e.ambient.now().seconds();
        if let Some(answer) = analytics::field(&d, &e.rates, &state.counts, id, now_s, &field) {
            row[&field.name] = answer?;
        }
    }
    Ok(Reply::json(&choose(call, row, DEFAULT, "WhatsAppBusinessAccount")?))
}

/// `GET /{business_id}`: a portfolio, for a token that may use one of its accounts.
pub(crate) fn get_portfolio(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let visible =
        d.wabas.values().any(|w| w.portfolio == id && grant.may(Permission::Management, w.id).is_ok());
    let p = d.portfolios.get(&id).filter(|_| visible).ok_or_else(|| grant.unknown(&id.to_string()))?;
    let row = json!({"id": id.to_string(), "name": p.name, "verification_status": if p.verified { "verified" } else { "not_verified" }});
    Ok(Reply::json(&choose(call, row, &["id", "name"], "Business")?))
}

/// `GET /{business_id}/owned_whatsapp_business_accounts`: those the token may use.
pub(crate) fn list(e: &Inner, call: &Call, portfolio: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let mine = d
        .wabas
        .values()
        .filter(|w| w.portfolio == portfolio && grant.may(Permission::Management, w.id).is_ok());
    let rows = mine.map(|w| choose(call, all(&d, w), DEFAULT, "WhatsAppBusinessAccount"));
    Ok(Reply::json(&page(call, rows.collect::<Outcome<_>>()?)?))
}

/// `POST /{waba_id}`: its settings.
pub(crate) async fn change(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let mut d = write(&e.directory);
    Grant::of(&d, call, e.ambient.now())?.may(Permission::Management, id)?;
    let w = d.wabas.get_mut(&id).ok_or_else(|| GraphError::unsupported("POST", &id.to_string()))?;
    if let Some(on) = truth(&p, "is_enabled_for_insights")? {
        if w.insights && !on {
            return Err(GraphError::new(200_006).details("is_enabled_for_insights cannot be taken back."));
        }
        w.insights |= on;
    }
    if let Some(on) = truth(&p, "disable_marketing_messages_on_cloud_api")? {
        w.marketing_disabled = on;
    }
    Ok(Reply::success())
}
