//! What a send is answered with at once.

mod support;

use serde_json::{Value, json};
use support::{Bench, code, details, hello, sale, template, text};
use tisara_emulator::{
    World,
    settings::{ObjectId, Throughput, TokenSettings},
};

const USER: &str = "+94771234567";

#[tokio::test]
async fn an_accepted_template_is_answered_as_meta_does() {
    let b = Bench::new();
    let (status, answer) = b.send(hello("+94 77-123 (4567)")).await;
    assert_eq!(status, 200);
    assert_eq!(answer["messaging_product"], "whatsapp");
    assert_eq!(answer["contacts"], json!([{"input": "+94 77-123 (4567)", "wa_id": "94771234567"}]));
    assert_eq!(answer["messages"][0]["message_status"], "accepted");
    assert!(answer["messages"][0]["id"].as_str().unwrap().starts_with("wamid.HBgL"));
    let (_, free_form) = b.send(text(USER, "hi")).await;
    assert!(free_form["messages"][0].get("message_status").is_none());
}

#[tokio::test]
async fn every_answer_carries_metas_headers() {
    let b = Bench::new();
    let request = axum::extract::Request::post(format!("/v24.0/{}/messages", World::NUMBER_ID))
        .header("authorization", format!("Bearer {}", World::TOKEN))
        .body(hello(USER).to_string().into())
        .unwrap();
    let (_, headers, _) = b.raw(request).await;
    assert_eq!(headers["facebook-api-version"], "v24.0");
    assert_eq!(headers["content-type"], "application/json; charset=UTF-8");
    for name in ["x-fb-request-id", "x-fb-trace-id", "x-fb-rev", "x-app-usage", "x-business-use-case-usage"] {
        assert!(headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn every_version_and_none_are_answered() {
    let b = Bench::new();
    for version in ["", "/v16.0", "/v23.0", "/v26.0"] {
        let (status, _) = b.post(&format!("{version}/{}/messages", World::NUMBER_ID), hello(USER)).await;
        assert_eq!(status, 200, "{version}");
    }
    let (status, answer) = b.post(&format!("/v9.0/{}/messages", World::NUMBER_ID), hello(USER)).await;
    assert_eq!((status, code(&answer)), (400, 2_635));
}

/// Body, code, and a word its details hold.
#[tokio::test]
async fn every_malformed_body_has_its_code() {
    let b = Bench::new();
    let long = "x".repeat(5_000);
    let named = |parameters: Value| {
        template(USER, "appointment_reminder", "en_US", json!([{"type": "body", "parameters": parameters}]))
    };
    let value = |name: &str, text: &str| json!({"type": "text", "parameter_name": name, "text": text});
    let text_value = |text: &str| json!({"type": "text", "text": text});
    let body = |parameters: Value| {
        template(USER, "seasonal_sale", "si_LK", json!([{"type": "body", "parameters": parameters}]))
    };
    let cases: Vec<(Value, i64, &str)> = vec![
        (json!({}), 100, ""),
        (json!({"messaging_product": "telegram", "to": USER}), 100, ""),
        (json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}}), 100, ""),
        (json!({"messaging_product": "whatsapp", "to": USER, "type": "poll"}), 131_051, "poll"),
        (json!({"messaging_product": "whatsapp", "to": USER, "type": "text"}), 131_008, "text"),
        (json!({"messaging_product": "whatsapp", "to": USER, "type": "text", "text": 5}), 100, "text"),
        (json!({"messaging_product": "whatsapp", "to": [USER], "type": "text", "text": {}}), 100, "string"),
        (
            json!({"messaging_product": "whatsapp", "recipient_type": "group", "to": USER, "type": "text", "text": {"body": "x"}}),
            131_041,
            "group",
        ),
        (text(USER, &long), 100, "4096"),
        (text("+1 555 078 3881", "to myself"), 131_021, "sends"),
        (text("not a number", "x"), 131_009, "digits"),
        (text("+12", "x"), 131_009, "7 to 15"),
        (
            json!({"messaging_product": "whatsapp", "recipient": "LK.123", "type": "text", "text": {"body": "x"}}),
            131_009,
            "user id",
        ),
        (
            json!({"messaging_product": "whatsapp", "to": USER, "type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": long}),
            100,
            "512",
        ),
        (
            json!({"messaging_product": "whatsapp", "to": USER, "type": "image", "image": {"id": "12345"}}),
            131_009,
            "media id",
        ),
        (
            json!({"messaging_product": "whatsapp", "to": USER, "type": "reaction", "reaction": {"message_id": "x", "emoji": "👍"}, "context": {"message_id": "x"}}),
            100,
            "context",
        ),
        (template(USER, "", "en_US", json!([])), 131_008, "name"),
        (
            json!({"messaging_product": "whatsapp", "to": USER, "type": "template", "template": {"name": "hello_world"}}),
            131_008,
            "language",
        ),
        (
            json!({"messaging_product": "whatsapp", "to": USER, "type": "template", "template": {"name": "hello_world", "language": {"code": "en_US", "policy": "fallback"}}}),
            131_009,
            "policy",
        ),
        (template(USER, "nowhere", "en_US", json!([])), 132_001, "nowhere"),
        (template(USER, "hello_world", "fr", json!([])), 132_001, "fr"),
        (template(USER, "refused_offer", "en_US", json!([])), 132_001, "refused_offer"),
        (template(USER, "tired_offer", "en_US", json!([])), 132_015, "paused"),
        (body(json!([])), 132_000, "(0)"),
        (body(json!([text_value("a"), text_value("b")])), 132_000, "(2)"),
        (body(json!([text_value("")])), 131_008, "missing text"),
        (body(json!([text_value("two\nlines")])), 132_018, "new-line"),
        (body(json!([text_value("far     away")])), 132_018, "4 consecutive"),
        (body(json!([text_value(&long)])), 132_005, "1024"),
        (body(json!([{"type": "image", "image": {"link": "https://x.com/a.png"}}])), 131_008, "image"),
        (
            template(USER, "seasonal_sale", "si_LK", json!([{"type": "dance", "parameters": []}])),
            100,
            "dance",
        ),
        (named(json!([value("first_name", "a"), value("day", "b"), value("hour", "c")])), 0, ""),
        (named(json!([value("hour", "a"), value("day", "b"), value("first_name", "c")])), 0, ""),
        (named(json!([value("first_name", "a"), value("day", "b"), value("minute", "c")])), 100, "minute"),
        (
            named(json!([value("first_name", "a"), value("day", "b"), text_value("c")])),
            100,
            "name is missing",
        ),
        (named(json!([value("day", "a"), value("day", "b"), value("hour", "c")])), 100, "first_name"),
        (
            template(
                USER,
                "new_arrival",
                "en_US",
                json!([{"type": "body", "parameters": [text_value("a")]}]),
            ),
            132_012,
            "expected IMAGE",
        ),
        (
            template(
                USER,
                "new_arrival",
                "en_US",
                json!([{"type": "header", "parameters": [text_value("a")]}]),
            ),
            132_012,
            "received TEXT",
        ),
        (
            template(
                USER,
                "new_arrival",
                "en_US",
                json!([{"type": "header", "parameters": [{"type": "image", "image": {}}]}]),
            ),
            131_008,
            "id or a link",
        ),
        (
            template(
                USER,
                "new_arrival",
                "en_US",
                json!([{"type": "header", "parameters": [{"type": "image", "image": {"link": "https://x.com/a.png"}}]}, {"type": "body", "parameters": [text_value("a")]}]),
            ),
            0,
            "",
        ),
        (
            template(
                USER,
                "hello_world",
                "en_US",
                json!([{"type": "header", "parameters": [text_value("a")]}]),
            ),
            132_000,
            "header",
        ),
        (
            template(USER, "login_code", "en_US", json!([{"type": "body", "parameters": [text_value("1")]}])),
            131_008,
            "Url requires",
        ),
        (
            template(
                USER,
                "login_code",
                "en_US",
                json!([{"type": "body", "parameters": [text_value("1")]}, {"type": "button", "sub_type": "url", "index": 0, "parameters": [text_value("1")]}]),
            ),
            0,
            "",
        ),
        (
            template(
                USER,
                "login_code",
                "en_US",
                json!([{"type": "body", "parameters": [text_value("1")]}, {"type": "button", "sub_type": "url", "index": "7", "parameters": [text_value("1")]}]),
            ),
            132_018,
            "index 7",
        ),
        (
            template(
                USER,
                "login_code",
                "en_US",
                json!([{"type": "body", "parameters": [text_value("1")]}, {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "x"}]}]),
            ),
            132_012,
            "Url",
        ),
        (
            template(USER, "coupon", "en_US", json!([{"type": "body", "parameters": [text_value("1")]}])),
            131_008,
            "CopyCode requires",
        ),
        (
            template(
                USER,
                "coupon",
                "en_US",
                json!([{"type": "body", "parameters": [text_value("1")]}, {"type": "button", "sub_type": "copy_code", "index": "0", "parameters": [{"type": "coupon_code", "coupon_code": "A".repeat(21)}]}]),
            ),
            132_005,
            "20",
        ),
        (
            template(
                USER,
                "hello_world",
                "en_US",
                json!([{"type": "carousel", "cards": [{"components": []}]}]),
            ),
            132_012,
            "cards",
        ),
    ];
    for (body, want, word) in cases {
        let shown: String = body.to_string().chars().take(300).collect();
        let (status, answer) = b.send(body).await;
        assert_eq!(code(&answer), want, "{shown} {answer}");
        assert_eq!(status == 200, want == 0, "{shown}");
        assert!(details(&answer).contains(word), "{shown}: {}", details(&answer));
        if want != 0 {
            assert!(
                answer["error"]["fbtrace_id"].is_string() && answer["error"]["type"].is_string(),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_and_nothing_panics() {
    let b = Bench::new();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_text = format!(
        r#"{{"messaging_product":"whatsapp","to":"+94771234567","type":"interactive","interactive":{deep}}}"#
    );
    for body in ["", "{", "null", "[]", "\"x\"", "\u{0}", &deep, &deep_text] {
        let request = axum::extract::Request::post(format!("/v25.0/{}/messages", World::NUMBER_ID))
            .header("authorization", format!("Bearer {}", World::TOKEN))
            .body(body.to_owned().into())
            .unwrap();
        let (status, _, bytes) = b.raw(request).await;
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((status.as_u16(), code(&answer)), (400, 100), "{answer}");
    }
}

#[tokio::test]
async fn forms_are_read_as_json_is() {
    let b = Bench::new();
    let form = "messaging_product=whatsapp&to=%2B94771234567&type=text&text=%7B%22body%22%3A%22hi%22%7D";
    let request = axum::extract::Request::post(format!(
        "/v25.0/{}/messages?access_token={}",
        World::NUMBER_ID,
        World::TOKEN
    ))
    .header("content-type", "application/x-www-form-urlencoded")
    .body(form.into())
    .unwrap();
    assert_eq!(b.raw(request).await.0, 200);
}

#[tokio::test]
async fn tokens_are_checked_before_anything_else() {
    let mut b = Bench::with(|s| {
        let mut token = |token: &str, change: fn(&mut TokenSettings)| {
            let mut t = TokenSettings { token: token.into(), app: World::APP_ID, ..TokenSettings::default() };
            change(&mut t);
            s.world.tokens.push(t);
        };
        token("old", |t| t.expires_at = support::START);
        token("other", |t| t.wabas = vec![ObjectId(5)]);
        token("reader", |t| t.scopes = vec!["whatsapp_business_management".into()]);
    });
    for (token, status, want) in
        [("nobody", 401, 190), ("old", 401, 190), ("other", 403, 200), ("reader", 403, 10)]
    {
        b.token = token.into();
        let (got, answer) = b.send(hello(USER)).await;
        assert_eq!((got, code(&answer)), (status, want), "{token}");
    }
    b.token = "old".into();
    assert_eq!(b.send(hello(USER)).await.1["error"]["error_subcode"], 463);
    b.token = World::TOKEN.into();
    let (status, answer) = b.post("/v25.0/12345/messages", hello(USER)).await;
    assert_eq!((status, code(&answer)), (400, 100));
    assert_eq!(answer["error"]["error_subcode"], 33);
}

#[tokio::test]
async fn a_number_that_is_not_connected_cannot_send() {
    for (status, want) in [
        ("BANNED", 131_031),
        ("RESTRICTED", 368),
        ("MAINTENANCE", 131_057),
        ("DISCONNECTED", 133_010),
        ("CONNECTED", 0),
    ] {
        let b = Bench::with(|s| s.world.portfolios[0].wabas[0].numbers[0].status = status.into());
        assert_eq!(code(&b.send(hello(USER)).await.1), want, "{status}");
    }
    let b = Bench::with(|s| s.world.portfolios[0].wabas[0].numbers[0].registered = false);
    assert_eq!(code(&b.send(hello(USER)).await.1), 133_010);
}

#[tokio::test]
async fn recipients_may_be_refused() {
    let b = Bench::with(|s| {
        s.world.portfolios[0].wabas[0].numbers[0].test_recipients = vec!["+94770000001".into()];
    });
    assert_eq!(code(&b.send(hello(USER)).await.1), 131_030);
    assert_eq!(b.send(hello("+94770000001")).await.0, 200);
    let b = Bench::with(|s| s.behaviour.rules.forbidden_countries = vec!["LK".into()]);
    assert_eq!(code(&b.send(hello(USER)).await.1), 130_497);
    let b = Bench::with(|s| s.world.portfolios[0].wabas[0].marketing_disabled = true);
    assert_eq!(code(&b.send(sale(USER)).await.1), 131_063);
}

#[tokio::test]
async fn a_user_id_reaches_the_same_person_as_the_number() {
    let b = Bench::new();
    let view = b.get(&format!("/_emulator/users/{}", &USER[1..])).await.1;
    let id = view["numbers"][0]["user_id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("LK."));
    let mut body = hello(USER);
    body.as_object_mut().unwrap().remove("to");
    body["recipient"] = json!(id);
    let (status, answer) = b.send(body.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(answer["contacts"], json!([{"input": id, "user_id": id}]));
    body["template"] = json!({"name": "login_code", "language": {"code": "en_US"}, "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "1"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "1"}]}]});
    assert_eq!(code(&b.send(body).await.1), 131_062);
}

#[tokio::test]
async fn a_number_above_its_pace_is_refused_until_the_bucket_fills() {
    let b = Bench::with(|s| s.behaviour.pace.messages_per_second = Throughput::PerSecond(20));
    let mut refused = 0;
    for i in 0..30 {
        refused += u32::from(code(&b.send(hello(&format!("+9477000{i:04}"))).await.1) == 130_429);
    }
    assert_eq!(refused, 10);
    b.clock.advance(tisara_domain::Duration::from_millis(51));
    assert_eq!(b.send(hello(USER)).await.0, 200);
    let report = b.emulator.control().report();
    assert_eq!((report.accepted, report.refused[&130_429]), (21, 10));
}

#[tokio::test]
async fn one_recipient_gets_45_at_once_and_then_one_in_six_seconds() {
    let b = Bench::new();
    let mut refused = 0;
    for _ in 0..50 {
        refused += u32::from(code(&b.send(hello(USER)).await.1) == 131_056);
    }
    assert_eq!(refused, 5);
    b.clock.advance(tisara_domain::Duration::from_secs(6));
    assert_eq!(b.send(hello(USER)).await.0, 200);
    assert_eq!(code(&b.send(hello(USER)).await.1), 131_056);
}

#[tokio::test]
async fn read_receipts_need_a_message_that_was_received() {
    let b = Bench::new();
    let id = b.emulator.control().write(USER, None, "hello?").unwrap();
    let receipt = |id: &str| json!({"messaging_product": "whatsapp", "status": "read", "message_id": id, "typing_indicator": {"type": "text"}});
    assert_eq!(b.send(receipt(&id)).await, (200, json!({"success": true})));
    assert_eq!(code(&b.send(receipt("wamid.xyz")).await.1), 131_009);
    let sent = b.send(hello(USER)).await.1["messages"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(code(&b.send(receipt(&sent)).await.1), 131_009);
    let typing = json!({"messaging_product": "whatsapp", "status": "read", "message_id": id, "typing_indicator": {"type": "voice"}});
    assert_eq!(code(&b.send(typing).await.1), 131_009);
    assert_eq!(b.emulator.control().report().receipts, 1);
}
