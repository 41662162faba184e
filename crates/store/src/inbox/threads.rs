//! Threads and their conversations.

use super::{Conversation, ConversationState};
use crate::{
    Error, OrgTx, Result, args,
    forks::{BulkInsert, Lookup, page_of_threads},
    keys::last,
    seam::{Arg, Row, ToArg as _},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tisara_domain::{ContactId, ConversationId, NumberId, ThreadId, Timestamp, UserId, Visibility};

/// All messages between a contact and a number, as the list of threads shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub id: ThreadId,
    /// With whom.
    pub contact_id: ContactId,
    /// From which of our numbers.
    pub number_id: NumberId,
    /// When the newest message came or went.
    pub last_message_at: Timestamp,
    /// When the contact last wrote. Meta: free text may be sent until 24 hours later.
    pub last_inbound_at: Option<Timestamp>,
    /// The beginning of the newest message.
    pub last_line: String,
    /// Messages of the contact that nobody has seen.
    pub unread: i64,
    /// The conversation that is open, if one is.
    pub conversation_id: Option<ConversationId>,
    /// The member who sees to it.
    pub assigned_to: Option<UserId>,
    /// The contact's name; may be empty.
    pub contact_name: String,
    /// The contact's number, if known.
    pub contact_phone: Option<String>,
}

/// Which threads to list. All given conditions must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadFilter {
    /// Only those with an open conversation.
    pub open: bool,
    /// Only those with messages that nobody has seen.
    pub unread: bool,
    /// Only those of one of our numbers.
    pub number: Option<NumberId>,
    /// Only those that this member may see.
    pub seen_by: Option<Seer>,
}

/// A member who looks, and how far they see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seer {
    /// Who.
    pub user: UserId,
    /// Whose threads they see.
    pub visibility: Visibility,
}

impl Seer {
    /// What the thread `t` must fulfil, where `$n` is the member and `$1` the organization; empty for who sees
    /// all.
    pub(crate) fn condition(self, n: usize) -> String {
        match self.visibility {
            Visibility::All => String::new(),
            Visibility::Own => format!(" AND t.assigned_to = ${n}"),
            Visibility::Team => format!(
                " AND (t.assigned_to IS NULL OR t.assigned_to = ${n} OR EXISTS (SELECT 1 FROM team_member a \
                 JOIN team_member b ON b.org_id = a.org_id AND b.team_id = a.team_id \
                 WHERE a.org_id = $1 AND a.user_id = ${n} AND b.user_id = t.assigned_to))"
            ),
        }
    }
}

/// Where a page of threads ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ThreadCursor {
    /// The last thread's newest message.
    pub at: Timestamp,
    /// The last thread.
    pub id: ThreadId,
}

impl Thread {
    /// The cursor behind this thread.
    #[must_use]
    pub const fn cursor(&self) -> ThreadCursor {
        ThreadCursor { at: self.last_message_at, id: self.id }
    }
}

/// A thread that is to be there.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewThread {
    /// The id it gets if it is new.
    pub id: ThreadId,
    pub contact: ContactId,
    pub number: NumberId,
    pub now: Timestamp,
}

impl NewThread {
    const fn key(&self) -> (ContactId, NumberId) {
        (self.contact, self.number)
    }
}

const OF_CONTACTS: Lookup = Lookup {
    columns: "contact_id, id",
    table: "thread",
    also: "AND number_id = $2",
    by: ("contact_id", "uuid"),
};
const THREADS: BulkInsert<6> = BulkInsert {
    table: "thread",
    columns: [
        ("id", "uuid"),
        ("contact_id", "uuid"),
        ("number_id", "uuid"),
        ("last_message_at", "bigint"),
        ("last_line", "text"),
        ("unread", "bigint"),
    ],
    conflict: "ON CONFLICT (org_id, contact_id, number_id) DO NOTHING",
};

const COLUMNS: &str = "t.id, t.contact_id, t.number_id, t.last_message_at, t.last_inbound_at, t.last_line, \
                       t.unread, t.conversation_id, t.assigned_to, c.name, c.phone";
/// What follows the columns of a thread that is not one of a page.
const OF_ORG: &str = "FROM thread t JOIN contact c ON c.org_id = t.org_id AND c.id = t.contact_id \
                      WHERE t.org_id = $1";

