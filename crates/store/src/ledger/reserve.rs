//! Handing rows to a sender: the mark is moved first, durably, and only then may they be sent.

use super::{
    chunk_state,
    counts::{Deltas, Slot},
    follow_up_kind,
};
use crate::{
    args,
    seam::{OrgTx, Result, Row},
};
use tisara_domain::{CampaignId, NumberId, RecipientState, SkipReason, Timestamp, consent::ConsentState};

/// A row that may be sent now, once, in this attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its place in the ledger.
    pub seq: i64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// A phone number in E.164, or a user id of the number's portfolio.
    pub address: String,
    /// The frozen values of its variables, as [`values`](super::values::values) reads them.
    pub variables: Option<String>,
    /// The chunk it came from; `None` for a follow-up.
    pub chunk: Option<i64>,
}

/// What a sender got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The rows to send.
    pub rows: Vec<Reserved>,
    /// The chunk that was moved on and whether it is handed out to its end.
    pub chunk: Option<ChunkMark>,
}

/// How far a chunk is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkMark {
    /// The chunk.
    pub no: i64,
    /// Nothing of it is left to hand out.
    pub at_end: bool,
}

impl OrgTx<'_, '_> {
    /// Hands out up to `want` rows of a campaign's next chunk. Call it in the transaction that checked
    /// the number's lease `token`.
    ///
    /// Rows of people who withdrew since the plan, or were erased, are skipped here.
    ///
    /// # Errors
    /// As the database says.
    pub fn reserve_window(&mut self, campaign: CampaignId, token: i64, want: u32) -> Result<Window> {
        // Whoever paused or cancelled it has committed: from then on nothing more is handed out.
        let running = self.tx.find(
            "SELECT id FROM campaign WHERE org_id = $1 AND id = $2 AND state = 'running'",
            args![self.org, campaign],
            |r| r.get::<CampaignId>(0),
        )?;
        if running.is_none() {
            return Ok(Window::default());
        }
        let Some((no, next, end)) = self.chunk_to_send(campaign, token)? else {
            return Ok(Window::default());
        };
        let to = end.min(next + i64::from(want.max(1)));
        self.tx.execute(
            "UPDATE chunk SET state = $4, lease = $5, next_seq = $6, \
             leased_from = CASE WHEN state = $4 AND lease = $5 THEN leased_from ELSE next_seq END \
             WHERE org_id = $1 AND campaign_id = $2 AND no = $3",
            args![self.org, campaign, no, chunk_state::LEASED, token, to],
        )?;
        // The consent is looked up: a join would be at PostgreSQL's choice, and go through all contacts before its own for
        // each row while statistics say that there are none.
        let rows = self.tx.list(
            "SELECT r.seq, r.attempt, r.address, r.variables, \
             (SELECT c.consent FROM contact c WHERE c.org_id = $1 AND c.id = r.contact_id) FROM recipient r \
             WHERE r.org_id = $1 AND r.campaign_id = $2 AND r.seq >= $3 AND r.seq < $4 AND r.state = 0 ORDER BY r.seq",
            args![self.org, campaign, next, to],
            |r| Ok((reserved(r, campaign, Some(no))?, r.get(4)?)),
        )?;
        let rows = self.skip_the_unwilling(campaign, rows)?;
        Ok(Window { rows, chunk: Some(ChunkMark { no, at_end: to == end }) })
    }

