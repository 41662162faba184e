//! What is done to many templates at once, Meta's library, and marketing that goes its own way.
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy knows only functions marked as tests")]

mod support;

use serde_json::{Value, json};
use support::{Bench, code, details, hello, sale};
use tisara_emulator::World;

const USER: &str = "94771234567";

async fn id_of(b: &Bench, waba: &str, name: &str) -> String {
    let (_, list) = b.get(&format!("/v25.0/{waba}/message_templates?limit=100")).await;
    let all = list["data"].as_array().unwrap();
    all.iter().find(|t| t["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

fn own(edge: &str) -> String {
    format!("/v25.0/{}/{edge}", World::WABA_ID)
}

#[tokio::test]
async fn templates_are_put_away_and_taken_out_again() {
    let b = Bench::new();
    let waba = World::WABA_ID.to_string();
    let id = id_of(&b, &waba, "hello_world").await;
    let (_, away) = b.post(&own("message_templates/archive"), json!({"hsm_ids": format!("{id},5")})).await;
    assert_eq!(
        (&away["archived_templates"], &away["failed_templates"]["5"]),
        (&json!([id]), &json!("Template not found."))
    );
    assert_eq!(code(&b.send(hello(USER)).await.1), 132_001);
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.values("message_template_status_update")[0]["event"], "ARCHIVED");
    let (_, back) = b.post(&own("message_templates/unarchive"), json!({"hsm_ids": id})).await;
    assert_eq!(back["unarchived_templates"], json!([id]));
    assert_eq!(b.send(hello(USER)).await.0, 200);
}

#[tokio::test]
async fn templates_are_taken_over_from_another_account_of_the_business() {
    let b = Bench::with(|s| {
        let mut other = s.world.portfolios[0].wabas[0].clone();
        other.id = tisara_emulator::settings::ObjectId(77);
        other.numbers.clear();
        other.flows.clear();
        other.templates.retain(|t| t.name == "hello_world");
        other.templates[0].id = tisara_emulator::settings::ObjectId(78);
        s.world.portfolios[0].wabas.push(other);
    });
    let path = format!("/v25.0/77/migrate_message_templates?source_waba_id={}&page_number=0", World::WABA_ID);
    let (_, moved) = b.post(&path, json!({})).await;
    assert!(moved["migrated_templates"].as_array().unwrap().len() > 5, "{moved}");
    let failed = moved["failed_templates"].as_object().unwrap();
    assert!(
        failed.len() == 1 && failed.values().all(|why| why.as_str().unwrap().contains("hello_world")),
        "{moved}"
    );
    id_of(&b, "77", "coupon").await;
    let (_, itself) = b
        .post(&own(&format!("migrate_message_templates?source_waba_id={}", World::WABA_ID)), json!({}))
        .await;
    assert_eq!(code(&itself), 100);
}

#[tokio::test]
async fn codes_in_several_languages_are_made_and_changed_at_once() {
    let b = Bench::new();
    let body = json!({"name": "pin", "languages": ["en_US", "es_ES"], "category": "AUTHENTICATION", "components": [
        {"type": "BODY", "add_security_recommendation": true}, {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]});
    let (_, made) = b.post(&own("upsert_message_templates"), body.clone()).await;
    assert_eq!(made["data"].as_array().unwrap().len(), 2, "{made}");
    assert!(
        made["data"].as_array().unwrap().iter().all(|r| r["id"].is_string() && r["error"].is_null()),
        "{made}"
    );
    b.settle().await;
    let (_, again) = b.post(&own("upsert_message_templates"), body.clone()).await;
    assert_eq!(again["data"][0]["id"], made["data"][0]["id"]);
    let mut wrong = body;
    wrong["languages"] = json!(["fr", "not a language"]);
    let (_, half) = b.post(&own("upsert_message_templates"), wrong).await;
    assert!(half["data"][0]["id"].is_string() && half["data"][1]["error"]["code"] == 100, "{half}");
}

#[tokio::test]
async fn the_library_is_searched_and_used_and_previews_are_read() {
    let b = Bench::new();
    let (_, found) = b.get("/v25.0/message_template_library?search=balance&language=en_US").await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    let name = found["data"][0]["name"].clone();
    let new =
        json!({"name": "low", "language": "en_US", "category": "UTILITY", "library_template_name": name});
    assert_eq!(b.post(&own("message_templates"), new).await.1["status"], "APPROVED");
    let unknown = json!({"name": "other", "language": "en_US", "category": "UTILITY", "library_template_name": "nothing"});
    assert!(details(&b.post(&own("message_templates"), unknown).await.1).contains("library"));
    let query = "category=AUTHENTICATION&languages=en_US,es_ES&code_expiration_minutes=5&add_security_recommendation=true";
    let (_, previews) = b.get(&own(&format!("message_template_previews?{query}"))).await;
    assert_eq!(
        (previews["data"].as_array().unwrap().len(), &previews["data"][1]["language"]),
        (2, &json!("es_ES"))
    );
    assert!(previews["data"][0]["footer"].as_str().unwrap().contains("5 minutes"));
}

#[tokio::test]
async fn two_templates_are_compared_by_what_was_sent() {
    let b = Bench::new();
    let waba = World::WABA_ID.to_string();
    let (one, two) = (id_of(&b, &waba, "hello_world").await, id_of(&b, &waba, "coupon").await);
    b.send(hello(USER)).await;
    b.advance(tisara_domain::Duration::from_secs(5)).await;
    b.post("/_emulator/templates/coupon", json!({"quality": "YELLOW"})).await;
    let now = b.clock_now().seconds() + 1_800;
    let path = |days: i64| {
        format!("/v25.0/{one}/compare?template_ids=[{two}]&start={}&end={now}", now - days * 86_400)
    };
    let (_, compared) = b.get(&path(7)).await;
    let rows = compared["data"].as_array().unwrap();
    assert_eq!(rows[0]["order_by_relative_metric"], json!([two, one]), "the worse first");
    assert_eq!(rows[1]["number_values"], json!([{"key": one, "value": 1}, {"key": two, "value": 0}]));
    assert_eq!(code(&b.get(&path(10)).await.1), 100);
}

#[tokio::test]
async fn marketing_messages_take_marketing_templates_only_and_say_so() {
    let b = Bench::with(|s| s.world.portfolios[0].wabas[0].marketing_disabled = true);
    let path = format!("/v25.0/{}/marketing_messages", World::NUMBER_ID);
    assert_eq!(code(&b.send(sale(USER)).await.1), 131_063);
    let with = |mut body: Value, policy: &str| {
        body["product_policy"] = json!(policy);
        body
    };
    assert_eq!(code(&b.post(&path, with(sale(USER), "SOMEHOW")).await.1), 131_009);
    assert_eq!(b.post(&path, with(sale(USER), "STRICT")).await.0, 200);
    assert_eq!(code(&b.post(&path, hello(USER)).await.1), 134_100);
    assert_eq!(code(&b.post(&path, support::text(USER, "hi")).await.1), 131_055);
    b.settle().await;
    assert_eq!(b.receiver.statuses()[0]["pricing"]["category"], "marketing_lite");
}
