//! After a crash: finding the rows that may or may not have gone out.

use super::{
    chunk_state,
    counts::{Deltas, Slot},
    follow_up_kind,
    follow_ups::{Times, cause},
};
use crate::{
    args,
    seam::{OrgTx, Result},
};
use tisara_domain::{CampaignId, NumberId, RecipientState, Timestamp};

/// What is known of attempts whose maker is gone.
#[derive(Clone, Copy, Debug)]
pub struct Doubt {
    /// The first moment at which they can have been made.
    pub began_at: Timestamp,
    /// Now: the last such moment.
    pub found_at: Timestamp,
    /// When to settle them.
    pub settle_at: Timestamp,
}

impl OrgTx<'_, '_> {
    /// Takes up what owners of this number before lease `token` left behind, at most `limit` chunks
    /// and follow-ups at a time; says whether there may be more. Rows that were handed out and have no
    /// outcome become uncertain; the others are free again.
    ///
    /// # Errors
    /// As the database says.
    pub fn recover_number(&mut self, number: NumberId, token: i64, doubt: Doubt, limit: u32) -> Result<bool> {
        let chunks: Vec<(CampaignId, i64, i64, i64, i64)> = self.tx.list(
            "SELECT campaign_id, no, leased_from, next_seq, end_seq FROM chunk \
             WHERE number_id = $1 AND state = 1 AND lease < $2 AND org_id = $3 LIMIT $4",
            args![number, token, self.org, limit],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)),
        )?;
        let mut deltas = Deltas::default();
        for &(campaign, no, leased_from, next_seq, end_seq) in &chunks {
            let doubtful = self.doubt_rows(number, campaign, (leased_from, next_seq), doubt)?;
            deltas.moved(campaign, (RecipientState::Planned, 0), (RecipientState::Uncertain, 0), doubtful);
            let state = if next_seq < end_seq { chunk_state::OPEN } else { chunk_state::DONE };
            self.tx.execute(
                "UPDATE chunk SET state = $4, leased_from = next_seq WHERE org_id = $1 AND campaign_id = $2 AND no = $3",
                args![self.org, campaign, no, state],
            )?;
        }
        let attempts: Vec<(CampaignId, i64)> = self.tx.list(
            "SELECT campaign_id, seq FROM follow_up WHERE number_id = $1 AND kind = $2 AND lease < $3 AND org_id = $4 LIMIT $5",
            args![number, follow_up_kind::ATTEMPT, token, self.org, limit],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        for &(campaign, seq) in &attempts {
            let moved = self.tx.execute(
                "UPDATE recipient SET state = $4 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND state = 0",
                args![self.org, campaign, seq, RecipientState::Uncertain],
            )?;
            if moved == 0 {
                // A webhook has already settled it.
                self.delete_follow_up(campaign, seq)?;
                continue;
            }
            deltas.moved(campaign, (RecipientState::Planned, 0), (RecipientState::Uncertain, 0), 1);
            let times = Times {
                due_at: doubt.settle_at,
                began_at: doubt.began_at,
                attempted_at: doubt.found_at,
                cause: cause::SENDER_DIED,
            };
            self.write_follow_up((campaign, seq), number, follow_up_kind::SETTLE, times)?;
        }
        self.bump_counts(Slot::Sender, &deltas)?;
        let is_more = chunks.len() >= limit as usize || attempts.len() >= limit as usize;
        if !is_more {
            self.put_under_way(number, 0)?;
        }
        Ok(is_more)
    }

    /// Rows in `from..to` that were handed out and have neither outcome nor follow-up.
    fn doubt_rows(
        &mut self,
        number: NumberId,
        campaign: CampaignId,
        (from, to): (i64, i64),
        doubt: Doubt,
    ) -> Result<i64> {
        self.tx.execute(
            "INSERT INTO follow_up (org_id, campaign_id, seq, number_id, kind, due_at, began_at, attempted_at, lease, cause) \
             SELECT org_id, campaign_id, seq, $5, $6, $7, $8, $9, 0, 2 FROM recipient r \
             WHERE org_id = $1 AND campaign_id = $2 AND seq >= $3 AND seq < $4 AND state = 0 AND attempt = 0 \
             AND wamid IS NULL ON CONFLICT (org_id, campaign_id, seq) DO NOTHING",
            args![
                self.org,
                campaign,
                from,
                to,
                number,
                follow_up_kind::SETTLE,
                doubt.settle_at,
                doubt.began_at,
                doubt.found_at
            ],
        )?;
        let moved = self.tx.execute(
            "UPDATE recipient SET state = $5, attempt = 1 WHERE org_id = $1 AND campaign_id = $2 AND seq >= $3 \
             AND seq < $4 AND state = 0 AND attempt = 0 AND wamid IS NULL AND EXISTS (SELECT 1 FROM follow_up f \
             WHERE f.org_id = recipient.org_id AND f.campaign_id = recipient.campaign_id AND f.seq = recipient.seq \
             AND f.kind = $6)",
            args![self.org, campaign, from, to, RecipientState::Uncertain, follow_up_kind::SETTLE],
        )?;
        Ok(i64::try_from(moved).unwrap_or(i64::MAX))
    }
}
