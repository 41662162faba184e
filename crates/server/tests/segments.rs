//! Segments: made, counted, listed, sent to.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

mod common;
use common::{TestApp, answer, until};
use reqwest::Method;
use serde_json::{Value, json};

fn phones(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|c| c["phone"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_is_counted_listed_and_sent_to() {
    let app = TestApp::new().await;
    let number = app.connect().await;
    let label = app.post("/labels", json!({ "name": "Tea" })).await.ok()["id"].clone();
    let field = app.post("/fields", json!({ "name": "Town", "kind": "text" })).await.ok()["id"].clone();
    for (phone, town) in [("+94771234501", "Galle"), ("+94771234502", "Kandy"), ("+94771234503", "GALLE")] {
        let contact =
            json!({ "phone": phone, "name": "Nimal", "labels": [label], "fields": { "Town": town } });
        app.post("/contacts", contact).await.ok();
    }
    let town = json!({ "kind": "field", "field": field, "compare": "is", "value": "galle" });
    let rule = json!({ "kind": "all", "rules": [{ "kind": "label", "label": label }, town] });
    let preview = app.post("/segments/preview", json!({ "rule": rule })).await.ok();
    assert_eq!(preview["count"], 2);
    assert_eq!(phones(&preview), ["+94771234503", "+94771234501"]);

    let made = app.post("/segments", json!({ "name": "Galle", "rule": rule })).await.ok();
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["rule"], rule);
    app.post("/segments", json!({ "name": "GALLE", "rule": rule })).await.problem(409, "already_exists");
    assert_eq!(app.get(&format!("/segments/{id}/count")).await.ok()["count"], 2);
    let first = app.get(&format!("/contacts?segment={id}&limit=1")).await.ok();
    assert_eq!(phones(&first), ["+94771234503"]);
    let next = format!("/contacts?segment={id}&limit=1&after={}", first["next"].as_str().unwrap());
    assert_eq!(phones(&app.get(&next).await.ok()), ["+94771234501"]);
    assert_eq!(app.get(&format!("/contacts?segment={id}&search=x")).await.invalid(), ["search"]);
    let wrong =
        json!({ "kind": "not", "rule": { "kind": "label", "label": "label_01h455vb4pex5vsknk084sn02q" } });
    assert_eq!(app.post("/segments/preview", json!({ "rule": wrong })).await.invalid(), ["rule.rule.label"]);

    let template = app.template("order_update").await;
    let bound = |place: Value, name: &str| json!({ "place": place, "name": name, "source": { "kind": "text", "text": "7" } });
    let bindings = [
        bound(json!("body"), "1"),
        bound(json!("body"), "2"),
        bound(json!("body"), "3"),
        bound(json!({ "button": { "index": 0 } }), "1"),
    ];
    let campaign = json!({ "name": "c", "number": number, "template": template, "bindings": bindings,
        "audience": { "kind": "segment", "segment": id } });
    assert_eq!(app.post("/campaigns/estimate", campaign.clone()).await.ok()["sendable"], 2);
    let made = app.post("/campaigns", campaign).await.ok();
    let path = format!("/campaigns/{}", made["id"].as_str().unwrap());
    assert_eq!(made["audience"], json!({ "kind": "segment", "segment": id }));
    app.post(&format!("{path}/start"), json!({})).await.ok();
    let done = until("it is over", async || {
        let campaign = app.get(&path).await.ok();
        (campaign["state"] == "completed").then_some(campaign)
    })
    .await;
    assert_eq!(done["progress"]["recipients"], 2, "{done}");
    let went = json!({ "kind": "campaign", "campaign": made["id"], "did": "sent" });
    assert_eq!(app.post("/segments/preview", json!({ "rule": went })).await.ok()["count"], 2);

    let (_, other) = app.organization("Other").await;
    for part in ["", "/count"] {
        let path = format!("/api/v1/segments/{id}{part}");
        answer(app.request(Method::GET, &path).bearer_auth(&other)).await.problem(404, "not_found");
    }
    assert_eq!(
        answer(app.request(Method::DELETE, &format!("/api/v1/segments/{id}")).bearer_auth(&app.key))
            .await
            .status,
        204
    );
}
