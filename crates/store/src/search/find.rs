//! Finding messages.

use super::{SPACE_SHIFT, query::Query};
use crate::{
    OrgTx, Result, args,
    forks::{
        message_words::{self, Within},
        messages_in_threads,
    },
    inbox::{Message, Seer},
    keys::{IN_MAX, padded},
    seam::ToArg as _,
};
use std::collections::HashMap;
use tisara_domain::{ContactId, MessageId, NumberId, ThreadId};

/// Where to look. All given conditions must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only messages of this number.
    pub number: Option<NumberId>,
    /// Only this thread.
    pub thread: Option<ThreadId>,
    /// Only threads with this contact.
    pub contact: Option<ContactId>,
    /// Who asks, if they may not see everything.
    pub seen_by: Option<Seer>,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place in the index: pages go on behind it.
    pub position: i64,
    /// The message.
    pub message: Message,
    /// With whom.
    pub contact_id: ContactId,
    /// Their name; may be empty.
    pub contact_name: String,
    /// Whether whoever asked may see its thread. What they may not see is given all the same, so that a
    /// page is full or the last.
    pub seen: bool,
}

impl OrgTx<'_, '_> {
    /// Up to `limit` messages with these words, newest first (in the order in which they reached this
    /// installation), from behind `after` on. What was written moments ago may not be indexed yet.
    ///
    /// # Errors
    /// As the database says.
    pub fn search_messages(
        &mut self,
        query: &Query,
        filter: MessageFilter,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Found>> {
        self.by_one_plan(|tx| tx.search(query, filter, after, limit))
    }

    fn search(
        &mut self,
        query: &Query,
        filter: MessageFilter,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Found>> {
        let space = self.tx.find(
            "SELECT space, last_ordinal FROM message_index WHERE org_id = $1",
            args![self.org],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
        )?;
        let Some((space, last)) = space else { return Ok(Vec::new()) };
        let start = space << SPACE_SHIFT;
        let end = after.map_or(last + 1, |position| (last + 1).min(start.saturating_add(position)));
        let within = Within { org: self.org, from: start, before: end, number: filter.number };
        let hits = match self.threads_of(filter)? {
            None => message_words::find(self.tx, query, within, limit)?,
            Some(threads) => {
                let mut hits = Vec::new();
                for thread in threads {
                    hits.extend(message_words::find_in_thread(self.tx, query, within, thread, limit)?);
                }
                hits.sort_unstable_by_key(|(ordinal, _)| std::cmp::Reverse(*ordinal));
                hits.truncate(limit as usize);
                hits
            }
        };
        self.messages_found(&hits, start, filter.seen_by)
    }

    /// The threads to look into; `None` for all.
    fn threads_of(&mut self, filter: MessageFilter) -> Result<Option<Vec<ThreadId>>> {
        let Some(contact) = filter.contact else { return Ok(filter.thread.map(|t| vec![t])) };
        let mut threads = self.tx.list(
            "SELECT id FROM thread WHERE org_id = $1 AND contact_id = $2",
            args![self.org, contact],
            |row| row.get::<ThreadId>(0),
        )?;
        threads.retain(|t| filter.thread.is_none_or(|only| only == *t));
        Ok(Some(threads))
    }

    /// The messages of hits, in their order.
    fn messages_found(
        &mut self,
        hits: &[(i64, MessageId)],
        start: i64,
        seen_by: Option<Seer>,
    ) -> Result<Vec<Found>> {
        let mut by_id: HashMap<MessageId, Found> = HashMap::with_capacity(hits.len());
        for piece in hits.chunks(IN_MAX) {
            let piece = padded(piece);
            let mut args = args![self.org].to_vec();
            args.extend(piece.iter().map(|(_, id)| id.to_arg()));
            let mut seen = String::new();
            if let Some(seer) = &seen_by {
                seen = seer.condition(args.len() + 1);
                args.extend((!seen.is_empty()).then(|| seer.user.to_arg()));
            }
            let columns = format!(
                "{}, t.contact_id, c.name, CASE WHEN 1 = 1{seen} THEN 1 ELSE 0 END",
                Message::COLUMNS
            );
            let sql = messages_in_threads(self.tx.engine(), &columns, piece.len());
            self.tx.for_each(&sql, &args, |row| {
                let message = Message::read(row)?;
                let (contact_id, contact_name) =
                    (row.get(Message::COLUMN_COUNT)?, row.get(Message::COLUMN_COUNT + 1)?);
                let seen = row.get(Message::COLUMN_COUNT + 2)?;
                by_id.insert(message.id, Found { position: 0, message, contact_id, contact_name, seen });
                Ok::<(), crate::Error>(())
            })?;
        }
        let found = hits
            .iter()
            .filter_map(|(ordinal, id)| Some(Found { position: ordinal - start, ..by_id.remove(id)? }));
        Ok(found.collect())
    }
}
