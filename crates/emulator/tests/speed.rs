//! How fast a send is taken. Run by hand: `cargo test --release -p tisara-emulator --test speed --
//! --ignored --nocapture`.

mod support;

use axum::{body::Body, extract::Request};
use futures::future::BoxFuture;
use http::Response;
use serde_json::json;
use support::template;
use tisara_domain::{Clock, Duration, Timestamp};
use tisara_emulator::{Emulator, ManualClock, Settings, Sink, World, settings::Throughput};
use tower::ServiceExt as _;

/// Takes every webhook at once.
struct Nowhere;

impl Sink for Nowhere {
    fn call(&self, _: http::Request<bytes::Bytes>) -> BoxFuture<'_, Result<Response<bytes::Bytes>, String>> {
        Box::pin(async { Ok(Response::new(bytes::Bytes::new())) })
    }
}

/// Memory of this process, on Linux; 0 elsewhere.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or_default() * 1_024
}

#[tokio::test]
#[ignore = "a measurement, worth something only in release"]
async fn sends_and_statuses_a_second_on_one_core() {
    const SENDS: u64 = 500_000;
    let mut settings = Settings::default();
    settings.behaviour.pace.messages_per_second = Throughput::Max;
    settings.world.apps[0].callback_url = Some("http://nowhere/".into());
    settings.behaviour.webhooks.batch = 1_000;
    let clock = ManualClock::at(Timestamp::from_seconds(support::START));
    let emulator = Emulator::manual(settings, clock.clone());
    emulator.set_sink(Nowhere);
    let router = emulator.router();
    let before = resident_bytes();
    let real = tisara_domain::SystemClock::new();
    let started = real.now();
    let mut telling = Duration::ZERO;
    for i in 0..SENDS {
        // As in earnest: a thousand a second, and statuses told meanwhile.
        if i % 1_000 == 0 {
            let started = real.now();
            clock.advance(Duration::from_secs(1));
            emulator.deliver_due().await;
            telling += real.now().since(started);
        }
        let mut body = template(
            &format!("+9477{i:07}"),
            "order_update",
            "en_US",
            json!([
            {"type": "body", "parameters": [{"type": "text", "text": "Nimal"}, {"type": "text", "text": "860198"}, {"type": "text", "text": "Friday"}]},
            {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "860198"}]}]),
        );
        body["biz_opaque_callback_data"] = json!(format!("campaign_01h455vb4pex5vsknk084sn02q.{i}.1"));
        let request = Request::post(format!("/v25.0/{}/messages", World::NUMBER_ID))
            .header("authorization", format!("Bearer {}", World::TOKEN))
            .body(Body::from(body.to_string()))
            .unwrap();
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), 200);
    }
    let sent = (real.now().since(started) - telling).as_secs_f64();
    let started = real.now();
    while !emulator.control().is_settled() {
        clock.advance(Duration::from_secs(1));
        emulator.deliver_due().await;
    }
    let told = (real.now().since(started) + telling).as_secs_f64();
    let kept = resident_bytes().saturating_sub(before) / SENDS;
    let statuses: u64 = emulator.control().report().statuses.values().map(|s| s.delivered).sum();
    println!(
        "{:.0} sends/s, {:.0} statuses/s (building the requests included); {kept} bytes a message resident at the end",
        SENDS as f64 / sent,
        statuses as f64 / told
    );
}
