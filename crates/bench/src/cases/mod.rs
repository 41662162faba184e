//! The cases, in an order in which each leaves what the next one needs: contacts, then campaigns to
//! them, then conversations, then reads over all of it.

mod campaigns;
mod ingest;
mod keys;
mod numbers;
mod reads;

use crate::{figures::Figures, made, rig::Rig};
use anyhow::bail;
use serde_json::{Value, json};
use std::path::Path;
use tisara_domain::{Ambient, Duration, Rng};
use tisara_stage::vacuum;

/// What is measured on.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Sqlite,
    Postgres {
        url: String,
        /// Its process, if it runs on this machine.
        pid: Option<u32>,
    },
}

impl Engine {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }
}

/// The engines that can be measured, of those that are wanted.
pub(crate) fn engines(
    postgres: Option<&str>,
    pid: Option<u32>,
    wanted: &[String],
) -> anyhow::Result<Vec<Engine>> {
    if let Some(other) = wanted.iter().find(|name| !matches!(name.as_str(), "sqlite" | "postgres")) {
        bail!("--engine is sqlite or postgres, not {other}");
    }
    let all = [Some(Engine::Sqlite), postgres.map(|url| Engine::Postgres { url: url.to_owned(), pid })];
    let is_wanted = |engine: &Engine| wanted.is_empty() || wanted.iter().any(|name| name == engine.name());
    Ok(all.into_iter().flatten().filter(is_wanted).collect())
}

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// The small, the middle and the large campaign.
    pub(crate) campaigns: [u64; 3],
    /// Messages of the bare loop, before and after the middle campaign.
    pub(crate) bare: u64,
    /// Messages in the inbox, and people who wrote them.
    pub(crate) messages: u64,
    pub(crate) threads: u64,
    /// Seconds that fifty numbers send.
    pub(crate) numbers_s: u32,
    /// Seconds for which statuses come at a steady pace.
    pub(crate) paced_s: u32,
    /// Searches.
    pub(crate) searches: usize,
    /// Checks of a key.
    pub(crate) checks: usize,
}

impl Sizes {
    pub(crate) const fn full() -> Self {
        Self {
            campaigns: [10_000, 100_000, 1_000_000],
            bare: 50_000,
            messages: 1_000_000,
            threads: 100_000,
            numbers_s: 60,
            paced_s: 8,
            searches: 2_000,
            checks: 80_000,
        }
    }

    pub(crate) const fn quick() -> Self {
        Self {
            campaigns: [5_000, 20_000, 100_000],
            bare: 20_000,
            messages: 100_000,
            threads: 10_000,
            numbers_s: 10,
            paced_s: 2,
            searches: 1_000,
            checks: 20_000,
        }
    }
}

/// What is to be measured.
pub(crate) struct Plan<'a> {
    pub(crate) tisara: &'a Path,
    pub(crate) engine: Engine,
    pub(crate) sizes: Sizes,
    pub(crate) only: &'a [String],
    pub(crate) tell: fn(&str),
}

impl Plan<'_> {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == part)
    }

    /// A figure's key: `campaign.sqlite.ratio`.
    pub(crate) fn key(&self, case: &str, figure: &str) -> String {
        format!("{case}.{}.{figure}", self.engine.name())
    }

    pub(crate) fn told(&self, figures: &mut Figures, key: String, value: f64) {
        (self.tell)(&format!("  {key} {value:.4}"));
        figures.set(key, value);
    }

    /// As [`Self::told`], for what only one of the engines has.
    pub(crate) fn told_if(&self, figures: &mut Figures, key: String, value: Option<f64>) {
        if let Some(value) = value {
            self.told(figures, key, value);
        }
    }
}

/// How long a server is left alone before its memory at rest is read.
const REST: Duration = Duration::from_secs(3);

/// Measures one engine.
pub(crate) async fn run(plan: &Plan<'_>, ambient: &Ambient, figures: &mut Figures) -> anyhow::Result<()> {
    (plan.tell)(plan.engine.name());
    let dir = tempfile::Builder::new().prefix("tisara-bench.").tempdir()?;
    let mut rig = Rig::set(plan.tisara, dir.path(), &plan.engine, ambient).await?;
    let measured = cases(plan, &mut rig, ambient, figures).await;
    if measured.is_err() {
        let kept = dir.keep();
        (plan.tell)(&format!("logs and data are in {}", kept.display()));
    }
    measured
}

