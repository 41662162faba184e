//! The index of words: FTS5 on SQLite, a GIN index over `tsvector` on PostgreSQL.
//!
//! Both get words that were split and folded by `search`, so neither's tokenizer has a say. Beside the
//! words of its text a message has some that begin with a private sign and so can stand in no text:
//! its number's, and on PostgreSQL that of the part of a stretch of ordinals that it lies in.

mod postgres;
mod sqlite;

use crate::{
    Engine, Result, Tx,
    seam::Driver,
    search::{MessageToIndex, Query},
};
use std::fmt::Write as _;
use tisara_domain::{MessageId, NumberId, OrgId, ThreadId, id::TypedId as _};

/// Where to look.
#[derive(Clone, Copy)]
pub(crate) struct Within {
    pub org: OrgId,
    /// From this ordinal on, up to before the other.
    pub from: i64,
    pub before: i64,
    pub number: Option<NumberId>,
}

/// What was found: ordinals, and the messages that have them.
pub(crate) type Hits = Vec<(i64, MessageId)>;

const NUMBER: char = '\u{E000}';

fn number_word(number: NumberId) -> String {
    let mut word = String::from(NUMBER);
    for byte in number.to_bytes() {
        let _ = write!(word, "{byte:02x}");
    }
    word
}

/// Adds messages under their ordinals.
pub(crate) fn insert(tx: &mut Tx<'_>, org: OrgId, rows: &[(i64, &MessageToIndex)]) -> Result<()> {
    match tx.driver()? {
        Driver::Sqlite(conn) => sqlite::insert(conn, rows),
        Driver::Postgres(pg) => postgres::insert(pg, org, rows),
    }
}

/// Sorts what was added lately in among the rest.
pub(crate) fn sort_in(tx: &mut Tx<'_>) -> Result<()> {
    match tx.engine() {
        // FTS5 does it by and by, as it is written to.
        Engine::Sqlite => Ok(()),
        Engine::Postgres => postgres::sort_in(tx),
    }
}

/// Takes messages out.
pub(crate) fn delete(tx: &mut Tx<'_>, org: OrgId, ordinals: &[i64]) -> Result<()> {
    match tx.driver()? {
        Driver::Sqlite(conn) => sqlite::delete(conn, ordinals),
        Driver::Postgres(pg) => postgres::delete(pg, org, ordinals),
    }
}

/// Up to `limit` messages with these words, the newest first.
pub(crate) fn find(tx: &mut Tx<'_>, query: &Query, within: Within, limit: u32) -> Result<Hits> {
    match tx.engine() {
        Engine::Sqlite => sqlite::find(tx, query, within, limit),
        Engine::Postgres => postgres::find(tx, query, within, limit),
    }
}

/// The same within one thread, by way of its few messages.
pub(crate) fn find_in_thread(
    tx: &mut Tx<'_>,
    query: &Query,
    within: Within,
    thread: ThreadId,
    limit: u32,
) -> Result<Hits> {
    match tx.engine() {
        Engine::Sqlite => sqlite::find_in_thread(tx, query, within, thread, limit),
        Engine::Postgres => postgres::find_in_thread(tx, query, within, thread, limit),
    }
}