    /// Hands out up to `want` follow-ups of a number whose time to be tried again has come.
    ///
    /// # Errors
    /// As the database says.
    pub fn reserve_retries(
        &mut self,
        number: NumberId,
        token: i64,
        want: u32,
        now: Timestamp,
    ) -> Result<Vec<Reserved>> {
        let due: Vec<(CampaignId, i64)> = self.tx.list(
            "SELECT f.campaign_id, f.seq FROM follow_up f \
             JOIN campaign c ON c.org_id = f.org_id AND c.id = f.campaign_id AND c.state = 'running' \
             WHERE f.number_id = $1 AND f.kind = $2 AND f.due_at <= $3 AND f.org_id = $4 ORDER BY f.due_at LIMIT $5",
            args![number, follow_up_kind::RETRY, now, self.org, want],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        let mut out = Vec::with_capacity(due.len());
        for (campaign, seq) in due {
            self.tx.execute(
                "UPDATE follow_up SET kind = $4, lease = $5, attempted_at = $6 \
                 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3",
                args![self.org, campaign, seq, follow_up_kind::ATTEMPT, token, now],
            )?;
            // The attempt is counted before it is made; what an earlier one was called is forgotten.
            self.tx.execute(
                "UPDATE recipient SET attempt = attempt + 1, wamid = NULL \
                 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND state = 0",
                args![self.org, campaign, seq],
            )?;
            let row = self.tx.list(
                "SELECT r.seq, r.attempt - 1, r.address, r.variables, \
                 (SELECT c.consent FROM contact c WHERE c.org_id = $1 AND c.id = r.contact_id) FROM recipient r \
                 WHERE r.org_id = $1 AND r.campaign_id = $2 AND r.seq = $3 AND r.state = 0",
                args![self.org, campaign, seq],
                |r| Ok((reserved(r, campaign, None)?, r.get(4)?)),
            )?;
            let willing = self.skip_the_unwilling(campaign, row)?;
            if willing.is_empty() {
                self.delete_follow_up(campaign, seq)?;
            }
            out.extend(willing);
        }
        Ok(out)
    }

    /// The chunk this lease already works on, else the first open one.
    fn chunk_to_send(&mut self, campaign: CampaignId, token: i64) -> Result<Option<(i64, i64, i64)>> {
        let read = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?));
        let mine = self.tx.find(
            "SELECT no, next_seq, end_seq FROM chunk WHERE org_id = $1 AND campaign_id = $2 AND state = $3 \
             AND state < 2 AND lease = $4 AND next_seq < end_seq ORDER BY no LIMIT 1",
            args![self.org, campaign, chunk_state::LEASED, token],
            read,
        )?;
        if mine.is_some() {
            return Ok(mine);
        }
        self.tx.find(
            "SELECT no, next_seq, end_seq FROM chunk WHERE org_id = $1 AND campaign_id = $2 AND state = $3 \
             AND state < 2 ORDER BY no LIMIT 1",
            args![self.org, campaign, chunk_state::OPEN],
            read,
        )
    }

    /// Skips the rows whose person withdrew or was erased after the plan; gives back the others.
    fn skip_the_unwilling(
        &mut self,
        campaign: CampaignId,
        rows: Vec<(Reserved, Option<ConsentState>)>,
    ) -> Result<Vec<Reserved>> {
        let mut deltas = Deltas::default();
        let mut willing = Vec::with_capacity(rows.len());
        for (row, consent) in rows {
            let reason = match consent {
                Some(ConsentState::OptedOut) => SkipReason::OptedOut,
                None => SkipReason::Erased,
                Some(_) => {
                    willing.push(row);
                    continue;
                }
            };
            self.tx.execute(
                "UPDATE recipient SET state = $4, reason = $5 \
                 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND state = 0",
                args![self.org, campaign, row.seq, RecipientState::Skipped, reason],
            )?;
            deltas.moved(campaign, (RecipientState::Planned, 0), (RecipientState::Skipped, reason.code()), 1);
        }
        self.bump_counts(Slot::Sender, &deltas)?;
        Ok(willing)
    }
}

fn reserved(row: &Row<'_>, campaign: CampaignId, chunk: Option<i64>) -> Result<Reserved> {
    Ok(Reserved {
        campaign,
        seq: row.get(0)?,
        attempt: row.get::<u32>(1)?.saturating_add(1),
        address: row.get(2)?,
        variables: row.get(3)?,
        chunk,
    })
}
