//! Numbers from adding to sending, Embedded Signup, limits, block lists, coexistence.

mod support;

use axum::{body::Body, extract::Request};
use serde_json::{Value, json};
use support::{Bench, code, hello};
use tisara_domain::Duration;
use tisara_emulator::{World, settings::Throughput};

const USER: &str = "94771234567";

fn number(edge: &str) -> String {
    format!("/v25.0/{}{edge}", World::NUMBER_ID)
}

fn register(pin: &str) -> Value {
    json!({"messaging_product": "whatsapp", "pin": pin})
}

#[tokio::test]
async fn a_number_is_added_verified_registered_and_sends() {
    let b = Bench::new();
    let (_, made) = b
        .post(
            &format!("/v25.0/{}/phone_numbers", World::WABA_ID),
            json!({"cc": "94", "phone_number": "11 234 5678", "verified_name": "Shop"}),
        )
        .await;
    let id = made["id"].as_str().unwrap().to_owned();
    let post = async |edge: &str, body: Value| b.post(&format!("/v25.0/{id}/{edge}"), body).await;
    assert_eq!(code(&post("messages", hello(USER)).await.1), 133_010);
    assert_eq!(code(&post("register", register("123456")).await.1), 133_006);
    assert_eq!(post("request_code", json!({"code_method": "SMS", "language": "en_US"})).await.0, 200);
    assert_eq!(
        code(&post("request_code", json!({"code_method": "PIGEON", "language": "en_US"})).await.1),
        100
    );
    assert_eq!(code(&post("verify_code", json!({"code": "999999"})).await.1), 136_025);
    assert_eq!(post("verify_code", json!({"code": "123456"})).await.0, 200);
    assert_eq!(
        code(&post("request_code", json!({"code_method": "SMS", "language": "en_US"})).await.1),
        136_024
    );
    assert_eq!(code(&post("register", register("12345")).await.1), 100);
    assert_eq!(post("register", register("212834")).await.0, 200);
    assert_eq!(post("messages", hello(USER)).await.0, 200);
    let (_, n) = b.get(&format!("/v25.0/{id}?fields=status,is_pin_enabled,display_phone_number")).await;
    assert_eq!((&n["status"], &n["is_pin_enabled"]), (&json!("CONNECTED"), &json!(true)));
    assert_eq!(
        code(
            &b.post(
                &format!("/v25.0/{}/phone_numbers", World::WABA_ID),
                json!({"cc": "94", "phone_number": "112345678", "verified_name": "Again"})
            )
            .await
            .1
        ),
        100
    );
    assert_eq!(b.call("DELETE", &format!("/v25.0/{id}"), None).await.0, 200);
    assert_eq!(code(&post("messages", hello(USER)).await.1), 100);
}

#[tokio::test]
async fn pins_and_registrations_have_their_limits() {
    let b = Bench::with(|s| s.world.portfolios[0].wabas[0].numbers[0].pin = Some("111111".into()));
    assert_eq!(b.post(&number(""), json!({"pin": "222222"})).await.0, 200);
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.values("security")[0]["event"], "PIN_CHANGED");
    for _ in 0..5 {
        assert_eq!(code(&b.post(&number("/register"), register("111111")).await.1), 133_005);
    }
    assert_eq!(code(&b.post(&number("/register"), register("222222")).await.1), 133_008);
    b.clock.advance(Duration::from_secs(3_601));
    for _ in 0..4 {
        assert_eq!(b.post(&number("/register"), register("222222")).await.0, 200);
    }
    assert_eq!(code(&b.post(&number("/register"), register("222222")).await.1), 133_016);
    b.clock.advance(Duration::from_secs(72 * 3_600));
    assert_eq!(b.post(&number("/register"), register("222222")).await.0, 200);
    assert_eq!(b.post(&number("/deregister"), json!({})).await.0, 200);
    assert_eq!(code(&b.send(hello(USER)).await.1), 133_010);
}

