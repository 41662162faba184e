//! What the server is held against: a loop that sends the same bodies to the same emulator and keeps
//! nothing. It is the least that sending can cost.

use crate::{
    rig::{Rig, Used},
    sink::Sink,
};
use anyhow::ensure;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tisara_domain::{Ambient, Duration};
use tisara_emulator::World;
use tokio::task::JoinSet;

/// As many as the server has under way at most (`sending.in_flight_max`).
const IN_FLIGHT: usize = 512;

/// How often it looks whether everything was told.
const LOOK: Duration = Duration::from_millis(2);
/// A message that fails after it was sent is told twice, so it need not be all of them to the last.
const TOLD_MIN: f64 = 0.99;

/// What the loop did until nearly all were told to be sent or failed: a campaign is measured to that point too, and both keep
/// the emulator as busy.
pub(crate) struct Bare {
    /// Messages a second.
    pub(crate) per_s: f64,
    pub(crate) used: Used,
}

/// Sends `count` messages and waits until all their statuses are told.
pub(crate) async fn run(rig: &Rig, count: u64, ambient: &Ambient) -> anyhow::Result<Bare> {
    let sink = Sink::start().await?;
    rig.webhooks_to(&format!("http://{}/", sink.address)).await?;
    let http = reqwest::Client::new();
    let url = format!("http://{}/v25.0/{}/messages", rig.meta.address, World::NUMBER_ID);
    let next = Arc::new(AtomicU64::new(0));
    let run_id = ambient.rng().below(1 << 40);
    let (began_at, before) = (ambient.now(), rig.used());
    let mut senders = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (http, url, next) = (http.clone(), url.clone(), Arc::clone(&next));
        senders.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
                    return anyhow::Ok(());
                }
                let answer = http.post(&url).bearer_auth(World::TOKEN).json(&body(run_id, n)).send().await?;
                let status = answer.status();
                let text = answer.text().await?;
                ensure!(status.is_success(), "the emulator refused a bare send: {status} {text}");
            }
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    while (sink.told() as f64) < count as f64 * TOLD_MIN {
        ambient.sleep(LOOK).await;
    }
    let (seconds, used) = (ambient.now().since(began_at).as_secs_f64(), rig.used() - before);
    rig.meta_is_quiet(ambient).await?;
    rig.webhooks_to(&rig.callback()).await?;
    Ok(Bare { per_s: count as f64 / seconds, used })
}

/// What the server sends for a recipient of the campaign.
fn body(run_id: u64, n: u64) -> serde_json::Value {
    let text = |text: &str| json!({ "type": "text", "text": text });
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": format!("9477{n:07}"),
        "type": "template",
        "template": {
            "name": "seasonal_sale",
            "language": { "code": "en_US" },
            "components": [
                { "type": "header", "parameters": [text("Sale")] },
                { "type": "body", "parameters": [text("Nimal Perera"), text("CODE"), text("25%")] },
            ],
        },
        "biz_opaque_callback_data": format!("bare_{run_id:011x}.{n}.1"),
    })
}
