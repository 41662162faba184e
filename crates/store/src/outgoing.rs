//! Single messages on their way out: the same care as for campaigns, one row at a time.

use crate::{
    args,
    backup::NEVER,
    inbox::Seer,
    ledger::counts::Slot,
    seam::{OrgTx, Result, Row, ToArg as _, Tx},
    usage::{kind, single},
};
use tisara_domain::{
    ContactId, MessageId, NumberId, OrgId, ThreadId, Timestamp, Visibility, message::MessageState,
    settle::Decision,
};

/// A message that may be sent now, once, in this attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedMessage {
    /// The message.
    pub id: MessageId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// A phone number in E.164, or a user id.
    pub address: String,
    /// The message's object in Meta's shape, without recipient.
    pub content: String,
    /// Meta's id of the message it answers.
    pub reply_to: Option<String>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageOutcome {
    /// Meta took it under this id.
    Accepted {
        /// Meta's id.
        wamid: String,
    },
    /// Meta refused it for good.
    Failed {
        /// Meta's code, or one of ours.
        code: i32,
        /// Meta's words.
        details: String,
    },
    /// It surely did not go out; try again then.
    Retry {
        /// Not before.
        due_at: Timestamp,
    },
    /// It may have gone out; look at it then.
    Uncertain {
        /// When.
        settle_at: Timestamp,
    },
}

/// News of a single message, from a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageNews {
    /// The message.
    pub id: MessageId,
    /// The attempt it is about.
    pub attempt: u32,
    /// What Meta says.
    pub state: MessageState,
    /// When, by Meta's clock.
    pub at: Timestamp,
    /// Meta's id.
    pub wamid: String,
    /// With `failed`: Meta's code and words.
    pub error: Option<(i32, String)>,
    /// Meta's pricing, as `category/type`.
    pub billing: Option<String>,
}

/// An uncertain message whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsettledMessage {
    /// The message.
    pub id: MessageId,
    /// When the attempt was made, at the earliest.
    pub began_at: Timestamp,
    /// And at the latest.
    pub attempted_at: Timestamp,
}

/// An uncertain message as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncertainMessage {
    /// The message.
    pub id: MessageId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// What it says.
    pub text: String,
    /// Attempts made, the one in doubt among them.
    pub attempt: u32,
    /// The attempt was made between this moment…
    pub began_at: Timestamp,
    /// …and this one.
    pub attempted_at: Timestamp,
    /// When it is looked at next; `None` when only a webhook or a person decides, after a restore.
    pub due_at: Option<Timestamp>,
}

impl OrgTx<'_, '_> {
    /// Hands out queued messages of a number, oldest due first, after writing down the attempt.
    ///
    /// # Errors
    /// As the database says.
    pub fn reserve_messages(
        &mut self,
        number: NumberId,
        token: i64,
        want: u32,
        now: Timestamp,
    ) -> Result<Vec<ReservedMessage>> {
        let rows = self.tx.list(
            "SELECT id, attempt + 1, address, content, reply_to FROM message \
             WHERE number_id = $1 AND state = 0 AND state < 3 AND due_at <= $2 AND org_id = $3 ORDER BY due_at LIMIT $4",
            args![number, now, self.org, want],
            |r| {
                Ok(ReservedMessage {
                    id: r.get(0)?,
                    attempt: r.get(1)?,
                    address: r.get(2)?,
                    content: r.get(3)?,
                    reply_to: r.get(4)?,
                })
            },
        )?;
        for row in &rows {
            self.tx.execute(
                "UPDATE message SET state = $3, attempt = $4, began_at = $5, attempted_at = $5, lease = $6 WHERE org_id = $1 AND id = $2",
                args![self.org, row.id, MessageState::Sending, row.attempt, now, token],
            )?;
        }
        Ok(rows)
    }

    /// Writes what became of an attempt. The truth about an attempt needs no lease.
    ///
    /// # Errors
    /// As the database says.
    pub fn record_message_outcome(
        &mut self,
        id: MessageId,
        attempt: u32,
        outcome: &MessageOutcome,
        now: Timestamp,
    ) -> Result<()> {
        match outcome {
            MessageOutcome::Accepted { wamid } => {
                let first = self.tx.find(
                    "UPDATE message SET wamid = coalesce(wamid, $4), state = 3 \
                     WHERE org_id = $1 AND id = $2 AND attempt = $3 AND state < 3 RETURNING number_id, kind",
                    args![self.org, id, attempt, wamid],
                    counted,
                )?;
                if let Some((number, kind)) = first {
                    self.note_usage(Slot::Sender, number, now, single(&kind).0, 1);
                    return Ok(());
                }
                // A webhook was faster than the answer.
                self.tx.execute(
                    "UPDATE message SET wamid = coalesce(wamid, $4) WHERE org_id = $1 AND id = $2 AND attempt = $3",
                    args![self.org, id, attempt, wamid],
                )?
            }
            MessageOutcome::Failed { code, details } => self.tx.execute(
                "UPDATE message SET state = 5, error_code = $4, error_details = $5, failed_at = $6 \
                 WHERE org_id = $1 AND id = $2 AND attempt = $3 AND state < 3",
                args![self.org, id, attempt, *code, details, now],
            )?,
            MessageOutcome::Retry { due_at } => self.tx.execute(
                "UPDATE message SET state = 0, due_at = $4 WHERE org_id = $1 AND id = $2 AND attempt = $3 AND state < 3",
                args![self.org, id, attempt, *due_at],
            )?,
            MessageOutcome::Uncertain { settle_at } => self.tx.execute(
                "UPDATE message SET state = 2, due_at = $4, attempted_at = $5 \
                 WHERE org_id = $1 AND id = $2 AND attempt = $3 AND state < 2",
                args![self.org, id, attempt, *settle_at, now],
            )?,
        };
        Ok(())
    }

