//! Reading the ledger, ending it early, and erasing a person from it.

use super::{
    chunk_state,
    counts::{Deltas, Slot},
    follow_up_kind,
};
use crate::{
    args,
    seam::{Arg, OrgTx, Result, Row, ToArg as _},
};
use tisara_domain::{CampaignId, CampaignState, ContactId, RecipientState, SkipReason, Timestamp};

/// Rows given back by senders that one transaction skips.
const SKIPPED_AT_ONCE: u32 = 500;

/// A row of the ledger as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Its place.
    pub seq: i64,
    /// The person.
    pub contact_id: ContactId,
    /// Where it goes.
    pub address: String,
    /// The frozen values, as [`values`](super::values::values) reads them.
    pub variables: Option<String>,
    /// Where it stands.
    pub state: RecipientState,
    /// Skip reason or failure code, else 0.
    pub reason: i32,
    /// Attempts made.
    pub attempt: u32,
    /// Meta's id of the message.
    pub wamid: Option<String>,
    /// Meta's pricing of it, as `category/type`.
    pub billing: Option<String>,
    /// When Meta took it: by its answer, or by the first status where that came before the answer.
    pub accepted_at: Option<Timestamp>,
    /// One tick.
    pub sent_at: Option<Timestamp>,
    /// Two ticks.
    pub delivered_at: Option<Timestamp>,
    /// Blue ticks.
    pub read_at: Option<Timestamp>,
    /// When it failed.
    pub failed_at: Option<Timestamp>,
}

pub(crate) const COLUMNS: &str = "seq, contact_id, address, variables, state, reason, attempt, wamid, billing, \
                                  accepted_at, sent_at, delivered_at, read_at, failed_at";

pub(crate) fn recipient(r: &Row<'_>) -> Result<Recipient> {
    Ok(Recipient {
        seq: r.get(0)?,
        contact_id: r.get(1)?,
        address: r.get(2)?,
        variables: r.get(3)?,
        state: r.get(4)?,
        reason: r.get(5)?,
        attempt: r.get(6)?,
        wamid: r.get(7)?,
        billing: r.get(8)?,
        accepted_at: r.get(9)?,
        sent_at: r.get(10)?,
        delivered_at: r.get(11)?,
        read_at: r.get(12)?,
        failed_at: r.get(13)?,
    })
}

impl OrgTx<'_, '_> {
    /// A page of a campaign's rows after `after`, all or those in one state (and for one reason).
    ///
    /// The exceptions (skipped, failed, uncertain, or any reason) are found by an index of their own. The
    /// states that most rows go through have none, because keeping it would cost every send and every status
    /// more than a list now and then: a page of them reads the ledger in its order until it is full.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_recipients(
        &mut self,
        campaign: CampaignId,
        state: Option<RecipientState>,
        reason: Option<i32>,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Recipient>> {
        let mut sql =
            format!("SELECT {COLUMNS} FROM recipient WHERE org_id = $1 AND campaign_id = $2 AND seq > $3");
        let after = after.unwrap_or(-1);
        let mut values: Vec<Arg<'_>> =
            vec![self.org.to_arg(), campaign.to_arg(), after.to_arg(), limit.to_arg()];
        if let Some(state) = &state {
            values.push(state.to_arg());
            sql.push_str(" AND state = $5");
        }
        if let Some(reason) = &reason {
            values.push(reason.to_arg());
            sql.push_str(if state.is_some() { " AND reason = $6" } else { " AND reason = $5" });
        }
        match state {
            // These always have a reason, and nobody else has one: an index holds just them.
            Some(RecipientState::Skipped | RecipientState::Failed) => sql.push_str(" AND reason <> 0"),
            // These are few, and each has a follow-up.
            Some(RecipientState::Uncertain) => {
                sql.push_str(
                    " AND seq IN (SELECT f.seq FROM follow_up f WHERE f.org_id = $1 AND f.campaign_id = $2 AND f.seq > $3)",
                );
            }
            _ if reason.is_some_and(|r| r != 0) => sql.push_str(" AND reason <> 0"),
            _ => {}
        }
        sql.push_str(" ORDER BY seq LIMIT $4");
        self.tx.list(&sql, &values, recipient)
    }

