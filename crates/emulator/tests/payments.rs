//! Orders to pay: what is refused, what a payment is told as, how an order goes on.

mod support;

use serde_json::{Value, json};
use support::{Bench, code, details};
use tisara_emulator::World;

const USER: &str = "919876543210";

fn details_of(reference: &str) -> Value {
    let amount = |value: i64| json!({"value": value, "offset": 100});
    json!({"reference_id": reference, "type": "physical-goods", "payment_type": "upi", "payment_configuration": "shop", "currency": "INR",
        "total_amount": amount(21_000), "order": {"status": "pending", "subtotal": amount(20_000), "tax": amount(1_000),
            "items": [{"retailer_id": "sku-1", "name": "Tea", "amount": amount(10_000), "quantity": 2}]}})
}

async fn send(b: &Bench, kind: &str, name: &str, parameters: Value) -> (u16, Value) {
    let interactive = json!({"type": kind, "body": {"text": "Your order"}, "action": {"name": name, "parameters": parameters}});
    b.send(json!({"messaging_product": "whatsapp", "to": format!("+{USER}"), "type": "interactive", "interactive": interactive})).await
}

async fn ask(b: &Bench, reference: &str) -> (u16, Value) {
    send(b, "order_details", "review_and_pay", details_of(reference)).await
}

async fn stands(b: &Bench, reference: &str, status: &str) -> (u16, Value) {
    let order = json!({"reference_id": reference, "order": {"status": status, "description": "On its way"}});
    send(b, "order_status", "review_order", order).await
}

fn payments(b: &Bench) -> Vec<Value> {
    b.receiver.statuses().into_iter().filter(|s| s["type"] == "payment").collect()
}

#[tokio::test]
async fn an_order_is_asked_for_paid_and_sent() {
    let b = Bench::new();
    b.emulator.control().write(USER, None, "one tea please").unwrap();
    let (status, sent) = ask(&b, "order-41").await;
    assert_eq!(status, 200, "{sent}");
    b.settle().await;
    let seen = b.emulator.control().user(USER).unwrap();
    let shown = &seen["thread"][1]["shown"];
    assert_eq!(
        shown["buttons"][0],
        json!({"kind": "pay", "text": "Review and pay INR 210.00", "reference_id": "order-41"})
    );
    assert_eq!(shown["order"]["items"][0], json!({"name": "Tea", "quantity": 2, "amount": "100.00"}));

    let path = format!("/_emulator/users/{USER}/pay");
    assert_eq!(b.post(&path, json!({"status": "failed", "method": "card"})).await.0, 200);
    let (_, paid) =
        b.post(&format!("/_emulator/users/{USER}/tap"), json!({"button": "Review and pay INR 210.00"})).await;
    assert_eq!(paid["id"], Value::Null, "no message is sent by it");
    b.emulator.deliver_due().await;
    let told = payments(&b);
    assert_eq!((&told[0]["status"], &told[1]["status"]), (&json!("failed"), &json!("captured")));
    assert_eq!(told[0]["payment"]["transaction"]["method"]["type"], "card");
    assert_eq!((&told[0]["id"], &told[1]["id"]), (&sent["messages"][0]["id"], &sent["messages"][0]["id"]));
    assert_eq!(told[1]["payment"]["amount"], json!({"value": 21_000, "offset": 100}));
    assert_eq!(told[1]["payment"]["transaction"]["status"], "success");
    assert_ne!(
        told[0]["payment"]["transaction"]["pg_transaction_id"],
        told[1]["payment"]["transaction"]["pg_transaction_id"]
    );
    assert_eq!(b.post(&path, json!({})).await.0, 400, "it is paid");

    assert!(details(&stands(&b, "order-41", "canceled").await.1).contains("cannot be canceled"));
    assert_eq!(stands(&b, "order-41", "shipped").await.0, 200);
    assert!(details(&stands(&b, "order-41", "processing").await.1).contains("does not become"));
    assert_eq!(stands(&b, "order-41", "completed").await.0, 200);
    assert_eq!(code(&stands(&b, "order-41", "canceled").await.1), 131_009);
    assert_eq!(code(&stands(&b, "order-42", "shipped").await.1), 131_009);
}

#[tokio::test]
async fn a_reference_is_used_once_and_terms_come_first() {
    let b = Bench::new();
    assert_eq!(ask(&b, "order-1").await.0, 200);
    assert!(details(&ask(&b, "order-1").await.1).contains("was used already"));
    let mut wrong = details_of("order-2");
    wrong["total_amount"]["value"] = json!(1);
    let (_, answer) = send(&b, "order_details", "review_and_pay", wrong.clone()).await;
    assert!(code(&answer) == 131_009 && details(&answer).contains("come to 21000"), "{answer}");
    b.post("/_emulator/config", json!({"commerce": {"orders_checked": false}})).await;
    assert_eq!(send(&b, "order_details", "review_and_pay", wrong).await.0, 200);
    let b = Bench::with(|s| s.world.portfolios[0].wabas[0].payment_terms = false);
    assert_eq!(code(&ask(&b, "order-1").await.1), 134_011);
}

