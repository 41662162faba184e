//! Freezing the audiences of started campaigns, and sweeping up cancelled ones.

use crate::{
    bus::Hint,
    parts::{Shared, in_the_way},
};
use std::sync::Arc;
use tisara_domain::{CampaignId, OrgId, campaign::CampaignEvent};
use tisara_store::{Error, Result, campaigns::CampaignError, ledger::plan::Planned};
use tokio_util::sync::CancellationToken;

/// Tends campaigns on hints and by itself, until told to stop. A stop or crash between two slices
/// loses nothing: the next run goes on from there.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ear = shared.bus.subscribe();
    while !stop.is_cancelled() {
        let mut more = false;
        match shared.store.read(|tx| tx.list_campaigns_to_tend()).await {
            Ok(campaigns) => {
                for (org, campaign, is_planning) in campaigns {
                    if stop.is_cancelled() {
                        return;
                    }
                    match tend(&shared, org, campaign, is_planning).await {
                        Ok(again) => more |= again,
                        Err(e) => {
                            in_the_way(&e, "planning a campaign");
                        }
                    }
                }
            }
            Err(e) => in_the_way(&e, "the planner"),
        }
        if more {
            continue;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = ear.wait_for(|h| h == Hint::Plan) => {}
            () = shared.ambient.sleep(shared.settings.tick()) => {}
        }
    }
}

/// One slice of one campaign; says whether there is more to do at once.
async fn tend(shared: &Shared, org: OrgId, campaign: CampaignId, is_planning: bool) -> Result<bool> {
    let now = shared.ambient.now();
    if !is_planning {
        return shared.store.write(move |tx| tx.org(org).skip_cancelled(campaign, now)).await;
    }
    let sets = shared.sets.clone();
    let chosen = shared.store.read(move |tx| tx.org(org).choose_slice(campaign, &sets, now)).await?;
    let planned = shared
        .store
        .write(move |tx| {
            let mut org = tx.org(org);
            let rules = org.get_plan_rules(campaign)?;
            let planned = org.plan_slice(campaign, &rules, chosen.as_ref(), now)?;
            if planned == Planned::All {
                // Any other refusal: somebody has moved it on meanwhile.
                if let Err(CampaignError::Store(e)) = org.move_campaign(campaign, CampaignEvent::Planned, now)
                {
                    return Err(e);
                }
            }
            Ok::<_, Error>(planned)
        })
        .await?;
    shared.bus.publish(Hint::Campaign(org, campaign));
    if planned == Planned::All {
        shared.bus.publish(Hint::Work);
    }
    Ok(planned == Planned::More)
}
