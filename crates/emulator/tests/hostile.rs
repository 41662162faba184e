//! Nothing that is sent makes the emulator panic or answer in another form than Meta's.

mod support;

use axum::{body::Body, extract::Request};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Bench, code, details};
use tisara_emulator::World;

/// JSON made of the words a send is made of, in any arrangement.
fn any_json() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "messaging_product",
        "whatsapp",
        "to",
        "+94771234567",
        "recipient",
        "type",
        "text",
        "body",
        "template",
        "name",
        "seasonal_sale",
        "hello_world",
        "new_arrival",
        "language",
        "code",
        "en_US",
        "si_LK",
        "components",
        "parameters",
        "header",
        "button",
        "sub_type",
        "index",
        "image",
        "link",
        "id",
        "interactive",
        "action",
        "buttons",
        "sections",
        "rows",
        "list",
        "carousel",
        "cards",
        "reaction",
        "message_id",
        "emoji",
        "contacts",
        "location",
        "status",
        "read",
        "{{1}}",
        "",
        "😀\u{0}",
    ];
    let word = || prop::sample::select(WORDS).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(word(), inner, 0..8).prop_map(|m| m.into_iter().collect::<Value>()),
        ]
    })
}

fn check(method: &str, path: &str, body: String) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| TestCaseError::fail(e.to_string()))?;
    runtime.block_on(async {
        let b = Bench::new();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", World::TOKEN))
            .body(Body::from(body))
            .map_err(|e| TestCaseError::reject(e.to_string()))?;
        let (status, _, bytes) = b.raw(request).await;
        let answer: Value = serde_json::from_slice(&bytes)
            .map_err(|e| TestCaseError::fail(format!("{status} {bytes:?} {e}")))?;
        let refused = answer["error"]["code"].is_i64() && answer["error"]["fbtrace_id"].is_string();
        prop_assert!(status == 200 || refused, "{status} {answer}");
        b.settle().await;
        prop_assert!(b.emulator.control().is_settled());
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_body_of_a_send_is_answered(part in any_json(), kind in prop::sample::select(vec!["text", "template", "interactive", "image", "reaction", "contacts", "location"])) {
        let body = json!({"messaging_product": "whatsapp", "to": "+94771234567", "type": kind, kind: part});
        check("POST", &format!("/v25.0/{}/messages", World::NUMBER_ID), body.to_string())?;
    }

    #[test]
    fn any_body_at_all_is_answered(body in any_json(), edge in prop::sample::select(vec![
        "messages", "register", "settings", "block_users", "whatsapp_business_profile", "smb_app_data", "request_code", "dance",
    ])) {
        check("POST", &format!("/v25.0/{}/{edge}", World::NUMBER_ID), body.to_string())?;
    }

    #[test]
    fn any_template_is_answered(components in any_json(), name in "[a-z_]{1,10}") {
        let body = json!({"name": name, "language": "en_US", "category": "MARKETING", "components": components});
        check("POST", &format!("/v25.0/{}/message_templates", World::WABA_ID), body.to_string())?;
    }

    #[test]
    fn any_path_is_answered(path in "(/[a-z0-9:._%-]{0,12}){0,4}", method in prop::sample::select(vec!["GET", "POST", "DELETE", "PUT"]), body in any::<String>()) {
        prop_assume!(!path.contains("_emulator") && !path.contains("dialog"));
        check(method, if path.is_empty() { "/" } else { &path }, body)?;
    }
}

/// What was found by hand at a running emulator; each was accepted, unclear or worse.
#[tokio::test]
async fn odd_calls_are_refused_in_words_that_help() {
    let b = Bench::new();
    let send = |name: &str, value: Value| {
        let mut body = json!({"messaging_product": "whatsapp", "to": "+94771234567", "type": "text", "text": {"body": "x"}});
        body[name] = value;
        body
    };
    for (name, value, why) in [
        ("to", json!({}), "Param to must be a string."),
        ("biz_opaque_callback_data", json!([]), "Param biz_opaque_callback_data must be a string."),
        ("context", json!([]), "Param context must be an object."),
        ("context", json!("x"), "Param context must be an object."),
        ("context", json!({"message_id": []}), "Param context.message_id must be a string."),
        ("text", json!([]), "text must be an object"),
        ("text", json!({"body": []}), "text: invalid type: array, expected a string"),
    ] {
        let (status, answer) = b.send(send(name, value)).await;
        assert_eq!((status, code(&answer), details(&answer).as_str()), (400, 100, why), "{answer}");
    }
    for (path, body, why) in [
        ("NUMBER/messages", json!([]), "must be a JSON object"),
        ("NUMBER/messages", json!(null), "must be a JSON object"),
        (
            "NUMBER/whatsapp_business_profile",
            json!({"messaging_product": "whatsapp", "about": [1]}),
            "about must be a string",
        ),
        (
            "NUMBER/whatsapp_business_profile",
            json!({"messaging_product": "whatsapp", "vertical": "MAGIC"}),
            "RETAIL",
        ),
        ("NUMBER/settings", json!({"calling": 5}), "calling must be an object"),
        ("WABA", json!({"is_enabled_for_insights": []}), "must be true or false"),
        (
            "WABA/message_templates",
            json!({"name": "a", "language": "klingon", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hi there."}]}),
            "klingon",
        ),
        ("APP/uploads?file_length=99999999999999&file_type=image/png", json!({}), "104857600"),
    ] {
        let path = path
            .replace("NUMBER", &World::NUMBER_ID.to_string())
            .replace("WABA", &World::WABA_ID.to_string())
            .replace("APP", &World::APP_ID.to_string());
        let (status, answer) = b.post(&format!("/v25.0/{path}"), body).await;
        assert!(status == 400 && details(&answer).contains(why), "{path} {status} {answer}");
    }
    // The largest cursor there is: once this broke the connection.
    let cursor = "YzoxODQ0Njc0NDA3MzcwOTU1MTYxNQ";
    let path = format!("/v25.0/{}/message_templates?limit=5&after={cursor}", World::WABA_ID);
    assert_eq!(b.get(&path).await, (200, json!({"data": []})));
    for (path, body, why) in [
        ("users/94771234567/say", json!({"message": {"type": "image", "image": "x"}}), "needs an object"),
        ("tell", json!({"field": "a\"b", "value": 1}), "account_update"),
        ("config", json!({"population": {"reads": 7}}), "population.reads"),
    ] {
        let (status, answer) = b.post(&format!("/_emulator/{path}"), body).await;
        assert!(status == 400 && answer["error"].as_str().unwrap().contains(why), "{path} {answer}");
    }
    assert_eq!(b.send(send("to", json!("+94771234567"))).await.0, 200);
}
