//! Calls: enabling them, permission, calls of a business and of a user, and what is told of them.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::{Bench, code, details};
use tisara_domain::Duration;
use tisara_emulator::World;

const USER: &str = "94771234567";
const SDP: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";

fn edge(name: &str) -> String {
    format!("/v25.0/{}/{name}", World::NUMBER_ID)
}

async fn enabled() -> Bench {
    let b = Bench::new();
    let on = json!({"calling": {"status": "ENABLED"}});
    assert_eq!(b.post(&edge("settings"), on).await, (200, json!({"success": true})));
    b
}

async fn user(b: &Bench, step: Value) -> Value {
    let (status, answer) = b.post(&format!("/_emulator/users/{USER}/call"), step).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn act(b: &Bench, action: Value) -> (u16, Value) {
    let mut body = json!({"messaging_product": "whatsapp"});
    body.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
    b.post(&edge("calls"), body).await
}

async fn connect(b: &Bench) -> (u16, Value) {
    act(
        b,
        json!({"to": format!("+{USER}"), "action": "connect", "session": {"sdp_type": "offer", "sdp": SDP},
        "biz_opaque_callback_data": "job.1"}),
    )
    .await
}

/// What was told of calls: the events and states, in order.
fn told(b: &Bench) -> Vec<String> {
    let values = b.receiver.values("calls");
    let rows = |v: &Value, list: &str| v[list].as_array().cloned().unwrap_or_default();
    values
        .iter()
        .flat_map(|v| [rows(v, "calls"), rows(v, "statuses")].concat())
        .map(|r| r["event"].as_str().or(r["status"].as_str()).unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn calling_is_off_until_it_is_enabled() {
    let b = Bench::new();
    assert_eq!(code(&connect(&b).await.1), 138_000);
    let (_, settings) = b.get(&edge("settings")).await;
    assert_eq!(settings["calling"]["status"], "DISABLED");
    let (_, wrong) = b.post(&edge("settings"), json!({"calling": {"status": "ON"}})).await;
    assert!(details(&wrong).contains("calling.status"), "{wrong}");
    let hours = json!({"calling": {"call_hours": {"status": "ENABLED", "timezone_id": "Asia/Colombo",
        "weekly_operating_hours": [{"day_of_week": "MONDAY", "open_time": "1800", "close_time": "0900"}]}}});
    assert!(details(&b.post(&edge("settings"), hours).await.1).contains("before close_time"));
    b.post(&edge("settings"), json!({"calling": {"status": "ENABLED"}})).await;
    b.post(&edge("settings"), json!({"calling": {"callback_permission_status": "ENABLED"}})).await;
    let (_, settings) = b.get(&edge("settings")).await;
    let calling = &settings["calling"];
    assert_eq!(
        (&calling["status"], &calling["callback_permission_status"]),
        (&json!("ENABLED"), &json!("ENABLED"))
    );
}

#[tokio::test]
async fn calling_needs_a_listener_and_a_messaging_limit() {
    let b = Bench::with(|s| s.world.apps[0].fields = vec!["messages".into()]);
    assert_eq!(code(&b.post(&edge("settings"), json!({"calling": {"status": "ENABLED"}})).await.1), 138_018);
    let b = Bench::with(|s| s.world.portfolios[0].limit = 250);
    assert_eq!(code(&b.post(&edge("settings"), json!({"calling": {"status": "ENABLED"}})).await.1), 138_015);
}

#[tokio::test]
async fn a_business_asks_for_permission_and_calls() {
    let b = enabled().await;
    assert_eq!(code(&connect(&b).await.1), 138_006);
    b.post(&format!("/_emulator/users/{USER}/write"), json!({"text": "call me"})).await;
    let ask = json!({"messaging_product": "whatsapp", "to": format!("+{USER}"), "type": "interactive",
        "interactive": {"type": "call_permission_request", "action": {"name": "call_permission_request"}}});
    assert_eq!(b.send(ask.clone()).await.0, 200);
    assert_eq!(code(&b.send(ask.clone()).await.1), 138_009);
    let permissions = format!("{}?user_wa_id={USER}", edge("call_permissions"));
    let (_, before) = b.get(&permissions).await;
    assert_eq!(
        (&before["permission"]["status"], &before["actions"][0]["limits"][0]["current_usage"]),
        (&json!("no_permission"), &json!(1))
    );
    assert_eq!(before["actions"][1]["can_perform_action"], false);
    let tapped =
        b.post(&format!("/_emulator/users/{USER}/tap"), json!({"button": "Allow temporarily"})).await;
    assert_eq!(tapped.0, 200, "{}", tapped.1);
    b.emulator.deliver_due().await;
    let reply = b.receiver.messages().pop().unwrap()["interactive"]["call_permission_reply"].clone();
    assert_eq!(
        (&reply["response"], &reply["is_permanent"], &reply["response_source"]),
        (&json!("accept"), &json!(false), &json!("user_action"))
    );
    let (_, after) = b.get(&permissions).await;
    assert_eq!(after["permission"]["status"], "temporary");

    let (status, made) = connect(&b).await;
    assert_eq!(status, 200, "{made}");
    let id = made["calls"][0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("wacid."));
    assert_eq!(code(&connect(&b).await.1), 138_003);
    b.advance(Duration::from_secs(2)).await;
    user(&b, json!({"action": "accept"})).await;
    b.advance(Duration::from_secs(30)).await;
    assert_eq!(act(&b, json!({"action": "terminate", "call_id": id})).await.0, 200);
    b.emulator.deliver_due().await;
    assert_eq!(told(&b), ["connect", "RINGING", "ACCEPTED", "terminate"]);
    let values = b.receiver.values("calls");
    let first = &values[0]["calls"][0];
    assert_eq!(
        (&first["session"]["sdp_type"], &first["direction"], &first["to"]),
        (&json!("answer"), &json!("BUSINESS_INITIATED"), &json!(USER))
    );
    assert_eq!(values[1]["statuses"][0]["biz_opaque_callback_data"], "job.1");
    let last = &values[3]["calls"][0];
    assert_eq!((&last["status"], &last["duration"]), (&json!("COMPLETED"), &json!(30)));
    assert_eq!(code(&act(&b, json!({"action": "terminate", "call_id": id})).await.1), 100);
    // A call that was taken makes room for a request again.
    assert_eq!(b.send(ask).await.0, 200);
}

#[tokio::test]
async fn a_call_is_refused_missed_or_impossible() {
    let b = enabled().await;
    user(&b, json!({"action": "permit", "permanent": true})).await;
    connect(&b).await;
    b.advance(Duration::from_secs(2)).await;
    user(&b, json!({"action": "reject"})).await;
    connect(&b).await;
    b.settle().await;
    assert_eq!(told(&b), ["connect", "RINGING", "REJECTED", "terminate", "connect", "RINGING", "terminate"]);
    let last = b.receiver.values("calls").pop().unwrap()["calls"][0].clone();
    assert_eq!((&last["status"], last.get("duration")), (&json!("FAILED"), None));
    // Two more in a row, and the permission is gone.
    for _ in 0..2 {
        assert_eq!(connect(&b).await.0, 200);
        b.settle().await;
    }
    assert_eq!(code(&connect(&b).await.1), 138_006);
    b.post("/_emulator/users", json!({"phone": USER, "on_whatsapp": false})).await;
    assert_eq!(code(&connect(&b).await.1), 138_001);
    let no_audio = json!({"to": format!("+{USER}"), "action": "connect", "session": {"sdp_type": "offer", "sdp": "v=0"}});
    assert!(details(&act(&b, no_audio).await.1).contains("SDP"));
}

#[tokio::test]
async fn a_user_takes_ten_calls_a_day() {
    let b = enabled().await;
    user(&b, json!({"action": "permit", "permanent": true})).await;
    b.post("/_emulator/config", json!({"calling": {"answers": 1.0}})).await;
    for _ in 0..10 {
        let (status, made) = connect(&b).await;
        assert_eq!(status, 200, "{made}");
        b.advance(Duration::from_secs(2)).await;
        b.advance(Duration::from_secs(10)).await;
        user(&b, json!({"action": "hang_up"})).await;
    }
    let (_, refused) = connect(&b).await;
    assert_eq!(code(&refused), 138_012, "{refused}");
    b.advance(Duration::from_secs(86_400)).await;
    assert_eq!(connect(&b).await.0, 200);
}

#[tokio::test]
async fn a_user_calls_and_the_business_takes_it() {
    let b = enabled().await;
    b.post(&edge("settings"), json!({"calling": {"callback_permission_status": "ENABLED"}})).await;
    let id = user(&b, json!({})).await["id"].clone();
    b.emulator.deliver_due().await;
    let begun = b.receiver.values("calls")[0]["calls"][0].clone();
    assert_eq!(
        (&begun["id"], &begun["session"]["sdp_type"], &begun["from"]),
        (&id, &json!("offer"), &json!(USER))
    );
    // The call has opened the window: a text goes out.
    let (_, sent) = b.send(support::text(&format!("+{USER}"), "We call back")).await;
    let answer = json!({"sdp_type": "answer", "sdp": SDP});
    assert_eq!(code(&act(&b, json!({"action": "accept", "call_id": id})).await.1), 100);
    assert_eq!(act(&b, json!({"action": "pre_accept", "call_id": id, "session": answer})).await.0, 200);
    assert_eq!(
        act(
            &b,
            json!({"action": "accept", "call_id": id, "session": answer, "biz_opaque_callback_data": "x"})
        )
        .await
        .0,
        200
    );
    assert_eq!(code(&act(&b, json!({"action": "accept", "call_id": id, "session": answer})).await.1), 100);
    b.advance(Duration::from_secs(12)).await;
    user(&b, json!({"action": "hang_up"})).await;
    b.emulator.deliver_due().await;
    let ended = b.receiver.values("calls").pop().unwrap()["calls"][0].clone();
    assert_eq!(
        (&ended["status"], &ended["duration"], &ended["biz_opaque_callback_data"]),
        (&json!("COMPLETED"), &json!(12), &json!("x"))
    );
    let reply = b.receiver.messages().pop().unwrap();
    assert_eq!(
        (&reply["context"]["id"], &reply["interactive"]["call_permission_reply"]["response_source"]),
        (&id, &json!("automatic"))
    );
    let failed =
        b.receiver.statuses().iter().any(|s| s["id"] == sent["messages"][0]["id"] && s["status"] == "failed");
    assert!(!failed);
}

#[tokio::test]
async fn a_user_call_is_refused_or_missed() {
    let b = enabled().await;
    let id = user(&b, json!({})).await["id"].clone();
    assert_eq!(act(&b, json!({"action": "reject", "call_id": id})).await.0, 200);
    user(&b, json!({})).await;
    assert_eq!(b.post(&format!("/_emulator/users/{USER}/call"), json!({})).await.0, 400);
    b.settle().await;
    assert_eq!(told(&b), ["connect", "terminate", "connect", "terminate"]);
    assert_eq!(code(&act(&b, json!({"action": "reject", "call_id": "wacid.none"})).await.1), 100);
}

#[tokio::test]
async fn permissions_are_asked_five_times_a_second_and_kept_over_a_restart() {
    let b = enabled().await;
    user(&b, json!({"action": "permit", "permanent": true})).await;
    let permissions = format!("{}?user_wa_id={USER}", edge("call_permissions"));
    for _ in 0..5 {
        assert_eq!(b.get(&permissions).await.1["permission"]["status"], "permanent");
    }
    let (status, refused) = b.get(&permissions).await;
    assert_eq!((status, code(&refused)), (429, 613));
    let (_, state) = b.get("/_emulator/state").await;
    let fresh = Bench::new();
    assert_eq!(fresh.post("/_emulator/state", state).await.0, 200);
    fresh.clock.advance(Duration::from_secs(1));
    assert_eq!(fresh.get(&permissions).await.1["permission"]["status"], "permanent");
    let ask = json!({"messaging_product": "whatsapp", "to": format!("+{USER}"), "type": "interactive",
        "interactive": {"type": "call_permission_request", "action": {"name": "call_permission_request"}}});
    assert_eq!(code(&fresh.send(ask).await.1), 138_017);
}
