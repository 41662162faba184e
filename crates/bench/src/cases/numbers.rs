//! Fifty numbers at Meta's usual pace, all at once, for a minute.

use super::Plan;
use crate::{
    figures::Figures,
    made,
    rig::{Rig, in_states},
    world::{MANY_WABA, NUMBER_PER_SECOND, NUMBERS},
};
use serde_json::json;
use tisara_domain::{Ambient, Duration, Rng};

/// Seconds in which every number gets up to its pace.
const RUN_UP_S: u32 = 5;
/// States of recipients whose message is out.
const OUT: [&str; 5] = ["accepted", "sent", "delivered", "read", "failed"];

/// Sends from all of them and looks twice how far each is.
pub(super) async fn run(
    plan: &Plan<'_>,
    rig: &mut Rig,
    ambient: &Ambient,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    // The numbers' own pace counts here, not one that we set.
    rig.restart_with("", ambient).await?;
    let numbers = rig.connect(&MANY_WABA.to_string()).await?;
    let template = rig.find_template(Some(&rig.template)).await?;
    // Enough for the run-up, the time that is measured and a little more.
    let people = u64::from((plan.sizes.numbers_s + 2 * RUN_UP_S) * NUMBER_PER_SECOND);
    let first = plan.sizes.campaigns.iter().sum::<u64>();
    rig.import(made::csv(first, first + people, &Rng::seeded(6)), "numbers", ambient).await?;
    let audience = json!({ "kind": "label", "label": rig.id("/labels", "numbers").await? });
    let mut campaigns = Vec::new();
    for number in &numbers {
        let campaign = rig.campaign(number, &template, &audience).await?;
        rig.start(&campaign).await?;
        campaigns.push(campaign);
    }
    for campaign in &campaigns {
        rig.until(campaign, ambient, |view| Ok(view["state"] != "planning")).await?;
    }
    ambient.sleep(Duration::from_secs(RUN_UP_S.into())).await;

    let (before, began_at, used_before) = (out(rig, &campaigns).await?, ambient.now(), rig.used());
    ambient.sleep(Duration::from_secs(plan.sizes.numbers_s.into())).await;
    let after = out(rig, &campaigns).await?;
    let seconds = ambient.now().since(began_at).as_secs_f64();
    let used = rig.used() - used_before;
    let each: Vec<f64> = before.iter().zip(&after).map(|(b, a)| (a - b) as f64 / seconds).collect();
    let (all, least, most) = each
        .iter()
        .fold((0.0, f64::MAX, 0.0_f64), |(all, least, most), n| (all + n, n.min(least), n.max(most)));
    let wanted = (NUMBERS * u64::from(NUMBER_PER_SECOND)) as f64;
    plan.told(figures, plan.key("many_numbers", "per_s"), all);
    plan.told(figures, plan.key("many_numbers", "reached"), all / wanted);
    plan.told(figures, plan.key("many_numbers", "fairness"), least / most);
    plan.told(figures, plan.key("many_numbers", "cpu_cores"), used.server_s / seconds);
    let database = used.database_s.map(|s| s / seconds);
    plan.told_if(figures, plan.key("many_numbers", "database_cores"), database);
    Ok(())
}

/// How many messages of each campaign are out.
async fn out(rig: &Rig, campaigns: &[String]) -> anyhow::Result<Vec<u64>> {
    let mut all = Vec::new();
    for campaign in campaigns {
        all.push(in_states(&rig.api.get(&format!("/campaigns/{campaign}")).await?, &OUT)?);
    }
    Ok(all)
}
