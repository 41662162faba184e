//! What Meta does by itself over days: time to live, pacing, categories, caps, rates, retries.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::{Bench, START, code, details, hello, sale, template, text};
use tisara_domain::{Duration, Timestamp};
use tisara_emulator::{
    PortfolioChange, World,
    settings::{AppSettings, ObjectId, UserCap},
};

const USER: &str = "94771234567";

fn kinds(b: &Bench) -> Vec<String> {
    b.receiver.statuses().iter().map(|s| s["status"].as_str().unwrap().to_owned()).collect()
}

fn login(to: &str) -> Value {
    let value = json!([{"type": "text", "text": "123456"}]);
    template(
        to,
        "login_code",
        "en_US",
        json!([{"type": "body", "parameters": value},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": value}]),
    )
}

async fn describe(b: &Bench, user: Value) {
    assert_eq!(b.post("/_emulator/users", user).await.0, 200);
}

#[tokio::test]
async fn a_message_to_somebody_offline_is_delivered_when_they_are_back_in_time() {
    let b = Bench::new();
    describe(&b, json!({"phone": USER, "online": false, "reads": false})).await;
    b.send(hello(USER)).await;
    b.send(login(USER)).await;
    b.settle().await;
    assert_eq!(kinds(&b), ["sent", "sent"]);
    // Ten minutes are a login code's life; a utility template has thirty days.
    b.advance(Duration::from_secs(3_600)).await;
    describe(&b, json!({"phone": USER, "online": true})).await;
    b.settle().await;
    assert_eq!(kinds(&b), ["sent", "sent", "delivered"]);
    let report = b.emulator.control().report();
    assert_eq!((report.expired, report.under_way), (1, 0));
    let messages = b.emulator.control().messages(Some(USER), 10).unwrap();
    assert_eq!((&messages[0]["status"], &messages[1]["status"]), (&json!("delivered"), &json!("sent")));
}

#[tokio::test]
async fn what_comes_later_than_its_time_to_live_is_dropped_without_a_word() {
    let b = Bench::with(|s| s.behaviour.statuses.delivered_ms = (700_000, 700_000));
    b.send(login(USER)).await;
    b.send(hello(USER)).await;
    b.settle().await;
    assert_eq!(kinds(&b).iter().filter(|k| *k == "delivered").count(), 1);
    assert_eq!(b.emulator.control().report().expired, 1);
    let off = Bench::with(|s| {
        s.behaviour.statuses.delivered_ms = (700_000, 700_000);
        s.behaviour.rules.template_ttl = false;
    });
    off.send(login(USER)).await;
    off.settle().await;
    assert!(kinds(&off).contains(&"delivered".to_owned()));
}

#[tokio::test]
async fn a_portfolio_is_paced_in_batches_and_restricted_after_bad_signals() {
    let b = Bench::with(|s| s.behaviour.rules.portfolio_pacing_after = 2);
    let mut held = 0;
    for n in 0..5 {
        let (_, answer) = b.send(hello(&format!("9477000000{n}"))).await;
        held += usize::from(answer["messages"][0]["message_status"] == "held_for_quality_assessment");
    }
    assert_eq!(held, 3);
    // What is no template is not held.
    assert!(b.send(text(USER, "hi")).await.1["messages"][0].get("message_status").is_none());
    b.advance(Duration::from_secs(600)).await;
    b.advance(Duration::from_secs(5)).await;
    assert_eq!(kinds(&b).iter().filter(|k| *k == "sent").count(), 4, "a batch of two has followed");
    let c = b.emulator.control();
    c.change_portfolio(
        World::PORTFOLIO_ID,
        &PortfolioChange { bad_signals: Some(true), ..Default::default() },
    )
    .unwrap();
    b.settle().await;
    assert!(b.receiver.statuses().iter().any(|s| s["errors"][0]["code"] == 132_015));
    assert_eq!(code(&b.send(hello(USER)).await.1), 368);
    let path = format!("/v25.0/{}/message_templates", World::WABA_ID);
    let new = json!({"name": "n", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hello."}]});
    assert_eq!(code(&b.post(&path, new).await.1), 368);
    let kept = b.get("/_emulator/state").await.1;
    assert_eq!(kept["directory"]["portfolios"][World::PORTFOLIO_ID.to_string()]["restricted"], true);
    let reviewed = json!({"bad_signals": false, "restricted": false});
    b.post(&format!("/_emulator/portfolios/{}", World::PORTFOLIO_ID), reviewed).await;
    assert_eq!(b.send(hello(USER)).await.0, 200);
}

#[tokio::test]
async fn utility_is_paced_only_after_a_utility_template_was_paused() {
    let b = Bench::with(|s| s.behaviour.rules.pacing_after = 1);
    b.post("/_emulator/templates/hello_world", json!({"quality": "YELLOW"})).await;
    let held = async |n: u32| {
        let (_, answer) = b.send(hello(&format!("9477000000{n}"))).await;
        answer["messages"][0]["message_status"] == "held_for_quality_assessment"
    };
    assert!(!held(0).await && !held(1).await);
    b.post("/_emulator/templates/order_update", json!({"status": "PAUSED"})).await;
    assert!(held(2).await);
    b.clock.advance(Duration::from_secs(8 * 86_400));
    assert!(!held(3).await);
}

#[tokio::test]
async fn a_template_in_the_wrong_category_is_moved_on_the_first_of_the_month() {
    let b = Bench::new();
    let c = b.emulator.control();
    b.post("/_emulator/templates/hello_world", json!({"correct_category": "MARKETING"})).await;
    let path = format!(
        "/v25.0/{}/message_templates?name=hello_world&fields=category,correct_category,status",
        World::WABA_ID
    );
    assert_eq!(b.get(&path).await.1["data"][0]["correct_category"], "MARKETING");
    b.settle().await;
    let told = b.receiver.values("template_category_update");
    assert_eq!(
        (&told[0]["new_category"], &told[0]["correct_category"]),
        (&json!("UTILITY"), &json!("MARKETING"))
    );
    assert_eq!(
        (&told[1]["previous_category"], &told[1]["new_category"]),
        (&json!("UTILITY"), &json!("MARKETING"))
    );
    // 2026-12-01: the first after the start, with a day's notice.
    assert_eq!(told[0]["category_update_timestamp"], 1_796_083_200);
    let row = &b.get(&path).await.1["data"][0];
    assert_eq!((&row["category"], &row["status"]), (&json!("MARKETING"), &json!("APPROVED")));

    // Once warned there is no more notice, and repeating it costs the right to utility templates.
    b.post("/_emulator/templates/order_update", json!({"correct_category": "MARKETING"})).await;
    b.post("/_emulator/templates/invoice_ready", json!({"correct_category": "AUTHENTICATION"})).await;
    b.settle().await;
    let told = b.receiver.values("template_category_update");
    assert_eq!(told.len(), 3, "{told:?}");
    let refused = b.receiver.values("message_template_status_update");
    assert!(refused.iter().any(|v| v["event"] == "REJECTED" && v["reason"] == "INCORRECT_CATEGORY"));
    let new = json!({"name": "n", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hello."}]});
    let path = format!("/v25.0/{}/message_templates", World::WABA_ID);
    let (_, answer) = b.post(&path, new.clone()).await;
    assert!(code(&answer) == 100 && details(&answer).contains("wrong category"), "{answer}");
    let state = b.get("/_emulator/state").await.1;
    let record = &state["directory"]["wabas"][World::WABA_ID.to_string()]["record"];
    assert_eq!((&record["misuses"], &record["warned"]), (&json!(3), &json!(true)));
    c.change(|b| b.rules.recategorise = false);
    assert_eq!(b.post(&path, new).await.0, 200);
}

#[tokio::test]
async fn a_template_named_misfiled_is_found_after_its_review() {
    let b = Bench::new();
    let new = json!({"name": "misfiled_marketing_1", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hello."}]});
    assert_eq!(b.post(&format!("/v25.0/{}/message_templates", World::WABA_ID), new).await.0, 200);
    b.settle().await;
    assert_eq!(b.receiver.values("template_category_update").len(), 2);
}

#[tokio::test]
async fn the_cap_rests_a_day_counts_no_windows_and_spares_some_countries() {
    let b = Bench::with(|s| s.behaviour.rules.user_cap = Some(UserCap { messages: 2, hours: 1 }));
    let c = b.emulator.control();
    c.patch(json!({"population": {"reads": 1.0}})).unwrap();
    let failed = async |user: &str| {
        b.send(sale(user)).await;
        b.settle().await;
        b.receiver.statuses().last().unwrap()["errors"][0]["code"] == 131_049
    };
    assert!(!failed(USER).await && !failed(USER).await && failed(USER).await);
    // The hour is long over; the day is not.
    b.clock.advance(Duration::from_secs(7_200));
    assert!(failed(USER).await);
    c.write(USER, None, "hi").unwrap();
    assert!(!failed(USER).await, "inside a window it does not count");
    b.clock.advance(Duration::from_secs(26 * 3_600));
    assert!(!failed(USER).await);
    for _ in 0..4 {
        assert!(!failed("4915112345678").await, "Germany has no cap");
    }
    // Who does not let it be known gets half.
    describe(&b, json!({"phone": "94770000001", "reads": false})).await;
    assert!(!failed("94770000001").await && failed("94770000001").await);
}

#[tokio::test]
async fn a_hidden_phone_is_known_once_it_was_written_to_until_it_leaves_the_contact_book() {
    let b = Bench::new();
    describe(&b, json!({"phone": USER, "username": "nimal.p", "phone_hidden": true})).await;
    let c = b.emulator.control();
    let knows = async || {
        c.write(USER, None, "hi").unwrap();
        b.emulator.deliver_due().await;
        b.receiver.values("messages").last().unwrap()["contacts"][0].get("wa_id").is_some()
    };
    assert!(!knows().await);
    b.send(hello(USER)).await;
    b.settle().await;
    assert!(knows().await);
    b.clock.advance(Duration::from_secs(40 * 86_400));
    assert!(knows().await, "the book keeps it");
    // It survives a restart.
    let kept = b.get("/_emulator/state").await.1;
    assert_eq!(kept["rest"]["contact_book"]["entries"].as_array().unwrap().len(), 1);
    let id = c.user(USER).unwrap()["numbers"][0]["user_id"].as_str().unwrap().to_owned();
    let path = format!("/v25.0/{}/contact_book?messaging_product=whatsapp&bsuid={id}", World::NUMBER_ID);
    assert_eq!(b.call("DELETE", &path, None).await.1["deleted"], true);
    assert_eq!(b.call("DELETE", &path, None).await.1["deleted"], false);
    assert!(!knows().await);
    let other = path.replace(&id, "LK.123");
    assert_eq!(code(&b.call("DELETE", &other, None).await.1), 100);
    b.post("/_emulator/state", kept).await;
    assert!(knows().await);
    // Without the book only the last 30 days count.
    let b = Bench::with(|s| s.behaviour.rules.contact_book = false);
    describe(&b, json!({"phone": USER, "username": "nimal.p", "phone_hidden": true})).await;
    b.send(hello(USER)).await;
    b.settle().await;
    assert!(b.receiver.values("messages").last().unwrap()["contacts"][0].get("wa_id").is_some());
    b.clock.advance(Duration::from_secs(31 * 86_400));
    b.emulator.control().write(USER, None, "hi").unwrap();
    b.emulator.deliver_due().await;
    assert!(b.receiver.values("messages").last().unwrap()["contacts"][0].get("wa_id").is_none());
}

#[tokio::test]
async fn an_accounts_management_calls_have_a_rate_and_an_apps_calls_too() {
    let b = Bench::new();
    let path = format!("/v25.0/{}/phone_numbers", World::WABA_ID);
    for _ in 0..5_000 {
        assert_eq!(b.get(&path).await.0, 200);
    }
    let (status, answer) = b.get(&path).await;
    assert_eq!((status, code(&answer)), (400, 80_007));
    assert!(details(&answer).contains("5000"), "{answer}");
    let request = axum::extract::Request::get(&path)
        .header("authorization", format!("Bearer {}", World::TOKEN))
        .body(axum::body::Body::empty())
        .unwrap();
    let (_, headers, _) = b.raw(request).await;
    let usage: Value = serde_json::from_str(headers["x-business-use-case-usage"].to_str().unwrap()).unwrap();
    let row = &usage[World::WABA_ID.to_string()][0];
    assert_eq!(
        (&row["type"], &row["estimated_time_to_regain_access"]),
        (&json!("whatsapp_business_management"), &json!(60))
    );
    // Sends have their own pace.
    assert_eq!(b.send(hello(USER)).await.0, 200);
    b.clock.advance(Duration::from_secs(3_600));
    assert_eq!(b.get(&path).await.0, 200);

    b.emulator.control().change(|b| b.rules.app_calls_per_hour = 3);
    let codes: Vec<i64> =
        [b.send(hello(USER)).await, b.get(&path).await, b.send(hello(USER)).await, b.send(hello(USER)).await]
            .iter()
            .map(|(_, answer)| code(answer))
            .collect();
    assert_eq!(codes, [0, 0, 0, 4]);
}

#[tokio::test]
async fn what_one_app_refuses_comes_again_to_every_app_each_in_its_own_time() {
    let other = ObjectId(999_999_999_999_999);
    let b = Bench::with(|s| {
        s.world.apps.push(AppSettings {
            id: other,
            secret: "x".into(),
            callback_url: Some("http://receiver/other".into()),
            webhook_version: 25,
            ..AppSettings::default()
        });
        s.world.portfolios[0].wabas[0].subscribed_apps.push(other);
    });
    let to = |path: &str| b.receiver.got.lock().unwrap().iter().filter(|g| g.path == path).count();
    b.emulator.control().write(USER, None, "hi").unwrap();
    // The first app refuses, the second takes it.
    b.receiver.answers.lock().unwrap().extend([500, 200]);
    b.emulator.deliver_due().await;
    assert_eq!((to("/hook"), to("/other")), (1, 1));
    // At the retry the second gets it again and refuses: that is its own affair.
    b.receiver.answers.lock().unwrap().extend([200, 500]);
    b.advance(Duration::from_secs(1)).await;
    b.settle().await;
    assert_eq!((to("/hook"), to("/other")), (2, 3));
    assert_eq!(b.emulator.control().report().webhooks.duplicated, 1);
    let alone = Bench::with(|s| s.behaviour.webhooks.retry_to_all = false);
    alone.emulator.control().write(USER, None, "hi").unwrap();
    alone.receiver.answers.lock().unwrap().extend([500; 5]);
    alone.settle().await;
    assert_eq!(alone.receiver.posts(), 6);
}

#[tokio::test]
async fn an_update_nobody_takes_is_given_up_after_seven_days() {
    let b = Bench::new();
    b.receiver.answers.lock().unwrap().extend([500; 1_000]);
    b.emulator.control().write(USER, None, "hi").unwrap();
    b.settle().await;
    let report = b.emulator.control().report();
    assert_eq!((report.webhooks.given_up, report.pending_webhooks), (1, 0));
    let lasted = b.clock_now().since(Timestamp::from_seconds(START));
    assert!(
        (Duration::from_secs(7 * 86_400)..Duration::from_secs(7 * 86_400 + 7_200)).contains(&lasted),
        "{lasted:?}"
    );
    // Wider and wider apart, an hour at most.
    assert!((150..200).contains(&b.receiver.posts()), "{}", b.receiver.posts());
}
