//! The few rows that need another look: to be tried again, or to be settled.

use super::{
    counts::{Deltas, Slot},
    follow_up_kind,
};
use crate::{
    args,
    seam::{OrgTx, Result},
};
use tisara_domain::{CampaignId, NumberId, RecipientState, Timestamp, recipient::own_code};

/// A row that may have gone out and whose time to be looked at has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// The campaign.
    pub campaign: CampaignId,
    /// The row.
    pub seq: i64,
    /// The first moment at which the attempt can have been made.
    pub began_at: Timestamp,
    /// The last such moment.
    pub attempted_at: Timestamp,
}

/// When a follow-up is due, and between which moments its attempt was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) due_at: Timestamp,
    pub(crate) began_at: Timestamp,
    pub(crate) attempted_at: Timestamp,
    /// See [`cause`].
    pub(crate) cause: i64,
}

/// Why a row is in doubt, as stored.
pub(crate) mod cause {
    pub(crate) const NO_ANSWER: i64 = 1;
    pub(crate) const SENDER_DIED: i64 = 2;
}

impl Times {
    /// Due then, with no attempt in doubt.
    pub(crate) const fn due(due_at: Timestamp) -> Self {
        Self { due_at, began_at: due_at, attempted_at: due_at, cause: 0 }
    }
}

impl OrgTx<'_, '_> {
    /// The uncertain rows of a number whose time has come, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_unsettled(&mut self, number: NumberId, now: Timestamp, limit: u32) -> Result<Vec<Unsettled>> {
        self.tx.list(
            "SELECT campaign_id, seq, began_at, attempted_at FROM follow_up \
             WHERE number_id = $1 AND kind = $2 AND due_at <= $3 AND org_id = $4 ORDER BY due_at LIMIT $5",
            args![number, follow_up_kind::SETTLE, now, self.org, limit],
            |r| {
                Ok(Unsettled {
                    campaign: r.get(0)?,
                    seq: r.get(1)?,
                    began_at: r.get(2)?,
                    attempted_at: r.get(3)?,
                })
            },
        )
    }

    /// How many rows of all campaigns are in doubt: Meta may have them or not.
    pub(crate) fn count_in_doubt(&mut self) -> Result<i64> {
        self.tx.get(
            "SELECT count(*) FROM number n JOIN follow_up f ON f.number_id = n.id AND f.kind = $2 \
             WHERE n.org_id = $1 AND f.org_id = $1",
            args![self.org, follow_up_kind::SETTLE],
            |r| r.get(0),
        )
    }

    /// Looks at the row again later.
    ///
    /// # Errors
    /// As the database says.
    pub fn postpone_settling(&mut self, row: Unsettled, until: Timestamp) -> Result<()> {
        self.tx.execute(
            "UPDATE follow_up SET due_at = $4 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND kind = $5",
            args![self.org, row.campaign, row.seq, until, follow_up_kind::SETTLE],
        )?;
        Ok(())
    }

    /// The attempt did not go out as far as can be known: the row is sent again.
    ///
    /// # Errors
    /// As the database says. A row that was settled meanwhile is left alone.
    pub fn send_again(&mut self, number: NumberId, row: Unsettled, now: Timestamp) -> Result<()> {
        if self.leave_uncertain(row, (RecipientState::Planned, 0), Slot::Sender)? {
            self.write_follow_up((row.campaign, row.seq), number, follow_up_kind::RETRY, Times::due(now))?;
        }
        Ok(())
    }

    /// The row is closed without another attempt.
    ///
    /// # Errors
    /// As the database says. A row that was settled meanwhile is left alone.
    pub fn give_up(&mut self, row: Unsettled) -> Result<()> {
        if self.leave_uncertain(row, (RecipientState::Failed, own_code::GIVEN_UP.into()), Slot::Sender)? {
            self.delete_follow_up(row.campaign, row.seq)?;
        }
        Ok(())
    }

    /// Moves an uncertain row; false when it was settled meanwhile.
    pub(super) fn leave_uncertain(
        &mut self,
        row: Unsettled,
        (to, reason): (RecipientState, i64),
        slot: Slot,
    ) -> Result<bool> {
        let moved = self.tx.execute(
            "UPDATE recipient SET state = $4, reason = $5 \
             WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND state = $6",
            args![self.org, row.campaign, row.seq, to, reason, RecipientState::Uncertain],
        )?;
        let mut deltas = Deltas::default();
        if moved > 0 {
            deltas.moved(row.campaign, (RecipientState::Uncertain, 0), (to, reason), 1);
        }
        self.bump_counts(slot, &deltas)?;
        Ok(moved > 0)
    }

    /// Failed rows that may be tried again get another attempt; says how many. Only for failures that
    /// surely did not deliver: the caller chooses the codes.
    ///
    /// # Errors
    /// As the database says.
    pub fn retry_failed(
        &mut self,
        campaign: CampaignId,
        number: NumberId,
        code: i32,
        now: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        self.lock_campaign(campaign)?;
        let rows: Vec<i64> = self.tx.list(
            "SELECT seq FROM recipient WHERE org_id = $1 AND campaign_id = $2 AND state = $3 AND reason = $4 \
             ORDER BY seq LIMIT $5",
            args![self.org, campaign, RecipientState::Failed, code, limit],
            |r| r.get(0),
        )?;
        let mut deltas = Deltas::default();
        for seq in &rows {
            self.tx.execute(
                "UPDATE recipient SET state = 0, reason = 0, failed_at = NULL \
                 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3",
                args![self.org, campaign, *seq],
            )?;
            self.write_follow_up((campaign, *seq), number, follow_up_kind::RETRY, Times::due(now))?;
        }
        if !rows.is_empty() {
            self.reopen_campaign(campaign)?;
        }
        let n = i64::try_from(rows.len()).unwrap_or(0);
        deltas.moved(campaign, (RecipientState::Failed, i64::from(code)), (RecipientState::Planned, 0), n);
        self.bump_counts(Slot::Person, &deltas)?;
        Ok(rows.len() as u64)
    }

    pub(crate) fn write_follow_up(
        &mut self,
        (campaign, seq): (CampaignId, i64),
        number: NumberId,
        kind: i64,
        times: Times,
    ) -> Result<()> {
        self.tx.execute(
            "INSERT INTO follow_up (org_id, campaign_id, seq, number_id, kind, due_at, began_at, attempted_at, lease, cause) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) ON CONFLICT (org_id, campaign_id, seq) DO UPDATE SET \
             kind = excluded.kind, due_at = excluded.due_at, began_at = excluded.began_at, \
             attempted_at = excluded.attempted_at, cause = excluded.cause",
            args![
                self.org,
                campaign,
                seq,
                number,
                kind,
                times.due_at,
                times.began_at,
                times.attempted_at,
                times.cause
            ],
        )?;
        Ok(())
    }

    pub(crate) fn delete_follow_up(&mut self, campaign: CampaignId, seq: i64) -> Result<()> {
        self.tx.execute(
            "DELETE FROM follow_up WHERE org_id = $1 AND campaign_id = $2 AND seq = $3",
            args![self.org, campaign, seq],
        )?;
        Ok(())
    }
}
