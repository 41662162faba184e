//! Sign-up, sign-in, passwords, sessions: what works, and what must not.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

#[macro_use]
mod common;
use common::{
    TestApp,
    device::Device,
    person::{DEVICE, PASSWORD, Person, SESSION, sign_up},
};
use reqwest::Method;
use serde_json::{Value, json};
use tisara_domain::Duration;
use tisara_store::Engine;

on_both! {
    /// From nothing to a session, and what the account knows then.
    async fn a_person_signs_up_and_in_and_out(app) {
        let mut nimal = Person::new(app, "Nimal@Example.org").await;
        let user = nimal.get("/user").await.ok();
        assert_eq!((&user["email"], &user["phone"], &user["country"]), (&json!("Nimal@Example.org"), &json!("+94771234567"), &json!("LK")));
        assert_eq!(user["accepted"].as_array().unwrap().len(), 2);

        nimal.post("/sign-out", json!({})).await.ok();
        assert!(!nimal.cookies.contains_key(SESSION));
        nimal.get("/user").await.problem(401, "unauthorized");
        nimal.email = "nimal@EXAMPLE.org".to_owned();
        nimal.sign_in(PASSWORD).await.ok();
        assert_eq!(nimal.get("/user").await.ok()["id"], user["id"]);
    }
}

on_both! {
    /// The link alone is not enough: whoever signs up with somebody else's address gains nothing.
    async fn a_sign_up_is_proven_by_link_and_password(app) {
        let mut nimal = Person::stranger(app, "nimal@example.org", "198.51.100.7");
        nimal.post("/sign-up", sign_up("nimal@example.org")).await.ok();
        nimal.sign_in(PASSWORD).await.problem(401, "wrong_credentials");
        let token = app.mailed("nimal@example.org", "Confirm").await;
        let confirm = |token: &str, password: &str| json!({ "token": token, "password": password });
        nimal.post("/sign-up/confirm", confirm(&token, "another one")).await.problem(401, "wrong_credentials");
        let cut = &token[..token.len() - 1];
        nimal.post("/sign-up/confirm", confirm(cut, PASSWORD)).await.problem(422, "link_invalid");
        nimal.post("/sign-up/confirm", confirm(&"A".repeat(43), PASSWORD)).await.problem(422, "link_invalid");
        nimal.post("/sign-up/confirm", confirm(&token, PASSWORD)).await.ok();
        nimal.post("/sign-up/confirm", confirm(&token, PASSWORD)).await.problem(422, "link_invalid");
    }
}

on_both! {
    /// Answers, statuses and e-mails' number do not tell whether an address has an account.
    async fn nobody_learns_who_has_an_account(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let mut other = Person::stranger(app, "nobody@example.org", "203.0.113.9");
        let again = other.post("/sign-up", sign_up("NIMAL@example.org")).await;
        let fresh = other.post("/sign-up", sign_up("kamala@example.org")).await;
        assert_eq!((again.status, &again.json), (fresh.status, &fresh.json));
        assert!(app.letter("NIMAL@example.org", "You have an account").await.contains("There is an account"));

        let wrong = Person::stranger(app, "nimal@example.org", "203.0.113.9").sign_in("wrong password").await;
        let unknown = other.sign_in("wrong password").await;
        let told = |problem: Value| (problem["code"].clone(), problem["detail"].clone(), problem["title"].clone());
        assert_eq!(told(wrong.problem(401, "wrong_credentials")), told(unknown.problem(401, "wrong_credentials")));

        let known = other.post("/password-reset", json!({ "email": "nimal@example.org" })).await;
        let unknown = other.post("/password-reset", json!({ "email": "nobody@example.org" })).await;
        assert_eq!((known.status, &known.json), (unknown.status, &unknown.json));
        nimal.get("/user").await.ok();
    }
}

