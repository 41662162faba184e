//! Webhooks: the handshake, the signature, the journal behind it.

mod common;
use common::{Answer, TestApp, answer, until};
use reqwest::Method;
use serde_json::json;
use tisara_cloud_api::webhook::signature;
use tisara_emulator::World;

async fn deliver(app: &TestApp, body: &[u8], signature: Option<&str>) -> Answer {
    let mut request = app.request(Method::POST, "/webhooks/whatsapp").body(body.to_vec());
    if let Some(signature) = signature {
        request = request.header("X-Hub-Signature-256", signature);
    }
    answer(request).await
}

fn sign(body: &[u8]) -> String {
    signature::sign(World::APP_SECRET.as_bytes(), body)
}

fn envelope(waba: &str) -> Vec<u8> {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": waba, "changes": [
        { "field": "account_alerts", "value": { "entity_type": "BUSINESS" } }] }] })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn the_handshake_answers_only_to_the_word() {
    let app = TestApp::new().await;
    let ask = async |mode: &str, word: &str| {
        let path =
            format!("/webhooks/whatsapp?hub.mode={mode}&hub.challenge=1158201444&hub.verify_token={word}");
        answer(app.request(Method::GET, &path)).await
    };
    let good = ask("subscribe", World::VERIFY_TOKEN).await;
    assert_eq!((good.status.as_u16(), good.text.as_str()), (200, "1158201444"));
    ask("subscribe", "wrong").await.problem(401, "signature_invalid");
    ask("unsubscribe", World::VERIFY_TOKEN).await.problem(401, "signature_invalid");
    app.emulator.control().verify_webhooks(None).await.unwrap();
}

#[tokio::test]
async fn an_unsigned_or_wrongly_signed_webhook_is_refused_and_not_kept() {
    let app = TestApp::new().await;
    app.connect().await;
    let body = envelope(&World::WABA_ID.to_string());
    deliver(&app, &body, None).await.problem(401, "signature_invalid");
    deliver(&app, &body, Some("sha256=00")).await.problem(401, "signature_invalid");
    deliver(&app, &body, Some(&sign(b"another body"))).await.problem(401, "signature_invalid");
    let large = vec![b' '; (3 << 20) + 1];
    deliver(&app, &large, Some(&sign(&large))).await.problem(413, "too_large");
    assert_eq!(app.get("/journal").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn a_webhook_is_in_the_journal_when_it_is_answered_and_only_its_owner_sees_it() {
    let app = TestApp::new().await;
    app.connect().await;
    let body = envelope(&World::WABA_ID.to_string());
    assert_eq!(deliver(&app, &body, Some(&sign(&body))).await.status, 200);
    let entries = app.get("/journal").await.ok();
    let id = entries["items"][0]["id"].as_i64().unwrap();
    let entry = app.get(&format!("/journal/{id}")).await.ok();
    assert_eq!(entry["body"]["entry"][0]["id"], World::WABA_ID.to_string());
    until("it is applied", async || {
        (app.get(&format!("/journal/{id}")).await.ok()["state"] == "applied").then_some(())
    })
    .await;
    assert_eq!(app.post(&format!("/journal/{id}/replay"), json!({})).await.status, 202);

    // One of an account that nobody has connected is kept, but nobody's to see.
    let foreign = envelope("4711");
    assert_eq!(deliver(&app, &foreign, Some(&sign(&foreign))).await.status, 200);
    assert_eq!(app.get("/journal").await.ok()["items"].as_array().unwrap().len(), 1);
    app.get(&format!("/journal/{}", id + 1)).await.problem(404, "not_found");
    app.post(&format!("/journal/{}/replay", id + 1), json!({})).await.problem(404, "not_found");
    let (_, other) = app.organization("Other").await;
    let path = format!("/api/v1/journal/{id}");
    answer(app.request(Method::GET, &path).bearer_auth(&other)).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_can_be_read_of_a_webhook_is_applied_and_the_whole_is_set_aside() {
    let app = TestApp::new().await;
    app.connect().await;
    let value = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": World::NUMBER_ID.to_string()},
        "contacts": [{"profile": {"name": "Nimal"}, "wa_id": "94771234567"}],
        "messages": [{"from": "94771234567", "id": "wamid.good", "timestamp": "1795000000", "type": "text", "text": {"body": "hello"}}],
        "statuses": [4711]});
    let entry = json!({"id": World::WABA_ID.to_string(), "changes": [{"field": "messages", "value": value}]});
    let body = json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string().into_bytes();
    assert_eq!(deliver(&app, &body, Some(&sign(&body))).await.status, 200);
    let aside = async || {
        until("it is set aside", async || {
            let line = app.get("/journal?failed=true").await.ok()["items"][0].clone();
            line["error"].is_string().then_some(line)
        })
        .await
    };
    let line = aside().await;
    let error = line["error"].as_str().unwrap();
    assert!(error.contains("statuses") && !error.contains("4711"), "{error}");
    let said = async || app.get("/threads").await.ok()["items"].as_array().unwrap().len();
    assert_eq!(said().await, 1);
    // Replayed it is the same again, and nothing is had twice.
    let replay = format!("/journal/{}/replay", line["id"]);
    assert_eq!(app.post(&replay, json!({})).await.status, 202);
    aside().await;
    assert_eq!(said().await, 1);
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_answered_with_success() {
    let app = TestApp::new().await;
    app.connect().await;
    assert!(app.app.engine.stop(tisara_domain::Duration::from_secs(10)).await);
    let body = envelope(&World::WABA_ID.to_string());
    let refused = deliver(&app, &body, Some(&sign(&body))).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.problem(503, "storage_unavailable");
}
