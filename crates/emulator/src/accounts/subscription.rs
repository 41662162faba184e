//! `/{waba_id}/subscribed_apps`: whether an app hears of an account, and where.

use crate::{
    Inner,
    directory::{Directory, Subscription, Waba},
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, call::text},
    sync::{read, write},
    webhooks::{self, LONGEST_URL},
};
use http::Method;
use serde_json::{Value, json};

/// The apps that get an account's webhooks, as Meta lists them.
pub(super) fn subscribed(d: &Directory, w: &Waba) -> Value {
    let rows = w.subscriptions.iter().map(|(id, s)| {
        let name = d.apps.get(id).map_or("", |a| &a.name);
        let mut row = json!({"whatsapp_business_api_data": {
            "id": id.to_string(), "name": name, "link": format!("https://www.facebook.com/games/?app_id={id}"),
        }});
        if let Some(url) = &s.override_url {
            row["override_callback_uri"] = json!(url);
        }
        row
    });
    json!({"data": rows.collect::<Vec<_>>()})
}

/// GET lists, POST subscribes (with an override after verification), DELETE unsubscribes.
pub(crate) async fn subscribed_apps(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    let app = {
        let d = read(&e.directory);
        let grant = Grant::of(&d, call, e.ambient.now())?;
        grant.may(Permission::Management, waba)?;
        grant.token.app
    };
    match call.method {
        Method::GET => {
            let d = read(&e.directory);
            Ok(Reply::json(&d.wabas.get(&waba).map_or_else(|| json!({"data": []}), |w| subscribed(&d, w))))
        }
        Method::POST => {
            let p = call.parameters().await?;
            let url = text(&p, "override_callback_uri").filter(|u| !u.is_empty());
            if let Some(url) = &url {
                check_override(url)?;
                webhooks::verify(e, url, &text(&p, "verify_token").unwrap_or_default()).await?;
            }
            if let Some(w) = write(&e.directory).wabas.get_mut(&waba) {
                w.subscriptions.insert(app, Subscription { override_url: url });
            }
            e.outbox.wake.notify_one();
            Ok(Reply::success())
        }
        Method::DELETE => {
            if let Some(w) = write(&e.directory).wabas.get_mut(&waba) {
                w.subscriptions.remove(&app);
            }
            Ok(Reply::success())
        }
        _ => Err(GraphError::unsupported(call.method.as_str(), &waba.to_string())),
    }
}

/// Meta: at most 200 characters.
pub(super) fn check_override(url: &str) -> Outcome<()> {
    if url.chars().count() > LONGEST_URL {
        return Err(GraphError::invalid(format!(
            "override_callback_uri has more than {LONGEST_URL} characters"
        )));
    }
    Ok(())
}
