//! `debug_token`, app nodes and app-level webhook subscriptions.

use crate::{
    Inner,
    directory::{App, Directory},
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, call::text, collection::choose},
    sync::{read, write},
    webhooks,
};
use http::Method;
use serde_json::json;

/// The app whose own token (`app_id|app_secret`) this is.
pub(crate) fn app_of_token<'d>(directory: &'d Directory, token: &str) -> Option<&'d App> {
    let (id, secret) = token.split_once('|')?;
    let app = directory.apps.get(&id.parse().ok()?)?;
    (app.secret == secret).then_some(app)
}

/// `GET /debug_token?input_token=…`, with an app token or a token of the same app.
pub(crate) fn debug_token(e: &Inner, call: &Call) -> Outcome<Reply> {
    let d = read(&e.directory);
    let now = e.ambient.now();
    let asker = match call.token().and_then(|t| app_of_token(&d, t)) {
        Some(app) => app.id,
        None => Grant::of(&d, call, now)?.token.app,
    };
    let input = call.query("input_token").ok_or_else(|| GraphError::required("input_token"))?;
    let Some(token) = d.token(input) else {
        return Ok(Reply::json(&json!({"data": {
            "error": {"code": 190, "message": "Invalid OAuth access token."}, "is_valid": false, "scopes": [],
        }})));
    };
    if token.app != asker {
        return Err(GraphError::new(100)
            .message("(#100) The App_id in the input_token did not match the Viewing App")
            .status(400));
    }
    let scopes: Vec<&str> = if token.scopes.is_empty() {
        vec!["whatsapp_business_management", "whatsapp_business_messaging", "business_management"]
    } else {
        token.scopes.iter().map(String::as_str).collect()
    };
    let wabas: Vec<String> = if token.wabas.is_empty() {
        d.wabas.keys().map(u64::to_string).collect()
    } else {
        token.wabas.iter().map(u64::to_string).collect()
    };
    let granular: Vec<_> = scopes
        .iter()
        .filter(|s| [Permission::Messaging, Permission::Management].iter().any(|p| p.name() == **s))
        .map(|s| json!({"scope": s, "target_ids": wabas}))
        .collect();
    let expired = token.expires_at != 0 && token.expires_at <= now.seconds();
    let mut data = json!({
        "app_id": token.app.to_string(),
        "type": "SYSTEM_USER",
        "application": d.apps.get(&token.app).map_or("", |a| &a.name),
        "data_access_expires_at": 0,
        "expires_at": token.expires_at,
        "is_valid": !expired && !token.revoked,
        "scopes": scopes,
        "granular_scopes": granular,
        "user_id": "122093000000000001",
    });
    if expired || token.revoked {
        data["error"] = json!({"code": 190, "subcode": if expired { 463 } else { 458 }, "message": "Error validating access token"});
    }
    Ok(Reply::json(&json!({ "data": data })))
}

/// `GET /{app_id}`.
pub(crate) fn get_app(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let app = d.apps.get(&id).ok_or_else(|| GraphError::unsupported("GET", &id.to_string()))?;
    let all = json!({"id": id.to_string(), "name": app.name, "link": format!("https://www.facebook.com/games/?app_id={id}")});
    Ok(Reply::json(&choose(call, all, &["id", "name", "link"], "Application")?))
}

/// `/{app_id}/subscriptions`: the callback of the app itself. Needs the app's own token.
pub(crate) async fn subscriptions(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let own = |d: &Directory| call.token().and_then(|t| app_of_token(d, t)).is_some_and(|a| a.id == id);
    if !own(&read(&e.directory)) {
        return Err(GraphError::new(15)
            .status(400)
            .message("(#15) This method must be called with an app access_token."));
    }
    match call.method {
        Method::GET => {
            let d = read(&e.directory);
            let app = d.apps.get(&id).filter(|a| a.callback_url.is_some());
            let row = |a: &App| {
                let fields: Vec<_> = a
                    .fields
                    .iter()
                    .map(|f| json!({"name": f, "version": format!("v{}.0", a.webhook_version)}))
                    .collect();
                json!({"object": "whatsapp_business_account", "callback_url": a.callback_url, "active": true, "fields": fields})
            };
            Ok(Reply::json(&json!({"data": app.map(row).into_iter().collect::<Vec<_>>()})))
        }
        Method::POST => {
            let p = call.parameters().await?;
            if text(&p, "object").as_deref() != Some("whatsapp_business_account") {
                return Err(GraphError::invalid("object must be whatsapp_business_account"));
            }
            let url = text(&p, "callback_url").ok_or_else(|| GraphError::required("callback_url"))?;
            let token = text(&p, "verify_token").unwrap_or_default();
            webhooks::verify(e, &url, &token).await?;
            let fields = text(&p, "fields").unwrap_or_default();
            let mut d = write(&e.directory);
            if let Some(app) = d.apps.get_mut(&id) {
                app.callback_url = Some(url);
                app.verify_token = token;
                app.fields =
                    fields.split(',').map(|f| f.trim().to_owned()).filter(|f| !f.is_empty()).collect();
            }
            e.outbox.wake.notify_one();
            Ok(Reply::success())
        }
        Method::DELETE => {
            if let Some(app) = write(&e.directory).apps.get_mut(&id) {
                app.callback_url = None;
            }
            Ok(Reply::success())
        }
        _ => Err(GraphError::unsupported(call.method.as_str(), &id.to_string())),
    }
}
