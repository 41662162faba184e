//! The stand-in for Meta: two numbers, people who answer, and everything that can go wrong.

use tisara_emulator::{
    Settings, World,
    settings::{Fault, FaultKind, Identity, NumberSettings, ObjectId, Throughput, When},
};

/// Meta's ids of the two numbers that send.
pub(crate) const NUMBERS: [ObjectId; 2] = [World::NUMBER_ID, ObjectId(World::NUMBER_ID.0 + 1)];
/// Messages a second that each number may send, for the server to keep to.
pub(crate) const PACE_PER_SECOND: u32 = 200;
/// How long the server waits for an answer.
pub(crate) const REQUEST_TIMEOUT_MS: u64 = 2_000;
/// The server's grace time. All that delays a status in this world must stay well below it: latency,
/// status times, the delay fault, the longest wait between two tries of a webhook, and what piles up on a
/// busy machine. Were a status later than that, sending again would be right by the rule.
pub(crate) const GRACE_MS: u64 = 10_000;

/// The emulator's settings.
pub(crate) fn settings(seed: u64, webhooks: String) -> Settings {
    let mut settings = Settings { seed, ..Settings::default() };
    if let Some(app) = settings.world.apps.first_mut() {
        app.callback_url = Some(webhooks);
    }
    for waba in settings.world.portfolios.iter_mut().flat_map(|p| &mut p.wabas) {
        waba.numbers.push(NumberSettings {
            id: NUMBERS[1],
            phone: "+1 555-078-3882".into(),
            verified_name: "Jasper's Market 2".into(),
            ..NumberSettings::default()
        });
    }
    let b = &mut settings.behaviour;
    b.pace.messages_per_second = Throughput::Max;
    // Attempts at one recipient are one message: campaign, row, attempt.
    b.identity = Identity::CallbackDataUpTo { separator: '.', parts: 2 };
    b.population.reads = 0.2;
    b.statuses.sent_ms = (5, 100);
    b.statuses.delivered_ms = (5, 200);
    b.statuses.read_ms = (10, 500);
    b.webhooks.batch = 50;
    b.webhooks.linger_ms = 20;
    b.webhooks.parallel = 12;
    b.webhooks.retry_first_ms = 100;
    b.webhooks.retry_most_ms = 1_000;
    b.faults = faults();
    settings
}

/// What goes wrong all the time. Every kind strikes hundreds of times in 20,000 messages, and each kind
/// that leaves a message in doubt costs it the grace time.
fn faults() -> Vec<Fault> {
    use FaultKind as K;
    [
        (0.30, K::Latency { ms: 30 }),
        (0.02, K::Latency { ms: 400 }),
        (0.003, K::Refuse { code: 131_056, status: None }),
        (0.003, K::ErrorBeforeAccept { status: 500 }),
        (0.003, K::ErrorAfterAccept { status: 500 }),
        (0.002, K::ErrorBeforeAccept { status: 503 }),
        (0.002, K::ErrorAfterAccept { status: 503 }),
        (0.003, K::ResetBeforeAccept),
        (0.003, K::ResetAfterAccept),
        (0.001, K::HangBeforeAccept { ms: 2 * REQUEST_TIMEOUT_MS }),
        (0.002, K::HangAfterAccept { ms: 2 * REQUEST_TIMEOUT_MS }),
        (0.02, K::StatusBeforeAnswer),
        (0.10, K::WebhookDuplicate { after_ms: 0 }),
        (0.05, K::WebhookDuplicate { after_ms: 3_000 }),
        (0.10, K::WebhookDelay { ms: 300 }),
        (0.03, K::WebhookDelay { ms: 1_500 }),
    ]
    .map(|(part, kind)| Fault { kind, when: When::Probability(part) })
    .into()
}

/// The next few sends are too fast.
pub(crate) fn throttling(calls: u64) -> Fault {
    Fault { kind: FaultKind::Refuse { code: 130_429, status: Some(429) }, when: When::Next(calls) }
}

/// A contact's number; all of them are imported.
pub(crate) fn contact(n: u32) -> String {
    format!("+9477{n:07}")
}

/// Somebody who writes without being a contact yet.
pub(crate) fn stranger(n: u32) -> String {
    format!("+9476{n:07}")
}