/// With and without an account, a password is worked on: it takes as long. The shortest of several
/// times is compared, since a busy machine only makes them longer.
#[tokio::test]
async fn a_sign_in_takes_as_long_without_an_account() {
    let app = TestApp::new().await;
    Person::new(&app, "nimal@example.org").await;
    let mut shortest = [Duration::MAX; 2];
    for n in 0..60 {
        for (email, shortest) in ["nimal@example.org", "nobody@example.org"].into_iter().zip(&mut shortest) {
            let mut person = Person::stranger(&app, email, &format!("203.0.113.{n}"));
            let began = app.ambient.now();
            person.sign_in("wrong password").await.problem(401, "wrong_credentials");
            *shortest = app.ambient.now().since(began).min(*shortest);
        }
        let [with, without] = shortest;
        if n >= 6 && with < without * 2 && without < with * 2 {
            return;
        }
    }
    panic!("with and without an account: {shortest:?}");
}

on_both! {
    /// What cannot be is refused before anything is kept.
    async fn a_sign_up_that_will_not_do_says_everything_at_once(app) {
        let mut person = Person::stranger(app, "a@example.org", "198.51.100.7");
        let wrong = json!({
            "name": " ", "email": "nobody", "password": "password", "country": "Lanka", "phone": "12",
            "is_13_or_over": false, "accepted": { "terms": "0", "privacy": "1" },
        });
        let fields = person.post("/sign-up", wrong).await.invalid();
        assert_eq!(fields, ["name", "country", "phone", "email", "password", "is_13_or_over", "accepted.terms"]);
        let mut long = sign_up("a@example.org");
        long["password"] = json!("ä".repeat(600));
        assert_eq!(person.post("/sign-up", long.clone()).await.invalid(), ["password"]);
        long["password"] = json!("a".repeat(10_000_000));
        person.post("/sign-up", long).await.problem(413, "too_large");
        let huge = json!({ "email": "a@example.org", "password": "a".repeat(10_000_000) });
        person.post("/sign-in", huge).await.problem(413, "too_large");
        person.post("/sign-in", json!({ "email": "a\u{0}b", "password": "\u{0}" })).await.problem(400, "malformed");
        assert!(app.outbox.list().is_empty());
    }
}