#[tokio::test]
async fn a_numbers_override_goes_before_the_accounts() {
    let b = Bench::new();
    b.post(
        &format!("/v25.0/{}/subscribed_apps", World::WABA_ID),
        json!({"override_callback_uri": "http://receiver/account", "verify_token": "good"}),
    )
    .await;
    let set = async |url: &str, token: &str| {
        b.post(
            &number(""),
            json!({"webhook_configuration": {"override_callback_uri": url, "verify_token": token}}),
        )
        .await
        .0
    };
    assert_eq!(set("http://receiver/number", "bad").await, 400);
    assert_eq!(set("http://receiver/number", "good").await, 200);
    let configured = b.get(&number("?fields=webhook_configuration")).await.1;
    assert_eq!(
        configured["webhook_configuration"],
        json!({"phone_number": "http://receiver/number", "whatsapp_business_account": "http://receiver/account", "application": "http://receiver/hook"})
    );
    let c = b.emulator.control();
    let last = || b.receiver.got.lock().unwrap().last().unwrap().path.clone();
    c.write(USER, None, "hi").unwrap();
    b.emulator.deliver_due().await;
    assert_eq!(last(), "/number");
    assert_eq!(set("", "").await, 200);
    c.write(USER, None, "hi").unwrap();
    b.emulator.deliver_due().await;
    assert_eq!(last(), "/account");
    b.post("/_emulator/tell", json!({"field": "account_update", "value": {"event": "ACCOUNT_RESTRICTION"}}))
        .await;
    b.emulator.deliver_due().await;
    assert_eq!(last(), "/hook", "news of the account go to the app");
    assert_eq!(code(&b.post(&number(""), json!({})).await.1), 100);
}

#[tokio::test]
async fn profile_and_settings_are_kept() {
    let b = Bench::new();
    let path = number("/whatsapp_business_profile");
    let about =
        |text: &str| json!({"messaging_product": "whatsapp", "about": text, "websites": ["https://x.com"]});
    assert_eq!(b.post(&path, about("We bake")).await.0, 200);
    assert_eq!(code(&b.post(&path, about(&"x".repeat(140))).await.1), 100);
    assert_eq!(
        b.get(&format!("{path}?fields=about,websites")).await.1["data"][0],
        json!({"about": "We bake", "websites": ["https://x.com"], "messaging_product": "whatsapp"})
    );
    let identity = json!({"user_identity_change": {"enable_identity_key_check": true}});
    assert_eq!(b.post(&number("/settings"), identity.clone()).await.0, 200);
    let (_, settings) = b.get(&number("/settings")).await;
    assert_eq!(settings["user_identity_change"], identity["user_identity_change"]);
    assert_eq!(code(&b.post(&number("/settings"), json!({"dance": 1})).await.1), 100);
    assert_eq!(code(&b.post(&number("/dances"), json!({})).await.1), 100);
}

#[tokio::test]
async fn only_users_who_wrote_are_blocked_and_then_get_nothing() {
    let b = Bench::new();
    b.emulator.control().write(USER, None, "rude").unwrap();
    let body =
        json!({"messaging_product": "whatsapp", "block_users": [{"user": USER}, {"user": "94770000001"}]});
    let (status, answer) = b.post(&number("/block_users"), body).await;
    assert_eq!((status, code(&answer)), (400, 139_100));
    assert_eq!(answer["block_users"]["added_users"][0]["wa_id"], USER);
    assert_eq!(answer["block_users"]["failed_users"][0]["input"], "94770000001");
    assert_eq!(code(&b.send(hello(USER)).await.1), 130_403);
    assert_eq!(b.get(&number("/block_users")).await.1["data"][0]["wa_id"], USER);
    let one = json!({"messaging_product": "whatsapp", "block_users": [{"user": USER}]});
    assert_eq!(b.call("DELETE", &number("/block_users"), Some(one)).await.0, 200);
    assert_eq!(b.send(hello(USER)).await.0, 200);
}

#[tokio::test]
async fn half_the_limit_used_brings_the_next_one_six_hours_later() {
    let b = Bench::with(|s| s.world.portfolios[0].limit = 250);
    for i in 0..125 {
        b.send(hello(&format!("9477000{i:04}"))).await;
    }
    b.advance(Duration::from_secs(6 * 3_600 - 1)).await;
    assert!(b.receiver.values("business_capability_update").is_empty());
    b.advance(Duration::from_secs(1)).await;
    assert_eq!(
        b.receiver.values("business_capability_update")[0]["max_daily_conversations_per_business"],
        "TIER_2K"
    );
    let (_, n) = b.get(&number("?fields=whatsapp_business_manager_messaging_limit")).await;
    assert_eq!(n["whatsapp_business_manager_messaging_limit"], "TIER_2K");
}

