//! What people wait for: the inbox with sixteen of them asking at once, the search, the count of a segment,
//! over HTTP.

use super::{Labels, Plan, clean_up};
use crate::{
    figures::Figures,
    load::Load,
    raw,
    rig::Rig,
    webhooks::{self, LAST_WORD},
};
use anyhow::ensure;
use serde_json::{Value, json};
use tisara_domain::{Ambient, Rng};
use tisara_stage::{count, text};

const CLIENTS: usize = 16;
/// People who search at the same moment.
const SEARCHERS: usize = 2;
/// Messages in one webhook, and clients that post them.
const BATCH: u64 = 100;
const POSTERS: usize = 8;
/// Pages of the inbox for each search: with as many as searches the case would be over in a second, and what the
/// database does in the background in that second would be its 99th percentile.
const PAGES_A_SEARCH: usize = 10;
/// Counts of a segment; each is a lot of work.
const SEGMENT_READS: usize = 100;

/// Fills the inbox, then reads it.
pub(super) async fn run(
    plan: &Plan<'_>,
    rig: &Rig,
    campaign: Option<&str>,
    labels: &Labels,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    if let Some(campaign) = campaign {
        segment(plan, rig, campaign, labels, ambient, figures).await?;
    }
    fill(plan, rig, ambient, figures).await?;
    clean_up(plan, "inbox", ambient, figures).await?;

    let inbox = vec![get(rig, "/threads?limit=50"); PAGES_A_SEARCH * plan.sizes.searches];
    let inbox = load(rig).run(inbox, ambient).await?;
    plan.told(figures, plan.key("inbox", "p99_ms"), inbox.at(0.99));
    plan.told(figures, plan.key("inbox", "per_s"), inbox.per_s());

    let rng = Rng::seeded(8);
    let searches =
        (0..plan.sizes.searches).map(|_| get(rig, &format!("/messages/search?limit=50&q={}", query(&rng))));
    let search = Load::at(rig.server.address, SEARCHERS).run(searches.collect(), ambient).await?;
    plan.told(figures, plan.key("search", "p99_ms"), search.at(0.99));
    plan.told(figures, plan.key("search", "per_s"), search.per_s());
    Ok(())
}

fn load(rig: &Rig) -> Load {
    Load::at(rig.server.address, CLIENTS)
}

fn get(rig: &Rig, path: &str) -> Vec<u8> {
    let bearer = format!("Bearer {}", rig.key);
    raw::request("GET", &format!("/api/v1{path}"), &[("authorization", &bearer)], b"")
}

/// Posts the messages of many people and waits until all are applied and can be searched.
async fn fill(plan: &Plan<'_>, rig: &Rig, ambient: &Ambient, figures: &mut Figures) -> anyhow::Result<()> {
    let rng = Rng::seeded(7);
    let (messages, people) = (plan.sizes.messages, plan.sizes.threads);
    let at_s = ambient.now().seconds() - (messages / 100) as i64 - 60;
    let posts = (0..messages)
        .step_by(BATCH as usize)
        .map(|from| webhooks::messages(from..(from + BATCH).min(messages), messages, people, at_s, &rng))
        .collect();
    let before = rig.metric("tisara_inbound_total").await?;
    let began_at = ambient.now();
    let load = Load::at(rig.server.address, POSTERS);
    load.run(posts, ambient).await?;
    rig.wait(ambient, || async {
        let applied = rig.metric("tisara_inbound_total").await? - before;
        Ok((applied >= messages as f64).then_some(()))
    })
    .await?;
    let seconds = ambient.now().since(began_at).as_secs_f64();
    plan.told(figures, plan.key("inbox", "received_per_s"), messages as f64 / seconds);
    rig.wait(ambient, || async {
        let found = rig.api.get(&format!("/messages/search?q={LAST_WORD}")).await?;
        Ok(found["items"].as_array().is_some_and(|items| !items.is_empty()).then_some(()))
    })
    .await?;
    let indexed_s = ambient.now().since(began_at).as_secs_f64();
    plan.told(figures, plan.key("search", "behind_s"), indexed_s - seconds);
    Ok(())
}

/// One word, two words, or the beginning of one, as a query of an address.
fn query(rng: &Rng) -> String {
    let word = || webhooks::word(rng);
    let words = match rng.below(3) {
        0 => word(),
        1 => format!("{} {}", word(), word()),
        _ => word().chars().take(2 + rng.below(4) as usize).collect(),
    };
    words
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// People of a label with a value in a field, to whom the large campaign was delivered and who have not
/// read it.
async fn segment(
    plan: &Plan<'_>,
    rig: &Rig,
    campaign: &str,
    labels: &Labels,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let rule = json!({ "kind": "all", "rules": [
        { "kind": "label", "label": labels.id(2) },
        { "kind": "field", "field": rig.id("/fields", "City").await?, "compare": "is", "value": "Colombo" },
        { "kind": "campaign", "campaign": campaign, "did": "not_read" },
    ]});
    let segment: Value = rig.api.post("/segments", &json!({ "name": "Reached", "rule": rule })).await?;
    let path = format!("/segments/{}/count", text(&segment["id"])?);
    // The first count reads all three conditions; from then on they are known until they change.
    let began_at = ambient.now();
    let counted = count(&rig.api.get(&path).await?["count"])?;
    plan.told(figures, plan.key("segment", "first_ms"), ambient.now().since(began_at).as_secs_f64() * 1e3);
    plan.told(figures, plan.key("segment", "counted"), counted as f64);
    ensure!(counted > 0, "the segment has nobody: nothing was counted");
    let one = Load::at(rig.server.address, 1);
    let taken = one.run(vec![get(rig, &path); SEGMENT_READS], ambient).await?;
    plan.told(figures, plan.key("segment", "p99_ms"), taken.at(0.99));
    plan.told(figures, plan.key("segment", "p50_ms"), taken.at(0.5));
    Ok(())
}
