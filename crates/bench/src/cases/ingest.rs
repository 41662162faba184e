//! Webhooks with one status each, signed, as fast as they are taken; then at a steady pace.

use super::{Engine, Labels, Plan};
use crate::{
    figures::Figures,
    load::Load,
    rig::{Rig, in_states, sent_of},
    webhooks::{self, Sent},
    world,
};
use anyhow::{Context as _, ensure};
use tisara_domain::Ambient;
use tisara_stage::checkpoint;

/// Meta opens as many connections as it needs; with few, what is measured is how long a commit takes to reach the disk.
const CLIENTS: usize = 256;
/// The steady pace, webhooks a second.
const PACE_SQLITE: u32 = 10_000;
const PACE_POSTGRES: u32 = 5_000;

/// A campaign whose statuses the emulator keeps to itself is told by us.
pub(super) async fn run(
    plan: &Plan<'_>,
    rig: &Rig,
    labels: &Labels,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    rig.meta.post("config", &world::held(true)).await?;
    let campaign = rig.campaign(&rig.number, &rig.template, &labels.audience(1)).await?;
    rig.start(&campaign).await?;
    let planned = rig.until(&campaign, ambient, |view| Ok(view["state"] != "planning")).await?;
    let sent = sent_of(&planned)?;
    rig.until(&campaign, ambient, |view| Ok(in_states(view, &["accepted", "failed"])? >= sent)).await?;
    let messages = ledger(rig, &campaign).await?;
    ensure!(!messages.is_empty(), "nobody got the campaign");

    let (now_s, told) = (ambient.now().seconds(), messages.len() as u64);
    let calls =
        |status: &str, at_s: i64| messages.iter().map(|m| webhooks::status(m, status, at_s)).collect();
    let mut webhooks: Vec<Vec<u8>> = calls("sent", now_s);
    webhooks.extend::<Vec<_>>(calls("delivered", now_s + 1));
    let began_at = ambient.now();
    let count = webhooks.len();
    let before = rig.used();
    let load = Load::at(rig.server.address, CLIENTS);
    let taken = load.run(webhooks, ambient).await?;
    rig.until(&campaign, ambient, |view| Ok(in_states(view, &["delivered", "read", "failed"])? >= told))
        .await?;
    let seconds = ambient.now().since(began_at).as_secs_f64();
    plan.told(figures, plan.key("ingest", "per_s"), count as f64 / seconds);
    plan.told(figures, plan.key("ingest", "taken_per_s"), taken.per_s());
    let used = rig.used() - before;
    plan.told(figures, plan.key("ingest", "cpu_us"), used.server_s / count as f64 * 1e6);
    let database = used.database_s.map(|s| s / count as f64 * 1e6);
    plan.told_if(figures, plan.key("ingest", "database_us"), database);

    let pace = match &plan.engine {
        Engine::Sqlite => PACE_SQLITE,
        Engine::Postgres { url, .. } => {
            // The end of each of PostgreSQL's checkpoints holds up commits for some 300 ms: little in the minutes between two
            // of them, more than a hundredth of the seconds that are measured now.
            checkpoint(url).await?;
            PACE_POSTGRES
        }
    };
    let mut webhooks: Vec<Vec<u8>> = calls("read", now_s + 2);
    webhooks.truncate(usize::try_from(pace * plan.sizes.paced_s)?);
    let load = Load { per_second: Some(pace), ..Load::at(rig.server.address, CLIENTS) };
    let steady = load.run(webhooks, ambient).await?;
    plan.told(figures, plan.key("ingest", "p99_ms"), steady.at(0.99));
    plan.told(figures, plan.key("ingest", "p50_ms"), steady.at(0.5));
    Ok(())
}

/// What was sent, from the campaign's export.
async fn ledger(rig: &Rig, campaign: &str) -> anyhow::Result<Vec<Sent>> {
    let url =
        format!("http://{}/api/v1/campaigns/{campaign}/recipients.csv?state=accepted", rig.server.address);
    let answer = reqwest::Client::new().get(url).bearer_auth(&rig.key).send().await?.error_for_status()?;
    let text = answer.text().await?;
    let mut rows = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let heads = rows.headers()?.clone();
    let column = |name: &str| heads.iter().position(|head| head == name).context("the export lacks a column");
    let (seq, address, wamid) = (column("seq")?, column("address")?, column("wamid")?);
    rows.records()
        .map(|row| {
            let row = row?;
            Ok(Sent {
                callback_data: format!("{campaign}.{}.1", &row[seq]),
                wa_id: row[address].trim_start_matches(['\'', '+']).to_owned(),
                wamid: row[wamid].to_owned(),
            })
        })
        .collect()
}