fn read(row: &Row<'_>) -> Result<Thread> {
    Ok(Thread {
        id: row.get(0)?,
        contact_id: row.get(1)?,
        number_id: row.get(2)?,
        last_message_at: row.get(3)?,
        last_inbound_at: row.get(4)?,
        last_line: row.get(5)?,
        unread: row.get(6)?,
        conversation_id: row.get(7)?,
        assigned_to: row.get(8)?,
        contact_name: row.get(9)?,
        contact_phone: row.get(10)?,
    })
}

impl OrgTx<'_, '_> {
    /// The thread of a contact and a number; if there is none yet, `new_id` becomes it.
    ///
    /// # Errors
    /// As the database says.
    pub fn upsert_thread(
        &mut self,
        contact: ContactId,
        number: NumberId,
        now: Timestamp,
        new_id: ThreadId,
    ) -> Result<ThreadId> {
        let found = self.upsert_threads(&[NewThread { id: new_id, contact, number, now }])?;
        found.first().copied().ok_or_else(met_another)
    }

    /// The threads of these contacts and numbers, one each; the first of those that have none yet becomes it.
    pub(super) fn upsert_threads(&mut self, wanted: &[NewThread]) -> Result<Vec<ThreadId>> {
        let mut known = HashMap::with_capacity(wanted.len());
        self.find_threads(wanted.iter(), &mut known)?;
        let mut seen = HashSet::new();
        let missing: Vec<&NewThread> =
            wanted.iter().filter(|t| !known.contains_key(&t.key()) && seen.insert(t.key())).collect();
        let rows: Vec<[Arg<'_>; 6]> = missing
            .iter()
            .map(|t| {
                let (line, unread) = ("".to_arg(), Arg::Int(Some(0)));
                [t.id.to_arg(), t.contact.to_arg(), t.number.to_arg(), t.now.to_arg(), line, unread]
            })
            .collect();
        let is_new = THREADS.run_and_tell(self.tx, self.org, &rows)?;
        known.extend(missing.iter().zip(&is_new).filter(|(_, new)| **new).map(|(t, _)| (t.key(), t.id)));
        if is_new.contains(&false) {
            // Another transaction was faster.
            self.find_threads(missing.into_iter(), &mut known)?;
        }
        wanted.iter().map(|t| known.get(&t.key()).copied().ok_or_else(met_another)).collect()
    }

    fn find_threads<'t>(
        &mut self,
        wanted: impl Iterator<Item = &'t NewThread>,
        known: &mut HashMap<(ContactId, NumberId), ThreadId>,
    ) -> Result<()> {
        let mut by_number: BTreeMap<NumberId, BTreeSet<ContactId>> = BTreeMap::new();
        for thread in wanted {
            by_number.entry(thread.number).or_default().insert(thread.contact);
        }
        for (number, contacts) in by_number {
            let contacts: Vec<Arg<'_>> = contacts.iter().map(|contact| contact.to_arg()).collect();
            OF_CONTACTS.for_each(self, args![number], &contacts, |row| {
                known.insert((row.get(0)?, number), row.get(1)?);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The thread of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_thread(&mut self, id: ThreadId) -> Result<Option<Thread>> {
        self.tx.find(&format!("SELECT {COLUMNS} {OF_ORG} AND t.id = $2"), args![self.org, id], read)
    }

    /// The threads of a contact, one a number, newest first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_contact_threads(&mut self, contact: ContactId) -> Result<Vec<Thread>> {
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} {OF_ORG} AND t.contact_id = $2 ORDER BY t.last_message_at DESC, t.id DESC"
            ),
            args![self.org, contact],
            read,
        )
    }