    /// The person a message goes to.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_message_contact(&mut self, id: MessageId) -> Result<Option<ContactId>> {
        self.tx.find(
            "SELECT t.contact_id FROM message m JOIN thread t ON t.org_id = m.org_id AND t.id = m.thread_id \
             WHERE m.org_id = $1 AND m.id = $2",
            args![self.org, id],
            |r| r.get(0),
        )
    }

    /// Messages that earlier owners of the number were sending become uncertain.
    ///
    /// # Errors
    /// As the database says.
    pub fn recover_messages(
        &mut self,
        number: NumberId,
        token: i64,
        now: Timestamp,
        settle_at: Timestamp,
    ) -> Result<u64> {
        self.tx.execute(
            "UPDATE message SET state = 2, due_at = $4, attempted_at = $5 \
             WHERE number_id = $1 AND state = 1 AND state < 3 AND lease < $2 AND org_id = $3",
            args![number, token, self.org, settle_at, now],
        )
    }

    /// Uncertain messages of a number whose time has come.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_unsettled_messages(
        &mut self,
        number: NumberId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<UnsettledMessage>> {
        self.tx.list(
            "SELECT id, coalesce(began_at, created_at), coalesce(attempted_at, created_at) FROM message \
             WHERE number_id = $1 AND state = 2 AND state < 3 AND due_at <= $2 AND org_id = $3 ORDER BY due_at LIMIT $4",
            args![number, now, self.org, limit],
            |r| Ok(UnsettledMessage { id: r.get(0)?, began_at: r.get(1)?, attempted_at: r.get(2)? }),
        )
    }

    /// The uncertain messages of a number in threads that `by` may see, whose time to be looked at comes first,
    /// first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_uncertain_messages(
        &mut self,
        number: NumberId,
        by: Option<Seer>,
        limit: u32,
    ) -> Result<Vec<UncertainMessage>> {
        let org = self.org;
        let mut args = args![org, number, limit].to_vec();
        let mut sql = "SELECT m.id, m.thread_id, m.text, m.attempt, coalesce(m.began_at, m.created_at), \
             coalesce(m.attempted_at, m.created_at), m.due_at FROM message m \
             WHERE m.number_id = $2 AND m.state = 2 AND m.state < 3 AND m.org_id = $1"
            .to_owned();
        if let Some(seer) = &by
            && seer.visibility != Visibility::All
        {
            args.push(seer.user.to_arg());
            sql.push_str(&format!(
                " AND EXISTS (SELECT 1 FROM thread t WHERE t.org_id = m.org_id AND t.id = m.thread_id{})",
                seer.condition(args.len())
            ));
        }
        sql.push_str(" ORDER BY m.due_at, m.id LIMIT $3");
        self.tx.list(&sql, &args, |r| {
            Ok(UncertainMessage {
                id: r.get(0)?,
                thread_id: r.get(1)?,
                text: r.get(2)?,
                attempt: r.get(3)?,
                began_at: r.get(4)?,
                attempted_at: r.get(5)?,
                due_at: Some(r.get(6)?).filter(|at| *at < NEVER),
            })
        })
    }

    /// Does with an uncertain message what a person decided; false when it is not uncertain (any more).
    ///
    /// # Errors
    /// As the database says.
    pub fn decide_message(&mut self, id: MessageId, decision: Decision, now: Timestamp) -> Result<bool> {
        let sql = match decision {
            Decision::SendAgain => {
                "UPDATE message SET state = 0, due_at = $3 WHERE org_id = $1 AND id = $2 AND state = 2"
            }
            Decision::GiveUp => {
                "UPDATE message SET state = 5, error_code = -1, failed_at = $3 WHERE org_id = $1 AND id = $2 AND state = 2"
            }
            Decision::MarkSent => {
                "UPDATE message SET state = 4, sent_at = coalesce(sent_at, attempted_at, $3) WHERE org_id = $1 AND id = $2 AND state = 2"
            }
        };
        let sql = format!("{sql} RETURNING number_id, kind");
        let decided = self.tx.find(&sql, args![self.org, id, now], counted)?;
        if let (Some((number, kind)), Decision::MarkSent) = (&decided, decision) {
            self.note_usage(Slot::Person, *number, now, single(kind).0, 1);
        }
        Ok(decided.is_some())
    }

    /// Moves an uncertain message: `Retry` sends it again or (with `keep_uncertain`) looks later.
    ///
    /// # Errors
    /// As the database says.
    pub fn settle_message(&mut self, id: MessageId, due_at: Timestamp, keep_uncertain: bool) -> Result<()> {
        let state = if keep_uncertain { MessageState::Uncertain } else { MessageState::Queued };
        self.tx.execute(
            "UPDATE message SET state = $3, due_at = $4 WHERE org_id = $1 AND id = $2 AND state = 2",
            args![self.org, id, state, due_at],
        )?;
        Ok(())
    }

    /// Applies news of a single message; false when there is no such message here.
    ///
    /// # Errors
    /// As the database says. Applying it again changes nothing.
    pub fn apply_message_news(&mut self, news: &MessageNews) -> Result<bool> {
        let (code, details) = news.error.clone().map_or((None, None), |(c, d)| (Some(c), Some(d)));
        let failed = news.state == MessageState::Failed;
        let only_present = i64::from(failed);
        // A failure counts only for the present attempt; being out counts whichever attempt did it.
        let update = |of: &str, returning: &str| {
            format!(
                "UPDATE message SET \
                 state = CASE WHEN state < $4 THEN $4 ELSE state END, \
                 wamid = coalesce(wamid, $5), \
                 error_code = CASE WHEN state < $4 THEN $6 ELSE error_code END, \
                 error_details = CASE WHEN state < $4 THEN $7 ELSE error_details END, \
                 sent_at = CASE WHEN $4 = 4 THEN coalesce(sent_at, $8) ELSE sent_at END, \
                 failed_at = CASE WHEN $4 = 5 THEN coalesce(failed_at, $8) ELSE failed_at END, \
                 delivered_at = CASE WHEN $4 = 6 THEN coalesce(delivered_at, $8) ELSE delivered_at END, \
                 read_at = CASE WHEN $4 = 7 THEN coalesce(read_at, $8) ELSE read_at END \
                 WHERE org_id = $1 AND id = $2 AND state < 8 AND ($9 = 0 OR attempt = $3){of}{returning}"
            )
        };
        let values = args![
            self.org,
            news.id,
            news.attempt,
            news.state,
            news.wamid,
            code,
            details,
            news.at,
            only_present
        ];
        // Meta has it from now on, or has failed what it had: that is counted, and once.
        let turns =
            if failed { " AND state IN (3, 4)" } else { " AND (state < 3 OR state = 5) AND state < $4" };
        let turned = self.tx.find(&update(turns, " RETURNING number_id, kind"), values, counted)?;
        let is_here = match turned {
            Some((number, message_kind)) => {
                let (out, failed_later) = single(&message_kind);
                let kind = if failed { failed_later } else { out };
                self.note_usage(Slot::Journal, number, news.at, kind, 1);
                true
            }
            None => self.tx.execute(&update("", ""), values)? > 0,
        };
        self.note_message_billing(news)?;
        Ok(is_here)
    }

    /// Writes how Meta priced a message; the first word about it counts.
    fn note_message_billing(&mut self, news: &MessageNews) -> Result<()> {
        let Some(billing) = &news.billing else { return Ok(()) };
        let number = self.tx.find(
            "UPDATE message SET billing = $3 WHERE org_id = $1 AND id = $2 AND state < 8 AND billing IS NULL \
             RETURNING number_id",
            args![self.org, news.id, billing],
            |r| r.get(0),
        )?;
        if let Some(number) = number {
            self.note_usage(Slot::Journal, number, news.at, format!("{}{billing}", kind::BILLED), 1);
        }
        Ok(())
    }
}

