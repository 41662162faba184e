//! Uncertain rows as a person sees them, and decides them.

use super::{
    counts::Slot,
    follow_up_kind,
    follow_ups::{Times, Unsettled, cause},
};
use crate::{
    args,
    seam::{OrgTx, Result, Row},
    usage::kind,
};
use tisara_domain::{
    CampaignId, CampaignState, ContactId, NumberId, RecipientState, Timestamp,
    recipient::own_code,
    settle::{Decision, DoubtCause},
};

/// A row that may or may not have gone out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncertainRow {
    /// Its place.
    pub seq: i64,
    /// The person.
    pub contact_id: ContactId,
    /// Where it goes.
    pub address: String,
    /// Attempts made, the one in doubt among them.
    pub attempt: u32,
    /// Why it is in doubt; `None` where that was not noted.
    pub cause: Option<DoubtCause>,
    /// The attempt was made between this moment…
    pub began_at: Timestamp,
    /// …and this one.
    pub attempted_at: Timestamp,
    /// When it is looked at next.
    pub due_at: Timestamp,
}

fn read(r: &Row<'_>) -> Result<UncertainRow> {
    let cause = match r.get::<i64>(4)? {
        cause::NO_ANSWER => Some(DoubtCause::NoAnswer),
        cause::SENDER_DIED => Some(DoubtCause::SenderDied),
        _ => None,
    };
    Ok(UncertainRow {
        seq: r.get(0)?,
        contact_id: r.get(1)?,
        address: r.get(2)?,
        attempt: r.get(3)?,
        cause,
        began_at: r.get(5)?,
        attempted_at: r.get(6)?,
        due_at: r.get(7)?,
    })
}

impl OrgTx<'_, '_> {
    /// The uncertain rows of a campaign from behind `after` on. They are few: the list is of the follow-ups,
    /// not of the ledger.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_uncertain(
        &mut self,
        campaign: CampaignId,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<UncertainRow>> {
        self.tx.list(
            "SELECT f.seq, r.contact_id, r.address, r.attempt, f.cause, f.began_at, f.attempted_at, f.due_at \
             FROM follow_up f JOIN recipient r ON r.org_id = f.org_id AND r.campaign_id = f.campaign_id AND r.seq = f.seq \
             WHERE f.org_id = $1 AND f.campaign_id = $2 AND f.seq > $3 AND f.kind = $4 AND r.state = 2 \
             ORDER BY f.seq LIMIT $5",
            args![self.org, campaign, after.unwrap_or(-1), follow_up_kind::SETTLE, limit],
            read,
        )
    }

    /// Does with uncertain rows what a person decided: those at `seqs`, or the first `limit` of all. Says how
    /// many it was; rows that were settled meanwhile are left alone. A cancelled campaign sends nothing: there
    /// `SendAgain` decides no row.
    ///
    /// # Errors
    /// As the database says.
    pub fn decide_uncertain(
        &mut self,
        campaign: CampaignId,
        number: NumberId,
        seqs: Option<&[i64]>,
        decision: Decision,
        now: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        let state = self.lock_campaign(campaign)?;
        if decision == Decision::SendAgain && state == Some(CampaignState::Cancelled) {
            return Ok(0);
        }
        let all;
        let seqs = match seqs {
            Some(seqs) => seqs,
            None => {
                all = self.list_uncertain(campaign, None, limit)?.iter().map(|r| r.seq).collect::<Vec<_>>();
                &all
            }
        };
        let to = match decision {
            Decision::SendAgain => (RecipientState::Planned, 0),
            Decision::GiveUp => (RecipientState::Failed, i64::from(own_code::GIVEN_UP)),
            Decision::MarkSent => (RecipientState::Sent, 0),
        };
        let mut decided = 0;
        for seq in seqs {
            let row = Unsettled { campaign, seq: *seq, began_at: now, attempted_at: now };
            if !self.leave_uncertain(row, to, Slot::Person)? {
                continue;
            }
            decided += 1;
            if decision == Decision::MarkSent {
                self.note_usage(Slot::Person, number, now, kind::CAMPAIGN, 1);
            }
            if decision == Decision::SendAgain {
                self.write_follow_up((campaign, *seq), number, follow_up_kind::RETRY, Times::due(now))?;
            } else {
                self.delete_follow_up(campaign, *seq)?;
            }
        }
        if decided > 0 && decision == Decision::SendAgain {
            self.reopen_campaign(campaign)?;
        }
        Ok(decided)
    }
}