    /// Up to `limit` threads that pass the filter, the one with the newest message first, from behind
    /// `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_threads(
        &mut self,
        filter: ThreadFilter,
        after: Option<ThreadCursor>,
        limit: u32,
    ) -> Result<Vec<Thread>> {
        let before = after.unwrap_or(ThreadCursor { at: Timestamp(i64::MAX), id: last() });
        let org = self.org;
        let mut args = args![org, before.at, before.id, limit].to_vec();
        let mut which = " AND (t.last_message_at, t.id) < ($2, $3)".to_owned();
        if filter.open {
            which.push_str(" AND t.conversation_id IS NOT NULL");
        }
        if filter.unread {
            which.push_str(" AND t.unread > 0");
        }
        if let Some(number) = &filter.number {
            args.push(number.to_arg());
            which.push_str(" AND t.number_id = $5");
        }
        if let Some(seer) = &filter.seen_by
            && seer.visibility != Visibility::All
        {
            args.push(seer.user.to_arg());
            which.push_str(&seer.condition(args.len()));
        }
        let sql = page_of_threads(self.tx.engine(), COLUMNS, &which);
        self.list_in_order(&sql, &args, read)
    }

    /// The thread of that id, if this member may see it.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_thread_seen(&mut self, id: ThreadId, by: Option<Seer>) -> Result<Option<Thread>> {
        let Some(seer) = by.filter(|seer| seer.visibility != Visibility::All) else {
            return self.find_thread(id);
        };
        let sql = format!("SELECT {COLUMNS} {OF_ORG} AND t.id = $2{}", seer.condition(3));
        self.tx.find(&sql, args![self.org, id, seer.user], read)
    }

    /// Says who sees to a thread. `false` when there is no such thread.
    ///
    /// # Errors
    /// As the database says.
    pub fn assign_thread(&mut self, id: ThreadId, to: Option<UserId>) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE thread SET assigned_to = $3 WHERE org_id = $1 AND id = $2",
            args![self.org, id, to],
        )?;
        Ok(changed == 1)
    }

    /// Notes that somebody has seen all of a thread. `false` when there was nothing unseen.
    ///
    /// # Errors
    /// As the database says.
    pub fn mark_thread_read(&mut self, id: ThreadId) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE thread SET unread = 0 WHERE org_id = $1 AND id = $2 AND unread > 0",
            args![self.org, id],
        )?;
        Ok(changed == 1)
    }

    /// Opens a conversation in a thread that has none open. Gives the one that is open then; `None`
    /// when there is no such thread.
    ///
    /// # Errors
    /// As the database says.
    pub fn open_conversation(
        &mut self,
        thread: ThreadId,
        now: Timestamp,
        new_id: ConversationId,
    ) -> Result<Option<ConversationId>> {
        let open = self.tx.find(
            "UPDATE thread SET conversation_id = COALESCE(conversation_id, $3) \
             WHERE org_id = $1 AND id = $2 RETURNING conversation_id",
            args![self.org, thread, new_id],
            |row| row.get::<ConversationId>(0),
        )?;
        if open == Some(new_id) {
            self.tx.execute(
                "INSERT INTO conversation (org_id, id, thread_id, state, opened_at) VALUES ($1, $2, $3, $4, $5)",
                args![self.org, new_id, thread, ConversationState::Open, now],
            )?;
        }
        Ok(open)
    }

    /// Marks a conversation as seen to. `false` when it was already, or there is none.
    ///
    /// # Errors
    /// As the database says.
    pub fn resolve_conversation(&mut self, id: ConversationId, now: Timestamp) -> Result<bool> {
        let thread = self.tx.find(
            "UPDATE conversation SET state = 'resolved', resolved_at = $3 \
             WHERE org_id = $1 AND id = $2 AND state = 'open' RETURNING thread_id",
            args![self.org, id, now],
            |row| row.get::<ThreadId>(0),
        )?;
        let Some(thread) = thread else { return Ok(false) };
        self.tx.execute(
            "UPDATE thread SET conversation_id = NULL WHERE org_id = $1 AND id = $2 AND conversation_id = $3",
            args![self.org, thread, id],
        )?;
        Ok(true)
    }

    /// The conversation of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>> {
        self.tx.find(
            "SELECT id, thread_id, state, opened_at, resolved_at FROM conversation WHERE org_id = $1 AND id = $2",
            args![self.org, id],
            |row| {
                Ok(Conversation {
                    id: row.get(0)?,
                    thread_id: row.get(1)?,
                    state: row.get(2)?,
                    opened_at: row.get(3)?,
                    resolved_at: row.get(4)?,
                })
            },
        )
    }
}

/// A thread was there when another was to be made and is not there any more: somebody erased its contact.
fn met_another() -> Error {
    Error::Conflict("a thread was being made and erased elsewhere".to_owned())
}
