//! The second way in: access tokens and refresh tokens of devices; what works, and what must not.

use crate::common::{
    Answer, TestApp, answer,
    device::Device,
    person::{PASSWORD, Person, SESSION},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use tisara_store::Engine;

on_both! {
    /// Somebody signs in on a device, works there, is seen among their sessions, and signs out.
    async fn a_device_is_a_way_in(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let mut desk = Device::new(app, "NIMAL@example.org").await;
        desk.call(Method::POST, "/organizations", json!({ "name": "Ceylon Tea", "default_region": "LK" })).await.ok();
        desk.get("/contacts").await.ok();
        desk.renew().await;
        desk.call(Method::POST, "/contacts", json!({ "phone": "0771234567" })).await.ok();
        let list = nimal.get("/sessions").await.ok();
        let seen: Vec<_> = list["items"].as_array().unwrap().iter().map(|s| (s["kind"].clone(), s["device"].clone(), s["current"].clone())).collect();
        assert_eq!(seen, [(json!("device"), json!("Desk"), json!(false)), (json!("browser"), Value::Null, json!(true))]);
        let left = desk.call(Method::POST, "/sign-out", json!({})).await;
        assert!(!left.headers.contains_key("set-cookie"));
        left.ok();
        desk.get("/user").await.problem(401, "unauthorized");
        desk.show(&desk.refresh).await.problem(401, "unauthorized");
        nimal.get("/user").await.ok();
    }
}

on_both! {
    /// A refresh token works once. Shown again, it ends the session, whoever's copy came first; the person
    /// hears of it. Other sessions go on.
    async fn a_refresh_token_that_is_used_again_ends_its_family(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let mut desk = Device::new(app, "nimal@example.org").await;
        let other = Device::new(app, "nimal@example.org").await;
        let first = desk.refresh.clone();
        desk.renew().await;
        desk.renew().await;
        desk.get("/user").await.ok();
        desk.show(&first).await.problem(401, "token_reused");
        desk.get("/user").await.problem(401, "unauthorized");
        desk.show(&desk.refresh).await.problem(401, "unauthorized");
        desk.show(&first).await.problem(401, "unauthorized");
        assert!(app.letter("nimal@example.org", "A device was signed out").await.contains("\"Desk\""));
        other.get("/user").await.ok();
        nimal.get("/user").await.ok();
    }
}

on_both! {
    /// Two who use one refresh token at the same moment do not both get on, and end with nothing.
    async fn a_race_for_a_refresh_token_has_no_winner(app) {
        Person::new(app, "nimal@example.org").await;
        let desk = Device::new(app, "nimal@example.org").await;
        let (a, b) = tokio::join!(desk.show(&desk.refresh), desk.show(&desk.refresh));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        let won = if a.status == 200 { a } else { b };
        let token = won.json["refresh_token"].as_str().unwrap();
        desk.show(token).await.problem(401, "unauthorized");
    }
}

on_both! {
    /// A refresh token without its device's key is worth nothing, and gives the theft away.
    async fn a_refresh_token_belongs_to_its_device(app) {
        Person::new(app, "nimal@example.org").await;
        let (desk, thief) = (Device::new(app, "nimal@example.org").await, Device::new(app, "nimal@example.org").await);
        thief.show(&desk.refresh).await.problem(401, "token_reused");
        desk.show(&desk.refresh).await.problem(401, "unauthorized");
        desk.get("/user").await.problem(401, "unauthorized");
        let unsigned = json!({ "refresh_token": thief.refresh, "signature": "" });
        answer(app.request(Method::POST, "/api/v1/tokens/refresh").json(&unsigned)).await.problem(401, "token_reused");
        thief.get("/user").await.problem(401, "unauthorized");
    }
}

on_both! {
    /// Cookies, access tokens, refresh tokens and keys do not stand in for each other.
    async fn tokens_are_not_swapped(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let desk = Device::new(app, "nimal@example.org").await;
        let cookie = nimal.cookies[SESSION].clone();
        for wrong in [cookie.as_str(), &desk.access, &app.key, "", &desk.refresh[1..], &"A".repeat(43)] {
            desk.show(wrong).await.problem(401, "unauthorized");
        }
        let bearer = async |token: &str| answer(app.request(Method::GET, "/api/v1/user").bearer_auth(token)).await;
        for wrong in [cookie.as_str(), &desk.refresh, ""] {
            bearer(wrong).await.problem(401, "unauthorized");
        }
        for wrong in [&desk.refresh, &desk.access] {
            nimal.cookies.insert(SESSION.to_owned(), wrong.clone());
            nimal.get("/user").await.problem(401, "unauthorized");
        }
        desk.get("/user").await.ok();
        let input = json!({ "email": "nimal@example.org", "password": PASSWORD, "device": { "name": " ", "public_key": "AA" } });
        assert_eq!(answer(app.request(Method::POST, "/api/v1/tokens").json(&input)).await.invalid(), ["device.name"]);
    }
}

/// The parts of a token, decoded.
fn parts(token: &str) -> (Value, Value, String) {
    let mut parts = token.split('.');
    let mut json =
        || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap();
    let (header, claims) = (json(), json());
    (header, claims, parts.next().unwrap().to_owned())
}

fn token(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

on_both! {
    /// Nothing but what we signed is a token, whatever its header claims.
    async fn a_forged_access_token_opens_nothing(app) {
        Person::new(app, "nimal@example.org").await;
        Person::new(app, "kamala@example.org").await;
        let (mine, theirs) = (Device::new(app, "nimal@example.org").await, Device::new(app, "kamala@example.org").await);
        let (header, claims, signature) = parts(&mine.access);
        let (_, other, _) = parts(&theirs.access);
        let with = |value: &Value, name: &str, to: Value| {
            let mut value = value.clone();
            value[name] = to;
            value
        };
        let forged = [
            token(&header, &other, &signature),
            token(&with(&header, "alg", json!("none")), &claims, ""),
            token(&with(&header, "alg", json!("HS256")), &claims, &signature),
            token(&with(&header, "crit", json!(["x"])), &claims, &signature),
            token(&with(&header, "kid", json!("sign_01h455vb4pex5vsknk084sn02q")), &claims, &signature),
            token(&with(&header, "kid", json!("../../key")), &claims, &signature),
            token(&header, &with(&claims, "exp", json!(4_000_000_000_u64)), &signature),
            mine.access[..mine.access.len() - 1].to_owned(),
            mine.access.rsplit_once('.').unwrap().0.to_owned(),
            format!("{}.", mine.access),
            format!("eyJ{}", "A".repeat(100_000)),
            "eyJ.eyJ.".to_owned(),
        ];
        for token in &forged {
            let refused = answer(app.request(Method::GET, "/api/v1/user").bearer_auth(token)).await;
            assert!(matches!(refused.status.as_u16(), 401 | 431), "{} {token}", refused.text);
        }
        mine.get("/user").await.ok();
    }
}

/// The key that signed a token.
fn key_of(token: &str) -> String {
    parts(token).0["kid"].as_str().unwrap().to_owned()
}

/// Keys that sign follow each other; what an earlier one signed is good until it runs out, on every node.
#[tokio::test]
async fn keys_that_sign_take_turns() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.signing_key_s = 0).await;
    Person::new(&app, "nimal@example.org").await;
    let mut desk = Device::new(&app, "nimal@example.org").await;
    let before = desk.access.clone();
    desk.renew().await;
    assert_ne!(key_of(&before), key_of(&desk.access));
    for token in [&before, &desk.access] {
        answer(app.request(Method::GET, "/api/v1/user").bearer_auth(token)).await.ok();
    }
    let app = TestApp::new().await;
    Person::new(&app, "nimal@example.org").await;
    let mut desk = Device::new(&app, "nimal@example.org").await;
    let before = desk.access.clone();
    desk.renew().await;
    assert_eq!(key_of(&before), key_of(&desk.access));
}

