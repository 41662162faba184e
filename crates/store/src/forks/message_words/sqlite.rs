//! FTS5. It walks through the hits from the newest back and stops when the page is full: that is quick
//! for words, and for beginnings of words that have an index of their own (`prefix='2 3 4'`).
//!
//! For a longer beginning it would first put the list of all messages together that have any such word, and
//! that can be half of them. So messages with the first four letters are looked at one by one, whether their texts
//! have the rest too. Where too few have it, it is rarer by far than its first four letters, its list is short, and FTS5 may
//! put it together.

use super::{Hits, Within, number_word};
use crate::{
    Error, Result, Tx, args,
    seam::{Arg, ToArg as _},
    search::{MessageToIndex, Query},
};
use tisara_domain::ThreadId;

/// Letters of the longest beginnings that have an index, see the migrations.
const INDEXED_LETTERS: usize = 4;

pub(super) fn insert(conn: &rusqlite::Connection, rows: &[(i64, &MessageToIndex)]) -> Result<()> {
    let mut statement = conn.prepare_cached("INSERT INTO message_words (rowid, words) VALUES (?1, ?2)")?;
    for (ordinal, message) in rows {
        let words = format!("{} {}", message.words.join(" "), number_word(message.number));
        statement.execute((ordinal, words))?;
    }
    Ok(())
}

pub(super) fn delete(conn: &rusqlite::Connection, ordinals: &[i64]) -> Result<()> {
    let mut statement = conn.prepare_cached("DELETE FROM message_words WHERE rowid = ?1")?;
    for ordinal in ordinals {
        statement.execute([ordinal])?;
    }
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, query: &Query, within: Within, limit: u32) -> Result<Hits> {
    let mut hits = Hits::new();
    let mut before = Some(within.before);
    let is_long = query.beginning().is_some_and(|word| word.chars().nth(INDEXED_LETTERS).is_some());
    if is_long {
        before = look_one_by_one(tx, query, within, limit, &mut hits)?;
    }
    let Some(before) = before else { return Ok(hits) };
    let missing = limit.saturating_sub(u32::try_from(hits.len()).unwrap_or(u32::MAX));
    hits.extend(tx.list(
        "SELECT w.rowid, s.message_id FROM message_words w \
         CROSS JOIN message_search s ON s.org_id = $1 AND s.ordinal = w.rowid \
         WHERE w.message_words MATCH $2 AND w.rowid >= $3 AND w.rowid < $4 ORDER BY w.rowid DESC LIMIT $5",
        args![within.org, fts5(query, within, usize::MAX), within.from, before, missing],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?);
    Ok(hits)
}

/// Adds the newest hits among the messages that have the first letters of a long beginning, and says where to go on
/// with the whole beginning: `None` when nothing is left to be found, or wanted.
fn look_one_by_one(
    tx: &mut Tx<'_>,
    query: &Query,
    within: Within,
    limit: u32,
    hits: &mut Hits,
) -> Result<Option<i64>> {
    let one_in = one_in(within, limit);
    let (mut looked_at, mut go_on) = (0, None);
    let walked = tx.for_each(
        "SELECT w.rowid, m.id, m.text FROM message_words w \
         CROSS JOIN message_search s ON s.org_id = $1 AND s.ordinal = w.rowid \
         CROSS JOIN message m ON m.org_id = $1 AND m.id = s.message_id \
         WHERE w.message_words MATCH $2 AND w.rowid >= $3 AND w.rowid < $4 ORDER BY w.rowid DESC",
        args![within.org, fts5(query, within, INDEXED_LETTERS), within.from, within.before],
        |row| {
            let ordinal: i64 = row.get(0)?;
            looked_at += 1;
            if query.has_beginning(row.get(2)?) {
                hits.push((ordinal, row.get(1)?));
                if hits.len() >= limit as usize {
                    return Err(Stop::Here);
                }
            }
            if looked_at >= HITS_TO_TELL * one_in && hits.len() * one_in < looked_at {
                go_on = Some(ordinal);
                return Err(Stop::Here);
            }
            Ok(())
        },
    );
    ended(walked)?;
    Ok(go_on)
}

/// Hits that must be expected before it is told from them how many there are.
const HITS_TO_TELL: usize = 5;

/// Of how many messages with the first letters one must be a hit, so that looking at them is cheaper than a list of all
/// hits. Looking costs a hundred times what an entry of a list does, for `limit` times as many messages; a list has
/// an entry for each `one_in`th message at most. Both cost the same at the root of their ratio.
fn one_in(within: Within, limit: u32) -> usize {
    const LOOK_COSTS: i64 = 100;
    let messages = within.before.saturating_sub(within.from);
    let ratio = messages / (LOOK_COSTS * i64::from(limit.max(1)));
    usize::try_from(ratio.isqrt()).unwrap_or_default().max(8)
}

/// Why a walk ended before its end.
enum Stop {
    /// It has what it came for, or will not get it.
    Here,
    /// The database was in the way.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Failed(e)
    }
}

/// A walk that stopped where it wanted to has ended well.
fn ended(walked: Result<(), Stop>) -> Result<()> {
    match walked {
        Ok(()) | Err(Stop::Here) => Ok(()),
        Err(Stop::Failed(e)) => Err(e),
    }
}

/// By the texts themselves: asked for one message at a time, FTS5 would put the list of a beginning together each time.
pub(super) fn find_in_thread(
    tx: &mut Tx<'_>,
    query: &Query,
    within: Within,
    thread: ThreadId,
    limit: u32,
) -> Result<Hits> {
    let mut sql = "SELECT s.ordinal, m.id, m.text FROM message_search s \
                   CROSS JOIN message m ON m.org_id = s.org_id AND m.id = s.message_id \
                   WHERE s.org_id = $1 AND s.thread_id = $2 AND s.ordinal >= $3 AND s.ordinal < $4"
        .to_owned();
    let mut args: Vec<Arg<'_>> = args![within.org, thread, within.from, within.before].to_vec();
    if let Some(number) = &within.number {
        args.push(number.to_arg());
        sql.push_str(" AND m.number_id = $5");
    }
    sql.push_str(" ORDER BY s.ordinal DESC");
    let mut hits = Hits::new();
    let walked = tx.for_each(&sql, &args, |row| {
        if hits.len() >= limit as usize {
            return Err(Stop::Here);
        }
        if query.matches(row.get(2)?) {
            hits.push((row.get(0)?, row.get(1)?));
        }
        Ok(())
    });
    ended(walked)?;
    Ok(hits)
}

/// The search in FTS5's language, of a beginning only so many letters. Words hold no quotes, see `search::words`.
fn fts5(query: &Query, within: Within, letters: usize) -> String {
    let terms = query.terms.iter().map(|term| match term.prefix {
        true => {
            let beginning: String = term.words.concat().chars().take(letters).collect();
            format!("\"{beginning}\"*")
        }
        false => format!("\"{}\"", term.words.join(" ")),
    });
    terms.chain(within.number.map(|n| format!("\"{}\"", number_word(n)))).collect::<Vec<_>>().join(" AND ")
}