on_both! {
    /// Guessing is slowed where it comes from; the person's own browser and other networks are not.
    async fn guesses_do_not_lock_the_person_out(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        nimal.post("/sign-out", json!({})).await.ok();
        // The thief even sits in the same network.
        let mut thief = Person::stranger(app, "nimal@example.org", &nimal.ip);
        for _ in 0..6 {
            thief.sign_in("wrong password").await.problem(401, "wrong_credentials");
        }
        let slowed = thief.sign_in("wrong password").await;
        assert!(slowed.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
        slowed.problem(429, "too_many_attempts");
        thief.sign_in(PASSWORD).await.problem(429, "too_many_attempts");

        assert!(nimal.cookies.contains_key(DEVICE));
        nimal.sign_in(PASSWORD).await.ok();
        Person::stranger(app, "nimal@example.org", "192.0.2.44").sign_in(PASSWORD).await.ok();
        // A made-up device is no known one.
        thief.cookies.insert(DEVICE.to_owned(), "A".repeat(43));
        thief.sign_in(PASSWORD).await.problem(429, "too_many_attempts");
    }
}

on_both! {
    /// A cookie that somebody put there before is not taken over, and ends at sign-in.
    async fn a_session_cannot_be_fixed_beforehand(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let before = nimal.cookies[SESSION].clone();
        nimal.sign_in(PASSWORD).await.ok();
        assert_ne!(nimal.cookies[SESSION], before);
        let mut with_old = nimal.clone();
        with_old.cookies.insert(SESSION.to_owned(), before);
        with_old.get("/user").await.problem(401, "unauthorized");
        with_old.cookies.insert(SESSION.to_owned(), "B".repeat(43));
        with_old.sign_in(PASSWORD).await.ok();
        assert_ne!(with_old.cookies[SESSION], "B".repeat(43));
        for broken in ["", "x", &nimal.cookies[SESSION][1..]] {
            with_old.cookies.insert(SESSION.to_owned(), broken.to_owned());
            with_old.get("/user").await.problem(401, "unauthorized");
        }
    }
}

on_both! {
    /// Another site's page cannot make a browser do anything, not even sign in.
    async fn another_site_can_do_nothing(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        for (site, origin) in [(Some("cross-site"), None), (Some("same-site"), None), (None, Some("https://evil.example")), (None, Some("null"))] {
            for path in ["/sign-out", "/sign-in", "/password-reset", "/sessions/current/confirm"] {
                let mut request = app.request(Method::POST, &format!("/api/v1{path}"));
                request = request.header("cookie", format!("{SESSION}={}", nimal.cookies[SESSION]));
                if let Some(site) = site { request = request.header("sec-fetch-site", site); }
                if let Some(origin) = origin { request = request.header("origin", origin); }
                common::answer(request.json(&json!({}))).await.problem(403, "cross_site");
            }
        }
        // The page itself, behind a proxy that changes Host.
        let own = app.request(Method::POST, "/api/v1/sessions/current/confirm").header("origin", "https://tisara.example");
        let own = own.header("cookie", format!("{SESSION}={}", nimal.cookies[SESSION]));
        common::answer(own.json(&json!({ "password": PASSWORD }))).await.ok();
        nimal.get("/user").await.problem(401, "unauthorized");
    }
}

on_both! {
    /// Sessions are listed and ended one by one or all but this; only one's own.
    async fn sessions_are_seen_and_ended(app) {
        let mut desk = Person::new(app, "nimal@example.org").await;
        let mut phone = Person::stranger(app, "nimal@example.org", "192.0.2.44");
        phone.sign_in(PASSWORD).await.ok();
        let mut kamala = Person::new(app, "kamala@example.org").await;
        let list = desk.get("/sessions").await.ok();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.iter().map(|s| (s["ip"].as_str().unwrap(), s["current"].as_bool().unwrap())).collect::<Vec<_>>(), [("192.0.2.44", false), ("198.51.100.7", true)]);
        let id = items[0]["id"].as_str().unwrap();
        kamala.call(Method::DELETE, &format!("/sessions/{id}"), json!({})).await.problem(404, "not_found");
        phone.get("/user").await.ok();
        desk.call(Method::DELETE, &format!("/sessions/{id}"), json!({})).await.ok();
        phone.get("/user").await.problem(401, "unauthorized");
        phone.sign_in(PASSWORD).await.ok();
        desk.call(Method::DELETE, "/sessions", json!({})).await.ok();
        phone.get("/user").await.problem(401, "unauthorized");
        desk.get("/user").await.ok();
        kamala.get("/user").await.ok();
    }
}

on_both! {
    /// A reset works once, signs everyone out, and forgets known browsers.
    async fn a_forgotten_password_is_replaced(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let mut stranger = Person::stranger(app, "nimal@example.org", "192.0.2.44");
        stranger.post("/password-reset", json!({ "email": "NIMAL@example.org" })).await.ok();
        let token = app.mailed("nimal@example.org", "Set a new password").await;
        let reset = |password: &str| json!({ "token": token, "password": password });
        assert_eq!(stranger.post("/password-reset/confirm", reset("password1")).await.invalid(), ["password"]);
        assert_eq!(stranger.post("/password-reset/confirm", reset("Perera123")).await.invalid(), ["password"]);
        stranger.post("/password-reset/confirm", reset("kottu and roti at nine")).await.ok();
        stranger.post("/password-reset/confirm", reset("kottu and roti at ten")).await.problem(422, "link_invalid");
        nimal.get("/user").await.problem(401, "unauthorized");
        nimal.sign_in(PASSWORD).await.problem(401, "wrong_credentials");
        nimal.sign_in("kottu and roti at nine").await.ok();
        assert!(app.letter("nimal@example.org", "Your password was changed").await.contains("password-reset"));
    }
}

