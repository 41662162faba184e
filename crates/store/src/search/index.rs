//! Putting messages into the index, and taking them out.

use super::{SPACE_SHIFT, words};
use crate::{
    OrgTx, Result, Tx, args,
    forks::{BulkInsert, Lookup, message_words, take_unindexed},
    keys::first,
    seam::{Arg, ToArg as _},
};
use tisara_domain::{ContactId, MessageId, NumberId, OrgId, ThreadId, Timestamp, id::TypedId as _};

/// Messages of an organization that wait to be indexed, split into words.
#[derive(Clone, Debug)]
pub struct Unindexed {
    /// The messages, oldest first.
    pub messages: Vec<MessageToIndex>,
    /// When the oldest was written.
    pub oldest: Option<Timestamp>,
}

/// A message, split into words.
#[derive(Clone, Debug)]
pub struct MessageToIndex {
    pub(crate) id: MessageId,
    pub(crate) thread: ThreadId,
    pub(crate) number: NumberId,
    pub(crate) words: Vec<String>,
}

const TEXTS: Lookup = Lookup {
    columns: "id, thread_id, number_id, text, created_at",
    table: "message",
    also: "",
    by: ("id", "uuid"),
};
const ENTRIES: BulkInsert<3> = BulkInsert {
    table: "message_search",
    columns: [("ordinal", "bigint"), ("message_id", "uuid"), ("thread_id", "uuid")],
    conflict: "",
};
const UNINDEXED: BulkInsert<1> =
    BulkInsert { table: "message_unindexed", columns: [("message_id", "uuid")], conflict: "" };

impl Tx<'_> {
    /// The organization after `after` that has messages to index; `None` behind the last.
    ///
    /// # Errors
    /// As the database says.
    pub fn next_org_to_index(&mut self, after: Option<OrgId>) -> Result<Option<OrgId>> {
        let after = after.unwrap_or(first());
        self.find(
            "SELECT org_id FROM message_unindexed WHERE org_id > $1 ORDER BY org_id LIMIT 1",
            args![after],
            |row| row.get(0),
        )
    }

    /// Sorts the words of messages that were indexed lately in among the others. Until then every search reads them
    /// one by one: to be called after each batch. Nothing to do on SQLite.
    ///
    /// # Errors
    /// As the database says.
    pub fn sort_in_words(&mut self) -> Result<()> {
        message_words::sort_in(self)
    }
}

impl OrgTx<'_, '_> {
    /// Up to `limit` messages that wait to be indexed, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_unindexed(&mut self, limit: u32) -> Result<Unindexed> {
        let org = self.org;
        let ids = self.list_in_order(
            "SELECT message_id FROM message_unindexed WHERE org_id = $1 ORDER BY message_id LIMIT $2",
            args![org, limit],
            |row| row.get::<MessageId>(0),
        )?;
        let ids: Vec<Arg<'_>> = ids.iter().map(|id| id.to_arg()).collect();
        let (mut messages, mut oldest) = (Vec::with_capacity(ids.len()), None::<Timestamp>);
        TEXTS.for_each(self, &[], &ids, |row| {
            let at: Timestamp = row.get(4)?;
            oldest = Some(oldest.map_or(at, |o| o.min(at)));
            messages.push(MessageToIndex {
                id: row.get(0)?,
                thread: row.get(1)?,
                number: row.get(2)?,
                words: words::indexed(row.get(3)?),
            });
            Ok(())
        })?;
        messages.sort_unstable_by_key(|m| m.id);
        Ok(Unindexed { messages, oldest })
    }

    /// Indexes messages, as [`OrgTx::list_unindexed`] gave them; what was erased or indexed since is
    /// left out. One at a time: see the lease of the engine. Says how many went in.
    ///
    /// # Errors
    /// As the database says.
    pub fn index_messages(&mut self, messages: &[MessageToIndex]) -> Result<u64> {
        let waiting = take_unindexed(self, &messages.iter().map(|m| m.id).collect::<Vec<_>>())?;
        let taken: Vec<&MessageToIndex> =
            messages.iter().filter(|m| waiting.contains(&m.id) && !m.words.is_empty()).collect();
        let Ok(n) = i64::try_from(taken.len()) else { return Ok(0) };
        if n == 0 {
            return Ok(0);
        }
        let last = self.take_ordinals(n)?;
        let entries: Vec<[Arg<'_>; 3]> = taken
            .iter()
            .zip(last - n + 1..)
            .map(|(m, ordinal)| [Arg::Int(Some(ordinal)), id(m.id.to_bytes()), id(m.thread.to_bytes())])
            .collect();
        ENTRIES.run(self.tx, self.org, &entries)?;
        let rows: Vec<(i64, &MessageToIndex)> = (last - n + 1..).zip(taken.iter().copied()).collect();
        message_words::insert(self.tx, self.org, &rows)?;
        Ok(n.unsigned_abs())
    }

    /// Takes the next `n` ordinals and gives the last of them.
    fn take_ordinals(&mut self, n: i64) -> Result<i64> {
        const TAKE: &str = "UPDATE message_index SET last_ordinal = last_ordinal + $2 WHERE org_id = $1 \
                            RETURNING last_ordinal";
        let args = args![self.org, n];
        if let Some(last) = self.tx.find(TAKE, args, |row| row.get(0))? {
            return Ok(last);
        }
        let space: i64 =
            self.tx.get("SELECT coalesce(max(space), 0) + 1 FROM message_index", &[], |row| row.get(0))?;
        self.tx.execute(
            "INSERT INTO message_index (org_id, space, last_ordinal) VALUES ($1, $2, $3)",
            args![self.org, space, space << SPACE_SHIFT],
        )?;
        self.tx.get(TAKE, args, |row| row.get(0))
    }

    /// Notes that messages are to be indexed: those that have a text.
    pub(crate) fn note_unindexed<'m>(
        &mut self,
        messages: impl Iterator<Item = (MessageId, &'m str)>,
    ) -> Result<()> {
        let rows: Vec<[Arg<'_>; 1]> =
            messages.filter(|(_, text)| !text.is_empty()).map(|(m, _)| [id(m.to_bytes())]).collect();
        UNINDEXED.run(self.tx, self.org, &rows).map(drop)
    }

    /// Takes all messages of a contact's threads out of the index; before they are deleted.
    pub(crate) fn unindex_contact(&mut self, contact: ContactId) -> Result<()> {
        let args = args![self.org, contact];
        self.tx.execute(
            "DELETE FROM message_unindexed WHERE org_id = $1 AND message_id IN (SELECT m.id FROM thread t \
             JOIN message m ON m.org_id = t.org_id AND m.thread_id = t.id WHERE t.org_id = $1 AND t.contact_id = $2)",
            args,
        )?;
        let ordinals = self.tx.list(
            "SELECT s.ordinal FROM thread t JOIN message_search s ON s.org_id = t.org_id AND s.thread_id = t.id \
             WHERE t.org_id = $1 AND t.contact_id = $2",
            args,
            |row| row.get::<i64>(0),
        )?;
        message_words::delete(self.tx, self.org, &ordinals)?;
        self.tx.execute(
            "DELETE FROM message_search WHERE org_id = $1 AND thread_id IN \
             (SELECT id FROM thread WHERE org_id = $1 AND contact_id = $2)",
            args,
        )?;
        Ok(())
    }
}

fn id(bytes: [u8; 16]) -> Arg<'static> {
    Arg::Id(Some(bytes))
}
