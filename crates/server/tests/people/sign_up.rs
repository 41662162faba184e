//! From nothing to an account.

use crate::common::{
    TestApp,
    person::{PASSWORD, Person, SESSION, sign_up},
};
use serde_json::json;

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
