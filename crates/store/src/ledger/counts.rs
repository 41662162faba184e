//! Counters: changed by deltas, in the transaction of the rows they count.

use crate::{
    args,
    seam::{OrgTx, Result},
};
use std::collections::BTreeMap;
use tisara_domain::{CampaignId, RecipientState};

/// Which kind of writer counts. Each has rows of its own, so that on PostgreSQL the sender and the
/// journal do not wait for each other; the count is the sum over the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Planning and sending.
    Sender = 0,
    /// Applying webhooks.
    Journal = 1,
    /// People's own acts: cancelling, erasing.
    Person = 2,
}

/// Changes of counts, gathered over a batch.
#[derive(Debug, Default)]
pub(crate) struct Deltas(BTreeMap<(CampaignId, i64, i64), i64>);

impl Deltas {
    /// `n` rows are new.
    pub(crate) fn added(&mut self, campaign: CampaignId, to: (RecipientState, i64), n: i64) {
        *self.0.entry((campaign, to.0.code(), to.1)).or_default() += n;
    }

    /// `n` rows left one state and reason for another.
    pub(crate) fn moved(
        &mut self,
        campaign: CampaignId,
        from: (RecipientState, i64),
        to: (RecipientState, i64),
        n: i64,
    ) {
        if from == to {
            return;
        }
        *self.0.entry((campaign, from.0.code(), from.1)).or_default() -= n;
        self.added(campaign, to, n);
    }
}

impl OrgTx<'_, '_> {
    /// Writes the changes. In key order, so that two writers of one slot cannot lock each other out.
    pub(crate) fn bump_counts(&mut self, slot: Slot, deltas: &Deltas) -> Result<()> {
        for ((campaign, state, reason), n) in &deltas.0 {
            if *n == 0 {
                continue;
            }
            self.tx.execute(
                "INSERT INTO campaign_count (org_id, campaign_id, slot, state, reason, n) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (org_id, campaign_id, slot, state, reason) DO UPDATE SET n = campaign_count.n + excluded.n",
                args![self.org, *campaign, slot as i64, *state, *reason, *n],
            )?;
        }
        Ok(())
    }

    /// Writes how many messages of a batch Meta priced how, in key order.
    pub(crate) fn bump_billing(&mut self, billed: &BTreeMap<(CampaignId, String), i64>) -> Result<()> {
        for ((campaign, billing), n) in billed {
            self.tx.execute(
                "INSERT INTO campaign_billing (org_id, campaign_id, billing, n) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (org_id, campaign_id, billing) DO UPDATE SET n = campaign_billing.n + excluded.n",
                args![self.org, *campaign, billing, *n],
            )?;
        }
        Ok(())
    }

    /// How many messages of a campaign Meta priced how, as `category/type`.
    ///
    /// # Errors
    /// As the database says.
    pub fn campaign_billing(&mut self, campaign: CampaignId) -> Result<Vec<(String, i64)>> {
        self.tx.list(
            "SELECT billing, n FROM campaign_billing WHERE org_id = $1 AND campaign_id = $2 ORDER BY billing",
            args![self.org, campaign],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
    }
}
