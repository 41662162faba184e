//! `tisara emulate` with the same seed and the same script is the same run, byte for byte.

use crate::support::{Running, free_port, run, tisara, wait_for};
use axum::{Router, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tempfile::tempdir;

const NUMBER: &str = "106540352242922";
const TOKEN: &str = "EAAemulator";

/// Sends, chats, taps, faults, habits and a moving clock.
fn script() -> Vec<(String, Value)> {
    let messages = format!("/v25.0/{NUMBER}/messages");
    let control = |path: &str| format!("/_emulator/{path}");
    let mut calls = vec![
        (
            control("config"),
            json!({
                "population": {"not_on_whatsapp": 0.1, "offline": 0.1, "reads": 0.7, "read_only": 0.2, "opted_out": 0.1,
                    "username": 0.3, "replies": 0.4, "stops": 0.2},
                "statuses": {"failed_after_sent": 0.3},
                "webhooks": {"batch": 7},
                "rules": {"experiment": 0.1},
            }),
        ),
        (
            control("faults"),
            json!({"kind": "webhook_duplicate", "after_ms": 700, "when": {"probability": 0.2}}),
        ),
        (control("faults"), json!({"kind": "webhook_lost", "when": {"probability": 0.05}})),
        (control("faults"), json!({"kind": "refuse", "code": 130_429, "when": {"probability": 0.1}})),
        (control("faults"), json!({"kind": "fail_later", "code": 131_000, "when": {"probability": 0.1}})),
    ];
    for n in 0..80 {
        let user = format!("9477{:07}", n % 50);
        let sale = json!({"name": "seasonal_sale", "language": {"code": "en_US"}, "components": [
            {"type": "header", "parameters": [{"type": "text", "text": "Sale"}]},
            {"type": "body", "parameters": [{"type": "text", "text": "Nimal"}, {"type": "text", "text": "25OFF"}, {"type": "text", "text": "25%"}]},
        ]});
        calls.push((
            messages.clone(),
            json!({"messaging_product": "whatsapp", "to": format!("+{user}"), "type": "template", "template": sale,
                "biz_opaque_callback_data": format!("job.{n}")}),
        ));
        match n % 8 {
            0 => calls.push((control(&format!("users/{user}/write")), json!({"text": "Is it still there?"}))),
            1 => calls.push((
                messages.clone(),
                json!({"messaging_product": "whatsapp", "to": format!("+{user}"), "type": "text", "text": {"body": "Yes"}}),
            )),
            2 => calls.push((control("clock/advance"), json!({"ms": 1_500}))),
            _ => {}
        }
    }
    // A tap: the first fault that refuses sends is gone, so there is a message to tap on.
    calls.push((control("config"), json!({"faults": []})));
    calls.push((messages.clone(), json!({"messaging_product": "whatsapp", "to": "+94770000001", "type": "template",
        "template": {"name": "appointment_reminder", "language": {"code": "en_US"}, "components": [{"type": "body", "parameters": [
            {"type": "text", "parameter_name": "first_name", "text": "Nimal"}, {"type": "text", "parameter_name": "day", "text": "Friday"},
            {"type": "text", "parameter_name": "hour", "text": "10:30"}]}]}})));
    calls.push((control("users/94770000001/tap"), json!({"button": "I will come"})));
    calls.push((control("clock/advance"), json!({"ms": 600_000})));
    calls.push((messages, json!({"messaging_product": "whatsapp", "to": "+94779999999", "type": "template",
        "template": {"name": "new_arrival", "language": {"code": "en_US"}, "components": [
            {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/a.png"}}]},
            {"type": "body", "parameters": [{"type": "text", "text": "Nimal"}]}]}})));
    calls.push((control("faults"), json!({"kind": "webhook_delay", "ms": 90_000, "when": {"next": 2}})));
    calls.push((control("users/94779999998/write"), json!({"text": "I am late"})));
    calls.push((control("clock/advance"), json!({"ms": 86_400_000})));
    calls
}

/// One run in a process of its own, over HTTP, its webhooks on: what it reports in the end.
async fn play(dir: &Path, seed: &str) -> (Vec<String>, u64) {
    let posts = Arc::new(AtomicU64::new(0));
    // Every fifth post is refused, so that retries are part of the story.
    let take = |State(posts): State<Arc<AtomicU64>>| async move {
        let n = posts.fetch_add(1, Ordering::SeqCst);
        if n % 5 == 4 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(take)).with_state(posts.clone());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let port = free_port().to_string();
    let at = ["--clock", "2026-01-01T00:00:00Z", "--webhook-url", &hook];
    let emulator = Running::start(tisara(dir).args(["emulate", "--port", &port, "--seed", seed]).args(at));
    wait_for("the emulator", || emulator.err().contains("report:").then_some(()));
    let http = reqwest::Client::new();
    let address = format!("http://127.0.0.1:{port}");
    for (path, body) in script() {
        let answer =
            http.post(format!("{address}{path}")).bearer_auth(TOKEN).json(&body).send().await.unwrap();
        assert!(
            answer.status().is_success() || path.starts_with("/v25.0"),
            "{path}: {}",
            answer.text().await.unwrap()
        );
    }
    let mut said = Vec::new();
    for path in ["report", "report/ids", "messages", "clock"] {
        said.push(
            http.get(format!("{address}/_emulator/{path}")).send().await.unwrap().text().await.unwrap(),
        );
    }
    serving.abort();
    (said, posts.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_and_script_over_http_give_equal_reports() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempdir().unwrap();
    let (first, posts) = play(dir.path(), "7").await;
    let (second, _) = play(dir.path(), "7").await;
    assert_eq!(first, second);
    let report: Value = serde_json::from_str(&first[0]).unwrap();
    let count = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap();
    assert_eq!(count("/pending_webhooks"), 0, "{report:#}");
    // It was worth comparing.
    assert!(posts > 30 && count("/webhooks/refused") > 5, "{posts} {report:#}");
    for told in [
        "/webhooks/lost",
        "/webhooks/duplicated",
        "/statuses/failed/delivered",
        "/statuses/read/delivered",
        "/refused/130429",
    ] {
        assert!(count(told) > 0, "{told} {report:#}");
    }
    let (other, _) = play(dir.path(), "8").await;
    assert!(first.iter().take(3).zip(&other).all(|(a, b)| a != b), "{other:#?}");
}

#[test]
fn one_command_plays_a_script_and_writes_its_report() {
    let dir = tempdir().unwrap();
    let lines: Vec<String> =
        script().into_iter().map(|(path, body)| json!({"path": path, "body": body}).to_string()).collect();
    std::fs::write(dir.path().join("script"), format!("# A day.\n\n{}\n", lines.join("\n"))).unwrap();
    let play = |seed: &str, report: &str| {
        let done = run(tisara(dir.path())
            .args(["emulate", "--port", "0", "--seed", seed, "--script", "script", "--report", report]));
        assert_eq!(done.code, 0, "{done:#?}");
        std::fs::read(dir.path().join(report)).unwrap()
    };
    let first = play("7", "first.json");
    assert_eq!(first, play("7", "second.json"));
    assert_ne!(first, play("8", "other.json"));
    let all: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(all["report"]["distinct"], all["ids"].as_array().unwrap().len());
    assert!(!all["messages"].as_array().unwrap().is_empty());

    std::fs::write(dir.path().join("wrong"), "{\"path\": \"/_emulator/clock/advance\", \"boddy\": 1}\n")
        .unwrap();
    run(tisara(dir.path()).args(["emulate", "--port", "0", "--script", "wrong"]))
        .fails_with(2, &["line 1", "boddy"]);
    std::fs::write(dir.path().join("wrong"), "{\"path\": \"/_emulator/clock/advance\"}\n").unwrap();
    run(tisara(dir.path()).args(["emulate", "--port", "0", "--script", "wrong"]))
        .fails_with(2, &["call 1", "either ms or to"]);
    run(tisara(dir.path()).args(["emulate", "--clock", "noon"])).fails_with(2, &["2026-11-21T09:30:00Z"]);
}
