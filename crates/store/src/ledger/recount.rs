//! Counting the rows themselves, to prove the counters.

use crate::{
    args,
    campaigns::Count,
    seam::{OrgTx, Result, Tx},
};
use tisara_domain::{CampaignId, OrgId};

/// A counter that does not say what the rows say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The campaign.
    pub campaign: CampaignId,
    /// State, reason and the true number.
    pub rows: Count,
    /// What the counter says.
    pub counted: i64,
}

impl Tx<'_> {
    /// All campaigns, of all organizations, a page at a time in key order.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_all_campaigns(
        &mut self,
        after: Option<(OrgId, CampaignId)>,
        limit: u32,
    ) -> Result<Vec<(OrgId, CampaignId)>> {
        let read = |r: &crate::seam::Row<'_>| Ok((r.get(0)?, r.get(1)?));
        match after {
            None => {
                self.list("SELECT org_id, id FROM campaign ORDER BY org_id, id LIMIT $1", args![limit], read)
            }
            Some((org, id)) => self.list(
                "SELECT org_id, id FROM campaign WHERE (org_id, id) > ($1, $2) ORDER BY org_id, id LIMIT $3",
                args![org, id, limit],
                read,
            ),
        }
    }
}

impl OrgTx<'_, '_> {
    /// Counts a campaign's rows and compares; an empty answer is the proof.
    ///
    /// # Errors
    /// As the database says.
    pub fn recount_campaign(&mut self, id: CampaignId) -> Result<Vec<Difference>> {
        let rows = self.tx.list(
            "SELECT state, reason, count(*) FROM recipient WHERE org_id = $1 AND campaign_id = $2 \
             GROUP BY state, reason ORDER BY state, reason",
            args![self.org, id],
            |r| Ok(Count { state: r.get(0)?, reason: r.get(1)?, n: r.get(2)? }),
        )?;
        let counted = self.campaign_counts(id)?;
        let find = |list: &[Count], c: &Count| {
            list.iter().find(|o| o.state == c.state && o.reason == c.reason).map_or(0, |o| o.n)
        };
        let mut differences: Vec<Difference> = rows
            .iter()
            .map(|c| Difference { campaign: id, rows: *c, counted: find(&counted, c) })
            .filter(|d| d.rows.n != d.counted)
            .collect();
        for c in counted.iter().filter(|c| find(&rows, c) == 0) {
            differences.push(Difference { campaign: id, rows: Count { n: 0, ..*c }, counted: c.n });
        }
        Ok(differences)
    }

    /// Replaces a campaign's counters by what its rows say.
    ///
    /// # Errors
    /// As the database says.
    pub fn repair_counts(&mut self, id: CampaignId) -> Result<()> {
        self.tx.execute(
            "DELETE FROM campaign_count WHERE org_id = $1 AND campaign_id = $2",
            args![self.org, id],
        )?;
        self.tx.execute(
            "INSERT INTO campaign_count (org_id, campaign_id, slot, state, reason, n) \
             SELECT org_id, campaign_id, 0, state, reason, count(*) FROM recipient \
             WHERE org_id = $1 AND campaign_id = $2 GROUP BY org_id, campaign_id, state, reason",
            args![self.org, id],
        )?;
        Ok(())
    }
}
