//! What the emulator counts, and that a run can be repeated.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use support::{Bench, hello, sale};
use tisara_domain::Duration;
use tisara_emulator::settings::{Fault, FaultKind, Identity, When};

fn with_id(mut body: Value, id: &str) -> Value {
    body["biz_opaque_callback_data"] = json!(id);
    body
}

#[tokio::test]
async fn a_message_accepted_twice_is_doubled_unless_one_of_them_failed() {
    let b = Bench::with(|s| {
        s.behaviour.identity = Identity::CallbackDataUpTo { separator: '.', parts: 2 };
    });
    b.emulator
        .control()
        .describe(tisara_emulator::Described {
            phone: "94770000003".into(),
            on_whatsapp: Some(false),
            ..Default::default()
        })
        .unwrap();
    for (to, id) in [
        ("94770000001", "job.1.1"),
        ("94770000001", "job.1.2"),
        ("94770000002", "job.2.1"),
        ("94770000003", "job.3.1"),
        ("94770000003", "job.3.2"),
        ("94770000004", "other"),
    ] {
        assert_eq!(b.send(with_id(hello(to), id)).await.0, 200);
    }
    b.send(sale("94770000005")).await;
    let r = b.get("/_emulator/report").await.1;
    assert_eq!((&r["accepted"], &r["distinct"], &r["without_id"]), (&json!(7), &json!(4), &json!(1)));
    assert_eq!((&r["repeated"], &r["doubled"]), (&json!(2), &json!(1)), "job.3 has failed");
    assert_eq!(
        r["doubled_ids"],
        json!([{"id": "job.1", "accepted": 2, "reached": 2, "user": "94770000001"}])
    );
    assert_eq!(r["doubled_contents"], 1);
    assert_eq!(r["repeated_contents"][0]["user"], "94770000001");
    let request =
        axum::extract::Request::get("/_emulator/report/ids").body(axum::body::Body::empty()).unwrap();
    let (_, headers, lines) = b.raw(request).await;
    assert_eq!(headers["content-type"], "application/x-ndjson");
    let mut ids: Vec<Value> =
        std::str::from_utf8(&lines).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    ids.sort_by_key(|i| i["id"].as_str().unwrap().to_owned());
    assert_eq!(ids.len(), 4);
    assert_eq!(ids[2], json!({"id": "job.3", "accepted": 2, "reached": 0, "user": "94770000003"}));
    b.call("DELETE", "/_emulator/report", None).await;
    assert_eq!(b.get("/_emulator/report").await.1["accepted"], 0);
}

#[tokio::test]
async fn identities_may_be_users_and_contents() {
    let b = Bench::with(|s| s.behaviour.identity = Identity::UserAndTemplate);
    b.send(hello("94770000001")).await;
    b.send(hello("94770000001")).await;
    b.send(sale("94770000001")).await;
    let r = b.emulator.control().report();
    assert_eq!((r.distinct, r.doubled), (2, 1));
}

/// A script with faults, users who act, and time that passes.
async fn script(seed: u64) -> (String, Vec<String>) {
    let b = Bench::with(|s| {
        s.seed = seed;
        let p = &mut s.behaviour.population;
        (p.not_on_whatsapp, p.offline, p.replies, p.stops, p.opted_out) = (0.1, 0.1, 0.3, 0.1, 0.05);
        s.behaviour.faults = [
            FaultKind::ErrorAfterAccept { status: 500 },
            FaultKind::ErrorBeforeAccept { status: 500 },
            FaultKind::WebhookDuplicate { after_ms: 5_000 },
            FaultKind::WebhookDelay { ms: 20_000 },
            FaultKind::WebhookLost,
        ]
        .map(|kind| Fault { kind, when: When::Probability(0.1) })
        .to_vec();
    });
    for i in 0..300 {
        b.send(with_id(sale(&format!("9477000{:04}", i % 250)), &format!("job.{i}"))).await;
        if i % 50 == 0 {
            b.advance(Duration::from_secs(5)).await;
        }
    }
    b.settle().await;
    let report = b.get("/_emulator/report").await.1.to_string();
    let posts = b.receiver.got.lock().unwrap().iter().map(|g| g.signature.clone()).collect();
    (report, posts)
}

#[tokio::test]
async fn the_same_seed_and_script_give_the_same_report_and_the_same_bytes() {
    let (a, b, other) = (script(7).await, script(7).await, script(8).await);
    assert_eq!(a, b);
    assert_ne!(a.0, other.0);
}

#[tokio::test]
async fn fates_do_not_hang_on_the_order_of_calls() {
    let run = async |order: Vec<usize>| {
        let b = Bench::with(|s| s.behaviour.population.not_on_whatsapp = 0.2);
        for i in order {
            b.send(with_id(sale(&format!("9477000{i:04}")), &format!("job.{i}"))).await;
        }
        b.settle().await;
        let r = b.emulator.control().report();
        (r.statuses["read"], r.statuses["failed"], b.clock_now())
    };
    assert_eq!(run((0..200).collect()).await, run((0..200).rev().collect()).await);
}