#[tokio::test]
async fn a_template_asks_for_money_and_tells_how_the_order_stands() {
    let b = Bench::new();
    let path = format!("/v25.0/{}/message_templates", World::WABA_ID);
    let new = json!({"name": "invoice_due", "language": "en", "category": "UTILITY", "components": [
        {"type": "BODY", "text": "Your invoice is ready."}, {"type": "BUTTONS", "buttons": [{"type": "ORDER_DETAILS", "text": "Review and Pay"}]}]});
    let made = b.post(&path, new).await;
    assert_eq!(made.0, 200, "{made:?}");
    b.settle().await;
    let button = |order: Value| json!([{"type": "button", "sub_type": "order_details", "index": "0", "parameters": [{"type": "action", "action": {"order_details": order}}]}]);
    let (_, without) = b.send(support::template(USER, "invoice_due", "en", json!([]))).await;
    assert_eq!(code(&without), 131_008, "{without}");
    let (_, wrong) =
        b.send(support::template(USER, "invoice_due", "en", button(json!({"reference_id": "i 1"})))).await;
    assert_eq!(code(&wrong), 131_009, "{wrong}");
    assert_eq!(b.send(support::template(USER, "invoice_due", "en", button(details_of("i-1")))).await.0, 200);
    assert_eq!(
        b.post(&format!("/_emulator/users/{USER}/pay"), json!({"status": "pending"})).await.1["status"],
        "pending"
    );
    b.emulator.deliver_due().await;
    assert_eq!(payments(&b)[0]["payment"]["reference_id"], "i-1");
    let status = json!([{"type": "order_status", "parameters": [{"type": "order_status", "order_status": {"reference_id": "i-1", "order": {"status": "canceled"}}}]}]);
    let (_, refused) = b.send(support::template(USER, "hello_world", "en_US", status)).await;
    assert!(details(&refused).contains("cannot be canceled"), "{refused}");
}

#[tokio::test]
async fn people_sign_up_through_a_link() {
    let b = Bench::new();
    let path = format!("/v25.0/{}/signups", World::WABA_ID);
    let mut link = json!({"signup_message": "Get our news", "confirmation_message": "Your code: {{promo_code}}",
        "privacy_policy_url": "https://example.com/privacy"});
    let refused = async |link: &Value| code(&b.post(&path, link.clone()).await.1);
    assert_eq!(refused(&link).await, 2_494_167);
    link["promo_code"] = json!("SPRING10");
    assert_eq!(refused(&link).await, 2_494_168);
    link["policy"] = json!({"tos": "https://example.com/terms", "accepted": true});
    assert_eq!(refused(&link).await, 2_494_177);
    link["policy"]["tos"] = json!("https://www.facebook.com/legal/ads-manager-marketing-messages-terms");
    link["confirmation_message"] = json!("Hi {{name}}");
    assert_eq!(refused(&link).await, 2_494_166);
    link["confirmation_message"] = json!("Your code: {{promo_code}}");
    link["website_url"] = json!("http://example.com");
    assert_eq!(refused(&link).await, 2_494_179);
    link["website_url"] = json!("https://example.com");
    let (status, made) = b.post(&path, link.clone()).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(refused(&link).await, 2_494_176);
    let id = made["id"].as_str().unwrap();
    let own = format!("/v25.0/signups/{id}");
    assert_eq!(b.get(&path).await.1["data"][0]["id"], id);
    assert_eq!(b.get(&own).await.1["promo_code"], "SPRING10");
    assert_eq!(code(&b.get("/v25.0/signups/1").await.1), 2_494_164);

    b.emulator.control().stop_marketing(USER, None, true).unwrap();
    let follow = format!("/_emulator/users/{USER}/signup");
    let address = format!("https://wa.me/15550783881/signup/{id}");
    let (_, seen) = b.post(&follow, json!({"link": address})).await;
    assert_eq!((&seen["asked"], &seen["shown"]), (&json!("Get our news"), &json!("Your code: SPRING10")));
    b.send(support::sale(USER)).await;
    b.settle().await;
    assert!(b.receiver.statuses().iter().all(|s| s["status"] != "failed"), "marketing is wanted again");
    let told = &b.receiver.values("user_preferences")[1]["user_preferences"][0];
    assert_eq!((&told["value"], &told["signup_id"]), (&json!("signup"), &json!(id)));
    assert_eq!(b.post(&own, json!({"status": "DISABLED"})).await.0, 200);
    assert_eq!(b.post(&follow, json!({"link": id})).await.0, 400);
}
