//! What it costs to know who calls: calls that are let through against the same calls without a key, both
//! refused before anything else is done.

use super::{Engine, Plan};
use crate::{figures::Figures, load::Load, raw, rig::Rig};
use tisara_domain::Ambient;

const CLIENTS: usize = 16;
/// A thread that is none: behind the fence, the first thing that is looked at is the id.
const PATH: &str = "/api/v1/threads/none";
const WITHOUT_KEY: u16 = 401;
const NOT_FOUND: u16 = 404;
/// How many checks a second the share of a core is told for.
const PER_SECOND: f64 = 10_000.0;

/// The processor time of a check, as what 10,000 of them a second take of a core.
pub(super) async fn run(
    plan: &Plan<'_>,
    rig: &Rig,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    if !matches!(plan.engine, Engine::Sqlite) {
        // A key that was used a moment ago is known without the database.
        return Ok(());
    }
    let bearer = format!("Bearer {}", rig.key);
    let with = raw::request("GET", PATH, &[("authorization", &bearer)], b"");
    let without = raw::request("GET", PATH, &[], b"");
    let mut cost_s = [0.0; 2];
    // In turn, so that a machine that gets slower does so for both.
    for _ in 0..4 {
        for (cost_s, (call, status)) in cost_s.iter_mut().zip([(&without, WITHOUT_KEY), (&with, NOT_FOUND)]) {
            let load = Load { expected: status, ..Load::at(rig.server.address, CLIENTS) };
            let before_s = rig.server.usage().cpu_s;
            load.run(vec![call.clone(); plan.sizes.checks / 4], ambient).await?;
            *cost_s += rig.server.usage().cpu_s - before_s;
        }
    }
    let per_check_s = (cost_s[1] - cost_s[0]) / plan.sizes.checks as f64;
    plan.told(figures, "keys.call_us".to_owned(), cost_s[1] / plan.sizes.checks as f64 * 1e6);
    plan.told(figures, "keys.cpu_share_at_10k".to_owned(), (per_check_s * PER_SECOND).max(0.0));
    Ok(())
}
