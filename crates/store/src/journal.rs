//! The journal: every webhook as it came, kept before it is answered, applied afterwards.

use crate::{
    args, forks,
    seam::{OrgTx, Result, Row, Tx},
};
use bytes::Bytes;
use std::ops::RangeInclusive;
use tisara_domain::Timestamp;

/// A webhook body to be kept: the part of a request that concerns one WABA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Meta's id of the WABA; `None` when the body could not be read that far.
    pub waba: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// The bytes.
    pub body: Bytes,
}

/// A kept webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number; later ones are higher.
    pub id: i64,
    /// When it came.
    pub received_at: Timestamp,
    /// The bytes.
    pub body: Vec<u8>,
}

/// A line of the journal as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryLine {
    /// Its number.
    pub id: i64,
    /// When it came.
    pub received_at: Timestamp,
    /// Size of the body in bytes.
    pub bytes: i64,
    /// Whether its effects are still to come.
    pub waiting: bool,
    /// Why it was set aside, if it was.
    pub error: Option<String>,
}

impl Tx<'_> {
    /// Keeps entries, in their order.
    ///
    /// # Errors
    /// As the database says; then nothing was kept and Meta must be told so.
    pub fn append_journal(&mut self, entries: &[NewEntry]) -> Result<()> {
        forks::journal::append(self, entries)
    }

    /// The oldest entries whose effects are still to come, but for those `being_applied`: at most `limit`, and
    /// no more of them than have about `bytes_max` together (one at least).
    ///
    /// # Errors
    /// As the database says.
    pub fn list_journal_todo(
        &mut self,
        being_applied: Option<RangeInclusive<i64>>,
        limit: u32,
        bytes_max: u64,
    ) -> Result<Vec<Entry>> {
        forks::journal::list_todo(self, being_applied, limit, bytes_max)
    }

    /// Takes entries off the list, in the transaction that applies them; false when somebody else has
    /// done so with one of them: then nothing of them may be applied.
    ///
    /// # Errors
    /// As the database says.
    pub fn finish_journal_entries(&mut self, ids: &[i64]) -> Result<bool> {
        Ok(forks::journal::finish(self, ids)? == ids.len() as u64)
    }

    /// Sets an entry aside with what went wrong.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_journal_entry_aside(&mut self, id: i64, error: &str, now: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO journal_failed (id, waba, at, error) SELECT id, waba, $2, $3 FROM journal WHERE id = $1 \
             ON CONFLICT (id) DO UPDATE SET at = excluded.at, error = excluded.error",
            args![id, now, error],
        )?;
        self.execute("DELETE FROM journal_todo WHERE id = $1", args![id])?;
        Ok(())
    }

    /// When the oldest entry came whose effects are still to come; `None` when all are applied.
    ///
    /// # Errors
    /// As the database says.
    pub fn journal_waits_since(&mut self) -> Result<Option<Timestamp>> {
        self.find(
            "SELECT (SELECT j.received_at FROM journal j WHERE j.id = t.id) FROM journal_todo t ORDER BY t.id LIMIT 1",
            &[],
            |r| r.get(0),
        )
    }

    /// Drops applied entries that came before `before`, at most `limit` of them; says how many.
    /// Entries that wait or were set aside stay.
    ///
    /// # Errors
    /// As the database says.
    pub fn trim_journal(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        self.execute(
            "DELETE FROM journal WHERE id IN (SELECT j.id FROM journal j WHERE j.received_at < $1 \
             AND NOT EXISTS (SELECT 1 FROM journal_todo t WHERE t.id = j.id) \
             AND NOT EXISTS (SELECT 1 FROM journal_failed f WHERE f.id = j.id) ORDER BY j.received_at LIMIT $2)",
            args![before, limit],
        )
    }
}

const LINE: &str = "SELECT j.id, j.received_at, CAST(length(j.body) AS BIGINT), \
                    (SELECT count(*) FROM journal_todo t WHERE t.id = j.id), f.error \
                    FROM journal j JOIN waba w ON w.meta_id = j.waba AND w.org_id = $1 \
                    LEFT JOIN journal_failed f ON f.id = j.id";

fn line(r: &Row<'_>) -> Result<EntryLine> {
    Ok(EntryLine {
        id: r.get(0)?,
        received_at: r.get(1)?,
        bytes: r.get(2)?,
        waiting: r.get(3)?,
        error: r.get(4)?,
    })
}

impl OrgTx<'_, '_> {
    /// A page of the entries that concern this organization's WABAs, newest first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_journal(
        &mut self,
        only_failed: bool,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<EntryLine>> {
        let failed = if only_failed { " AND f.id IS NOT NULL" } else { "" };
        let sql = format!("{LINE} WHERE j.id < $2{failed} ORDER BY j.id DESC LIMIT $3");
        self.tx.list(&sql, args![self.org, before.unwrap_or(i64::MAX), limit], line)
    }

    /// One entry with its body, if it concerns one of this organization's WABAs.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_journal_entry(&mut self, id: i64) -> Result<Option<(EntryLine, Vec<u8>)>> {
        let sql = format!("{LINE} WHERE j.id = $2");
        let Some(line) = self.tx.find(&sql, args![self.org, id], line)? else {
            return Ok(None);
        };
        let body = self.tx.get("SELECT body FROM journal WHERE id = $1", args![id], |r| r.get(0))?;
        Ok(Some((line, body)))
    }

    /// Puts an entry on the list again; false when it is not this organization's. Effects that were
    /// had before are not had twice.
    ///
    /// # Errors
    /// As the database says.
    pub fn replay_journal_entry(&mut self, id: i64) -> Result<bool> {
        if self.find_journal_entry(id)?.is_none() {
            return Ok(false);
        }
        self.tx.execute("DELETE FROM journal_failed WHERE id = $1", args![id])?;
        self.tx
            .execute("INSERT INTO journal_todo (id) VALUES ($1) ON CONFLICT (id) DO NOTHING", args![id])?;
        Ok(true)
    }
}
