//! Passkeys, with an authenticator of software: what works, and what must not.

use crate::common::{
    Answer, TestApp,
    authenticator::Authenticator,
    person::{PASSWORD, Person},
};
use reqwest::Method;
use serde_json::{Value, json};

async fn add(person: &mut Person<'_>, device: &mut Authenticator) -> Answer {
    let asked = person.post("/user/passkeys/ask", json!({})).await.ok();
    let credential = device.create(&asked["options"]);
    person
        .post("/user/passkeys", json!({ "token": asked["token"], "name": "Phone", "credential": credential }))
        .await
}

async fn ask(person: &mut Person<'_>) -> Value {
    person.post("/sign-in/passkey/ask", json!({})).await.ok()
}

async fn sign_in(person: &mut Person<'_>, device: &mut Authenticator) -> Answer {
    let asked = ask(person).await;
    let credential = device.get(&asked["options"]);
    person.post("/sign-in/passkey", json!({ "token": asked["token"], "credential": credential })).await
}

on_both! {
    /// A passkey is added, signs in without address, password or code, is listed, and removed.
    async fn a_passkey_signs_in(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let mut phone = Authenticator::new(1);
        let added = add(&mut nimal, &mut phone).await.ok();
        app.letter("nimal@example.org", "A passkey was added").await;
        add(&mut nimal, &mut phone).await.problem(409, "already_exists");
        let mut elsewhere = Person::stranger(app, "", "192.0.2.44");
        assert_eq!(sign_in(&mut elsewhere, &mut phone).await.ok()["email"], "nimal@example.org");
        elsewhere.get("/user").await.ok();
        let list = elsewhere.get("/user/passkeys").await.ok();
        assert_eq!((&list["items"][0]["id"], &list["items"][0]["name"]), (&added["id"], &json!("Phone")));
        assert!(list["items"][0]["last_used_at"].is_string());
        let path = format!("/user/passkeys/{}", added["id"].as_str().unwrap());
        let mut kamala = Person::new(app, "kamala@example.org").await;
        add(&mut kamala, &mut Authenticator::new(1)).await.problem(409, "already_exists");
        kamala.call(Method::DELETE, &path, json!({})).await.problem(404, "not_found");
        nimal.call(Method::DELETE, &path, json!({})).await.ok();
        app.letter("nimal@example.org", "A passkey was removed").await;
        sign_in(&mut elsewhere, &mut phone).await.problem(401, "wrong_credentials");
    }
}

on_both! {
    /// An answer is good once, for its question, from this site, by the right key, with the person verified;
    /// and a copied authenticator, whose counter goes back, is noticed.
    async fn a_passkey_cannot_be_replayed_or_forged(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let mut phone = Authenticator::new(1);
        add(&mut nimal, &mut phone).await.ok();
        let mut thief = Person::stranger(app, "", "192.0.2.44");

        let (first, second) = (ask(&mut thief).await, ask(&mut thief).await);
        let answered = json!({ "token": first["token"], "credential": phone.get(&first["options"]) });
        let swapped = json!({ "token": second["token"], "credential": answered["credential"] });
        thief.post("/sign-in/passkey", swapped).await.problem(401, "wrong_credentials");
        thief.post("/sign-in/passkey", answered.clone()).await.ok();
        thief.post("/sign-in/passkey", answered).await.problem(401, "wrong_credentials");

        let right = |phone: &Authenticator| (phone.origin.clone(), phone.flags);
        let (origin, flags) = right(&phone);
        phone.origin = "https://evil.example".to_owned();
        sign_in(&mut thief, &mut phone).await.problem(401, "wrong_credentials");
        phone.origin = origin;
        phone.flags = 0b1;
        sign_in(&mut thief, &mut phone).await.problem(401, "wrong_credentials");
        phone.flags = flags;
        let mut other = Authenticator::new(1);
        other.user = phone.user.clone();
        other.counter = 100;
        sign_in(&mut thief, &mut other).await.problem(401, "wrong_credentials");
        let mut unknown = Authenticator::new(2);
        unknown.user = phone.user.clone();
        sign_in(&mut thief, &mut unknown).await.problem(401, "wrong_credentials");
        sign_in(&mut thief, &mut phone).await.ok();
        phone.counter = 1;
        sign_in(&mut thief, &mut phone).await.problem(401, "wrong_credentials");
        phone.counter = 50;
        sign_in(&mut thief, &mut phone).await.ok();
    }
}

