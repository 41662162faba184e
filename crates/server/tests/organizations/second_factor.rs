//! An organization that asks for a second factor of its members.

use crate::common::{
    TestApp,
    authenticator::Authenticator,
    device::Device,
    person::{PASSWORD, Person, joined, owner},
};
use reqwest::Method;
use serde_json::{Value, json};

async fn require(person: &mut Person<'_>, required: bool) -> crate::common::Answer {
    person.call(Method::PUT, "/organization/second-factor", json!({ "required": required })).await
}

/// Adds a passkey and confirms by it.
async fn add_passkey(person: &mut Person<'_>, phone: &mut Authenticator) {
    let asked = person.post("/user/passkeys/ask", json!({})).await.ok();
    let credential = phone.create(&asked["options"]);
    let input = json!({ "token": asked["token"], "name": "Phone", "credential": credential });
    person.post("/user/passkeys", input).await.ok();
    confirm(person, phone).await;
}

async fn confirm(person: &mut Person<'_>, phone: &mut Authenticator) {
    let question = person.post("/sessions/current/confirm/ask", json!({})).await.ok();
    let proof = json!({ "token": question["token"], "credential": phone.get(&question["options"]) });
    person.post("/sessions/current/confirm", json!({ "passkey": proof })).await.ok();
}

on_both! {
    /// Members without one are refused everywhere in the organization until they have set one up and proved it;
    /// keys are not concerned; another organization of theirs is open as before.
    async fn members_without_a_second_factor_are_refused(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let mut kamala = joined(&mut nimal, "kamala@example.org", "manager").await;
        let key = nimal.post("/api-keys", json!({ "name": "k" })).await.ok()["secret"].as_str().unwrap().to_owned();
        let problem = require(&mut nimal, true).await.problem(403, "second_factor_required");
        assert!(problem["detail"].as_str().unwrap().contains("/user/totp"), "{problem}");
        require(&mut kamala, true).await.problem(403, "forbidden");
        let mut phone = Authenticator::new(1);
        add_passkey(&mut nimal, &mut phone).await;
        assert_eq!(require(&mut nimal, true).await.ok()["second_factor_required"], true);

        nimal.get("/contacts").await.ok();
        for path in ["/contacts", "/organization", "/me", "/usage"] {
            kamala.get(path).await.problem(403, "second_factor_required");
        }
        let by_key = app.request(Method::GET, "/api/v1/contacts").bearer_auth(&key);
        crate::common::answer(by_key).await.ok();
        // It can be seen why, and another organization is open.
        let mine: Value = kamala.get("/organizations").await.ok();
        assert_eq!(mine["items"][0]["organization"]["second_factor_required"], true);
        let own = kamala.post("/organizations", json!({ "name": "Spice", "default_region": "LK" })).await.ok();
        kamala.get("/contacts").await.ok();
        let org = mine["items"][0]["organization"]["id"].clone();
        kamala.call(Method::PUT, "/sessions/current/organization", json!({ "organization": org })).await.ok();
        kamala.get("/contacts").await.problem(403, "second_factor_required");
        let named = kamala.request(Method::GET, "/contacts").header("tisara-organization", own["id"].as_str().unwrap());
        kamala.send(named).await.ok();

        // An app is set up: from then on each sign-in asks for its code.
        let secret = kamala.post("/user/totp", json!({})).await.ok()["secret"].as_str().unwrap().to_owned();
        kamala.get("/contacts").await.problem(403, "second_factor_required");
        let code = crate::common::totp::code(app, &secret, 0);
        kamala.post("/user/totp/confirm", json!({ "code": code })).await.ok();
        kamala.get("/contacts").await.ok();
        kamala.call(Method::DELETE, "/user/totp", json!({})).await.ok();
        kamala.get("/contacts").await.problem(403, "second_factor_required");

        require(&mut nimal, false).await.ok();
        kamala.get("/contacts").await.ok();
    }
}

on_both! {
    /// Who has a passkey but signed in by password confirms by it; a device, too.
    async fn a_password_alone_is_not_enough(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let mut phone = Authenticator::new(1);
        add_passkey(&mut nimal, &mut phone).await;
        require(&mut nimal, true).await.ok();
        nimal.sign_in(PASSWORD).await.ok();
        let problem = nimal.get("/contacts").await.problem(403, "second_factor_required");
        assert!(problem["detail"].as_str().unwrap().contains("confirm"), "{problem}");
        require(&mut nimal, false).await.problem(403, "second_factor_required");
        confirm(&mut nimal, &mut phone).await;
        nimal.get("/contacts").await.ok();
        let device = Device::new(app, "nimal@example.org").await;
        device.get("/contacts").await.problem(403, "second_factor_required");
        let question = nimal.post("/sign-in/passkey/ask", json!({})).await.ok();
        let proof = json!({ "token": question["token"], "credential": phone.get(&question["options"]) });
        nimal.post("/sign-in/passkey", proof).await.ok();
        nimal.get("/contacts").await.ok();
    }
}

on_both! {
    /// An invitation says what is asked for.
    async fn an_invitation_says_what_is_asked_for(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let invite = |email: &str| json!({ "email": email, "role": "agent" });
        nimal.post("/invitations", invite("kamala@example.org")).await.ok();
        assert!(!app.letter("kamala@example.org", "You are invited").await.contains("second factor"));
        add_passkey(&mut nimal, &mut Authenticator::new(1)).await;
        require(&mut nimal, true).await.ok();
        nimal.post("/invitations", invite("ruwan@example.org")).await.ok();
        assert!(app.letter("ruwan@example.org", "You are invited").await.contains("second factor"));
        let token = app.mailed("ruwan@example.org", "You are invited").await;
        let mut ruwan = Person::new(app, "ruwan@example.org").await;
        let joined = ruwan.post("/invitations/accept", json!({ "token": token })).await.ok();
        assert_eq!(joined["second_factor_required"], true);
        ruwan.get("/me").await.problem(403, "second_factor_required");
    }
}

on_both! {
    /// What an operator removes is gone, sessions too; the person is told why, and signs in by password.
    async fn an_operator_lets_somebody_in_who_lost_everything(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let mut phone = Authenticator::new(1);
        add_passkey(&mut nimal, &mut phone).await;
        let secret = nimal.post("/user/totp", json!({})).await.ok()["secret"].as_str().unwrap().to_owned();
        let code = crate::common::totp::code(app, &secret, 0);
        nimal.post("/user/totp/confirm", json!({ "code": code })).await.ok();
        let removal = |email: &str| tisara_server::Removal {
            email: email.to_owned(),
            reason: "lost phone, seen in person".to_owned(),
            public_url: "https://tisara.example/".parse().unwrap(),
        };
        let remove = async |email: &str| {
            let (store, vault) = (&app.test.store, &app.app.vault);
            tisara_server::remove_second_factors(store, &app.ambient, vault, removal(email)).await.unwrap()
        };
        assert!(remove("kamala@example.org").await.is_none());
        let removed = remove(" NIMAL@example.org").await.unwrap();
        assert_eq!((removed.app, removed.passkeys, removed.sessions), (true, 1, 1));
        nimal.get("/user").await.problem(401, "unauthorized");
        let letter = app.letter("nimal@example.org", "Your second factors were removed").await;
        assert!(letter.contains("lost phone, seen in person"), "{letter}");
        nimal.sign_in(PASSWORD).await.ok();
        assert_eq!(nimal.get("/user/passkeys").await.ok()["items"], json!([]));
    }
}
