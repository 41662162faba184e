//! The life of a template: creation, review, edits, deletion, quality, pacing.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use support::{Bench, code, sale, template};
use tisara_domain::Duration;
use tisara_emulator::World;

fn path() -> String {
    format!("/v25.0/{}/message_templates", World::WABA_ID)
}

fn new(name: &str, category: &str, body: &str) -> Value {
    json!({"name": name, "language": "en_US", "category": category, "components": [{"type": "BODY", "text": body}]})
}

/// What is wrong with a template: it stands in the subcode, where there is one.
fn reason(answer: &Value) -> i64 {
    answer["error"]["error_subcode"].as_i64().unwrap_or_else(|| code(answer))
}

async fn status(b: &Bench, id: &str) -> String {
    b.get(&format!("/v25.0/{id}?fields=status")).await.1["status"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_new_template_is_reviewed_and_can_then_be_sent() {
    let b = Bench::new();
    let (http, made) = b.post(&path(), new("welcome", "MARKETING", "Hello and welcome to us.")).await;
    assert_eq!(http, 200);
    assert_eq!((&made["status"], &made["category"]), (&json!("PENDING"), &json!("MARKETING")));
    let id = made["id"].as_str().unwrap();
    assert_eq!(code(&b.send(template("94771234567", "welcome", "en_US", json!([]))).await.1), 132_001);
    b.advance(Duration::from_secs(5)).await;
    assert_eq!(status(&b, id).await, "APPROVED");
    assert_eq!(b.send(template("94771234567", "welcome", "en_US", json!([]))).await.0, 200);
    let news = &b.receiver.values("message_template_status_update")[0];
    assert_eq!((&news["event"], &news["reason"]), (&json!("APPROVED"), &json!("NONE")));
    assert_eq!(news["message_template_id"].to_string(), id, "a number, not a string");
    let entry = b.receiver.got.lock().unwrap()[0].json()["entry"][0].clone();
    assert!(entry["time"].is_i64() && entry["id"] == World::WABA_ID.to_string());
}

#[tokio::test]
async fn a_name_may_ask_for_a_refusal() {
    let b = Bench::new();
    let (_, made) = b.post(&path(), new("reject_scam_1", "UTILITY", "Hello and welcome.")).await;
    b.advance(Duration::from_secs(5)).await;
    let (_, t) =
        b.get(&format!("/v25.0/{}?fields=status,rejected_reason", made["id"].as_str().unwrap())).await;
    assert_eq!((&t["status"], &t["rejected_reason"]), (&json!("REJECTED"), &json!("SCAM")));
    assert!(b.receiver.values("message_template_status_update")[0]["rejection_info"].is_object());
}

#[tokio::test]
async fn utility_that_sells_becomes_marketing_at_once() {
    let b = Bench::new();
    let (_, made) = b.post(&path(), new("cheap", "UTILITY", "Big sale today, come in.")).await;
    assert_eq!(made["category"], "MARKETING");
}

#[tokio::test]
async fn every_bad_creation_has_its_code() {
    let b = Bench::new();
    let mut missing = new("x", "UTILITY", "Hi there.");
    missing.as_object_mut().unwrap().remove("components");
    for (body, want) in [
        (json!({}), 100),
        (new("Has Capitals", "UTILITY", "Hi there."), 100),
        (new("x", "DANCE", "Hi there."), 100),
        (missing, 100),
        (new("hello_world", "UTILITY", "Hi there."), 2_388_024),
        (new("x", "UTILITY", "Hi {{1}}"), 2_388_299),
        (
            json!({"name": "x", "language": "en_US", "category": "AUTHENTICATION", "components": [{"type": "BODY", "text": "mine"}]}),
            2_388_072,
        ),
        (
            json!({"name": "x", "language": "en_US", "category": "MARKETING", "message_send_ttl_seconds": 5, "components": [{"type": "BODY", "text": "Hi there."}]}),
            100,
        ),
        (
            json!({"name": "x", "language": "en_US", "category": "MARKETING", "components": [{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::no"]}}, {"type": "BODY", "text": "Hi there."}]}),
            100,
        ),
    ] {
        let (http, answer) = b.post(&path(), body.clone()).await;
        assert_eq!((http, reason(&answer)), (400, want), "{body} {answer}");
    }
    let (_, answer) = b.post(&path(), new("hello_world", "UTILITY", "Hi there.")).await;
    assert!(answer["error"]["error_user_msg"].as_str().unwrap().contains("hello_world"));
}

#[tokio::test]
async fn a_hundred_may_be_created_in_an_hour() {
    let b = Bench::new();
    for i in 0..100 {
        assert_eq!(b.post(&path(), new(&format!("t_{i}"), "UTILITY", "Hi there.")).await.0, 200);
    }
    assert_eq!(code(&b.post(&path(), new("t_100", "UTILITY", "Hi there.")).await.1), 80_007);
    b.clock.advance(Duration::from_secs(3_601));
    assert_eq!(b.post(&path(), new("t_100", "UTILITY", "Hi there.")).await.0, 200);
    let b = Bench::with(|s| s.world.portfolios[0].verified = false);
    for i in 0..239 {
        b.clock.advance(Duration::from_secs(60));
        assert_eq!(b.post(&path(), new(&format!("t_{i}"), "UTILITY", "Hi there.")).await.0, 200, "{i}");
    }
    assert_eq!(reason(&b.post(&path(), new("t_x", "UTILITY", "Hi there.")).await.1), 2_388_019);
}

#[tokio::test]
async fn an_approved_template_is_edited_once_a_day_and_reviewed_again() {
    let b = Bench::new();
    let (_, list) = b.get(&format!("{}?name=hello_world", path())).await;
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let edit = async |body: Value| b.post(&format!("/v25.0/{id}"), body).await;
    assert_eq!(code(&edit(json!({"category": "MARKETING"})).await.1), 100);
    let text = json!({"components": [{"type": "BODY", "text": "Another text."}]});
    assert_eq!(edit(text.clone()).await, (200, json!({"success": true})));
    assert_eq!(status(&b, &id).await, "PENDING");
    assert_eq!(code(&edit(text.clone()).await.1), 100, "in review");
    b.advance(Duration::from_secs(5)).await;
    assert_eq!(status(&b, &id).await, "APPROVED");
    assert_eq!(code(&edit(text.clone()).await.1), 100, "once a day");
    b.advance(Duration::from_secs(86_400)).await;
    assert_eq!(edit(text).await.0, 200);
    assert_eq!(code(&edit(json!({"components": [{"type": "BODY", "text": ""}]})).await.1), 100);
}

#[tokio::test]
async fn deleting_a_name_takes_every_language_and_locks_it_for_thirty_days() {
    let b = Bench::new();
    assert_eq!(b.call("DELETE", &format!("{}?name=seasonal_sale", path()), None).await.0, 200);
    assert_eq!(b.get(&format!("{}?name=seasonal_sale", path())).await.1["data"], json!([]));
    assert_eq!(code(&b.call("DELETE", &format!("{}?name=seasonal_sale", path()), None).await.1), 100);
    assert_eq!(reason(&b.post(&path(), new("seasonal_sale", "MARKETING", "Hi there.")).await.1), 2_388_023);
    b.clock.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(b.post(&path(), new("seasonal_sale", "MARKETING", "Hi there.")).await.0, 200);
    let (_, list) = b.get(&format!("{}?name=coupon", path())).await;
    let id = list["data"][0]["id"].as_str().unwrap();
    assert_eq!(b.call("DELETE", &format!("{}?hsm_id={id}&name=coupon", path()), None).await.0, 200);
    assert_eq!(b.call("DELETE", &path(), None).await.0, 400);
}

#[tokio::test]
async fn red_quality_pauses_for_three_hours_then_six_then_for_good() {
    let b = Bench::new();
    let red = async || {
        for quality in ["RED", "YELLOW"] {
            b.post("/_emulator/templates/hello_world", json!({"quality": quality})).await;
        }
    };
    let send = async || code(&b.send(support::hello("94771234567")).await.1);
    for hours in [3, 6] {
        red().await;
        assert_eq!(send().await, 132_015);
        b.advance(Duration::from_secs(hours * 3_600 - 1)).await;
        assert_eq!(send().await, 132_015);
        b.advance(Duration::from_secs(1)).await;
        assert_eq!(send().await, 0);
    }
    red().await;
    assert_eq!(send().await, 132_016);
    b.settle().await;
    let titles: Vec<Value> = b
        .receiver
        .values("message_template_status_update")
        .iter()
        .map(|v| v["other_info"]["title"].clone())
        .collect();
    assert_eq!(titles, ["FIRST_PAUSE", "UNPAUSE", "SECOND_PAUSE", "UNPAUSE", "DISABLED"]);
    assert_eq!(b.receiver.values("message_template_quality_update").len(), 6);
    let (_, list) = b.get(&format!("{}?name=hello_world", path())).await;
    let id = list["data"][0]["id"].as_str().unwrap();
    assert_eq!(b.post(&format!("/v25.0/{id}/unpause"), json!({})).await.1["success"], false);
    assert_eq!(code(&b.call("DELETE", &format!("{}?name=hello_world", path()), None).await.1), 100);
}

#[tokio::test]
async fn other_moves_of_meta_are_told() {
    let b = Bench::new();
    for (body, http) in [
        (json!({"category": "MARKETING"}), 200),
        (json!({"status": "FLAGGED"}), 200),
        (json!({"quality": "PINK"}), 400),
        (json!({"category": "DANCE"}), 400),
    ] {
        assert_eq!(b.post("/_emulator/templates/order_update", body).await.0, http);
    }
    assert_eq!(b.post("/_emulator/templates/nothing", json!({})).await.0, 404);
    b.emulator.deliver_due().await;
    let moved = &b.receiver.values("template_category_update")[0];
    assert_eq!(
        (&moved["previous_category"], &moved["new_category"]),
        (&json!("UTILITY"), &json!("MARKETING"))
    );
    assert_eq!(b.receiver.values("message_template_status_update")[0]["event"], "FLAGGED");
}

async fn paced(quality: &str) -> (Bench, Vec<String>) {
    let b = Bench::with(|s| {
        s.behaviour.rules.pacing_after = 3;
        for t in &mut s.world.portfolios[0].wabas[0].templates {
            t.quality = "UNKNOWN".into();
        }
    });
    let mut answers = Vec::new();
    for i in 0..8 {
        let mut body = sale(&format!("9477000000{i}"));
        body["biz_opaque_callback_data"] = json!(format!("job.{i}"));
        let (_, a) = b.send(body).await;
        answers.push(a["messages"][0]["message_status"].as_str().unwrap().to_owned());
    }
    b.advance(Duration::from_secs(300)).await;
    assert_eq!(b.receiver.statuses().iter().filter(|s| s["status"] == "sent").count(), 3);
    b.post("/_emulator/templates/seasonal_sale", json!({"quality": quality})).await;
    b.settle().await;
    (b, answers)
}

#[tokio::test]
async fn pacing_holds_messages_until_the_template_is_judged() {
    let (b, answers) = paced("GREEN").await;
    assert_eq!(answers.iter().filter(|a| *a == "held_for_quality_assessment").count(), 5);
    assert_eq!(b.receiver.statuses().iter().filter(|s| s["status"] == "sent").count(), 8);
    assert!(b.emulator.control().is_settled());
}

#[tokio::test]
async fn held_messages_of_a_bad_template_fail_with_132015() {
    let (b, _) = paced("RED").await;
    let failed: Vec<Value> = b.receiver.statuses().into_iter().filter(|s| s["status"] == "failed").collect();
    assert_eq!(failed.len(), 5);
    assert!(failed.iter().all(|f| f["errors"][0]["code"] == 132_015));
    let request =
        axum::extract::Request::get("/_emulator/report/ids").body(axum::body::Body::empty()).unwrap();
    let (_, _, lines) = b.raw(request).await;
    assert_eq!(String::from_utf8(lines.to_vec()).unwrap().matches(r#""reached":0"#).count(), 5);
    let shown = b.get("/_emulator/messages?to=94770000007").await.1;
    assert_eq!(shown["data"][0]["status"], "failed");
}
