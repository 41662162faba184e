//! Connecting accounts, and templates.

mod common;
use common::{TestApp, answer};
use reqwest::Method;
use serde_json::json;
use tisara_emulator::World;

fn account(token: &str) -> serde_json::Value {
    json!({ "waba_id": World::WABA_ID.to_string(), "token": token })
}

#[tokio::test]
async fn an_account_is_connected_by_its_token_and_its_numbers_can_be_steered() {
    let app = TestApp::new().await;
    let number = app.connect().await;
    let path = format!("/numbers/{number}");
    let shown = app.get(&path).await.ok();
    assert_eq!(
        (&shown["meta_id"], &shown["pace_per_second"]),
        (&json!(World::NUMBER_ID.to_string()), &json!(1_000))
    );
    let slow = app.patch(&path, json!({ "pace_per_second": 5, "stopped": true })).await.ok();
    assert_eq!((&slow["pace_per_second"], slow["stopped_reason"].is_string()), (&json!(5), true));
    assert_eq!(app.patch(&path, json!({ "pace_per_second": 0 })).await.invalid(), ["pace_per_second"]);
    assert_eq!(app.delete(&path).await.status, 204);
    // Connecting again renews it and keeps its pace.
    assert_eq!(app.connect().await, number);
    let shown = app.get(&path).await.ok();
    assert_eq!((&shown["pace_per_second"], shown["stopped_reason"].is_null()), (&json!(5), true));
    assert_eq!(app.get("/numbers").await.ok()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_that_is_expired_or_none_is_told_in_metas_words() {
    let app = TestApp::new().await;
    let problem = app.post("/numbers/connect", account("EAAexpired")).await.problem(422, "token_rejected");
    assert!(problem["detail"].as_str().unwrap().contains("190"), "{problem}");
    assert_eq!(app.post("/numbers/connect", account("two words")).await.invalid(), ["token"]);
    let by_phone = json!({ "waba_id": "+94771234567", "token": World::TOKEN });
    assert_eq!(app.post("/numbers/connect", by_phone).await.invalid(), ["waba_id"]);
    let unknown = json!({ "waba_id": "4711", "token": World::TOKEN });
    let unknown = app.post("/numbers/connect", unknown).await;
    assert!(unknown.status.is_client_error(), "{}", unknown.text);
    let mut foreign = account(World::TOKEN);
    foreign["numbers"] = json!(["4711"]);
    assert_eq!(app.post("/numbers/connect", foreign).await.invalid(), ["numbers[0]"]);
    assert_eq!(app.get("/numbers").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn an_account_belongs_to_one_organization() {
    let app = TestApp::new().await;
    let number = app.connect().await;
    let (_, other) = app.organization("Other").await;
    let as_other =
        |method: Method, path: &str| app.request(method, &format!("/api/v1{path}")).bearer_auth(&other);
    let taken = answer(as_other(Method::POST, "/numbers/connect").json(&account(World::TOKEN))).await;
    taken.problem(409, "already_exists");
    answer(as_other(Method::GET, &format!("/numbers/{number}"))).await.problem(404, "not_found");
    answer(as_other(Method::PATCH, &format!("/numbers/{number}")).json(&json!({ "stopped": true })))
        .await
        .problem(404, "not_found");
    assert!(app.get(&format!("/numbers/{number}")).await.ok()["stopped_reason"].is_null());
}

#[tokio::test]
async fn templates_are_taken_over_with_what_they_ask_for() {
    let app = TestApp::new().await;
    app.connect().await;
    let id = app.template("order_update").await;
    let template = app.get(&format!("/templates/{id}")).await.ok();
    assert_eq!(
        template["variables"],
        json!([
            { "place": "body", "name": "1" }, { "place": "body", "name": "2" }, { "place": "body", "name": "3" },
            { "place": { "button": { "index": 0 } }, "name": "1" }
        ])
    );
    let named = app.get(&format!("/templates/{}", app.template("appointment_reminder").await)).await.ok();
    assert_eq!(
        (&named["parameter_format"], &named["variables"][0]["name"]),
        (&json!("NAMED"), &json!("first_name"))
    );
    let image = app.get(&format!("/templates/{}", app.template("new_arrival").await)).await.ok();
    assert_eq!(image["header_media"], "image");
    // Nothing is new the second time.
    let again = app.post("/templates/sync", json!({})).await.ok();
    assert_eq!((&again["changed"], &again["gone"]), (&json!(0), &json!(0)));
    assert!(again["found"].as_i64() > Some(8));
    let first = app.get("/templates?limit=4").await.ok();
    let rest = app.get(&format!("/templates?after={}", first["next"].as_str().unwrap())).await.ok();
    assert_eq!(rest["items"].as_array().unwrap().len() as i64 + 4, again["found"].as_i64().unwrap());
    let (_, other) = app.organization("Other").await;
    let path = format!("/api/v1/templates/{id}");
    answer(app.request(Method::GET, &path).bearer_auth(&other)).await.problem(404, "not_found");
}
