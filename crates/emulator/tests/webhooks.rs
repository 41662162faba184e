//! How webhooks are delivered: signature, batches, retries, overrides, faults.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use support::{Bench, Receiver, code, hello, sale};
use tisara_domain::{Ambient, Duration};
use tisara_emulator::{
    Emulator, Settings, World,
    settings::{Fault, FaultKind, When},
};
use tokio_util::sync::CancellationToken;

const USER: &str = "94771234567";

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn fault(kind: FaultKind, when: When) -> Fault {
    Fault { kind, when }
}

#[tokio::test]
async fn the_signature_is_over_the_exact_bytes_with_metas_escapes() {
    let b = Bench::new();
    b.emulator.control().write(USER, None, "https://x.com/ආයුබෝවන් 😀").unwrap();
    b.emulator.deliver_due().await;
    let got = b.receiver.got.lock().unwrap()[0].clone();
    assert_eq!(got.signature, signature(World::APP_SECRET, &got.body));
    let text = String::from_utf8(got.body.to_vec()).unwrap();
    assert!(text.is_ascii() && text.contains(r"https:\/\/x.com\/\u0d86"), "{text}");
    assert_eq!(got.json()["object"], "whatsapp_business_account");
    assert_eq!(got.json()["entry"][0]["id"], World::WABA_ID.to_string());
    assert_eq!(b.receiver.messages()[0]["text"]["body"], "https://x.com/ආයුබෝවන් 😀");
}

#[tokio::test]
async fn over_http_every_status_arrives_once() {
    let mut settings = Settings::default();
    settings.behaviour.pace.messages_per_second = tisara_emulator::settings::Throughput::Max;
    settings.behaviour.statuses.sent_ms = (0, 5);
    settings.behaviour.statuses.delivered_ms = (0, 5);
    settings.behaviour.statuses.read_ms = (0, 5);
    settings.behaviour.webhooks.batch = 7;
    settings.behaviour.webhooks.retry_first_ms = 5;
    let emulator = Emulator::new(settings, Ambient::seeded(3));
    let receiver = Receiver::default();
    receiver.answers.lock().unwrap().extend([500, 429, 301]);
    let cancel = CancellationToken::new();
    let hook = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", hook.local_addr().unwrap());
    tokio::spawn(axum::serve(hook, receiver.router()).into_future());
    let graph = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", graph.local_addr().unwrap());
    {
        let (emulator, cancel) = (emulator.clone(), cancel.clone());
        tokio::spawn(async move { emulator.serve(graph, cancel).await });
    }
    let deliveries = tokio::spawn(emulator.run_deliveries(cancel.clone()));
    let client = reqwest::Client::new();
    let set = json!({"callback_url": url, "verify_token": "good", "verify": true});
    assert!(
        client
            .post(format!("{base}/_emulator/webhooks"))
            .body(set.to_string())
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    for i in 0..50 {
        let sent = client
            .post(format!("{base}/v25.0/{}/messages", World::NUMBER_ID))
            .bearer_auth(World::TOKEN)
            .body(hello(&format!("9477000{i:04}")).to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 200);
    }
    let control = emulator.control();
    tokio::time::timeout(Duration::from_secs(20), async {
        while !control.is_settled() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    cancel.cancel();
    deliveries.await.unwrap();
    let report = control.report();
    assert_eq!(report.webhooks.refused, 3);
    assert_eq!(report.statuses["sent"].delivered, 50);
    assert_eq!(report.statuses["delivered"].delivered, 50);
    assert_eq!(report.pending_webhooks + report.under_way, 0);
    for got in receiver.got.lock().unwrap().iter() {
        assert_eq!(got.signature, signature(World::APP_SECRET, &got.body));
    }
}

#[tokio::test]
async fn a_refused_webhook_comes_again_more_and_more_slowly_and_is_given_up_after_a_week() {
    let b = Bench::with(|s| s.behaviour.webhooks.retry_most_ms = 86_400_000);
    b.emulator.control().write(USER, None, "hi").unwrap();
    b.receiver.answers.lock().unwrap().extend([500; 100]);
    b.emulator.deliver_due().await;
    let mut waits = Vec::new();
    let mut at = b.clock_now();
    while let Some(next) = b.emulator.control().next_moment() {
        waits.push(next.since(at).as_secs());
        at = next;
        b.clock.set(next);
        b.emulator.deliver_due().await;
    }
    assert_eq!(waits[..6], [1, 2, 4, 8, 16, 32]);
    assert!(waits.is_sorted());
    assert!(waits.iter().sum::<u64>() >= 7 * 86_400);
    let report = b.emulator.control().report();
    assert_eq!((report.webhooks.given_up, report.pending_webhooks), (1, 0));
    assert_eq!(b.receiver.posts(), waits.len() + 1);
}

#[tokio::test]
async fn a_batch_holds_at_most_so_many_updates_and_three_megabytes() {
    let b = Bench::with(|s| s.behaviour.webhooks.batch = 5_000);
    for i in 0..1_500 {
        b.send(hello(&format!("9477{i:07}"))).await;
    }
    b.clock.advance(Duration::from_secs(100_000));
    b.emulator.deliver_due().await;
    let sizes: Vec<usize> = b
        .receiver
        .got
        .lock()
        .unwrap()
        .iter()
        .map(|g| g.json()["entry"][0]["changes"].as_array().unwrap().len())
        .collect();
    assert!(sizes.iter().all(|s| *s <= 1_000) && sizes.contains(&1_000), "{sizes:?}");
    b.receiver.got.lock().unwrap().clear();
    for _ in 0..200 {
        b.emulator.control().write(USER, None, &"ආ".repeat(4_000)).unwrap();
    }
    b.emulator.deliver_due().await;
    let got = b.receiver.got.lock().unwrap();
    assert!(got.len() > 1 && got.iter().all(|g| g.body.len() < 3 << 20));
    assert_eq!(
        got.iter().map(|g| g.json()["entry"][0]["changes"].as_array().unwrap().len()).sum::<usize>(),
        200
    );
}

#[tokio::test]
async fn an_account_override_is_verified_first_and_takes_messages_only() {
    let b = Bench::new();
    let path = format!("/v25.0/{}/subscribed_apps", World::WABA_ID);
    let (status, answer) =
        b.post(&path, json!({"override_callback_uri": "http://receiver/other", "verify_token": "bad"})).await;
    assert_eq!((status, code(&answer)), (400, 100));
    assert_eq!(
        b.post(&path, json!({"override_callback_uri": "http://receiver/other", "verify_token": "good"}))
            .await
            .0,
        200
    );
    let listed = b.get(&path).await.1;
    assert_eq!(listed["data"][0]["override_callback_uri"], "http://receiver/other");
    assert_eq!(listed["data"][0]["whatsapp_business_api_data"]["id"], World::APP_ID.to_string());
    b.emulator.control().write(USER, None, "hi").unwrap();
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.got.lock().unwrap()[0].path, "/other");
    assert_eq!(b.post(&path, json!({})).await.0, 200);
    b.emulator.control().write(USER, None, "hi").unwrap();
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.got.lock().unwrap()[1].path, "/hook");
    let long = format!("http://receiver/{}", "x".repeat(200));
    assert_eq!(
        code(&b.post(&path, json!({"override_callback_uri": long, "verify_token": "good"})).await.1),
        100
    );
    assert_eq!(b.call("DELETE", &path, None).await.0, 200);
    b.emulator.control().write(USER, None, "nobody hears").unwrap();
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.posts(), 2);
    assert_eq!(b.emulator.control().report().webhooks.unrouted, 1);
}

