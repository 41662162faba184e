//! API keys.

use crate::common::{
    TestApp,
    person::{joined, owner},
    until,
};
use reqwest::Method;
use serde_json::json;
use tisara_store::Engine;

on_both! {
    /// A key does what it names, from where it may, until it runs out or is revoked.
    async fn a_key_opens_what_it_names(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let call = async |key: &str, ip: &str, path: &str| {
            let request = app.request(Method::GET, &format!("/api/v1{path}")).bearer_auth(key).header("x-forwarded-for", ip);
            crate::common::answer(request).await
        };
        let input = json!({ "name": "shop", "permissions": ["contacts.read"], "networks": ["203.0.113.0/24"], "test": true });
        let made = nimal.post("/api-keys", input).await.ok();
        let (secret, id) = (made["secret"].as_str().unwrap(), made["key"]["id"].as_str().unwrap());
        assert!(secret.starts_with("tsr_test_") && secret.len() == 67);
        let answer = call(secret, "203.0.113.9", "/contacts").await;
        assert_eq!(answer.headers["ratelimit-policy"], "\"key\";q=60000;w=60");
        assert!(answer.headers["ratelimit"].to_str().unwrap().starts_with("\"key\";r="));
        answer.ok();
        call(secret, "198.51.100.9", "/contacts").await.problem(401, "unauthorized");
        call(secret, "203.0.113.9", "/campaigns").await.problem(403, "forbidden");
        call(&secret[..66], "203.0.113.9", "/contacts").await.problem(401, "unauthorized");
        let listed = nimal.get("/api-keys").await.ok();
        assert_eq!(listed["items"][0]["hint"], secret[..13]);
        assert!(listed["items"][0]["last_used_at"].is_string() && !listed.to_string().contains(secret));
        nimal.call(Method::DELETE, &format!("/api-keys/{id}"), json!({})).await.ok();
        call(secret, "203.0.113.9", "/contacts").await.problem(401, "unauthorized");
        nimal.call(Method::DELETE, &format!("/api-keys/{id}"), json!({})).await.problem(404, "not_found");

        let soon = app.ambient.now().plus(tisara_domain::Duration::from_millis(300));
        let brief = nimal.post("/api-keys", json!({ "name": "brief", "expires_at": soon })).await.ok();
        until("the key has run out", async || {
            let answer = call(brief["secret"].as_str().unwrap(), "203.0.113.9", "/contacts").await;
            (answer.status != 200).then(|| answer.problem(401, "unauthorized"))
        })
        .await;
        let wrong = json!({ "name": "", "networks": ["x"], "expires_at": "2020-01-01T00:00:00Z" });
        assert_eq!(nimal.post("/api-keys", wrong).await.invalid(), ["name", "networks[0]", "expires_at"]);
        app.post("/api-keys", json!({ "name": "by a key" })).await.problem(403, "forbidden");
        let mut manager = joined(&mut nimal, "manager@example.org", "manager").await;
        manager.post("/api-keys", json!({ "name": "no" })).await.problem(403, "forbidden");
    }
}

/// A key that calls too often is told when to come back.
#[tokio::test]
async fn a_key_may_call_so_often() {
    let app = TestApp::with(Engine::Sqlite, |s| {
        s.key_limit = tisara_server::edge::Limit { burst: 3, window_s: 3_600 }
    })
    .await;
    for left in [2, 1, 0] {
        let answer = app.get("/me").await;
        assert_eq!(answer.headers["ratelimit"], format!("\"key\";r={left};t=3600"));
        answer.ok();
    }
    let slowed = app.get("/me").await;
    assert!(slowed.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1_000);
    slowed.problem(429, "rate_limited");
}
