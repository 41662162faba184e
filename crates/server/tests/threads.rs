//! Threads: what comes in, what may be answered.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

mod common;
use common::{TestApp, answer, until};
use reqwest::Method;
use serde_json::{Value, json};

const PHONE: &str = "+94771234567";

async fn thread_of(app: &TestApp) -> Value {
    until("the message is here", async || {
        let threads = app.get("/threads").await.ok();
        threads["items"].as_array().unwrap().first().cloned()
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_writes_and_is_answered() {
    let app = TestApp::new().await;
    app.connect().await;
    app.emulator.control().write(PHONE, None, "Are you open today?").unwrap();
    let thread = thread_of(&app).await;
    assert_eq!((&thread["last_line"], &thread["unread"]), (&json!("Are you open today?"), &json!(1)));
    assert!(thread["window_until"].is_string() && thread["conversation"].is_string());
    let path = format!("/threads/{}", thread["id"].as_str().unwrap());
    let messages = app.get(&format!("{path}/messages")).await.ok();
    let inbound = &messages["items"][0];
    assert_eq!((&inbound["direction"], &inbound["state"]), (&json!("inbound"), &json!("received")));

    let reply = json!({ "kind": "text", "text": "Until eight.", "reply_to": inbound["id"] });
    let queued = app.post(&format!("{path}/messages"), reply).await;
    assert_eq!(queued.status, 202);
    assert_eq!(queued.ok()["direction"], "outbound");
    until("it is delivered", async || {
        let messages = app.get(&format!("{path}/messages")).await.ok();
        matches!(messages["items"][0]["state"].as_str(), Some("delivered" | "read")).then_some(())
    })
    .await;
    let sent = app.emulator.control().messages(Some(PHONE), 5).unwrap();
    assert!(sent.iter().any(|m| m.to_string().contains("Until eight.")), "{sent:?}");

    assert_eq!(app.get("/threads?unread=true").await.ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.post(&format!("{path}/read"), json!({})).await.ok()["unread"], 0);
    assert!(app.post(&format!("{path}/resolve"), json!({})).await.ok()["conversation"].is_null());
    app.post(&format!("{path}/resolve"), json!({})).await.problem(409, "wrong_state");
    assert_eq!(app.get("/threads?open=true").await.ok()["items"], json!([]));
    let (_, other) = app.organization("Other").await;
    for part in ["", "/messages"] {
        let path = format!("/api/v1{path}{part}");
        answer(app.request(Method::GET, &path).bearer_auth(&other)).await.problem(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_the_window_only_templates_are_taken() {
    let app = TestApp::new().await;
    let number = app.connect().await;
    let contact = app.contact(PHONE, "Nimal").await;
    let thread = app.post("/threads", json!({ "contact": contact, "number": number })).await.ok();
    let again = app.post("/threads", json!({ "contact": contact, "number": number })).await.ok();
    assert_eq!(thread["id"], again["id"]);
    let path = format!("/threads/{}/messages", thread["id"].as_str().unwrap());
    let send = async |body: Value| app.post(&path, body).await;

    send(json!({ "kind": "text", "text": "Hello" })).await.problem(409, "window_closed");
    let media = json!({ "kind": "media", "media": { "kind": "image", "link": "https://x.example/a.png" } });
    send(media).await.problem(409, "window_closed");

    let id = app.template("order_update").await;
    let values = |n: usize| {
        let value =
            |place: Value, name: &str, value: &str| json!({ "place": place, "name": name, "value": value });
        let all = vec![
            value(json!("body"), "1", "Nimal"),
            value(json!("body"), "2", "7"),
            value(json!("body"), "3", "Friday"),
            value(json!({ "button": { "index": 0 } }), "1", "7"),
        ];
        all.into_iter().take(n).collect::<Vec<_>>()
    };
    let template = |n: usize| json!({ "kind": "template", "template": id, "values": values(n) });
    assert_eq!(send(template(2)).await.invalid(), ["values", "values"]);
    let unknown = json!({ "kind": "template", "template": "template_01h455vb4pex5vsknk084sn02q" });
    assert_eq!(send(unknown).await.invalid(), ["template"]);
    let queued = send(template(4)).await.ok();
    assert!(queued["text"].as_str().unwrap().contains("Hi Nimal, your order 7"), "{queued}");
    until("it went out", async || {
        let messages = app.get(&path).await.ok();
        assert_ne!(messages["items"][0]["state"], "failed", "{messages}");
        matches!(messages["items"][0]["state"].as_str(), Some("delivered" | "read")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_message_is_told() {
    let app = TestApp::new().await;
    app.connect().await;
    app.emulator.control().write(PHONE, None, "Hi").unwrap();
    let path = format!("/threads/{}/messages", thread_of(&app).await["id"].as_str().unwrap());
    let send = async |body: Value| app.post(&path, body).await;
    assert_eq!(send(json!({ "kind": "text", "text": "" })).await.invalid(), ["message"]);
    assert_eq!(send(json!({ "kind": "text", "text": "x".repeat(5_000) })).await.invalid(), ["message"]);
    let plain = json!({ "kind": "media", "media": { "kind": "image", "link": "http://x.example/a.png" } });
    assert_eq!(send(plain).await.invalid(), ["media.link"]);
    let sticker = json!({ "kind": "media", "media": { "kind": "mural", "id": "1" } });
    assert_eq!(send(sticker).await.invalid(), ["media.kind"]);
    let answered = json!({ "kind": "text", "text": "a", "reply_to": "message_01h455vb4pex5vsknk084sn02q" });
    assert_eq!(send(answered).await.invalid(), ["reply_to"]);
    send(json!({ "kind": "poem" })).await.problem(400, "malformed");
    // Somebody who said stop gets no marketing, also not by hand.
    app.emulator.control().write(PHONE, None, "STOP").unwrap();
    let contact = until("the stop is heard", async || {
        let found = app.get("/contacts?consent=opted_out").await.ok();
        found["items"].as_array().unwrap().first().cloned()
    })
    .await;
    assert_eq!(contact["phone"], PHONE);
    let id = app.template("seasonal_sale").await;
    let value = |place: &str, name: &str| json!({ "place": place, "name": name, "value": "x" });
    let sale = json!({ "kind": "template", "template": id,
        "values": [value("header", "1"), value("body", "1"), value("body", "2"), value("body", "3")] });
    send(sale).await.problem(409, "contact_unreachable");
}
