//! What every webhook and every send pays here. Run: make bench-micro

#![expect(clippy::expect_used, reason = "a bench stops at the first surprise")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tisara_cloud_api::flows::endpoint::{FlowAction, FlowKey, FlowRequest};
use tisara_cloud_api::send::{Component, Content, OutgoingMessage, Parameter, Recipient, TemplateMessage};
use tisara_cloud_api::webhook::{self, signature};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// A delivery with that many statuses in one value, as Meta batches them.
fn statuses(count: usize) -> Vec<u8> {
    let mut list = String::new();
    for n in 0..count {
        let comma = if n == 0 { "" } else { "," };
        write!(
            list,
            r#"{comma}{{"id":"wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI{n:012}","status":"delivered","timestamp":"1750030073",
            "recipient_id":"16505551234","recipient_user_id":"US.13491208655302741918",
            "biz_opaque_callback_data":"campaign_01jy7q3a1mev5s3f2c8zr0w4kd.{n}.1",
            "pricing":{{"billable":true,"pricing_model":"PMP","type":"regular","category":"marketing"}}}}"#
        )
        .expect("text grows");
    }
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"102290129340398","changes":[{{"value":{{
        "messaging_product":"whatsapp",
        "metadata":{{"display_phone_number":"15550783881","phone_number_id":"106540352242922"}},
        "statuses":[{list}]}},"field":"messages"}}]}}]}}"#
    )
    .into_bytes()
}

fn webhooks(c: &mut Criterion) {
    for count in [1, 100] {
        let body = statuses(count);
        let header = signature::sign(SECRET, &body);
        let mut group = c.benchmark_group(format!("webhook of {count} statuses"));
        group.throughput(Throughput::Bytes(u64::try_from(body.len()).expect("a short body")));
        group.bench_function("signature", |b| {
            b.iter(|| signature::verify(SECRET, black_box(&body), Some(&header)).expect("signed"));
        });
        group.bench_function("parse", |b| {
            b.iter(|| {
                let envelope = webhook::parse(black_box(&body)).expect("an envelope");
                assert!(envelope.malformed.is_empty());
                envelope
            });
        });
        group.finish();
    }
}

fn sends(c: &mut Criterion) {
    c.bench_function("body of a template send", |b| {
        b.iter(|| {
            let template = TemplateMessage::new("seasonal_sale", "si")
                .with(Component::body(vec![Parameter::text(black_box("Nimal")), Parameter::text("25 %")]))
                .with(Component::url_suffix(0, "s/7fK2"));
            let content = Content::Template(Box::new(template));
            let message = OutgoingMessage::new(Recipient::Phone("+94771234567".into()), content)
                .with_callback_data("campaign_01jy7q3a1mev5s3f2c8zr0w4kd.17.1");
            serde_json::to_vec(&message).expect("JSON")
        });
    });
}

fn forms(c: &mut Criterion) {
    let key = FlowKey::generate([1; 32]).expect("a key");
    let (body, _) = key.public().seal(&FlowRequest::new(FlowAction::Ping), [2; 32]).expect("sealed");
    let header = signature::sign(SECRET, &body);
    c.bench_function("request of a form, opened", |b| {
        b.iter(|| key.open(SECRET, black_box(&body), Some(&header), [3; 32]).expect("opened"));
    });
}

criterion_group! {
    name = benches;
    // A second a line is enough to see a change of a few percent.
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots();
    targets = webhooks, sends, forms
}
criterion_main!(benches);