on_both! {
    /// A question to add a passkey is for the person who asked; a question to sign in adds none.
    async fn a_passkey_is_added_by_its_person(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let mut kamala = Person::new(app, "kamala@example.org").await;
        let mut phone = Authenticator::new(1);
        let asked = nimal.post("/user/passkeys/ask", json!({})).await.ok();
        let input = |token: &Value, credential: Value| json!({ "token": token, "name": "x", "credential": credential });
        let credential = phone.create(&asked["options"]);
        kamala.post("/user/passkeys", input(&asked["token"], credential.clone())).await.problem(401, "wrong_credentials");
        nimal.post("/user/passkeys", input(&asked["token"], credential)).await.problem(401, "wrong_credentials");
        for broken in [json!({}), json!([]), json!("x"), json!({ "id": "x" })] {
            assert_eq!(nimal.post("/user/passkeys", input(&asked["token"], broken)).await.invalid(), ["credential"]);
        }
        let asked = ask(&mut nimal).await;
        let credential = phone.get(&asked["options"]);
        nimal.post("/sign-in/passkey", json!({ "token": "A", "credential": credential })).await.problem(401, "wrong_credentials");
        // Passkeys stand beside the second factor, not behind it.
        assert_eq!(nimal.sign_in(PASSWORD).await.ok()["email"], "nimal@example.org");
    }
}

on_both! {
    /// Whoever has a passkey confirms by it, without a password; each question once, and only one's own.
    async fn a_passkey_confirms_who_is_signed_in(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        nimal.post("/sessions/current/confirm/ask", json!({})).await.problem(409, "wrong_state");
        let mut phone = Authenticator::new(1);
        add(&mut nimal, &mut phone).await.ok();
        let confirm = |question: &Value, credential: Value| {
            json!({ "passkey": { "token": question["token"], "credential": credential } })
        };
        let question = nimal.post("/sessions/current/confirm/ask", json!({})).await.ok();
        let proof = confirm(&question, phone.get(&question["options"]));
        let before = nimal.cookies.clone();
        nimal.post("/sessions/current/confirm", proof.clone()).await.ok();
        assert_ne!(nimal.cookies, before, "the cookie changes");
        nimal.post("/sessions/current/confirm", proof).await.problem(401, "wrong_credentials");

        // Another person's question, another's passkey, a question that was put for something else.
        let mut kamala = Person::new(app, "kamala@example.org").await;
        let mut other = Authenticator::new(2);
        add(&mut kamala, &mut other).await.ok();
        let question = nimal.post("/sessions/current/confirm/ask", json!({})).await.ok();
        let proof = confirm(&question, phone.get(&question["options"]));
        kamala.post("/sessions/current/confirm", proof).await.problem(401, "wrong_credentials");
        let question = nimal.post("/sessions/current/confirm/ask", json!({})).await.ok();
        let proof = confirm(&question, other.get(&question["options"]));
        nimal.post("/sessions/current/confirm", proof).await.problem(401, "wrong_credentials");
        let question = ask(&mut nimal).await;
        let proof = confirm(&question, phone.get(&question["options"]));
        nimal.post("/sessions/current/confirm", proof).await.problem(401, "wrong_credentials");
        let question = nimal.post("/user/passkeys/ask", json!({})).await.ok();
        let fresh = nimal.post("/sessions/current/confirm/ask", json!({})).await.ok();
        let proof = confirm(&question, phone.get(&fresh["options"]));
        nimal.post("/sessions/current/confirm", proof).await.problem(401, "wrong_credentials");
        let question = nimal.post("/sessions/current/confirm/ask", json!({})).await.ok();
        let asked = nimal.post("/user/passkeys/ask", json!({})).await.ok();
        let credential = Authenticator::new(3).create(&asked["options"]);
        let input = json!({ "token": question["token"], "name": "x", "credential": credential });
        nimal.post("/user/passkeys", input).await.problem(401, "wrong_credentials");

        let both = json!({ "password": PASSWORD, "code": "000000" });
        assert_eq!(nimal.post("/sessions/current/confirm", both).await.invalid(), ["password"]);
        assert_eq!(nimal.post("/sessions/current/confirm", json!({})).await.invalid(), ["password"]);
    }
}
