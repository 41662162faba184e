//! Codes of an app, and recovery codes.

use crate::common::{
    TestApp,
    device::Device,
    person::{PASSWORD, Person},
};
use reqwest::Method;
use serde_json::json;

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
