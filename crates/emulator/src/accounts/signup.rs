//! Embedded Signup: the code, its exchange, and what a customer's consent creates and undoes.

use crate::{
    Inner,
    chance::join,
    directory::{Number, Portfolio, Subscription, Token, Waba},
    graph::{Call, GraphError, Outcome, Reply},
    settings::{NumberSettings, ObjectId, PortfolioSettings, WabaSettings},
    sync::{lock, read, write},
    webhooks::{Note, mac, to_json},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Meta: a code works once, for 30 seconds; a token of the standard template lives 60 days.
const CODE_LIFE_S: i64 = 30;
const TOKEN_LIFE_S: i64 = 60 * 86_400;

/// Codes given out: app, account, when, used.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Codes(BTreeMap<String, Code>);

#[derive(Serialize, Deserialize)]
struct Code {
    app: u64,
    waba: u64,
    at_s: i64,
    used: bool,
    never_expires: bool,
}

/// What a customer chose in the dialog.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signup {
    /// The app that asks; the first when absent.
    pub app: Option<ObjectId>,
    /// An account that exists; a new one is made when absent.
    pub waba: Option<ObjectId>,
    /// Name of the new business.
    pub business_name: Option<String>,
    /// The new account's phone number; made up when absent, none when empty.
    pub phone: Option<String>,
    /// The number is also used in the WhatsApp Business app.
    pub on_business_app: bool,
    /// The token never expires (60 days otherwise).
    pub never_expires: bool,
}

/// The customer agrees: gives the code and the ids the browser is told.
pub(crate) fn finish(e: &Inner, s: &Signup) -> Result<Value, &'static str> {
    let now_s = e.ambient.now().seconds();
    let mut d = write(&e.directory);
    let app = match s.app {
        Some(id) => d.apps.get(&id.0).map(|a| a.id),
        None => d.apps.keys().next().copied(),
    };
    let app = app.ok_or("app")?;
    let waba = match s.waba {
        Some(id) if d.wabas.contains_key(&id.0) => id.0,
        Some(_) => return Err("account"),
        None => {
            let name =
                s.business_name.clone().filter(|n| !n.is_empty()).unwrap_or_else(|| "New Business".into());
            let portfolio = d.new_id();
            d.portfolios.insert(
                portfolio,
                Portfolio::of(&PortfolioSettings {
                    id: ObjectId(portfolio),
                    name: name.clone(),
                    limit: 250,
                    verified: false,
                    ..PortfolioSettings::default()
                }),
            );
            let waba = d.new_id();
            d.wabas.insert(
                waba,
                Waba::of(
                    portfolio,
                    &WabaSettings { id: ObjectId(waba), name: name.clone(), ..WabaSettings::default() },
                ),
            );
            let phone =
                s.phone.clone().unwrap_or_else(|| format!("+1 555 {:07}", join(e.seed, waba) % 10_000_000));
            if !phone.is_empty() {
                let settings = NumberSettings {
                    id: ObjectId(d.new_id()),
                    phone,
                    verified_name: name,
                    registered: s.on_business_app,
                    on_business_app: s.on_business_app,
                    ..NumberSettings::default()
                };
                let mut number = Number::of(waba, &settings);
                number.onboarded_at = now_s;
                d.add_number(number);
            }
            waba
        }
    };
    let portfolio = d.wabas.get(&waba).map_or(0, |w| w.portfolio);
    let number = d.numbers_of(waba).next().map(|n| n.id);
    let value = json!({"event": "PARTNER_ADDED", "waba_info": {"waba_id": waba.to_string(), "owner_business_id": portfolio.to_string()}});
    let note = Note {
        entry: portfolio,
        to_app: Some(app),
        ..Note::account(waba, "account_update", to_json(&value), now_s)
    };
    e.outbox.note(&d, note);
    drop(d);
    let mut codes = lock(&e.codes);
    let code =
        format!("AQ{:016x}{:016x}", join(e.seed, codes.0.len() as u64), join(!e.seed, codes.0.len() as u64));
    codes
        .0
        .insert(code.clone(), Code { app, waba, at_s: now_s, used: false, never_expires: s.never_expires });
    let event = match number {
        None => "FINISH_ONLY_WABA",
        Some(_) if s.on_business_app => "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING",
        Some(_) => "FINISH",
    };
    Ok(json!({
        "code": code,
        "message": {"type": "WA_EMBEDDED_SIGNUP", "event": event, "version": "3", "data": {
            "phone_number_id": number.map(|n| n.to_string()), "waba_id": waba.to_string(), "business_id": portfolio.to_string(),
            "ad_account_ids": [], "page_ids": [], "dataset_ids": [],
        }},
    }))
}

