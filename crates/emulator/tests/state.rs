//! A state that is kept holds everything: another emulator goes on from it as the first would have.
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy knows only functions marked as tests")]

mod support;

use serde_json::{Value, json};
use support::{Bench, hello, sale, text};
use tisara_domain::{Duration, ManualClock, Timestamp};
use tisara_emulator::{Described, Emulator, PortfolioChange, RouterSink, Settings, World, settings::UserCap};

const USER: &str = "94771234567";

fn paced(s: &mut Settings) {
    s.behaviour.rules.pacing_after = 2;
    s.behaviour.rules.user_cap = Some(UserCap { messages: 5, hours: 24 });
    s.behaviour.population.replies = 0.3;
    s.behaviour.population.username = 0.5;
    s.behaviour.population.phone_hidden = 0.5;
    s.behaviour.webhooks.linger_ms = 40;
}

/// Something of everything, much of it under way.
async fn busy(b: &Bench) {
    let c = b.emulator.control();
    let number = World::NUMBER_ID;
    let waba = World::WABA_ID;
    b.post("/_emulator/signup", json!({"business_name": "Corner Bakery"})).await;
    c.describe(Described { phone: USER.into(), window_open: Some(true), ..Described::default() }).unwrap();
    c.describe(Described { phone: "94770000001".into(), on_whatsapp: Some(false), ..Described::default() })
        .unwrap();
    // Offline: what is sent waits.
    c.describe(Described { phone: "94770000002".into(), online: Some(false), ..Described::default() })
        .unwrap();
    b.send(hello("94770000002")).await;
    // Counted, analysed, clicked.
    b.post(&format!("/v25.0/{waba}"), json!({"is_enabled_for_insights": true})).await;
    for n in 0..30 {
        let mut message = sale(&format!("9477100{n:04}"));
        message["biz_opaque_callback_data"] = json!(format!("campaign.{n}.1"));
        b.send(message).await;
    }
    b.send(support::template(USER, "appointment_reminder", "en_US", json!([{"type": "body", "parameters": [
        {"type": "text", "parameter_name": "first_name", "text": "Nimal"}, {"type": "text", "parameter_name": "day", "text": "Friday"},
        {"type": "text", "parameter_name": "hour", "text": "10:30"}]}]))).await;
    b.advance(Duration::from_secs(3)).await;
    b.post(&format!("/_emulator/users/{USER}/tap"), json!({"button": "I will come"})).await;
    let template =
        b.get(&format!("/v25.0/{waba}/message_templates?name=order_update")).await.1["data"][0]["id"].clone();
    let group = json!({"name": "Kept", "whatsapp_business_templates": [template]});
    assert_eq!(b.post(&format!("/v25.0/{waba}/template_groups"), group).await.0, 200);
    // A template in review, one under notice, one deleted.
    let new = json!({"name": "fresh", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hello."}]});
    assert_eq!(b.post(&format!("/v25.0/{waba}/message_templates"), new).await.0, 200);
    b.post("/_emulator/templates/hello_world", json!({"correct_category": "MARKETING"})).await;
    b.call("DELETE", &format!("/v25.0/{waba}/message_templates?name=coupon"), None).await;
    // The number's own things.
    b.post(&format!("/v25.0/{number}/message_qrdls"), json!({"prefilled_message": "Hello"})).await;
    b.post(&format!("/v25.0/{number}/username"), json!({"username": "jaspers"})).await;
    b.post(
        &format!("/v25.0/{number}/whatsapp_business_profile"),
        json!({"messaging_product": "whatsapp", "about": "Tea"}),
    )
    .await;
    let blocked = json!({"messaging_product": "whatsapp", "block_users": [{"user": USER}]});
    b.post(&format!("/_emulator/users/{USER}/write"), json!({"text": "hi"})).await;
    b.post(&format!("/v25.0/{number}/block_users"), blocked).await;
    // Files, calls, groups, flows, orders, sign-up links.
    let image = json!({"message": {"type": "image", "image": {"data": "cGl4", "mime_type": "image/png"}}});
    b.post("/_emulator/users/94770000003/say", image).await;
    c.describe(Described { phone: "94770000003".into(), window_open: Some(true), ..Described::default() })
        .unwrap();
    b.post(&format!("/v25.0/{number}/settings"), json!({"calling": {"status": "ENABLED"}})).await;
    b.post("/_emulator/users/94770000003/call", json!({})).await;
    let new = json!({"messaging_product": "whatsapp", "subject": "Trip"});
    b.post(&format!("/v25.0/{number}/groups"), new).await;
    let flow = json!({"messaging_product": "whatsapp", "to": "+94770000003", "type": "interactive", "interactive": {"type": "flow",
        "body": {"text": "Book"}, "action": {"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": World::FLOW_ID.to_string(),
            "flow_cta": "Book", "flow_token": "t", "flow_action": "navigate", "flow_action_payload": {"screen": "WELCOME"}}}}});
    assert_eq!(b.send(flow).await.0, 200);
    assert_eq!(b.post("/_emulator/users/94770000003/flow", json!({})).await.0, 200);
    let order = json!({"messaging_product": "whatsapp", "to": "+94770000003", "type": "interactive", "interactive": {"type": "order_details",
        "body": {"text": "Pay"}, "action": {"name": "review_and_pay", "parameters": {"reference_id": "o-1", "type": "digital-goods",
            "currency": "INR", "payment_configuration": "shop", "total_amount": {"value": 500, "offset": 100}}}}});
    assert_eq!(b.send(order).await.0, 200);
    let link = json!({"signup_message": "News?", "confirmation_message": "Thanks", "privacy_policy_url": "https://example.com/p",
        "policy": {"tos": "https://www.facebook.com/legal/ads-manager-marketing-messages-terms", "accepted": true}});
    assert_eq!(b.post(&format!("/v25.0/{waba}/signups"), link).await.0, 200);
    // What the portfolio is found at, a fault half used up, and a post that was refused.
    let bad = PortfolioChange { bad_signals: Some(true), ..PortfolioChange::default() };
    c.change_portfolio(World::PORTFOLIO_ID, &bad).unwrap();
    b.post("/_emulator/faults", json!({"kind": "error_after_accept", "status": 500, "when": {"next": 2}}))
        .await;
    b.send(hello("94770000004")).await;
    b.receiver.answers.lock().unwrap().push_back(500);
    b.advance(Duration::from_millis(700)).await;
}

fn another(from: &Bench, seed: u64) -> Bench {
    let clock = ManualClock::at(Timestamp::from_seconds(support::START));
    let emulator = Emulator::manual(Settings { seed, ..Settings::default() }, clock.clone());
    emulator.set_sink(RouterSink(from.receiver.router()));
    Bench { clock, emulator, receiver: from.receiver.clone(), token: World::TOKEN.into() }
}

/// What is seen of an emulator from outside.
async fn seen(b: &Bench) -> Value {
    let c = b.emulator.control();
    let ids: Vec<String> = c.report_ids().collect();
    let waba = World::WABA_ID;
    let (from, to) = (support::START - 86_400, support::START + 86_400);
    let analytics = format!("/v25.0/{waba}?fields=analytics.start({from}).end({to}).granularity(DAY)");
    json!({"report": serde_json::to_value(c.report()).unwrap(), "ids": ids,
        "analytics": b.get(&analytics).await.1,
        "templates": b.get(&format!("/v25.0/{waba}/message_templates?limit=100")).await.1,
        "groups": b.get(&format!("/v25.0/{waba}/template_groups")).await.1,
        "signups": b.get(&format!("/v25.0/{waba}/signups")).await.1,
        "codes": b.get(&format!("/v25.0/{}/message_qrdls", World::NUMBER_ID)).await.1,
        "user": c.user(USER).unwrap(), "other": c.user("94770000003").unwrap(),
        "messages": b.get("/_emulator/messages?limit=1000").await.1})
}

/// What is done after a restart, too.
async fn goes_on(b: &Bench) {
    let c = b.emulator.control();
    c.describe(Described { phone: "94770000002".into(), online: Some(true), ..Described::default() })
        .unwrap();
    b.send(hello("94770000005")).await;
    b.send(text(USER, "blocked")).await;
    b.post("/_emulator/users/94770000003/pay", json!({"reference_id": "o-1"})).await;
    b.post("/_emulator/users/94770000003/flow", json!({"action": "submit", "values": {}})).await;
    b.post("/_emulator/users/94770000003/call", json!({"action": "hang_up"})).await;
    b.settle().await;
}

#[tokio::test]
async fn what_was_kept_is_the_same_when_it_is_kept_again() {
    let a = Bench::with(paced);
    busy(&a).await;
    let kept = a.get("/_emulator/state").await.1;
    let b = another(&a, Settings::default().seed);
    assert_eq!(b.post("/_emulator/state", kept.clone()).await, (200, json!({"success": true})));
    let again = b.get("/_emulator/state").await.1;
    for part in kept.as_object().unwrap().keys() {
        assert_eq!(again[part], kept[part], "{part}");
    }
    assert_eq!(seen(&b).await, seen(&a).await);
}

#[tokio::test]
async fn another_emulator_goes_on_as_the_first_would_have() {
    let a = Bench::with(paced);
    busy(&a).await;
    let kept = a.emulator.control().save().unwrap();
    let told = a.receiver.posts();

    let b = Bench { receiver: support::Receiver::default(), ..another(&a, Settings::default().seed) };
    b.emulator.set_sink(RouterSink(b.receiver.router()));
    b.emulator.control().load(kept).unwrap();
    goes_on(&a).await;
    goes_on(&b).await;
    assert_eq!(seen(&b).await, seen(&a).await);
    let after_restart: Vec<Vec<u8>> =
        b.receiver.got.lock().unwrap().iter().map(|g| g.body.to_vec()).collect();
    let without_restart: Vec<Vec<u8>> =
        a.receiver.got.lock().unwrap().iter().skip(told).map(|g| g.body.to_vec()).collect();
    assert!(!after_restart.is_empty());
    assert_eq!(after_restart, without_restart, "the same webhooks, byte for byte");
}

#[tokio::test]
async fn a_state_that_does_not_fit_changes_nothing() {
    let a = Bench::new();
    a.send(hello(USER)).await;
    let kept = a.get("/_emulator/state").await.1;
    let b = another(&a, 99);
    let refused = b.post("/_emulator/state", kept.clone()).await;
    assert!(refused.0 == 400 && refused.1["error"].as_str().unwrap().contains("--seed"), "{refused:?}");
    let b = another(&a, Settings::default().seed);
    let before = b.get("/_emulator/state").await.1;
    for (pointer, wrong) in [
        ("/version", json!(2)),
        ("/directory/number_places", json!({"106540352242922": 70})),
        ("/directory/numbers/0/country", json!("Atlantis")),
        ("/rest/outbox", json!({})),
        ("/rest/unknown", json!(1)),
    ] {
        let mut spoiled = kept.clone();
        match spoiled.pointer_mut(pointer) {
            Some(part) => *part = wrong,
            None => spoiled["rest"]["unknown"] = wrong,
        }
        let (status, answer) = b.post("/_emulator/state", spoiled).await;
        assert_eq!(status, 400, "{pointer}: {answer}");
        assert_eq!(b.get("/_emulator/state").await.1, before, "{pointer}");
    }
}
