//! What a restored copy holds back, until a person lets it go.

use crate::{
    args,
    campaigns::CampaignError,
    seam::{OrgTx, Result},
};
use tisara_domain::{CampaignId, CampaignState, RecipientState};

/// Why a campaign stands still after a restore.
pub(super) const RESTORED: &str = "restored";
/// The same, where not even the audience was frozen to its end.
pub(super) const RESTORED_PLANNING: &str = "restored while its audience was being frozen";

/// Whether a campaign is held because of a restore.
pub(crate) fn is_restored(reason: Option<&str>) -> bool {
    matches!(reason, Some(RESTORED | RESTORED_PLANNING))
}

/// Where such a campaign goes on.
fn resumed_state(reason: Option<&str>) -> CampaignState {
    if reason == Some(RESTORED_PLANNING) { CampaignState::Planning } else { CampaignState::Running }
}

/// A campaign that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredCampaign {
    /// The campaign.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// What letting it go would do.
    pub released: Released,
}

/// What becomes of a campaign that is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Recipients that are sent to: those of whom nothing was heard since the restore either.
    pub sends: i64,
    /// Recipients that stay uncertain until a webhook or a person decides.
    pub uncertain: i64,
    /// Its audience is frozen on: there may be more than `sends`.
    pub plans: bool,
}

impl OrgTx<'_, '_> {
    /// The campaigns that are held since a restore, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_restored_campaigns(&mut self, limit: u32) -> Result<Vec<RestoredCampaign>> {
        let found: Vec<(CampaignId, String, Option<String>)> = self.tx.list(
            "SELECT id, name, paused_reason FROM campaign WHERE org_id = $1 AND state = 'paused' \
             AND paused_reason IN ($2, $3) ORDER BY id LIMIT $4",
            args![self.org, RESTORED, RESTORED_PLANNING, limit],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )?;
        found
            .into_iter()
            .map(|(id, name, reason)| {
                let released = self.would_release(id, reason.as_deref())?;
                Ok(RestoredCampaign { id, name, released })
            })
            .collect()
    }

    fn would_release(&mut self, id: CampaignId, reason: Option<&str>) -> Result<Released> {
        let counts = self.campaign_counts(id)?;
        let of = |state| counts.iter().filter(|c| c.state == state).map(|c| c.n).sum();
        Ok(Released {
            sends: of(RecipientState::Planned),
            uncertain: of(RecipientState::Uncertain),
            plans: resumed_state(reason) == CampaignState::Planning,
        })
    }

    /// Lets a held campaign go on, because a person says that what waits in it was not sent meanwhile, or
    /// may be sent all the same.
    ///
    /// # Errors
    /// When there is none, or it is not held.
    pub fn resume_restored_campaign(&mut self, id: CampaignId) -> Result<Released, CampaignError> {
        let found = self.tx.find(
            "SELECT state, paused_reason FROM campaign WHERE org_id = $1 AND id = $2",
            args![self.org, id],
            |r| Ok((r.get::<CampaignState>(0)?, r.get::<Option<String>>(1)?)),
        )?;
        let (state, reason) = found.ok_or(CampaignError::NotFound)?;
        if state != CampaignState::Paused || !is_restored(reason.as_deref()) {
            return Err(CampaignError::NotRestored);
        }
        let released = self.would_release(id, reason.as_deref())?;
        self.tx.execute(
            "UPDATE campaign SET state = $3, paused_reason = NULL WHERE org_id = $1 AND id = $2 AND state = 'paused'",
            args![self.org, id, resumed_state(reason.as_deref())],
        )?;
        Ok(released)
    }
}
