//! Campaigns of three sizes at full speed: against the bare loop, and a large one against a small one.

use super::{Labels, Plan};
use crate::{
    bare,
    figures::Figures,
    rig::{Rig, Used, in_states, sent_of},
};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tisara_domain::{Ambient, Duration};
use tisara_stage::{Usage, count};

/// States in which Meta has told at least that it was sent, or refused it.
const TOLD: [&str; 4] = ["sent", "delivered", "read", "failed"];
/// How often the memory of the large campaign is read.
const MEMORY_LOOK: Duration = Duration::from_millis(250);

/// What a campaign took.
struct Took {
    campaign: String,
    sent: u64,
    /// From its start until everybody was planned, in seconds, and processor time of that.
    plan_s: f64,
    plan_cpu_s: f64,
    /// From the first message until nearly all were told to be sent, and processor time of that.
    send_s: f64,
    send_used: Used,
    /// Processor time of it all: from planning until the last status was applied.
    used: Used,
    /// The most memory that was seen.
    peak_mb: f64,
}

/// Runs them; gives the id of the large one.
pub(super) async fn run(
    plan: &Plan<'_>,
    rig: &mut Rig,
    labels: &Labels,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<String> {
    // A process of its own: what it takes for campaigns, not what an import of a million left to it.
    rig.restart(ambient).await?;
    let mut small = (0.0, 0);
    // One small campaign is over too soon to be measured.
    for _ in 0..3 {
        let took = campaign(rig, labels, 0, ambient).await?;
        small = (small.0 + took.used.server_s, small.1 + took.sent);
    }
    let before = bare::run(rig, plan.sizes.bare, ambient).await?;
    let middle = campaign(rig, labels, 1, ambient).await?;
    let after = bare::run(rig, plan.sizes.bare, ambient).await?;
    let (bare, per_s) = ((before.per_s + after.per_s) / 2.0, middle.sent as f64 / middle.send_s);
    plan.told(figures, plan.key("campaign", "bare_per_s"), bare);
    plan.told(figures, plan.key("campaign", "per_s"), per_s);
    plan.told(figures, plan.key("campaign", "ratio"), per_s / bare);
    let thousands = middle.sent as f64 / 1e3;
    plan.told(figures, plan.key("campaign", "cpu_s_per_1000"), middle.used.server_s / thousands);
    let database_s = middle.used.database_s;
    plan.told_if(figures, plan.key("campaign", "database_cpu_s_per_1000"), database_s.map(|s| s / thousands));
    who_worked(plan, figures, "bare", &(before.used + after.used), 2 * plan.sizes.bare);
    who_worked(plan, figures, "sending", &middle.send_used, middle.sent);

    let large = campaign(rig, labels, 2, ambient).await?;
    let growth = (large.used.server_s / large.sent as f64) / (small.0 / small.1 as f64);
    plan.told(figures, plan.key("campaign", "growth"), growth);
    let millions = plan.sizes.campaigns[2] as f64 / 1e6;
    plan.told(figures, plan.key("plan", "s_1m"), large.plan_s / millions);
    plan.told(figures, plan.key("plan", "cpu_s_1m"), large.plan_cpu_s / millions);
    if matches!(plan.engine, super::Engine::Sqlite) {
        plan.told(figures, "memory.campaign_1m_mb".to_owned(), large.peak_mb);
    }
    judge(plan, rig, figures, &[small.1, middle.sent, large.sent]).await?;
    Ok(large.campaign)
}

/// Microseconds of processor a message, of each program: what a ratio is made of.
fn who_worked(plan: &Plan<'_>, figures: &mut Figures, what: &str, used: &Used, messages: u64) {
    let all = [
        ("bench", Some(used.bench_s)),
        ("database", used.database_s),
        ("emulator", Some(used.emulator_s)),
        ("server", Some(used.server_s)),
    ];
    for (who, seconds) in all {
        let figure = format!("{what}_{who}_us");
        plan.told_if(figures, plan.key("campaign", &figure), seconds.map(|s| s / messages as f64 * 1e6));
    }
}

/// The emulator's word on what was sent: nothing missing, nothing twice.
async fn judge(plan: &Plan<'_>, rig: &Rig, figures: &mut Figures, sent: &[u64]) -> anyhow::Result<()> {
    let report = rig.meta.get("report").await?;
    let wanted = sent.iter().sum::<u64>() + 2 * plan.sizes.bare;
    let lost = wanted.saturating_sub(count(&report["distinct"])?);
    plan.told(figures, plan.key("campaign", "lost"), lost as f64);
    plan.told(figures, plan.key("campaign", "doubled"), count(&report["doubled"])? as f64);
    Ok(())
}

/// One campaign, until the last status is applied.
async fn campaign(rig: &Rig, labels: &Labels, which: usize, ambient: &Ambient) -> anyhow::Result<Took> {
    let campaign = rig.campaign(&rig.number, &rig.template, &labels.audience(which)).await?;
    let before = rig.used();
    let peak = Peak::watch(rig, ambient);
    let began_at = ambient.now();
    rig.start(&campaign).await?;
    let planned = rig.until(&campaign, ambient, |view| Ok(view["state"] != "planning")).await?;
    let planned_at = ambient.now();
    let at_planned = rig.used();
    let sent = sent_of(&planned)?;
    rig.until(&campaign, ambient, |view| Ok(in_states(view, &TOLD)? >= sent)).await?;
    let send_s = ambient.now().since(planned_at).as_secs_f64();
    let send_used = rig.used() - at_planned;
    rig.meta_is_quiet(ambient).await?;
    // Everything that was told is applied when nothing is left of the campaign's way to `read`.
    let mut last = Value::Null;
    loop {
        let view = rig.until(&campaign, ambient, |_| Ok(true)).await?;
        if view["progress"] == last {
            break;
        }
        last = view["progress"].clone();
        ambient.sleep(MEMORY_LOOK).await;
    }
    Ok(Took {
        campaign,
        sent,
        plan_s: planned_at.since(began_at).as_secs_f64(),
        plan_cpu_s: (at_planned - before).server_s,
        send_s,
        send_used,
        used: rig.used() - before,
        peak_mb: peak.end(),
    })
}

/// The most memory the server had in use while this was watching.
struct Peak {
    most_kb: Arc<AtomicU64>,
    watching: tokio::task::JoinHandle<()>,
}

impl Peak {
    fn watch(rig: &Rig, ambient: &Ambient) -> Self {
        let most_kb = Arc::new(AtomicU64::new(0));
        let (kept, ambient, pid) = (Arc::clone(&most_kb), ambient.clone(), rig.server.pid());
        let watching = tokio::spawn(async move {
            while let Some(pid) = pid {
                kept.fetch_max((Usage::of(pid).rss_mb * 1_024.0) as u64, Ordering::Relaxed);
                ambient.sleep(MEMORY_LOOK).await;
            }
        });
        Self { most_kb, watching }
    }

    fn end(self) -> f64 {
        self.watching.abort();
        self.most_kb.load(Ordering::Relaxed) as f64 / 1_024.0
    }
}
