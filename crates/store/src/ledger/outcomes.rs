//! Writing down what became of attempts.
//!
//! An outcome is the truth about one attempt, whoever owns the number by now, so it needs no lease: it
//! is applied only where the row has not moved on to a later attempt, and never moves a row back. Where the next owner
//! could not know what became of the attempt, the late word settles it.

use super::{
    chunk_state,
    counts::{Deltas, Slot},
    follow_up_kind,
    follow_ups::{Times, cause},
};
use crate::{
    args, forks,
    seam::{OrgTx, Result},
    usage::kind,
};
use tisara_domain::{CampaignId, NumberId, RecipientState, Timestamp, recipient::own_code};

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The campaign.
    pub campaign: CampaignId,
    /// The row.
    pub seq: i64,
    /// The attempt.
    pub attempt: u32,
    /// Whether the row came from a follow-up and not from a chunk.
    pub from_follow_up: bool,
    /// What happened.
    pub result: Attempted,
}

/// What happened in an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// Meta took it under this id.
    Accepted {
        /// Meta's id of the message.
        wamid: String,
    },
    /// Meta refused it for good, or we did (negative: `own_code`).
    Failed {
        /// The code.
        code: i32,
    },
    /// It surely did not go out, and is to be tried again as often as its cause allows: the attempt
    /// counts.
    Retry {
        /// Not before.
        due_at: Timestamp,
    },
    /// It may have gone out.
    Uncertain {
        /// When the attempt began.
        began_at: Timestamp,
        /// When to look at it.
        settle_at: Timestamp,
    },
    /// It was not attempted after all (a pause, a stop), or surely never reached the person for a cause
    /// that is not its own (the pace, the connection): as if never handed out, and due then.
    Returned {
        /// Not before.
        due_at: Timestamp,
    },
}

impl OrgTx<'_, '_> {
    /// Writes outcomes of a number's attempts.
    ///
    /// # Errors
    /// As the database says. Writing the same outcomes again changes nothing.
    pub fn record_outcomes(&mut self, number: NumberId, outcomes: &[Outcome], now: Timestamp) -> Result<()> {
        let mut deltas = Deltas::default();
        let (accepted, others): (Vec<&Outcome>, Vec<&Outcome>) =
            outcomes.iter().partition(|o| matches!(o.result, Attempted::Accepted { .. }));
        let mut left = accepted.len() as i64;
        for (campaign, moved) in forks::mark_accepted(self, &accepted, now)? {
            left -= moved;
            deltas.moved(campaign, (RecipientState::Planned, 0), (RecipientState::Accepted, 0), moved);
            self.note_usage(Slot::Sender, number, now, kind::CAMPAIGN, moved);
        }
        if left > 0 && !self.list_unsettled(number, Timestamp(i64::MAX), 1)?.is_empty() {
            self.settle_accepted(number, &accepted, now, &mut deltas)?;
        }
        for outcome in &accepted {
            self.end_follow_up(outcome)?;
        }
        for outcome in others {
            self.record_other(number, outcome, now, &mut deltas)?;
        }
        self.bump_counts(Slot::Sender, &deltas)
    }

    /// Meta took rows that the next owner of the number holds for doubtful. They are few, so they are written one by one.
    fn settle_accepted(
        &mut self,
        number: NumberId,
        accepted: &[&Outcome],
        now: Timestamp,
        deltas: &mut Deltas,
    ) -> Result<()> {
        for o in accepted {
            let Attempted::Accepted { wamid } = &o.result else { continue };
            let moved = self.tx.execute(
                "UPDATE recipient SET state = $5, wamid = $6, accepted_at = $7 \
                 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND attempt = $4 AND state = 2",
                args![self.org, o.campaign, o.seq, o.attempt, RecipientState::Accepted, wamid, now],
            )?;
            if moved > 0 {
                self.delete_follow_up(o.campaign, o.seq)?;
                deltas.moved(o.campaign, (RecipientState::Uncertain, 0), (RecipientState::Accepted, 0), 1);
                self.note_usage(Slot::Sender, number, now, kind::CAMPAIGN, 1);
            }
        }
        Ok(())
    }

    fn record_other(
        &mut self,
        number: NumberId,
        outcome: &Outcome,
        now: Timestamp,
        deltas: &mut Deltas,
    ) -> Result<()> {
        let (campaign, seq) = (outcome.campaign, outcome.seq);
        match outcome.result {
            Attempted::Accepted { .. } => Ok(()),
            Attempted::Failed { code } => {
                // A reason is never 0: by that the rows that got nothing are found.
                let code = i64::from(if code == 0 { own_code::UNNAMED } else { code });
                let moved = self.tx.execute(
                    "UPDATE recipient SET state = $5, reason = $6, attempt = $4, failed_at = $7 \
                     WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND attempt <= $4 AND state = 0 AND wamid IS NULL",
                    args![self.org, campaign, seq, outcome.attempt, RecipientState::Failed, code, now],
                )?;
                if moved > 0 {
                    deltas.moved(campaign, (RecipientState::Planned, 0), (RecipientState::Failed, code), 1);
                    return self.end_follow_up(outcome);
                }
                let settled = self.tx.execute(
                    "UPDATE recipient SET state = $5, reason = $6, failed_at = $7 \
                     WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND attempt = $4 AND state = 2",
                    args![self.org, campaign, seq, outcome.attempt, RecipientState::Failed, code, now],
                )?;
                if settled > 0 {
                    deltas.moved(campaign, (RecipientState::Uncertain, 0), (RecipientState::Failed, code), 1);
                    return self.delete_follow_up(campaign, seq);
                }
                self.end_follow_up(outcome)
            }
            Attempted::Retry { due_at } => {
                let counted = self.count_attempt(outcome)?;
                if !counted {
                    return Ok(());
                }
                self.write_follow_up((campaign, seq), number, follow_up_kind::RETRY, Times::due(due_at))
            }
            Attempted::Uncertain { began_at, settle_at } => {
                let moved = self.tx.execute(
                    "UPDATE recipient SET state = $5, attempt = $4 \
                     WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND attempt <= $4 AND state = 0 AND wamid IS NULL",
                    args![self.org, campaign, seq, outcome.attempt, RecipientState::Uncertain],
                )?;
                if moved == 0 {
                    return self.end_follow_up(outcome);
                }
                deltas.moved(campaign, (RecipientState::Planned, 0), (RecipientState::Uncertain, 0), 1);
                let times = Times { due_at: settle_at, began_at, attempted_at: now, cause: cause::NO_ANSWER };
                self.write_follow_up((campaign, seq), number, follow_up_kind::SETTLE, times)
            }
            // The attempt does not count: patience is for causes of the message's own.
            Attempted::Returned { due_at } => self.take_back(number, outcome, due_at),
        }
    }