/// `GET|POST /oauth/access_token`: a code for a token, or an app's own token.
pub(crate) async fn access_token(e: &Arc<Inner>, call: &Call) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let get = |name: &str| {
        crate::graph::call::text(&p, name)
            .ok_or_else(|| GraphError::new(100).message(format!("Missing {name} parameter.")))
    };
    let app: u64 = get("client_id")?.parse().map_err(|_| {
        GraphError::new(101)
            .status(400)
            .message("Error validating application. Cannot get application info due to a system error.")
    })?;
    let secret = get("client_secret")?;
    {
        let d = read(&e.directory);
        let known = d.apps.get(&app).ok_or_else(|| {
            GraphError::new(101)
                .status(400)
                .message("Error validating application. Cannot get application info due to a system error.")
        })?;
        if known.secret != secret {
            return Err(GraphError::new(1).message("Error validating client secret."));
        }
    }
    if p.get("grant_type").is_some_and(|g| g == "client_credentials") {
        return Ok(Reply::json(&json!({"access_token": format!("{app}|{secret}"), "token_type": "bearer"})));
    }
    let code = get("code")?;
    let now_s = e.ambient.now().seconds();
    let life = e.behaviour().rules.signup_code_life;
    let refused = |subcode: i64, why: &str| Err(GraphError::new(100).message(why).subcode(subcode));
    let (waba, never) = {
        let mut codes = lock(&e.codes);
        let Some(c) = codes.0.get_mut(&code).filter(|c| c.app == app) else {
            return refused(36_008, "Invalid verification code format.");
        };
        if life && c.used {
            return refused(36_009, "This authorization code has been used.");
        }
        if life && now_s - c.at_s > CODE_LIFE_S {
            return refused(36_007, "This authorization code has expired.");
        }
        c.used = true;
        (c.waba, c.never_expires)
    };
    let token =
        format!("EAAJ{:016x}{}", join(e.seed ^ app, now_s.unsigned_abs()), code.get(2..).unwrap_or_default());
    let mut answer = json!({"access_token": token, "token_type": "bearer"});
    if !never {
        answer["expires_in"] = json!(TOKEN_LIFE_S);
    }
    write(&e.directory).add_token(Token {
        token,
        app,
        wabas: vec![waba],
        scopes: vec!["whatsapp_business_management".into(), "whatsapp_business_messaging".into()],
        expires_at: if never { 0 } else { now_s + TOKEN_LIFE_S },
        revoked: false,
    });
    Ok(Reply::json(&answer))
}

/// The customer removes the app: tokens die, the account falls silent, the app is told.
pub(crate) async fn deauthorize(e: &Arc<Inner>, app: Option<u64>, waba: u64) -> Result<(), &'static str> {
    let now_s = e.ambient.now().seconds();
    let request = {
        let mut d = write(&e.directory);
        let app = app.or_else(|| d.apps.keys().next().copied()).ok_or("app")?;
        if !d.wabas.contains_key(&waba) {
            return Err("account");
        }
        for t in d.tokens().filter(|t| t.app == app && t.wabas.contains(&waba)) {
            t.revoked = true;
        }
        let portfolio = d.wabas.get(&waba).map_or(0, |w| w.portfolio);
        for event in ["PARTNER_APP_UNINSTALLED", "PARTNER_REMOVED"] {
            let value = json!({"event": event, "waba_info": {"waba_id": waba.to_string(), "owner_business_id": portfolio.to_string()}});
            let note = Note {
                entry: portfolio,
                to_app: Some(app),
                ..Note::account(waba, "account_update", to_json(&value), now_s)
            };
            e.outbox.note(&d, note);
        }
        if let Some(w) = d.wabas.get_mut(&waba) {
            let _: Option<Subscription> = w.subscriptions.remove(&app);
        }
        let app = d.apps.get(&app).ok_or("app")?;
        app.deauthorize_url.as_ref().and_then(|url| {
            let payload =
                json!({"algorithm": "HMAC-SHA256", "issued_at": now_s, "user_id": "122093000000000001"});
            let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
            let signature = URL_SAFE_NO_PAD.encode(mac(&app.secret, payload.as_bytes()));
            http::Request::post(url.as_str())
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Bytes::from(format!("signed_request={signature}.{payload}")))
                .ok()
        })
    };
    if let Some(request) = request {
        let sink = read(&e.sink).clone();
        if let Err(error) = sink.call(request).await {
            tracing::debug!(error, "the deauthorise callback was not answered");
        }
    }
    Ok(())
}