#[tokio::test]
async fn meta_changes_numbers_and_says_so() {
    let b = Bench::with(|s| s.behaviour.pace.messages_per_second = Throughput::PerSecond(80));
    let path = format!("/_emulator/numbers/{}", World::NUMBER_ID);
    assert_eq!(b.get(&number("?fields=throughput")).await.1["throughput"]["level"], "STANDARD");
    assert_eq!(b.post(&path, json!({"messages_per_second": 1000})).await.0, 200);
    assert_eq!(b.get(&number("?fields=throughput")).await.1["throughput"]["level"], "HIGH");
    b.post(&number(""), json!({"messaging_product": "whatsapp", "new_display_name": "New Name"})).await;
    assert_eq!(b.get(&number("?fields=new_name_status")).await.1["new_name_status"], "PENDING_REVIEW");
    b.post(&path, json!({"name_decision": "APPROVED"})).await;
    assert_eq!(b.get(&number("?fields=verified_name")).await.1["verified_name"], "New Name");
    b.post(&path, json!({"status": "BANNED"})).await;
    assert_eq!(code(&b.send(hello(USER)).await.1), 131_031);
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.values("phone_number_quality_update")[0]["event"], "THROUGHPUT_UPGRADE");
    assert_eq!(b.receiver.values("phone_number_name_update")[0]["decision"], "APPROVED");
    assert_eq!(b.post("/_emulator/numbers/5", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_customer_signs_up_and_the_code_works_once_for_thirty_seconds() {
    let mut b = Bench::new();
    let (_, made) = b.post("/_emulator/signup", json!({"business_name": "Corner Bakery"})).await;
    let message = &made["message"];
    assert_eq!((&message["type"], &message["event"]), (&json!("WA_EMBEDDED_SIGNUP"), &json!("FINISH")));
    let waba = message["data"]["waba_id"].as_str().unwrap().to_owned();
    let number = message["data"]["phone_number_id"].as_str().unwrap().to_owned();
    b.emulator.deliver_due().await;
    let entry = b.receiver.got.lock().unwrap()[0].json()["entry"][0].clone();
    assert_eq!(entry["id"], message["data"]["business_id"], "the portfolio, not the account");
    assert_eq!(entry["changes"][0]["value"]["event"], "PARTNER_ADDED");
    assert_eq!(entry["changes"][0]["value"]["waba_info"]["waba_id"], waba);

    let exchange = |code: &Value, secret: &str| {
        format!(
            "/v25.0/oauth/access_token?client_id={}&client_secret={secret}&code={}",
            World::APP_ID,
            code.as_str().unwrap()
        )
    };
    assert_eq!(b.get(&exchange(&made["code"], "wrong")).await.0, 400);
    b.clock.advance(Duration::from_secs(29));
    let (status, token) = b.get(&exchange(&made["code"], World::APP_SECRET)).await;
    assert_eq!(
        (status, &token["token_type"], &token["expires_in"]),
        (200, &json!("bearer"), &json!(5_184_000))
    );
    assert_eq!(b.get(&exchange(&made["code"], World::APP_SECRET)).await.1["error"]["error_subcode"], 36_009);
    let (_, late) = b.post("/_emulator/signup", json!({})).await;
    b.clock.advance(Duration::from_secs(31));
    assert_eq!(b.get(&exchange(&late["code"], World::APP_SECRET)).await.1["error"]["error_subcode"], 36_007);
    assert_eq!(
        b.get(&exchange(&json!("nonsense"), World::APP_SECRET)).await.1["error"]["error_subcode"],
        36_008
    );

    let token = token["access_token"].as_str().unwrap().to_owned();
    b.token = format!("{}|{}", World::APP_ID, World::APP_SECRET);
    let (_, looked) = b.get(&format!("/v25.0/debug_token?input_token={token}")).await;
    assert_eq!(looked["data"]["granular_scopes"][0]["target_ids"], json!([waba]));
    b.token = token;
    assert_eq!(b.post(&format!("/v25.0/{waba}/subscribed_apps"), json!({})).await.0, 200);
    assert_eq!(b.post(&format!("/v25.0/{number}/register"), register("123456")).await.0, 200);
    assert_eq!(b.get(&format!("/v25.0/{}", World::WABA_ID)).await.0, 403, "another customer's account");
    b.post(&format!("/v25.0/{waba}/message_templates"), json!({"name": "hi", "language": "en_US", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hi there."}]})).await;
    b.advance(Duration::from_secs(5)).await;
    let (status, answer) =
        b.post(&format!("/v25.0/{number}/messages"), support::template(USER, "hi", "en_US", json!([]))).await;
    assert_eq!(status, 200, "{answer}");
    b.clock.advance(Duration::from_secs(60 * 86_400));
    assert_eq!(b.get(&format!("/v25.0/{waba}")).await.1["error"]["error_subcode"], 463);
}

#[tokio::test]
async fn a_customer_who_removes_the_app_ends_its_tokens() {
    let mut b = Bench::with(|s| s.world.apps[0].deauthorize_url = Some("http://receiver/deauthorize".into()));
    let (_, made) = b.post("/_emulator/signup", json!({"phone": ""})).await;
    assert_eq!(made["message"]["event"], "FINISH_ONLY_WABA");
    let waba = made["message"]["data"]["waba_id"].as_str().unwrap().to_owned();
    let url = format!(
        "/oauth/access_token?client_id={}&client_secret={}&code={}",
        World::APP_ID,
        World::APP_SECRET,
        made["code"].as_str().unwrap()
    );
    b.token = b.get(&url).await.1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(b.get(&format!("/v25.0/{waba}")).await.0, 200);
    let taken = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let keep = taken.clone();
    let router = axum::Router::new()
        .route(
            "/deauthorize",
            axum::routing::post(move |body: String| async move {
                *keep.lock().unwrap() = body;
            }),
        )
        .fallback(|| async {});
    b.emulator.set_sink(tisara_emulator::RouterSink(router));
    assert_eq!(b.post("/_emulator/deauthorize", json!({"waba": waba})).await.0, 200);
    assert!(taken.lock().unwrap().starts_with("signed_request="));
    assert_eq!(b.get(&format!("/v25.0/{waba}")).await.1["error"]["error_subcode"], 458);
    assert_eq!(b.post("/_emulator/deauthorize", json!({"waba": "5"})).await.0, 404);
}

#[tokio::test]
async fn the_business_app_hands_over_contacts_and_history_once_within_a_day() {
    let b = Bench::with(|s| {
        s.world.portfolios[0].wabas[0].numbers[0].on_business_app = true;
    });
    let ask = async |kind: &str| {
        b.post(&number("/smb_app_data"), json!({"messaging_product": "whatsapp", "sync_type": kind})).await
    };
    // The default number was onboarded long ago.
    assert_eq!(code(&ask("history").await.1), 2_593_108);
    let (_, made) = b.post("/_emulator/signup", json!({"on_business_app": true, "waba": null})).await;
    assert_eq!(made["message"]["event"], "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING");
    let (waba, id) = (
        made["message"]["data"]["waba_id"].as_str().unwrap(),
        made["message"]["data"]["phone_number_id"].as_str().unwrap(),
    );
    b.post(&format!("/v25.0/{waba}/subscribed_apps"), json!({})).await;
    let ask = async |kind: &str| {
        b.post(
            &format!("/v25.0/{id}/smb_app_data"),
            json!({"messaging_product": "whatsapp", "sync_type": kind}),
        )
        .await
    };
    assert_eq!(ask("smb_app_state_sync").await.0, 200);
    assert!(ask("history").await.1["request_id"].is_string());
    assert_eq!(code(&ask("history").await.1), 2_593_107);
    assert_eq!(code(&ask("dance").await.1), 100);
    b.settle().await;
    assert_eq!(b.receiver.values("smb_app_state_sync")[0]["state_sync"].as_array().unwrap().len(), 6);
    let progress: Vec<Value> = b
        .receiver
        .values("history")
        .iter()
        .map(|h| h["history"][0]["metadata"]["progress"].clone())
        .collect();
    assert_eq!(progress, [34, 67, 100]);
    assert_eq!(code(&b.post(&format!("/v25.0/{id}/deregister"), json!({})).await.1), 100);
}

#[tokio::test]
async fn a_user_who_changes_number_is_announced_and_has_another_id() {
    let b = Bench::new();
    b.emulator.control().write(USER, None, "hi").unwrap();
    assert_eq!(
        b.post(&format!("/_emulator/users/{USER}/change-number"), json!({"to": "+94779999999"})).await.0,
        200
    );
    b.settle().await;
    let system = b.receiver.messages().into_iter().find(|m| m["type"] == "system").unwrap();
    assert_eq!(system["from"], USER);
    assert_eq!(system["system"]["wa_id"], "94779999999");
    assert_ne!(system["system"]["user_id"], system["system"]["previous_user_id"]);
    b.send(hello(USER)).await;
    b.send(hello("94779999999")).await;
    b.settle().await;
    let failed: Vec<_> = b.receiver.statuses().into_iter().filter(|s| s["status"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["recipient_id"]), (1, &json!(USER)));
}

#[tokio::test]
async fn people_get_pages() {
    let b = Bench::new();
    for (path, word) in [
        ("/_emulator", "WhatsApp emulator"),
        ("/v25.0/dialog/oauth", "Connect a business"),
        ("/en_US/sdk.js", "window.FB"),
    ] {
        let (status, _, bytes) = b.raw(Request::get(path).body(Body::empty()).unwrap()).await;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(status, 200, "{path}");
        assert!(text.contains(word));
        let text = text.replace(r#"<link rel="icon" href="data:,">"#, "");
        assert!(!text.contains("<script src") && !text.contains("<link"), "no outside assets");
    }
    assert_eq!(b.get("/_emulator/accounts").await.1["data"][0]["id"], World::WABA_ID.to_string());
}