    /// One row.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_recipient(&mut self, campaign: CampaignId, seq: i64) -> Result<Option<Recipient>> {
        let sql =
            format!("SELECT {COLUMNS} FROM recipient WHERE org_id = $1 AND campaign_id = $2 AND seq = $3");
        self.tx.find(&sql, args![self.org, campaign, seq], recipient)
    }

    /// Skips the rows of a cancelled campaign that were never handed out, a few chunks at a time; says
    /// whether there may be more. Rows that are being sent are left to their outcome.
    ///
    /// # Errors
    /// As the database says.
    pub fn skip_cancelled(&mut self, campaign: CampaignId, now: Timestamp) -> Result<bool> {
        let chunks: Vec<(i64, i64, i64, i64)> = self.tx.list(
            "SELECT no, next_seq, end_seq, state FROM chunk WHERE org_id = $1 AND campaign_id = $2 AND state < 2 \
             AND next_seq < end_seq ORDER BY no LIMIT 20",
            args![self.org, campaign],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
        )?;
        let mut skipped = 0;
        for &(no, next, end, state) in &chunks {
            // Only as it was read: a sender may be handing out of it at this moment, and what it holds is not ours.
            let left = if state == chunk_state::LEASED { chunk_state::LEASED } else { chunk_state::DONE };
            let is_ours = self.tx.execute(
                "UPDATE chunk SET next_seq = end_seq, state = $4 WHERE org_id = $1 AND campaign_id = $2 AND no = $3 \
                 AND next_seq = $5 AND state = $6",
                args![self.org, campaign, no, left, next, state],
            )?;
            if is_ours == 0 {
                continue;
            }
            skipped += self.tx.execute(
                "UPDATE recipient SET state = $5, reason = $6 WHERE org_id = $1 AND campaign_id = $2 \
                 AND seq >= $3 AND seq < $4 AND state = 0",
                args![self.org, campaign, next, end, RecipientState::Skipped, SkipReason::Cancelled],
            )?;
        }
        let mut waiting = Vec::new();
        if chunks.is_empty() {
            // These rows and no others: a sender may be giving more of them back at this moment.
            waiting = self.tx.list(
                "SELECT seq FROM follow_up WHERE org_id = $1 AND campaign_id = $2 AND kind = $3 ORDER BY seq LIMIT $4",
                args![self.org, campaign, follow_up_kind::RETRY, SKIPPED_AT_ONCE],
                |r| r.get::<i64>(0),
            )?;
            for seq in &waiting {
                let is_ours = self.tx.execute(
                    "DELETE FROM follow_up WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND kind = $4",
                    args![self.org, campaign, seq, follow_up_kind::RETRY],
                )?;
                if is_ours == 0 {
                    continue;
                }
                skipped += self.tx.execute(
                    "UPDATE recipient SET state = $4, reason = $5 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 \
                     AND state = 0",
                    args![self.org, campaign, seq, RecipientState::Skipped, SkipReason::Cancelled],
                )?;
            }
            self.tx.execute(
                "UPDATE campaign SET finished_at = $3 WHERE org_id = $1 AND id = $2 AND state = 'cancelled' \
                 AND finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM chunk k WHERE k.org_id = $1 \
                 AND k.campaign_id = $2 AND k.state < 2) AND NOT EXISTS (SELECT 1 FROM follow_up f \
                 WHERE f.org_id = $1 AND f.campaign_id = $2 AND f.kind < 3)",
                args![self.org, campaign, now],
            )?;
        }
        let mut deltas = Deltas::default();
        let n = i64::try_from(skipped).unwrap_or(i64::MAX);
        deltas.moved(
            campaign,
            (RecipientState::Planned, 0),
            (RecipientState::Skipped, SkipReason::Cancelled.code()),
            n,
        );
        self.bump_counts(Slot::Person, &deltas)?;
        Ok(!chunks.is_empty() || !waiting.is_empty())
    }

    /// Ends a running campaign of which nothing waits any more; says whether it did.
    ///
    /// # Errors
    /// As the database says.
    pub fn finish_campaign_if_done(&mut self, campaign: CampaignId, now: Timestamp) -> Result<bool> {
        // Who makes a row wait again holds the campaign first: what they wrote is seen from here on.
        if self.lock_campaign(campaign)? != Some(CampaignState::Running) {
            return Ok(false);
        }
        let done = self.tx.execute(
            "UPDATE campaign SET state = 'completed', finished_at = $3 WHERE org_id = $1 AND id = $2 \
             AND state = 'running' \
             AND NOT EXISTS (SELECT 1 FROM chunk k WHERE k.org_id = $1 AND k.campaign_id = $2 AND k.state < 2) \
             AND NOT EXISTS (SELECT 1 FROM follow_up f WHERE f.org_id = $1 AND f.campaign_id = $2)",
            args![self.org, campaign, now],
        )?;
        Ok(done > 0)
    }

    /// Takes a person out of every ledger: address and values go, the counted row stays; what still
    /// waited is skipped when its turn comes.
    ///
    /// # Errors
    /// As the database says.
    pub fn erase_recipients(&mut self, contact: ContactId) -> Result<u64> {
        self.tx.execute(
            "UPDATE recipient SET address = '', variables = NULL WHERE org_id = $1 AND contact_id = $2",
            args![self.org, contact],
        )
    }
}