#[tokio::test]
async fn an_app_sets_its_callback_and_fields_with_its_own_token() {
    let mut b = Bench::new();
    let path = format!("/v25.0/{}/subscriptions", World::APP_ID);
    let body = json!({"object": "whatsapp_business_account", "callback_url": "http://receiver/app", "verify_token": "good", "fields": "messages"});
    assert_eq!(b.post(&path, body.clone()).await.0, 400);
    b.token = format!("{}|{}", World::APP_ID, World::APP_SECRET);
    assert_eq!(b.post(&path, body).await.0, 200);
    let listed = b.get(&path).await.1;
    assert_eq!(listed["data"][0]["callback_url"], "http://receiver/app");
    let c = b.emulator.control();
    c.stop_marketing(USER, None, true).unwrap();
    c.write(USER, None, "hi").unwrap();
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.changes().len(), 1, "user_preferences is not among its fields");
    assert_eq!(b.receiver.got.lock().unwrap()[0].path, "/app");
}

#[tokio::test]
async fn webhooks_may_be_held_back_and_all_come_later() {
    let b = Bench::with(|s| s.behaviour.webhooks.held = true);
    for i in 0..20 {
        b.send(hello(&format!("9477000{i:04}"))).await;
    }
    b.clock.advance(Duration::from_secs(1_000));
    b.emulator.deliver_due().await;
    assert_eq!(b.receiver.posts(), 0);
    let report = b.emulator.control().report();
    assert!(report.pending_webhooks >= 40, "{}", report.pending_webhooks);
    b.post("/_emulator/config", json!({"webhooks": {"held": false}})).await;
    b.settle().await;
    assert_eq!(b.receiver.statuses().iter().filter(|s| s["status"] == "sent").count(), 20);
    assert!(b.emulator.control().is_settled());
}

