//! What every recipient pays here. Run: make bench-micro

#![expect(clippy::expect_used, reason = "a bench stops at the first surprise")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tisara_domain::pace::Bucket;
use tisara_domain::{Ambient, CampaignId, Duration, Phone, RecipientRef, Region, Timestamp};

fn phones(c: &mut Criterion) {
    let region = Region::LK;
    for (name, text) in [
        ("phone, international", "+94 77 123 4567"),
        ("phone, local", "077-1234567"),
        ("phone, wrong", "12345"),
    ] {
        c.bench_function(name, |b| b.iter(|| Phone::parse(black_box(text), region)));
    }
    c.bench_function("phone, from a webhook", |b| b.iter(|| Phone::from_wa_id(black_box("94771234567"))));
}

fn pace(c: &mut Criterion) {
    c.bench_function("pace, one message", |b| {
        let mut bucket = Bucket::per_second(80, 80);
        let mut now = Timestamp::from_seconds(1_795_000_000);
        b.iter(|| {
            now = now.plus(Duration::from_millis(13));
            bucket.take_up_to(black_box(now), 1)
        });
    });
}

fn callback_data(c: &mut Criterion) {
    let ours = RecipientRef { campaign: Ambient::seeded(1).id::<CampaignId>(), seq: 17, attempt: 1 };
    let text = ours.to_string();
    c.bench_function("callback data, ours", |b| {
        b.iter(|| black_box(text.as_str()).parse::<RecipientRef>().expect("ours"));
    });
    c.bench_function("callback data, written", |b| b.iter(|| black_box(&ours).to_string()));
    c.bench_function("callback data, somebody else's", |b| {
        b.iter(|| black_box("order-41").parse::<RecipientRef>());
    });
}

criterion_group! {
    name = benches;
    // A second a line is enough to see a change of a few percent.
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots();
    targets = phones, pace, callback_data
}
criterion_main!(benches);