on_both! {
    /// A password changes with the old one only; others are signed out and the cookie changes.
    async fn a_password_is_changed_by_its_owner(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let mut phone = Person::stranger(app, "nimal@example.org", "192.0.2.44");
        phone.sign_in(PASSWORD).await.ok();
        let before = nimal.cookies[SESSION].clone();
        let change = |old: &str, new: &str| json!({ "password": old, "new_password": new });
        nimal.post("/user/password", change("wrong", "kottu and roti at nine")).await.problem(401, "wrong_credentials");
        assert_eq!(nimal.post("/user/password", change(PASSWORD, "12345678")).await.invalid(), ["new_password"]);
        nimal.post("/user/password", change(PASSWORD, "kottu and roti at nine")).await.ok();
        assert_ne!(nimal.cookies[SESSION], before);
        nimal.get("/user").await.ok();
        phone.get("/user").await.problem(401, "unauthorized");
    }
}

on_both! {
    /// Another address needs a fresh password, its own proof, and must be free.
    async fn an_address_is_changed_with_care(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        Person::new(app, "kamala@example.org").await;
        nimal.post("/user/email", json!({ "email": "new@example.org" })).await.ok();
        let token = app.mailed("new@example.org", "Confirm your new").await;
        let mut other = Person::new(app, "other@example.org").await;
        other.post("/user/email/confirm", json!({ "token": token })).await.problem(422, "link_invalid");
        nimal.post("/user/email/confirm", json!({ "token": token })).await.ok();
        assert_eq!(nimal.get("/user").await.ok()["email"], "new@example.org");
        assert!(app.letter("nimal@example.org", "Your e-mail address").await.contains("new@example.org"));
        nimal.post("/user/email", json!({ "email": "KAMALA@example.org" })).await.ok();
        app.letter("KAMALA@example.org", "You have an account").await;
        let changed = nimal.call(Method::PATCH, "/user", json!({ "name": "Nimal P.", "phone": null })).await.ok();
        assert_eq!((&changed["name"], &changed["phone"]), (&json!("Nimal P."), &Value::Null));
        assert_eq!(nimal.call(Method::PATCH, "/user", json!({ "country": "X" })).await.invalid(), ["country"]);
    }
}

/// What is dangerous asks for a password entered a moment ago, and only from a person.
#[tokio::test]
async fn dangerous_things_ask_for_the_password_again() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.recent_sign_in_s = 0).await;
    let mut nimal = Person::new(&app, "nimal@example.org").await;
    nimal
        .post("/user/email", json!({ "email": "new@example.org" }))
        .await
        .problem(403, "recent_sign_in_needed");
    app.post("/user/email", json!({ "email": "new@example.org" })).await.problem(403, "forbidden");
    let before = nimal.cookies[SESSION].clone();
    nimal
        .post("/sessions/current/confirm", json!({ "password": "no" }))
        .await
        .problem(401, "wrong_credentials");
    nimal.post("/sessions/current/confirm", json!({ "password": PASSWORD })).await.ok();
    assert_ne!(nimal.cookies[SESSION], before);
}

/// A session that lies idle, or lasts too long, is over.
#[tokio::test]
async fn sessions_end_by_themselves() {
    for change in [
        |s: &mut tisara_server::Settings| s.session_idle_s = 0,
        |s: &mut tisara_server::Settings| s.session_longest_s = 0,
    ] {
        let app = TestApp::with(Engine::Sqlite, change).await;
        let mut nimal = Person::new(&app, "nimal@example.org").await;
        nimal.get("/user").await.problem(401, "unauthorized");
    }
}

/// One network cannot ask without end, whoever it claims to be.
#[tokio::test]
async fn a_network_is_slowed_before_it_signs_in() {
    let app = TestApp::new().await;
    let mut person = Person::stranger(&app, "a@example.org", "2001:db8::1");
    let mut slowed = person.get("/policies").await;
    for _ in 0..1_000 {
        if slowed.status != 200 {
            break;
        }
        slowed = person.get("/policies").await;
    }
    assert!(slowed.headers.contains_key("retry-after"));
    slowed.problem(429, "rate_limited");
    person.ip = "2001:db8:0:1::2".to_owned();
    person.get("/policies").await.ok();
}