#[tokio::test]
async fn updates_may_come_twice_late_or_never() {
    let run = async |kind: FaultKind| {
        let b = Bench::with(|s| s.behaviour.faults = vec![fault(kind, When::Probability(0.5))]);
        for i in 0..100 {
            b.send(hello(&format!("9477000{i:04}"))).await;
        }
        b.settle().await;
        assert!(b.emulator.control().is_settled());
        (b.emulator.control().report(), b.receiver.statuses())
    };
    let (report, statuses) = run(FaultKind::WebhookDuplicate { after_ms: 10_000 }).await;
    let happened: u64 = report.statuses.values().map(|s| s.generated).sum();
    assert_eq!(statuses.len() as u64, happened + report.webhooks.duplicated);
    assert!(report.webhooks.duplicated > 50);

    let (report, statuses) = run(FaultKind::WebhookDelay { ms: 120_000 }).await;
    assert_eq!(statuses.len() as u64, report.statuses.values().map(|s| s.generated).sum::<u64>());
    let place =
        |id: &Value, status: &str| statuses.iter().position(|s| s["id"] == *id && s["status"] == status);
    let overtaken =
        statuses.iter().filter(|s| place(&s["id"], "delivered") < place(&s["id"], "sent")).count();
    assert!(overtaken > 10, "{overtaken}");
    for s in statuses.iter().filter(|s| s["status"] == "delivered") {
        let sent = &statuses[place(&s["id"], "sent").unwrap()];
        assert!(sent["timestamp"].as_str() <= s["timestamp"].as_str(), "times stay in order");
    }

    let (report, statuses) = run(FaultKind::WebhookLost).await;
    let happened: u64 = report.statuses.values().map(|s| s.generated).sum();
    assert_eq!(statuses.len() as u64, happened - report.webhooks.lost);
}

#[tokio::test]
async fn every_fault_of_a_send_strikes_before_or_after_acceptance() {
    // Kind, HTTP status, code, and whether the message was accepted.
    let cases = [
        (FaultKind::Refuse { code: 130_429, status: Some(429) }, 429, 130_429, false),
        (FaultKind::Refuse { code: 131_056, status: None }, 400, 131_056, false),
        (FaultKind::Refuse { code: 368, status: None }, 403, 368, false),
        (FaultKind::ErrorBeforeAccept { status: 500 }, 500, 131_000, false),
        (FaultKind::ErrorAfterAccept { status: 503 }, 503, 2, true),
        (FaultKind::TokenExpired, 401, 190, false),
        (FaultKind::ResetBeforeAccept, 502, 0, false),
        (FaultKind::ResetAfterAccept, 502, 0, true),
    ];
    for (kind, status, want, accepted) in cases {
        let b = Bench::with(|s| s.behaviour.faults = vec![fault(kind.clone(), When::Next(1))]);
        let (got, answer) = b.send(hello(USER)).await;
        assert_eq!((got, code(&answer)), (status, want), "{kind:?}");
        assert_eq!(b.emulator.control().report().accepted, u64::from(accepted), "{kind:?}");
        assert_eq!(b.send(hello(USER)).await.0, 200, "{kind:?} strikes once");
    }
}

#[tokio::test]
async fn a_call_may_hang_before_or_after_acceptance_on_the_emulators_clock() {
    for (kind, accepted) in
        [(FaultKind::HangBeforeAccept { ms: 60_000 }, 0), (FaultKind::HangAfterAccept { ms: 60_000 }, 1)]
    {
        let b = Bench::with(|s| s.behaviour.faults = vec![fault(kind, When::Next(1))]);
        let (emulator, clock) = (b.emulator.clone(), b.clock.clone());
        let call = tokio::spawn(async move { b.send(hello(USER)).await.0 });
        while clock.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        assert!(!call.is_finished());
        clock.advance(Duration::from_secs(60));
        assert_eq!(call.await.unwrap(), 504);
        assert_eq!(emulator.control().report().accepted, accepted);
    }
}

#[tokio::test]
async fn a_status_may_beat_the_answer() {
    let b = Bench::with(|s| s.behaviour.faults = vec![fault(FaultKind::StatusBeforeAnswer, When::Next(1))]);
    let (emulator, receiver) = (b.emulator.clone(), b.receiver.clone());
    let call = tokio::spawn(async move { b.send(hello(USER)).await });
    while emulator.deliver_due().await == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(receiver.statuses()[0]["status"], "sent");
    let (status, answer) = call.await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(answer["messages"][0]["id"], receiver.statuses()[0]["id"]);
}

#[tokio::test]
async fn a_broken_connection_is_seen_as_one_over_http() {
    let mut settings = Settings::default();
    settings.behaviour.faults = vec![fault(FaultKind::ResetAfterAccept, When::Next(1))];
    let emulator = Emulator::new(settings, Ambient::seeded(1));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = emulator.clone();
    tokio::spawn(async move { server.serve(listener, CancellationToken::new()).await });
    let url = format!("{base}/v25.0/{}/messages", World::NUMBER_ID);
    let send =
        || reqwest::Client::new().post(&url).bearer_auth(World::TOKEN).body(sale(USER).to_string()).send();
    assert!(send().await.is_err());
    assert_eq!(emulator.control().report().accepted, 1);
    assert_eq!(send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn nothing_is_settled_while_an_update_waits_for_its_retry() {
    let b = Bench::new();
    let c = b.emulator.control();
    c.write(USER, None, "hi").unwrap();
    assert!(!c.is_settled());
    b.receiver.answers.lock().unwrap().push_back(500);
    b.emulator.deliver_due().await;
    assert!(!c.is_settled());
    assert_eq!(c.report().pending_webhooks, 1);
    b.advance(Duration::from_secs(1)).await;
    assert!(c.is_settled());
}