/// An access token that ran out opens nothing; the refresh token goes on.
#[tokio::test]
async fn an_access_token_is_short() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.access_token_s = 0).await;
    Person::new(&app, "nimal@example.org").await;
    let mut desk = Device::new(&app, "nimal@example.org").await;
    desk.get("/user").await.problem(401, "unauthorized");
    desk.renew().await;
}

on_both! {
    /// What ends sessions ends a device's at once, access token and all.
    async fn a_device_is_signed_out_from_elsewhere(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let out = async |desk: &Device<'_>, by: &str| {
            let (access, refresh): (Answer, Answer) = (desk.get("/user").await, desk.show(&desk.refresh).await);
            assert_eq!((access.status.as_u16(), refresh.status.as_u16()), (401, 401), "{by}");
        };
        let desk = Device::new(app, "nimal@example.org").await;
        nimal.call(Method::DELETE, &format!("/sessions/{}", desk.session), json!({})).await.ok();
        out(&desk, "one").await;
        let desk = Device::new(app, "nimal@example.org").await;
        nimal.call(Method::DELETE, "/sessions", json!({})).await.ok();
        out(&desk, "all").await;
        let desk = Device::new(app, "nimal@example.org").await;
        nimal.post("/user/password", json!({ "password": PASSWORD, "new_password": "kottu and roti at nine" })).await.ok();
        out(&desk, "a new password").await;
    }
}

/// What is dangerous asks a device for the password again, too.
#[tokio::test]
async fn a_device_proves_the_person_again() {
    let ask = json!({ "email": "new@example.org" });
    let app = TestApp::with(Engine::Sqlite, |settings| settings.recent_sign_in_s = 0).await;
    Person::new(&app, "nimal@example.org").await;
    let desk = Device::new(&app, "nimal@example.org").await;
    desk.call(Method::POST, "/user/email", ask.clone()).await.problem(403, "recent_sign_in_needed");

    let app = TestApp::new().await;
    Person::new(&app, "nimal@example.org").await;
    let desk = Device::new(&app, "nimal@example.org").await;
    let path = "/sessions/current/confirm";
    desk.call(Method::POST, path, json!({ "password": "no" })).await.problem(401, "wrong_credentials");
    let confirmed = desk.call(Method::POST, path, json!({ "password": PASSWORD })).await;
    assert!(!confirmed.headers.contains_key("set-cookie"));
    confirmed.ok();
    desk.call(Method::POST, "/user/email", ask).await.ok();
}
