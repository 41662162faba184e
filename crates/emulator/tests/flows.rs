//! Flows: made, published, sent, opened on a phone, answered by the business's endpoint, completed.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

#[path = "support/endpoint.rs"]
mod endpoint;
mod support;

use axum::{body::Body, extract::Request};
use endpoint::{Endpoint, key, pem};
use serde_json::{Value, json};
use support::{Bench, code, details, hello};
use tisara_emulator::{RouterSink, World};

const USER: &str = "94771234567";

fn flows() -> String {
    format!("/v25.0/{}/flows", World::WABA_ID)
}

/// A flow JSON with one screen that completes.
fn one_screen() -> Value {
    json!({"version": "7.3", "screens": [{"id": "ONE", "title": "One", "terminal": true,
        "layout": {"type": "SingleColumnLayout", "children": [
            {"type": "TextInput", "name": "who", "label": "Name"},
            {"type": "Footer", "label": "Send", "on-click-action": {"name": "complete", "payload": {"who": "${form.who}"}}}]}}]})
}

/// A flow JSON that asks an endpoint.
fn asking() -> Value {
    let screen = |id: &str, terminal: bool| {
        json!({"id": id, "title": id, "terminal": terminal, "data": {"slots": {"type": "array", "__example__": []}},
            "layout": {"type": "SingleColumnLayout", "children": [
                {"type": "Dropdown", "name": "slot", "label": "Slot", "data-source": "${data.slots}"},
                {"type": "Footer", "label": "Next", "on-click-action": {"name": "data_exchange", "payload": {"slot": "${form.slot}"}}}]}})
    };
    json!({"version": "7.3", "data_api_version": "3.0", "routing_model": {"ONE": ["TWO"], "TWO": []},
        "screens": [screen("ONE", false), screen("TWO", true)]})
}

async fn made(b: &Bench, more: Value) -> (u16, Value) {
    let mut new = json!({"name": "survey", "categories": ["SURVEY"]});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    b.post(&flows(), new).await
}

async fn draft(b: &Bench) -> String {
    let (status, made) = made(b, json!({})).await;
    assert_eq!(status, 200, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn upload(b: &Bench, flow: &str, text: &str) -> (u16, Value) {
    let part = |name: &str, rest: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{value}\r\n")
    };
    let body = [
        part("name", "", "flow.json"),
        part("asset_type", "", "FLOW_JSON"),
        part("file", "; filename=\"flow.json\"\r\nContent-Type: application/json", text),
    ];
    let request = Request::post(format!("/v25.0/{flow}/assets"))
        .header("host", "emulator.test")
        .header("authorization", format!("Bearer {}", World::TOKEN))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(format!("{}--x--\r\n", body.concat())))
        .unwrap();
    b.request(request).await
}

fn message(parameters: Value) -> Value {
    let mut all = json!({"flow_message_version": "3", "flow_cta": "Open"});
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    json!({"messaging_product": "whatsapp", "to": format!("+{USER}"), "type": "interactive", "interactive":
        {"type": "flow", "body": {"text": "Form"}, "action": {"name": "flow", "parameters": all}}})
}

