//! What holds for every address: headers, problem documents, the fence of the key, the description.

mod common;
use common::{TestApp, answer, operations::described};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn every_answer_has_its_id_and_the_headers_that_keep_browsers_out() {
    let app = TestApp::new().await;
    for path in ["/healthz", "/nowhere", "/api/v1/contacts"] {
        let answer = answer(app.request(Method::GET, path)).await;
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.headers[header], value, "{path}");
        }
        assert!(answer.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        assert!(answer.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
    }
}

#[tokio::test]
async fn without_a_valid_key_nothing_is_told() {
    let app = TestApp::new().await;
    let with = async |value: Option<&str>| {
        let mut request = app.request(Method::GET, "/api/v1/me");
        if let Some(value) = value {
            request = request.header("authorization", value);
        }
        answer(request).await
    };
    let refused = with(None).await;
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    refused.problem(401, "unauthorized");
    with(Some("Bearer nonsense")).await.problem(401, "unauthorized");
    with(Some(&format!("Bearer tsr_test_{}", "0".repeat(64)))).await.problem(401, "unauthorized");
    let me = app.get("/me").await.ok();
    assert_eq!(me["organization"]["name"], "Ceylon Tea");
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_read_are_problems() {
    let app = TestApp::new().await;
    answer(app.request(Method::GET, "/nowhere")).await.problem(404, "not_found");
    app.get("/nowhere").await.problem(404, "not_found");
    answer(app.api(Method::PUT, "/contacts")).await.problem(405, "method_not_allowed");
    app.get("/contacts/contact_nonsense").await.problem(404, "not_found");
    app.get("/contacts?limit=many").await.problem(400, "malformed");
    assert_eq!(app.get("/contacts?limit=201").await.invalid(), ["limit"]);
    assert_eq!(app.get("/contacts?after=zz").await.invalid(), ["after"]);
    answer(app.api(Method::POST, "/contacts").body("{}")).await.problem(415, "unsupported_type");
    let broken = app.api(Method::POST, "/contacts").header("content-type", "application/json");
    answer(broken.body("{\"phone\":")).await.problem(400, "malformed");
    app.post("/contacts", json!({ "phone": "0771234567", "colour": 1 })).await.problem(400, "malformed");
    let large = json!({ "phone": "0771234567", "name": "x".repeat(2_000_000) });
    app.post("/contacts", large).await.problem(413, "too_large");
}

#[tokio::test]
async fn health_tells_what_is_in_order() {
    let app = TestApp::new().await;
    assert_eq!(answer(app.request(Method::GET, "/healthz")).await.ok()["status"], "ok");
    let ready = answer(app.request(Method::GET, "/readyz")).await.ok();
    assert_eq!(ready["status"], "ready", "{ready}");
    std::fs::remove_dir_all(app.data.path()).unwrap();
    let not = answer(app.request(Method::GET, "/readyz")).await;
    assert_eq!(
        (not.status.as_u16(), not.json["checks"][3]["ok"].as_bool()),
        (503, Some(false)),
        "{}",
        not.text
    );
}

#[tokio::test]
async fn every_described_address_wants_a_key() {
    let app = TestApp::new().await;
    for operation in described().into_iter().filter(|operation| !operation.by.is_empty()) {
        let bare =
            app.request(operation.method.clone(), &format!("/api/v1{}", operation.path)).json(&json!({}));
        assert_eq!(answer(bare).await.status, 401, "{operation:?}");
    }
}

#[tokio::test]
async fn an_id_that_is_not_ones_own_is_not_found_anywhere() {
    let app = TestApp::new().await;
    let by_key = described().into_iter().filter(|operation| operation.by.contains(&"api_key".to_owned()));
    for operation in by_key.filter(|operation| operation.pattern.contains('{')) {
        // Taking a label off where it is not is no error.
        if operation.takes_a_label_off() {
            continue;
        }
        let request = app.api(operation.method.clone(), &operation.path).json(&operation.body());
        println!("{operation:?}");
        answer(request).await.problem(404, "not_found");
    }
}

#[test]
fn the_committed_description_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
    let mut now = serde_json::to_string_pretty(&tisara_server::openapi()).unwrap();
    now.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, now).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == now,
        "openapi.json is stale: run UPDATE_OPENAPI=1 cargo test -p tisara-server --test edge"
    );
}
