//! Sign-in by password: guesses, what an answer tells, other sites.

use crate::common::{
    TestApp,
    person::{DEVICE, PASSWORD, Person, SESSION, sign_up},
};
use reqwest::Method;
use serde_json::{Value, json};
use tisara_domain::Duration;

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
    /// Another site's page cannot make a browser do anything, not even sign in.
    async fn another_site_can_do_nothing(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        for (site, origin) in [(Some("cross-site"), None), (Some("same-site"), None), (None, Some("https://evil.example")), (None, Some("null"))] {
            for path in ["/sign-out", "/sign-in", "/password-reset", "/sessions/current/confirm"] {
                let mut request = app.request(Method::POST, &format!("/api/v1{path}"));
                request = request.header("cookie", format!("{SESSION}={}", nimal.cookies[SESSION]));
                if let Some(site) = site { request = request.header("sec-fetch-site", site); }
                if let Some(origin) = origin { request = request.header("origin", origin); }
                crate::common::answer(request.json(&json!({}))).await.problem(403, "cross_site");
            }
        }
        // The page itself, behind a proxy that changes Host.
        let own = app.request(Method::POST, "/api/v1/sessions/current/confirm").header("origin", "https://tisara.example");
        let own = own.header("cookie", format!("{SESSION}={}", nimal.cookies[SESSION]));
        crate::common::answer(own.json(&json!({ "password": PASSWORD }))).await.ok();
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