async fn step(b: &Bench, body: Value) -> Value {
    let (status, answer) = b.post(&format!("/_emulator/users/{USER}/flow"), body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A bench whose posts to `/flow` go to an endpoint, with a published flow that asks it.
async fn with_endpoint() -> (Bench, Endpoint, String) {
    let b = Bench::new();
    let endpoint = Endpoint::new();
    b.emulator.set_sink(RouterSink(endpoint.router().merge(b.receiver.router())));
    let number = format!("/v25.0/{}/whatsapp_business_encryption", World::NUMBER_ID);
    let set = b.post(&number, json!({"business_public_key": pem(key(0))})).await;
    assert_eq!(set, (200, json!({"success": true})));
    let flow = json!({"flow_json": asking().to_string(), "endpoint_uri": "https://business.test/flow", "publish": true});
    let (status, made) = made(&b, flow).await;
    assert_eq!(
        (status, &made["success"], &made["validation_errors"]),
        (200, &json!(true), &json!([])),
        "{made}"
    );
    b.post(&format!("/_emulator/users/{USER}/write"), json!({"text": "hi"})).await;
    (b, endpoint, made["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_flow_is_made_filled_published_and_withdrawn() {
    let b = Bench::new();
    let id = draft(&b).await;
    let (_, refused) = b.post(&format!("/v25.0/{id}/publish"), json!({})).await;
    assert_eq!(code(&refused), 139_002, "{refused}");
    let (_, wrong) = upload(&b, &id, r#"{"version": "7.3", "screens": [], "tune": 1}"#).await;
    let errors = wrong["validation_errors"].as_array().unwrap();
    assert_eq!(
        (errors[0]["error"].as_str(), errors[0]["line_start"].as_u64()),
        (Some("INVALID_PROPERTY_KEY"), Some(1))
    );
    let (_, refused) = b.post(&format!("/v25.0/{id}/publish"), json!({})).await;
    assert!(details(&refused).contains("validation errors"), "{refused}");
    let (_, right) = upload(&b, &id, &one_screen().to_string()).await;
    assert_eq!(right, json!({"success": true, "validation_errors": []}));
    let (_, assets) = b.get(&format!("/v25.0/{id}/assets")).await;
    let link = assets["data"][0]["download_url"].as_str().unwrap();
    let path = link.strip_prefix("http://emulator.test").unwrap();
    assert_eq!(b.request(Request::get(path).body(Body::empty()).unwrap()).await.1, one_screen());

    let renamed = json!({"name": "poll", "categories": ["OTHER"]});
    assert_eq!(b.post(&format!("/v25.0/{id}"), renamed).await.0, 200);
    assert_eq!(b.post(&format!("/v25.0/{id}/publish"), json!({})).await.0, 200);
    let fields = "id,name,status,categories,json_version,preview.invalidate(false),health_status,application,updated_at";
    let (_, read) = b.get(&format!("/v25.0/{id}?fields={fields}")).await;
    assert_eq!(
        (&read["name"], &read["status"], &read["json_version"]),
        (&json!("poll"), &json!("PUBLISHED"), &json!("7.3"))
    );
    assert_eq!(read["health_status"]["can_send_message"], "AVAILABLE");
    assert!(
        read["preview"]["preview_url"].is_string() && read["updated_at"].as_str().unwrap().ends_with("+0000")
    );
    assert_eq!(code(&b.call("DELETE", &format!("/v25.0/{id}"), None).await.1), 139_004);
    assert_eq!(code(&upload(&b, &id, "{}").await.1), 139_001);
    assert_eq!(b.post(&format!("/v25.0/{id}/deprecate"), json!({})).await.0, 200);
    assert_eq!(code(&b.post(&format!("/v25.0/{id}/deprecate"), json!({})).await.1), 139_003);
    b.emulator.deliver_due().await;
    let told: Vec<String> =
        b.receiver.values("flows").iter().map(|v| v["new_status"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, ["DRAFT", "PUBLISHED", "DEPRECATED"]);
}

#[tokio::test]
async fn names_are_unique_and_drafts_can_be_deleted_and_cloned() {
    let b = Bench::new();
    let id = draft(&b).await;
    assert_eq!(code(&made(&b, json!({})).await.1), 100);
    let (_, none) = b.post(&flows(), json!({"name": "x", "categories": ["DANCE"]})).await;
    assert_eq!(code(&none), 100);
    upload(&b, &id, &one_screen().to_string()).await;
    let (_, copy) = made(&b, json!({"name": "copy", "clone_flow_id": id})).await;
    let copied = copy["id"].as_str().unwrap().to_owned();
    assert_eq!(b.get(&format!("/v25.0/{copied}?fields=json_version")).await.1["json_version"], "7.3");
    assert_eq!(b.call("DELETE", &format!("/v25.0/{id}"), None).await, (200, json!({"success": true})));
    let (_, list) = b.get(&flows()).await;
    let names: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["copy", "book_a_visit"]);
}

#[tokio::test]
async fn flows_are_copied_to_another_account_of_the_business() {
    let b = Bench::with(|s| {
        let mut other = s.world.portfolios[0].wabas[0].clone();
        other.id = tisara_emulator::settings::ObjectId(77);
        (other.numbers, other.templates, other.flows) = (Vec::new(), Vec::new(), Vec::new());
        s.world.portfolios[0].wabas.push(other);
    });
    let ask =
        json!({"source_waba_id": World::WABA_ID.to_string(), "source_flow_names": ["book_a_visit", "none"]});
    let (status, answer) = b.post("/v25.0/77/migrate_flows", ask).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["migrated_flows"][0]["source_id"], World::FLOW_ID.to_string());
    assert_eq!(answer["failed_flows"][0]["error_code"], "4233041");
    let (_, list) = b.get("/v25.0/77/flows").await;
    assert_eq!(
        (&list["data"][0]["status"], &list["data"][0]["id"]),
        (&json!("PUBLISHED"), &answer["migrated_flows"][0]["migrated_id"])
    );
}

#[tokio::test]
async fn only_a_flow_that_can_be_opened_is_sent() {
    let b = Bench::new();
    let flow = World::FLOW_ID.to_string();
    let sent = |p: Value| b.send(message(p));
    assert_eq!(sent(json!({"flow_id": flow})).await.0, 200);
    assert_eq!(sent(json!({"flow_name": "book_a_visit"})).await.0, 200);
    assert_eq!(code(&sent(json!({"flow_id": "404"})).await.1), 131_009);
    assert_eq!(code(&sent(json!({"flow_id": flow, "mode": "draft"})).await.1), 131_009);
    let nowhere = json!({"flow_id": flow, "flow_action_payload": {"screen": "NOWHERE"}});
    assert!(details(&sent(nowhere).await.1).contains("no screen of the flow"));
    let change = format!("/_emulator/flows/{flow}");
    b.post(&change, json!({"status": "THROTTLED"})).await;
    for _ in 0..10 {
        assert_eq!(sent(json!({"flow_id": flow})).await.0, 200);
    }
    assert_eq!(code(&sent(json!({"flow_id": flow})).await.1), 132_069);
    b.advance(tisara_domain::Duration::from_secs(3_601)).await;
    assert_eq!(sent(json!({"flow_id": flow})).await.0, 200);
    b.post(&change, json!({"status": "BLOCKED"})).await;
    assert_eq!(code(&sent(json!({"flow_id": flow})).await.1), 132_068);
    let changes = b.receiver.values("flows");
    assert_eq!(changes.last().unwrap()["new_status"], "THROTTLED");
}

#[tokio::test]
async fn a_template_with_a_flow_button_needs_its_flow() {
    let b = Bench::new();
    let new = |flow: &str| {
        json!({"name": format!("visit_{flow}"), "language": "en_US", "category": "UTILITY", "components": [
            {"type": "BODY", "text": "Please choose a day."},
            {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Choose", "flow_id": flow, "navigate_screen": "WELCOME"}]}]})
    };
    let path = format!("/v25.0/{}/message_templates", World::WABA_ID);
    assert_eq!(code(&b.post(&path, new("404")).await.1), 100);
    let flow = World::FLOW_ID.to_string();
    assert_eq!(b.post(&path, new(&flow)).await.0, 200);
    b.settle().await;
    let button = json!([{"type": "button", "sub_type": "flow", "index": "0", "parameters": [
        {"type": "action", "action": {"flow_token": "t7", "flow_action_data": {}}}]}]);
    let send = support::template(&format!("+{USER}"), &format!("visit_{flow}"), "en_US", button);
    assert_eq!(b.send(send.clone()).await.0, 200);
    let opened = step(&b, json!({})).await;
    assert_eq!((&opened["screen"], &opened["flow_token"]), (&json!("WELCOME"), &json!("t7")));
    b.post(&format!("/_emulator/flows/{flow}"), json!({"status": "BLOCKED"})).await;
    assert_eq!(code(&b.send(send).await.1), 132_068);
    assert!(step(&b, json!({})).await["error"].as_str().unwrap().contains("no longer available"));
}

#[tokio::test]
async fn a_user_walks_through_the_screens_and_sends_the_answer() {
    let b = Bench::new();
    let asked = json!({"flow_id": World::FLOW_ID.to_string(), "flow_token": "t1"});
    let (_, sent) = b.send(message(asked)).await;
    let opened = step(&b, json!({})).await;
    assert_eq!((&opened["screen"], &opened["actions"]), (&json!("WELCOME"), &json!(["Continue"])));
    let second = step(&b, json!({"action": "submit", "values": {"day": "friday"}})).await;
    assert_eq!((&second["screen"], &second["data"]), (&json!("DETAILS"), &json!({"day": "friday"})));
    assert_eq!(step(&b, json!({"action": "back"})).await["screen"], "WELCOME");
    step(&b, json!({"action": "submit", "values": {"day": "saturday"}})).await;
    let done = step(&b, json!({"action": "submit", "values": {"name": "Nimal"}})).await;
    assert_eq!(done["response"], json!({"day": "saturday", "name": "Nimal", "flow_token": "t1"}));
    b.emulator.deliver_due().await;
    let got = b.receiver.messages().pop().unwrap();
    assert_eq!(got["context"]["id"], sent["messages"][0]["id"]);
    let reply = &got["interactive"]["nfm_reply"];
    assert_eq!((&reply["name"], &reply["body"]), (&json!("flow"), &json!("Sent")));
    let response: Value = serde_json::from_str(reply["response_json"].as_str().unwrap()).unwrap();
    assert_eq!(response, done["response"]);
    assert_eq!(b.post(&format!("/_emulator/users/{USER}/flow"), json!({"action": "submit"})).await.0, 404);
}

#[tokio::test]
async fn an_endpoint_is_asked_sealed_and_its_screens_are_shown() {
    let (b, endpoint, flow) = with_endpoint().await;
    b.send(message(json!({"flow_id": flow, "flow_token": "t2", "flow_action": "data_exchange"}))).await;
    endpoint.screen("ONE", json!({"slots": [{"id": "a", "title": "Nine"}]}));
    let opened = step(&b, json!({})).await;
    assert_eq!(
        (&opened["screen"], &opened["fields"][0]["options"][0]["title"]),
        (&json!("ONE"), &json!("Nine"))
    );
    endpoint.screen("TWO", json!({"slots": []}));
    assert_eq!(step(&b, json!({"action": "submit", "values": {"slot": "a"}})).await["screen"], "TWO");
    let done = json!({"extension_message_response": {"params": {"flow_token": "t2", "slot": "a"}}});
    endpoint.screen("SUCCESS", done);
    let sent = step(&b, json!({"action": "submit"})).await;
    assert_eq!(sent["response"], json!({"flow_token": "t2", "slot": "a"}));
    let asked = endpoint.asked.lock().unwrap().clone();
    let actions: Vec<&str> = asked.iter().map(|a| a["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["ping", "INIT", "data_exchange", "data_exchange"]);
    assert_eq!(
        (&asked[2]["screen"], &asked[2]["data"], &asked[2]["flow_token"], &asked[2]["version"]),
        (&json!("ONE"), &json!({"slot": "a"}), &json!("t2"), &json!("3.0"))
    );
}

#[tokio::test]
async fn a_phone_fetches_the_key_again_on_421_and_gives_up_on_427_and_432() {
    let (b, endpoint, flow) = with_endpoint().await;
    let send = || b.send(message(json!({"flow_id": flow, "flow_action": "data_exchange"})));
    send().await;
    endpoint.screen("ONE", json!({}));
    step(&b, json!({})).await;
    // The business changes its key; the phone still holds the old one.
    *endpoint.key.lock().unwrap() = key(1);
    let number = format!("/v25.0/{}/whatsapp_business_encryption", World::NUMBER_ID);
    b.post(&number, json!({"business_public_key": pem(key(1))})).await;
    endpoint.screen("TWO", json!({}));
    assert_eq!(step(&b, json!({"action": "submit"})).await["screen"], "TWO");
    endpoint.answer(432, Value::Null);
    let refused = step(&b, json!({"action": "submit"})).await;
    assert!(refused["error"].as_str().unwrap().contains("432") && refused["screen"] == "TWO");
    endpoint.answer(427, json!({"error_msg": "The order has already been placed"}));
    let dead = step(&b, json!({"action": "submit"})).await;
    assert_eq!((&dead["open"], &dead["shown"]), (&json!(false), &json!("The order has already been placed")));
    assert_eq!(b.post(&format!("/_emulator/users/{USER}/flow"), json!({})).await.0, 400);
}

#[tokio::test]
async fn a_wrong_answer_is_told_to_the_endpoint_and_errors_to_the_business() {
    let (b, endpoint, flow) = with_endpoint().await;
    b.send(message(json!({"flow_id": flow, "flow_action": "data_exchange"}))).await;
    endpoint.screen("ONE", json!({}));
    step(&b, json!({})).await;
    endpoint.screen("NOWHERE", json!({}));
    let wrong = step(&b, json!({"action": "submit"})).await;
    assert!(wrong["error"].as_str().unwrap().starts_with("invalid-screen-transition"));
    assert_eq!(wrong["acknowledged"], true);
    let told = endpoint.asked.lock().unwrap().last().unwrap()["data"]["error"].clone();
    assert_eq!(told, "invalid-screen-transition");
    for _ in 0..10 {
        endpoint.answer(500, Value::Null);
        step(&b, json!({"action": "submit"})).await;
    }
    b.emulator.deliver_due().await;
    let alerts: Vec<Value> =
        b.receiver.values("flows").into_iter().filter(|v| v["event"] == "ENDPOINT_ERROR_RATE").collect();
    assert_eq!((&alerts[0]["alert_state"], &alerts[0]["flow_id"]), (&json!("ACTIVATED"), &json!(flow)));
    assert_eq!(alerts[0]["errors"][0]["error_type"], "UNEXPECTED_HTTP_STATUS_CODE");
    let alert = json!({"alert": {"event": "ENDPOINT_LATENCY", "p90_latency": 8000, "threshold": 7000, "alert_state": "ACTIVATED"}, "ping": true});
    let (_, pinged) = b.post(&format!("/_emulator/flows/{flow}"), alert).await;
    assert_eq!(pinged["healthy"], true);
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.values("flows").last().unwrap()["p90_latency"], 8000);
}

#[tokio::test]
async fn keys_and_flows_are_kept_over_a_restart() {
    let (b, _, flow) = with_endpoint().await;
    let (_, state) = b.get("/_emulator/state").await;
    let fresh = Bench::new();
    assert_eq!(fresh.post("/_emulator/state", state).await.0, 200);
    let (_, read) = fresh.get(&format!("/v25.0/{flow}?fields=status,endpoint_uri,data_api_version")).await;
    assert_eq!(
        (&read["status"], &read["endpoint_uri"]),
        (&json!("PUBLISHED"), &json!("https://business.test/flow"))
    );
    let (_, held) = fresh.get(&format!("/v25.0/{}/whatsapp_business_encryption", World::NUMBER_ID)).await;
    assert_eq!(held["data"][0]["business_public_key"], pem(key(0)));
    let (_, bad) = fresh
        .post(
            &format!("/v25.0/{}/whatsapp_business_encryption", World::NUMBER_ID),
            json!({"business_public_key": "x"}),
        )
        .await;
    assert_eq!(code(&bad), 100);
    assert_eq!(fresh.send(hello(&format!("+{USER}"))).await.0, 200);
}
