//! Nothing that is sent makes the emulator panic or answer in another form than Meta's.

mod support;

use axum::{body::Body, extract::Request};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::Bench;
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
        "si",
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
