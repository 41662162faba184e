//! What people change of themselves.

use crate::common::{
    TestApp,
    person::{PASSWORD, Person, SESSION},
};
use reqwest::Method;
use serde_json::{Value, json};

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
