//! Codes of an app, and recovery codes.

use crate::common::{
    TestApp,
    device::Device,
    person::{PASSWORD, Person},
    totp::code,
};
use reqwest::Method;
use serde_json::json;

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

on_both! {
    /// A code or a recovery code confirms who is signed in, each once; without an app there is none to send.
    async fn a_code_confirms_who_is_signed_in(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let confirm = |code: &str| json!({ "code": code });
        assert_eq!(nimal.post("/sessions/current/confirm", confirm("000000")).await.invalid(), ["code"]);
        let secret = nimal.post("/user/totp", json!({})).await.ok()["secret"].as_str().unwrap().to_owned();
        let codes = nimal.post("/user/totp/confirm", json!({ "code": code(app, &secret, 0) })).await.ok();
        let recovery = codes["recovery_codes"][0].as_str().unwrap();
        let now = code(app, &secret, 1);
        nimal.post("/sessions/current/confirm", confirm(&now)).await.ok();
        nimal.post("/sessions/current/confirm", confirm(&now)).await.problem(401, "wrong_credentials");
        nimal.post("/sessions/current/confirm", confirm(recovery)).await.ok();
        nimal.post("/sessions/current/confirm", confirm(recovery)).await.problem(401, "wrong_credentials");
        nimal.post("/sessions/current/confirm", json!({ "password": PASSWORD })).await.ok();
    }
}
