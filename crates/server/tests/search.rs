//! Searching messages.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

mod common;
use common::{TestApp, answer, until};
use reqwest::Method;
use serde_json::{Value, json};

/// The excerpt of the newest message found, with what was looked for in brackets.
fn shown(page: &Value) -> String {
    let parts = page["items"][0]["excerpt"].as_array().unwrap().iter();
    let text = |p: &Value| p["text"].as_str().unwrap().to_owned();
    parts.map(|p| if p["hit"] == true { format!("[{}]", text(p)) } else { text(p) }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_found_by_their_words() {
    let app = TestApp::new().await;
    let number = app.connect().await;
    let person = app.emulator.control();
    person.write("+94771234567", None, "Do you have green tea?").unwrap();
    person.write("+94771234568", None, "ආයුබෝවන්! Green TEA please").unwrap();
    let page = until("both are found", async || {
        let page = app.get("/messages/search?q=tea+gre").await.ok();
        (page["items"].as_array().unwrap().len() == 2).then_some(page)
    })
    .await;
    let hit = &page["items"][0];
    assert_eq!((&hit["message"]["direction"], &hit["number"]), (&json!("inbound"), &json!(number)));
    let thread = app.get(&format!("/threads/{}", hit["thread"].as_str().unwrap())).await.ok();
    assert_eq!((&thread["contact"], &thread["contact_name"]), (&hit["contact"], &hit["contact_name"]));

    let sinhala = app.get("/messages/search?q=%E0%B6%86%E0%B6%BA%E0%B7%94").await.ok();
    assert_eq!(shown(&sinhala), "[ආයුබෝවන්]! Green TEA please");
    let first = app.get("/messages/search?q=tea&limit=1").await.ok();
    let next = format!("/messages/search?q=tea&limit=1&after={}", first["next"].as_str().unwrap());
    let second = app.get(&next).await.ok();
    assert_ne!(first["items"][0]["message"]["id"], second["items"][0]["message"]["id"]);
    let here = format!("/messages/search?q=tea&thread={}", hit["thread"].as_str().unwrap());
    assert_eq!(app.get(&here).await.ok()["items"].as_array().unwrap().len(), 1);

    let (_, other) = app.organization("Other").await;
    let elsewhere = app.request(Method::GET, "/api/v1/messages/search?q=tea").bearer_auth(&other);
    assert_eq!(answer(elsewhere).await.ok()["items"], json!([]));
    assert_eq!(app.get("/messages/search").await.invalid(), ["q"]);
    assert_eq!(app.get("/messages/search?q=%3F%21").await.invalid(), ["q"]);
    assert_eq!(app.get("/messages/search?q=tea&number=x").await.invalid(), ["number"]);
}