    /// An attempt that was not made after all. Where another owner of the number has taken the row up
    /// meanwhile, it is theirs: they know that it may have gone out, and settle it.
    fn take_back(&mut self, number: NumberId, outcome: &Outcome, due_at: Timestamp) -> Result<()> {
        let (campaign, seq) = (outcome.campaign, outcome.seq);
        if outcome.from_follow_up {
            let taken_back = self.tx.execute(
                "UPDATE follow_up SET kind = $5, due_at = $6, began_at = $6, attempted_at = $6, lease = 0 \
                 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND kind = $7 AND EXISTS (\
                 SELECT 1 FROM recipient r WHERE r.org_id = $1 AND r.campaign_id = $2 AND r.seq = $3 AND r.attempt = $4 \
                 AND r.state = 0)",
                args![
                    self.org,
                    campaign,
                    seq,
                    outcome.attempt,
                    follow_up_kind::RETRY,
                    due_at,
                    follow_up_kind::ATTEMPT
                ],
            )?;
            if taken_back > 0 {
                self.tx.execute(
                    "UPDATE recipient SET attempt = attempt - 1 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3",
                    args![self.org, campaign, seq],
                )?;
            }
            return Ok(());
        }
        self.tx.execute(
            "INSERT INTO follow_up (org_id, campaign_id, seq, number_id, kind, due_at, began_at, attempted_at, lease) \
             SELECT org_id, campaign_id, seq, $4, $5, $6, $6, $6, 0 FROM recipient \
             WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND state = 0 AND attempt < $7 AND wamid IS NULL \
             ON CONFLICT (org_id, campaign_id, seq) DO NOTHING",
            args![self.org, campaign, seq, number, follow_up_kind::RETRY, due_at, outcome.attempt],
        )?;
        Ok(())
    }

    /// Notes that an attempt was made; false when the row has moved on meanwhile.
    fn count_attempt(&mut self, outcome: &Outcome) -> Result<bool> {
        let counted = self.tx.execute(
            "UPDATE recipient SET attempt = $4 WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 \
             AND attempt <= $4 AND state = 0 AND wamid IS NULL",
            args![self.org, outcome.campaign, outcome.seq, outcome.attempt],
        )?;
        if counted == 0 {
            self.end_follow_up(outcome)?;
        }
        Ok(counted > 0)
    }

    /// Ends the follow-up that an attempt came from, if it still stands for that attempt: a webhook may
    /// have been faster than the answer and have asked for another one, which must stay.
    fn end_follow_up(&mut self, outcome: &Outcome) -> Result<()> {
        if !outcome.from_follow_up {
            return Ok(());
        }
        self.tx.execute(
            "DELETE FROM follow_up WHERE org_id = $1 AND campaign_id = $2 AND seq = $3 AND kind = $5 AND EXISTS (\
             SELECT 1 FROM recipient r WHERE r.org_id = $1 AND r.campaign_id = $2 AND r.seq = $3 AND r.attempt = $4)",
            args![self.org, outcome.campaign, outcome.seq, outcome.attempt, follow_up_kind::ATTEMPT],
        )?;
        Ok(())
    }

    /// Closes a chunk whose every row has an outcome.
    ///
    /// # Errors
    /// As the database says.
    pub fn close_chunk(&mut self, campaign: CampaignId, no: i64, token: i64) -> Result<()> {
        self.tx.execute(
            "UPDATE chunk SET state = $5 WHERE org_id = $1 AND campaign_id = $2 AND no = $3 AND state = $6 \
             AND lease = $4 AND next_seq = end_seq",
            args![self.org, campaign, no, token, chunk_state::DONE, chunk_state::LEASED],
        )?;
        Ok(())
    }

    /// Gives back a chunk that is not handed out to its end; all its handed-out rows have outcomes.
    ///
    /// # Errors
    /// As the database says.
    pub fn release_chunk(&mut self, campaign: CampaignId, no: i64, token: i64) -> Result<()> {
        self.tx.execute(
            "UPDATE chunk SET state = CASE WHEN next_seq = end_seq THEN 2 ELSE 0 END, leased_from = next_seq \
             WHERE org_id = $1 AND campaign_id = $2 AND no = $3 AND state = $5 AND lease = $4",
            args![self.org, campaign, no, token, chunk_state::LEASED],
        )?;
        Ok(())
    }
}
