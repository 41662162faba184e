//! The stand-in for Meta: people who get and read their messages within seconds, one number without a
//! limit, and an account with fifty ordinary ones.

use serde_json::json;
use tisara_emulator::{
    Settings, World,
    settings::{Identity, NumberSettings, ObjectId, Throughput, WabaSettings},
};

/// Numbers of the second account.
pub(crate) const NUMBERS: u64 = 50;
/// What each of them may send; Meta's usual throughput.
pub(crate) const NUMBER_PER_SECOND: u32 = 80;
/// Webhooks under way at once. Meta waits for no answer before it sends the next one; with a few at a time, they would be told
/// as slowly as each is answered, and a campaign's last statuses would come long after its last message.
const WEBHOOKS_AT_ONCE: usize = 32;
/// Meta's id of the second account.
pub(crate) const MANY_WABA: ObjectId = ObjectId(World::WABA_ID.0 + 1);

/// The emulator's settings.
pub(crate) fn settings(callback: &str) -> Settings {
    let mut settings = Settings::default();
    if let Some(app) = settings.world.apps.first_mut() {
        app.callback_url = Some(callback.to_owned());
    }
    for portfolio in &mut settings.world.portfolios {
        let templates = portfolio.wabas.first().map(|waba| waba.templates.clone()).unwrap_or_default();
        for number in portfolio.wabas.iter_mut().flat_map(|waba| &mut waba.numbers) {
            number.messages_per_second = Some(Throughput::Max);
        }
        portfolio.wabas.push(WabaSettings {
            id: MANY_WABA,
            name: "Many numbers".into(),
            subscribed_apps: vec![World::APP_ID],
            numbers: (1..=NUMBERS).map(number).collect(),
            // Ids of templates are Meta's own: no two accounts share one.
            templates: templates
                .into_iter()
                .map(|mut template| {
                    template.id = ObjectId(template.id.0 + 1_000);
                    template
                })
                .collect(),
            ..WabaSettings::default()
        });
    }
    let b = &mut settings.behaviour;
    b.population.reads = 0.6;
    b.statuses.sent_ms = (20, 150);
    b.statuses.delivered_ms = (50, 400);
    b.statuses.read_ms = (100, 1_500);
    b.pace.pair = None;
    b.webhooks.parallel = WEBHOOKS_AT_ONCE;
    // Attempts at one recipient are one message: campaign, row, attempt.
    b.identity = Identity::CallbackDataUpTo { separator: '.', parts: 2 };
    settings
}

fn number(n: u64) -> NumberSettings {
    NumberSettings {
        id: ObjectId(World::NUMBER_ID.0 + n),
        phone: format!("+1 555-079-{n:04}"),
        verified_name: format!("Shop {n}"),
        messages_per_second: Some(Throughput::PerSecond(NUMBER_PER_SECOND)),
        ..NumberSettings::default()
    }
}

/// Whether the emulator keeps its webhooks back, as a patch of its behaviour.
pub(crate) fn held(held: bool) -> serde_json::Value {
    json!({ "webhooks": { "held": held } })
}