/// The number and Meta's type of a message that is counted.
fn counted(row: &Row<'_>) -> Result<(NumberId, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

impl Tx<'_> {
    /// Numbers that have something to send, settle or recover now, of all organizations.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_numbers_with_work(&mut self, now: Timestamp) -> Result<Vec<(OrgId, NumberId)>> {
        // Put together before doubles are left out: for a UNION SQLite reads all messages in the order of their
        // organizations.
        self.list(
            "SELECT DISTINCT org_id, number_id FROM (\
             SELECT org_id, number_id FROM campaign WHERE finished_at IS NULL AND state = 'running' \
             UNION ALL SELECT org_id, number_id FROM message WHERE state < 3 AND due_at <= $1 \
             UNION ALL SELECT org_id, number_id FROM follow_up WHERE due_at <= $1 \
             UNION ALL SELECT org_id, number_id FROM chunk WHERE state = 1) work",
            args![now],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
    }

    /// Campaigns that are being planned, or were cancelled and still hold rows that wait.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_campaigns_to_tend(&mut self) -> Result<Vec<(OrgId, tisara_domain::CampaignId, bool)>> {
        self.list(
            "SELECT org_id, id, CASE WHEN state = 'planning' THEN 1 ELSE 0 END FROM campaign \
             WHERE finished_at IS NULL AND state IN ('planning', 'cancelled') ORDER BY id",
            &[],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )
    }
}
