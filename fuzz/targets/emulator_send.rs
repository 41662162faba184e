//! Any body may be sent to the emulator. It answers in Meta's form, and every webhook that follows is one the
//! parser understands.

#![no_main]

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use bytes::Bytes;
use futures::future::BoxFuture;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tisara_cloud_api::webhook;
use tisara_domain::{Duration, Timestamp};
use tisara_emulator::{Emulator, ManualClock, Settings, Sink, World};
use tower::ServiceExt as _;

struct Parser;

impl Sink for Parser {
    fn call(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, String>> {
        let envelope = webhook::parse(request.body()).expect("a webhook is an envelope");
        assert!(envelope.malformed.is_empty(), "{:?}", envelope.malformed);
        Box::pin(async { Ok(http::Response::new(Bytes::new())) })
    }
}

fuzz_target!(|body: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let start = Timestamp::from_seconds(1_795_000_000);
        let clock = ManualClock::at(start);
        let mut settings = Settings::default();
        settings.world.apps[0].callback_url = Some("http://receiver/hook".into());
        let emulator = Emulator::manual(settings, clock.clone());
        emulator.set_sink(Parser);
        let call = Request::post(format!("/v25.0/{}/messages", World::NUMBER_ID))
            .header("authorization", format!("Bearer {}", World::TOKEN))
            .header("content-type", "application/json")
            .body(Body::from(body.to_vec()))
            .expect("a request");
        let response = emulator.router().oneshot(call).await.expect("an answer");
        let accepted = response.status() == http::StatusCode::OK;
        let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("a whole answer");
        let answer: Value = serde_json::from_slice(&bytes).expect("an answer in JSON");
        if accepted {
            assert!(answer["messages"][0]["id"].is_string() || answer["success"] == true, "{answer}");
        } else {
            assert!(
                answer["error"]["code"].is_i64() && answer["error"]["fbtrace_id"].is_string(),
                "{answer}"
            );
        }
        emulator.run_until_settled(&clock, start.plus(Duration::from_secs(30 * 86_400))).await;
        assert!(emulator.control().is_settled());
    });
});