/// The code that an app would show `later` steps of 30 s from now.
fn code(app: &TestApp, secret: &str, later: i64) -> String {
    use ring::hmac;
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for c in secret.bytes() {
        let value = if c.is_ascii_digit() { c - b'2' + 26 } else { c - b'A' };
        bits = bits << 5 | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let step = app.ambient.now().seconds() / 30 + later;
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

on_both! {
    /// With an app in use, the password alone opens nothing; a code works once; a recovery code stands in.
    async fn a_second_proof_is_asked_for(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        nimal.post("/user/totp/confirm", json!({ "code": "123456" })).await.problem(409, "wrong_state");
        let secret = nimal.post("/user/totp", json!({})).await.ok();
        let secret = secret["secret"].as_str().unwrap().to_owned();
        assert_eq!(secret.len(), 32);
        nimal.post("/user/totp/confirm", json!({ "code": "000000" })).await.problem(401, "wrong_credentials");
        nimal.sign_in(PASSWORD).await.ok();
        let codes = nimal.post("/user/totp/confirm", json!({ "code": code(app, &secret, 0) })).await.ok();
        let recovery = codes["recovery_codes"][0].as_str().unwrap().to_owned();
        nimal.post("/user/totp", json!({})).await.problem(409, "wrong_state");

        let sign_in = async |person: &mut Person<'_>, code: Option<&str>, password: &str| {
            person.post("/sign-in", json!({ "email": "nimal@example.org", "password": password, "code": code })).await
        };
        sign_in(&mut nimal, None, PASSWORD).await.problem(401, "second_factor_needed");
        let device = Device::input(&Device::key(app), "nimal@example.org");
        nimal.post("/tokens", device).await.problem(401, "second_factor_needed");
        sign_in(&mut nimal, None, "wrong password").await.problem(401, "wrong_credentials");
        let now = code(app, &secret, 1);
        sign_in(&mut nimal, Some(&now), PASSWORD).await.ok();
        sign_in(&mut nimal, Some(&now), PASSWORD).await.problem(401, "wrong_credentials");
        sign_in(&mut nimal, Some(&recovery.to_uppercase().replace('-', " ")), PASSWORD).await.ok();
        sign_in(&mut nimal, Some(&recovery), PASSWORD).await.problem(401, "wrong_credentials");
        assert_eq!(nimal.get("/user/totp").await.ok()["recovery_codes_left"], 9);
        let renewed = nimal.post("/user/totp/recovery-codes", json!({})).await.ok();
        let old = codes["recovery_codes"][1].as_str().unwrap();
        sign_in(&mut nimal, Some(old), PASSWORD).await.problem(401, "wrong_credentials");
        sign_in(&mut nimal, Some(renewed["recovery_codes"][1].as_str().unwrap()), PASSWORD).await.ok();
        app.letter("nimal@example.org", "A second factor was switched on").await;
        nimal.call(Method::DELETE, "/user/totp", json!({})).await.ok();
        sign_in(&mut nimal, None, PASSWORD).await.ok();
        app.letter("nimal@example.org", "A second factor was switched off").await;
    }
}

on_both! {
    /// Whoever has the password cannot try codes without end, from however many networks; the person's own
    /// browser is not slowed by it.
    async fn codes_are_not_guessed(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let secret = nimal.post("/user/totp", json!({})).await.ok()["secret"].as_str().unwrap().to_owned();
        nimal.post("/user/totp/confirm", json!({ "code": code(app, &secret, 0) })).await.ok();
        let with = |code: &str| json!({ "email": "nimal@example.org", "password": PASSWORD, "code": code });
        for n in 0..6 {
            let mut thief = Person::stranger(app, "nimal@example.org", &format!("203.0.{n}.9"));
            thief.post("/sign-in", with("000000")).await.problem(401, "wrong_credentials");
        }
        let mut thief = Person::stranger(app, "nimal@example.org", "192.0.2.44");
        thief.post("/sign-in", with("000000")).await.problem(429, "too_many_attempts");
        nimal.post("/sign-in", with(&code(app, &secret, 1))).await.ok();
    }
}