async fn cases(
    plan: &Plan<'_>,
    rig: &mut Rig,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    if matches!(plan.engine, Engine::Sqlite) {
        ambient.sleep(REST).await;
        plan.told(figures, "memory.idle_mb".to_owned(), rig.server.usage().rss_mb);
    }
    let labels = import(plan, rig, ambient, figures).await?;
    clean_up(plan, "import", ambient, figures).await?;
    let large = match plan.wants("campaigns") {
        true => Some(campaigns::run(plan, rig, &labels, ambient, figures).await?),
        false => None,
    };
    if large.is_some() {
        clean_up(plan, "campaign", ambient, figures).await?;
    }
    if plan.wants("reads") {
        reads::run(plan, rig, large.as_deref(), &labels, ambient, figures).await?;
    }
    if plan.wants("keys") {
        keys::run(plan, rig, ambient, figures).await?;
    }
    if plan.wants("ingest") {
        ingest::run(plan, rig, &labels, ambient, figures).await?;
        clean_up(plan, "ingest", ambient, figures).await?;
    }
    if plan.wants("numbers") {
        numbers::run(plan, rig, ambient, figures).await?;
    }
    rig.server.stop().await?;
    if matches!(plan.engine, Engine::Sqlite) {
        let began_at = ambient.now();
        rig.server.start().await?;
        plan.told(figures, "start.ms".to_owned(), ambient.now().since(began_at).as_secs_f64() * 1_000.0);
    }
    Ok(())
}

/// Lets PostgreSQL clean up after much was written. It does so by itself, at any time within a minute: in the middle of whatever
/// is measured next.
async fn clean_up(
    plan: &Plan<'_>,
    case: &str,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    if let Engine::Postgres { url, .. } = &plan.engine {
        let began_at = ambient.now();
        vacuum(url).await?;
        plan.told(figures, plan.key(case, "vacuum_s"), ambient.now().since(began_at).as_secs_f64());
    }
    Ok(())
}

/// Who gets the small, the middle and the large campaign: our ids of their labels.
pub(crate) struct Labels([String; 3]);

impl Labels {
    /// The audience of the small (0), middle (1) or large (2) campaign.
    pub(crate) fn audience(&self, which: usize) -> Value {
        json!({ "kind": "label", "label": self.0[which] })
    }

    /// Our id of its label.
    pub(crate) fn id(&self, which: usize) -> &str {
        &self.0[which]
    }
}

/// Imports a million names and numbers into an empty organization, then everybody that the other cases
/// need, with fields, labels and consent.
async fn import(
    plan: &Plan<'_>,
    rig: &Rig,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<Labels> {
    let rng = Rng::seeded(5);
    let [small, middle, large] = plan.sizes.campaigns;
    // A smaller run is scaled, so that figures of both can be looked at side by side.
    let millions = large as f64 / 1e6;
    if plan.wants("import") {
        let cpu_before_s = rig.server.usage().cpu_s;
        let options = json!({ "default_region": "LK" });
        let took_s = rig.import_into(&rig.empty, made::plain_csv(large, &rng), &options, ambient).await?;
        plan.told(figures, plan.key("import", "s_1m"), took_s / millions);
        let cpu_s = rig.server.usage().cpu_s - cpu_before_s;
        plan.told(figures, plan.key("import", "cpu_s_1m"), cpu_s / millions);
    }
    let mut from = 0;
    let (mut took_s, mut cpu_s) = (0.0, 0.0);
    for (label, size) in [("small", small), ("middle", middle), ("large", large)] {
        let cpu_before_s = rig.server.usage().cpu_s;
        took_s = rig.import(made::csv(from, from + size, &rng), label, ambient).await?;
        cpu_s = rig.server.usage().cpu_s - cpu_before_s;
        from += size;
    }
    plan.told(figures, plan.key("import", "full_s_1m"), took_s / millions);
    plan.told(figures, plan.key("import", "full_cpu_s_1m"), cpu_s / millions);
    Ok(Labels([
        rig.id("/labels", "small").await?,
        rig.id("/labels", "middle").await?,
        rig.id("/labels", "large").await?,
    ]))
}
