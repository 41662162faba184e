//! What is told of a message after it was accepted.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use support::{Bench, START, hello, sale, template, text};
use tisara_domain::Duration;
use tisara_emulator::{Described, settings::UserCap};

const USER: &str = "94771234567";

fn kinds(statuses: &[Value]) -> Vec<&str> {
    statuses.iter().map(|s| s["status"].as_str().unwrap()).collect()
}

fn reader(phone: &str) -> Described {
    Described { phone: phone.into(), reads: Some(true), ..Described::default() }
}

#[tokio::test]
async fn a_message_is_sent_delivered_and_read() {
    let b = Bench::new();
    b.emulator.control().describe(reader(USER)).unwrap();
    let mut body = sale(USER);
    body["biz_opaque_callback_data"] = json!("job.7/é");
    let id = b.send(body).await.1["messages"][0]["id"].clone();
    b.settle().await;
    let statuses = b.receiver.statuses();
    assert_eq!(kinds(&statuses), ["sent", "delivered", "read"]);
    for s in &statuses {
        assert_eq!(s["id"], id);
        assert_eq!(s["recipient_id"], USER);
        assert_eq!(s["biz_opaque_callback_data"], "job.7/é");
        assert!(s["recipient_user_id"].as_str().unwrap().starts_with("LK."));
        assert!(s.get("conversation").is_none(), "v25 webhooks have none");
    }
    let pricing =
        json!({"billable": true, "pricing_model": "PMP", "category": "marketing", "type": "regular"});
    assert_eq!(statuses[0]["pricing"], pricing);
    assert_eq!(statuses[1]["pricing"], pricing);
    assert!(statuses[2].get("pricing").is_none());
    let times: Vec<i64> =
        statuses.iter().map(|s| s["timestamp"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted() && times[0] >= START);
    let value = &b.receiver.values("messages")[0];
    assert_eq!(
        value["metadata"],
        json!({"display_phone_number": "15550783881", "phone_number_id": "106540352242922"})
    );
    assert_eq!(value["contacts"][0]["wa_id"], USER);
    assert!(b.emulator.control().is_settled());
}

#[tokio::test]
async fn up_to_version_23_statuses_carry_a_conversation() {
    let b = Bench::with(|s| s.world.apps[0].webhook_version = 23);
    b.send(sale(USER)).await;
    b.settle().await;
    let sent = &b.receiver.statuses()[0];
    assert_eq!(sent["conversation"]["origin"]["type"], "marketing");
    assert!(sent["conversation"]["expiration_timestamp"].is_string());
}

#[tokio::test]
async fn what_is_free_says_so() {
    let b = Bench::new();
    let c = b.emulator.control();
    c.describe(Described { phone: USER.into(), window_open: Some(true), ..Described::default() }).unwrap();
    let price = async |body: Value| {
        b.send(body).await;
        b.settle().await;
        let all = b.receiver.statuses();
        b.receiver.got.lock().unwrap().clear();
        let p = all[0]["pricing"].clone();
        (
            p["type"].as_str().unwrap().to_owned(),
            p["category"].as_str().unwrap().to_owned(),
            p["billable"].as_bool().unwrap(),
        )
    };
    let free = |category: &str| ("free_customer_service".to_owned(), category.to_owned(), false);
    assert_eq!(price(hello(USER)).await, free("utility"));
    c.describe(Described { phone: USER.into(), window_open: Some(true), ..Described::default() }).unwrap();
    assert_eq!(price(text(USER, "hi")).await, free("service"));
    c.describe(Described { phone: USER.into(), window_open: Some(true), ..Described::default() }).unwrap();
    assert_eq!(price(sale(USER)).await, ("regular".into(), "marketing".into(), true));
    c.describe(Described { phone: USER.into(), window_open: Some(false), ..Described::default() }).unwrap();
    assert_eq!(price(hello(USER)).await, ("regular".into(), "utility".into(), true));
    c.describe(Described {
        phone: USER.into(),
        from_ad: Some(true),
        window_open: Some(true),
        ..Described::default()
    })
    .unwrap();
    b.send(text(USER, "welcome")).await;
    b.settle().await;
    b.receiver.got.lock().unwrap().clear();
    assert_eq!(price(sale(USER)).await, ("free_entry_point".into(), "referral_conversion".into(), false));
}

/// What is done before, what is sent, and the code of the `failed` that follows.
#[tokio::test]
async fn every_late_failure_has_its_code() {
    let described = |d: Described| Described { phone: USER.into(), ..d };
    type Change = fn(&mut tisara_emulator::Settings);
    let cases: Vec<(Option<Described>, Change, Value, i64)> = vec![
        (
            Some(described(Described { on_whatsapp: Some(false), ..Described::default() })),
            |_| {},
            hello(USER),
            131_026,
        ),
        (None, |_| {}, text(USER, "no window"), 131_047),
        (
            Some(described(Described { opted_out: Some(true), ..Described::default() })),
            |_| {},
            sale(USER),
            131_050,
        ),
        (
            Some(described(Described { opted_out: Some(true), ..Described::default() })),
            |_| {},
            hello(USER),
            0,
        ),
        (None, |_| {}, sale("+16505551234"), 131_049),
        (None, |_| {}, hello("+16505551234"), 0),
        (None, |_| {}, sale("+14165551234"), 0),
        (None, |s| s.behaviour.rules.us_marketing = false, sale("+16505551234"), 0),
        (
            None,
            |s| s.behaviour.rules.user_cap = Some(UserCap { messages: 0, hours: 24 }),
            sale(USER),
            131_049,
        ),
        (None, |s| s.behaviour.rules.experiment = 1.0, sale(USER), 130_472),
        (None, |s| s.world.portfolios[0].wabas[0].payment_method = false, hello(USER), 131_042),
        (
            Some(described(Described { window_open: Some(true), ..Described::default() })),
            |_| {},
            json!({"messaging_product": "whatsapp", "to": USER, "type": "image", "image": {"link": "https://x.com/missing"}}),
            131_053,
        ),
        (
            Some(described(Described { window_open: Some(true), ..Described::default() })),
            |_| {},
            json!({"messaging_product": "whatsapp", "to": USER, "type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}}),
            131_009,
        ),
        (
            Some(described(Described { identity_hash: Some("new".into()), ..Described::default() })),
            |_| {},
            {
                let mut m = hello(USER);
                m["recipient_identity_key_hash"] = json!("old");
                m
            },
            137_000,
        ),
    ];
    for (user, change, body, want) in cases {
        let b = Bench::with(change);
        if let Some(user) = user {
            b.emulator.control().describe(user).unwrap();
        }
        let shown = body.to_string();
        let (status, answer) = b.send(body).await;
        assert_eq!(status, 200, "{shown} {answer}");
        b.settle().await;
        let statuses = b.receiver.statuses();
        let failed: Vec<&Value> = statuses.iter().filter(|s| s["status"] == "failed").collect();
        if want == 0 {
            assert!(failed.is_empty(), "{shown} {failed:?}");
            continue;
        }
        assert_eq!(failed.len(), 1, "{shown}");
        let error = &failed[0]["errors"][0];
        assert_eq!(error["code"], want, "{shown}");
        assert_eq!(error["title"], error["message"]);
        assert!(error["error_data"]["details"].is_string());
        assert!(failed[0].get("pricing").is_none() && failed[0].get("recipient_user_id").is_none());
        assert_eq!(
            b.receiver.values("messages")[0]["contacts"],
            json!([{"wa_id": failed[0]["recipient_id"]}])
        );
    }
}

#[tokio::test]
async fn the_portfolios_limit_counts_unique_users_outside_windows() {
    let b = Bench::with(|s| s.world.portfolios[0].limit = 3);
    b.emulator.control().write("94770000009", None, "hi").unwrap();
    for i in [0, 1, 2, 0, 9, 3] {
        b.send(hello(&format!("9477000000{i}"))).await;
    }
    b.settle().await;
    let failed: Vec<_> = b.receiver.statuses().into_iter().filter(|s| s["status"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["recipient_id"], "94770000003");
    assert_eq!(failed[0]["errors"][0]["code"], 131_048);
}

#[tokio::test]
async fn a_user_writes_and_the_window_is_open_for_a_day() {
    let b = Bench::new();
    let c = b.emulator.control();
    c.write(USER, None, "hello").unwrap();
    b.emulator.deliver_due().await;
    let inbound = &b.receiver.messages()[0];
    assert_eq!(inbound["from"], USER);
    assert_eq!(inbound["text"]["body"], "hello");
    assert!(inbound["from_user_id"].is_string() && inbound["timestamp"].is_string());
    b.send(text(USER, "in time")).await;
    b.advance(Duration::from_secs(86_401)).await;
    b.send(text(USER, "too late")).await;
    b.settle().await;
    let failed = b.receiver.statuses().iter().filter(|s| s["status"] == "failed").count();
    assert_eq!(failed, 1);
}

#[tokio::test]
async fn those_who_are_offline_or_have_blocked_stay_at_sent() {
    let b = Bench::new();
    let c = b.emulator.control();
    c.describe(Described { phone: USER.into(), online: Some(false), ..Described::default() }).unwrap();
    c.describe(Described { phone: "94770000001".into(), blocked: Some(true), ..Described::default() })
        .unwrap();
    b.send(hello(USER)).await;
    b.send(hello("94770000001")).await;
    b.settle().await;
    assert_eq!(kinds(&b.receiver.statuses()), ["sent", "sent"]);
}

#[tokio::test]
async fn a_voice_message_is_played_and_a_reaction_only_sent() {
    let b = Bench::new();
    let c = b.emulator.control();
    c.describe(Described { window_open: Some(true), ..reader(USER) }).unwrap();
    b.send(json!({"messaging_product": "whatsapp", "to": USER, "type": "audio", "audio": {"link": "https://x.com/a.ogg", "voice": true}})).await;
    b.settle().await;
    assert_eq!(kinds(&b.receiver.statuses()), ["sent", "delivered", "read", "played"]);
    b.receiver.got.lock().unwrap().clear();
    let id = c.write(USER, None, "nice").unwrap();
    b.send(json!({"messaging_product": "whatsapp", "to": USER, "type": "reaction", "reaction": {"message_id": id, "emoji": "👍"}})).await;
    b.settle().await;
    assert_eq!(kinds(&b.receiver.statuses()), ["sent"]);
}

#[tokio::test]
async fn read_may_come_without_delivered() {
    let b = Bench::with(|s| s.behaviour.population.read_only = 1.0);
    b.emulator.control().describe(reader(USER)).unwrap();
    b.send(hello(USER)).await;
    b.settle().await;
    let statuses = b.receiver.statuses();
    assert_eq!(kinds(&statuses), ["sent", "read"]);
    assert!(statuses[1]["pricing"].is_object());
}

#[tokio::test]
async fn a_hidden_phone_number_is_left_out_and_the_user_id_is_not() {
    let b = Bench::new();
    let c = b.emulator.control();
    c.describe(Described { username: Some("nimal.p".into()), phone_hidden: Some(true), ..reader(USER) })
        .unwrap();
    let id = c.user(USER).unwrap()["numbers"][0]["user_id"].as_str().unwrap().to_owned();
    c.write(USER, None, "hi").unwrap();
    let mut body = hello(USER);
    body.as_object_mut().unwrap().remove("to");
    body["recipient"] = json!(id);
    b.send(body).await;
    b.settle().await;
    let values = b.receiver.values("messages");
    assert!(values[0]["messages"][0].get("from").is_none());
    assert_eq!(values[0]["messages"][0]["from_user_id"], id);
    assert_eq!(values[0]["contacts"][0]["profile"]["username"], "nimal.p");
    assert!(values[0]["contacts"][0].get("wa_id").is_none());
    let sent = values.iter().find(|v| v["statuses"][0]["status"] == "sent").unwrap();
    assert!(sent["statuses"][0].get("recipient_id").is_none());
    assert_eq!(sent["statuses"][0]["recipient_user_id"], id);
    assert!(sent["contacts"][0]["profile"].get("username").is_none(), "never on sent");
    let read = values.iter().find(|v| v["statuses"][0]["status"] == "read").unwrap();
    assert_eq!(read["contacts"][0]["profile"]["username"], "nimal.p");
}

#[tokio::test]
async fn users_answer_and_stop_by_habit() {
    let b = Bench::with(|s| {
        s.behaviour.population.reads = 1.0;
        s.behaviour.population.replies = 1.0;
        s.behaviour.population.stops = 0.5;
    });
    for i in 0..40 {
        b.send(template(&format!("9477000{i:04}"), "seasonal_sale", "en_US", json!([
            {"type": "header", "parameters": [{"type": "text", "text": "Sale"}]},
            {"type": "body", "parameters": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "text", "text": "c"}]}]))).await;
    }
    b.settle().await;
    let stops = b.receiver.values("user_preferences").len();
    let answers = b.receiver.messages();
    assert_eq!(stops + answers.len(), 40);
    assert!((10..30).contains(&stops), "{stops}");
    assert!(answers.iter().any(|m| m["type"] == "button") && answers.iter().any(|m| m["type"] == "text"));
}
