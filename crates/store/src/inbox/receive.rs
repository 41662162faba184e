//! Messages that come in or are to go out, and what they do to their thread.

use super::{ConversationState, first_line};
use crate::{
    Error, OrgTx, Result, args,
    changes::Topic,
    forks::{BulkInsert, ThreadRow, load_thread_rows, save_thread_rows},
    ledger::counts::Slot,
    seam::{Arg, ToArg as _},
    usage::kind,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use tisara_domain::{
    ConversationId, MessageId, NumberId, ThreadId, Timestamp, id::TypedId as _, message::MessageState,
};

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

const MESSAGES: BulkInsert<14> = BulkInsert {
    table: "message",
    columns: [
        ("id", "uuid"),
        ("thread_id", "uuid"),
        ("number_id", "uuid"),
        ("state", "smallint"),
        ("kind", "text"),
        ("text", "text"),
        ("content", "text"),
        ("address", "text"),
        ("wamid", "text"),
        ("reply_to", "text"),
        ("attempt", "integer"),
        ("lease", "bigint"),
        ("due_at", "bigint"),
        ("created_at", "bigint"),
    ],
    conflict: "ON CONFLICT (org_id, wamid) WHERE wamid IS NOT NULL DO NOTHING",
};
const CONVERSATIONS: BulkInsert<4> = BulkInsert {
    table: "conversation",
    columns: [("id", "uuid"), ("thread_id", "uuid"), ("state", "text"), ("opened_at", "bigint")],
    conflict: "",
};

impl NewInbound {
    fn row(&self, number: NumberId) -> [Arg<'_>; 14] {
        const NONE_YET: Arg<'_> = Arg::Int(Some(0));
        [
            self.id.to_arg(),
            self.thread_id.to_arg(),
            Arg::Id(Some(number.to_bytes())),
            Arg::Int(Some(MessageState::Received.code())),
            self.kind.to_arg(),
            self.text.to_arg(),
            self.content.to_arg(),
            self.address.to_arg(),
            self.wamid.to_arg(),
            self.reply_to.to_arg(),
            NONE_YET,
            NONE_YET,
            NONE_YET,
            self.at.to_arg(),
        ]
    }

    /// Takes the message over into the row of its thread; says whether it opens a conversation. One that comes
    /// late does not hide a newer one. A thread without a line has no message yet: it was made a moment ago, by
    /// our clock.
    fn take_over(&self, thread: &mut ThreadRow) -> bool {
        thread.unread += 1;
        thread.last_inbound_at = thread.last_inbound_at.max(Some(self.at.0));
        if thread.last_message_at <= self.at.0 || thread.last_line.is_empty() {
            thread.last_message_at = self.at.0;
            thread.last_line = first_line(&self.text);
        }
        let opens = thread.conversation.is_none();
        thread.conversation.get_or_insert(self.conversation_id);
        opens
    }
}

impl OrgTx<'_, '_> {
    /// Writes messages that came in, moves their threads up and opens a conversation in those that have none
    /// open. `false` for each that is known already: Meta sends a webhook again when in doubt. What is written
    /// is the same as if they came one by one, in their order.
    ///
    /// # Errors
    /// When a thread is missing, or as the database says.
    pub fn record_inbound(&mut self, new: &[NewInbound]) -> Result<Vec<bool>> {
        let threads: Vec<ThreadId> =
            new.iter().map(|m| m.thread_id).collect::<BTreeSet<_>>().into_iter().collect();
        let mut threads = load_thread_rows(self, &threads)?;

        let mut seen = HashSet::with_capacity(new.len());
        let is_first: Vec<bool> = new.iter().map(|m| seen.insert(m.wamid.as_str())).collect();
        let firsts = || new.iter().zip(&is_first).filter(|(_, first)| **first).map(|(m, _)| m);
        let rows = firsts()
            .map(|m| threads.get(&m.thread_id).map(|t| m.row(t.number)).ok_or_else(thread_is_missing))
            .collect::<Result<Vec<_>>>()?;
        let mut written = MESSAGES.run_and_tell(self.tx, self.org, &rows)?.into_iter();
        let is_new: Vec<bool> = is_first.iter().map(|first| *first && written.next() == Some(true)).collect();

        let mut moved: BTreeMap<ThreadId, ThreadRow> = BTreeMap::new();
        let mut opened = Vec::new();
        let of_new = || new.iter().zip(&is_new).filter(|(_, new)| **new).map(|(m, _)| m);
        for message in of_new() {
            if let Some(thread) = threads.remove(&message.thread_id) {
                moved.insert(message.thread_id, thread);
            }
            let thread = moved.get_mut(&message.thread_id).ok_or_else(thread_is_missing)?;
            self.note_usage(Slot::Journal, thread.number, message.at, kind::INBOUND, 1);
            if message.take_over(thread) {
                opened.push([
                    message.conversation_id.to_arg(),
                    message.thread_id.to_arg(),
                    ConversationState::Open.as_str().to_arg(),
                    message.at.to_arg(),
                ]);
            }
        }
        if !moved.is_empty() {
            self.note_change(Topic::Inbound);
        }
        self.note_unindexed(of_new().map(|m| (m.id, m.text.as_str())))?;
        save_thread_rows(self, &moved.into_iter().collect::<Vec<_>>())?;
        CONVERSATIONS.run(self.tx, self.org, &opened)?;
        Ok(is_new)
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
        self.note_unindexed(std::iter::once((new.id, new.text.as_str())))?;
        self.move_thread_up(new.thread_id, new.now, &new.text)
    }

    fn number_of_thread(&mut self, thread: ThreadId) -> Result<NumberId> {
        let org = self.org;
        self.tx.get("SELECT number_id FROM thread WHERE org_id = $1 AND id = $2", args![org, thread], |row| {
            row.get(0)
        })
    }

    /// By the rule of [`NewInbound::take_over`].
    fn move_thread_up(&mut self, thread: ThreadId, at: Timestamp, text: &str) -> Result<()> {
        self.tx.execute(
            "UPDATE thread SET last_message_at = $3, last_line = $4 \
             WHERE org_id = $1 AND id = $2 AND (last_message_at <= $3 OR last_line = '')",
            args![self.org, thread, at, first_line(text)],
        )?;
        Ok(())
    }
}

/// As when one row is asked for and is not there.
fn thread_is_missing() -> Error {
    Error::Sql("the thread of a message is missing".to_owned())
}
