//! Messages that come in or are to go out, and what they do to their thread.

use super::first_line;
use crate::{OrgTx, Result, args, changes::Topic, ledger::counts::Slot, usage::kind};
use tisara_domain::{ConversationId, MessageId, NumberId, ThreadId, Timestamp, message::MessageState};

/// A message from a contact.
#[derive(Clone, Debug)]
pub struct NewInbound {
    /// The id it gets.
    pub id: MessageId,
    /// Its thread; see [`OrgTx::upsert_thread`].
    pub thread_id: ThreadId,
    /// The conversation that it opens if none is open.
    pub conversation_id: ConversationId,
    /// Meta's id of it.
    pub wamid: String,
    /// Meta's type: `text`, `image`, `button`, …
    pub kind: String,
    /// What a person reads of it.
    pub text: String,
    /// The whole of it as JSON, in Meta's shape.
    pub content: String,
    /// From which number or user id.
    pub address: String,
    /// Meta's id of the message it answers.
    pub reply_to: Option<String>,
    /// When it was sent, by Meta's clock.
    pub at: Timestamp,
}

/// A message to a contact that is to be sent.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The id it gets.
    pub id: MessageId,
    /// Its thread, which also says from which number it goes.
    pub thread_id: ThreadId,
    /// Meta's type: `text`, `template`, `image`, …
    pub kind: String,
    /// What a person reads of it.
    pub text: String,
    /// The message's object as JSON, in Meta's shape, without recipient.
    pub content: String,
    /// A phone number in E.164, or a user id.
    pub address: String,
    /// Meta's id of the message it answers.
    pub reply_to: Option<String>,
    /// When it was written.
    pub now: Timestamp,
}

impl OrgTx<'_, '_> {
    /// Writes a message that came in, moves its thread up and opens a conversation if none is open.
    /// `false` when it is known already: Meta sends a webhook again when in doubt.
    ///
    /// # Errors
    /// When the thread is missing, or as the database says.
    pub fn record_inbound(&mut self, new: &NewInbound) -> Result<bool> {
        let number = self.number_of_thread(new.thread_id)?;
        let written = self.tx.execute(
            "INSERT INTO message (org_id, id, thread_id, number_id, state, kind, text, content, address, wamid, \
             reply_to, attempt, lease, due_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, $12) \
             ON CONFLICT (org_id, wamid) WHERE wamid IS NOT NULL DO NOTHING",
            args![
                self.org,
                new.id,
                new.thread_id,
                number,
                MessageState::Received,
                new.kind,
                new.text,
                new.content,
                new.address,
                new.wamid,
                new.reply_to,
                new.at
            ],
        )?;
        if written == 0 {
            return Ok(false);
        }
        self.note_unindexed(new.id, &new.text)?;
        self.note_change(Topic::Inbound);
        self.note_usage(Slot::Journal, number, new.at, kind::INBOUND, 1);
        self.tx.execute(
            "UPDATE thread SET unread = unread + 1, \
             last_inbound_at = CASE WHEN last_inbound_at > $3 THEN last_inbound_at ELSE $3 END \
             WHERE org_id = $1 AND id = $2",
            args![self.org, new.thread_id, new.at],
        )?;
        self.move_thread_up(new.thread_id, new.at, &new.text)?;
        self.open_conversation(new.thread_id, new.at, new.conversation_id)?;
        Ok(true)
    }

    /// Writes a message that is to be sent, and moves its thread up.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when the id is taken; when the thread is missing; or as
    /// the database says.
    pub fn queue_message(&mut self, new: &NewMessage) -> Result<()> {
        let number = self.number_of_thread(new.thread_id)?;
        self.tx.execute(
            "INSERT INTO message (org_id, id, thread_id, number_id, state, kind, text, content, address, reply_to, \
             attempt, lease, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $11, $11)",
            args![
                self.org,
                new.id,
                new.thread_id,
                number,
                MessageState::Queued,
                new.kind,
                new.text,
                new.content,
                new.address,
                new.reply_to,
                new.now
            ],
        )?;
        self.note_unindexed(new.id, &new.text)?;
        self.move_thread_up(new.thread_id, new.now, &new.text)
    }

    fn number_of_thread(&mut self, thread: ThreadId) -> Result<NumberId> {
        let org = self.org;
        self.tx.get("SELECT number_id FROM thread WHERE org_id = $1 AND id = $2", args![org, thread], |row| {
            row.get(0)
        })
    }

    /// A message that comes late does not hide a newer one. A thread without a line has no message yet:
    /// it was made a moment ago, by our clock.
    fn move_thread_up(&mut self, thread: ThreadId, at: Timestamp, text: &str) -> Result<()> {
        self.tx.execute(
            "UPDATE thread SET last_message_at = $3, last_line = $4 \
             WHERE org_id = $1 AND id = $2 AND (last_message_at <= $3 OR last_line = '')",
            args![self.org, thread, at, first_line(text)],
        )?;
        Ok(())
    }
}
