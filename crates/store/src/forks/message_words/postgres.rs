//! GIN. It cannot walk: it would fetch all hits, and sort. So PostgreSQL looks at the newest messages one by
//! one, then through the index in stretches that grow: of a word that is hardly in the last 2,000 messages, the
//! last 16,000 have few, and so on.

use super::{Hits, Within, number_word};
use crate::{
    Result, Tx, args,
    seam::{Arg, Pg, ToArg as _},
    search::{MessageToIndex, Query, SPACE_SHIFT, Term},
};
use std::{collections::BTreeMap, fmt::Write as _};
use tisara_domain::{OrgId, ThreadId};

/// The newest messages, which PostgreSQL looks at one by one.
const ONE_BY_ONE: i64 = 2_000;
/// Stretches of 2ⁿ ordinals that have a word of their own.
const STRETCHES: [(u32, char); 2] = [(14, '\u{E001}'), (17, '\u{E002}')];
const SPACE: char = '\u{E003}';
/// The newest messages by which it is judged what is common.
const SAMPLE: i64 = 500;
/// Places that GIN puts together in the time of one look at a message, which may lie on a page of its own.
const PLACES_A_LOOK: i64 = 30;

pub(super) fn insert(mut pg: Pg<'_>, org: OrgId, rows: &[(i64, &MessageToIndex)]) -> Result<()> {
    let ordinals: Vec<Arg<'_>> = rows.iter().map(|(ordinal, _)| ordinal.to_arg()).collect();
    let vectors: Vec<String> = rows.iter().map(|(ordinal, m)| vector(*ordinal, m)).collect();
    pg.execute(
        "INSERT INTO message_words (org_id, ordinal, words) \
         SELECT $1::uuid, n.ordinal, n.words::tsvector FROM unnest($2::bigint[], $3::text[]) AS n (ordinal, words)",
        &[&org.to_arg(), &ordinals, &vectors],
    )?;
    Ok(())
}

/// Into the lists of the words, for all messages of a batch at once: one way down the index for each different word
/// instead of one for each word of each message.
pub(super) fn sort_in(tx: &mut Tx<'_>) -> Result<()> {
    tx.get("SELECT gin_clean_pending_list('message_words_words')", &[], |row| row.get::<i64>(0)).map(drop)
}

/// The text form of a `tsvector`: each word with where it stands.
fn vector(ordinal: i64, message: &MessageToIndex) -> String {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, word) in message.words.iter().enumerate() {
        places.entry(word).or_default().push(i + 1);
    }
    let mut text = format!("'{}' '{SPACE}{:x}'", number_word(message.number), ordinal >> SPACE_SHIFT);
    for (bits, sign) in STRETCHES {
        let _ = write!(text, " '{sign}{:x}'", ordinal >> bits);
    }
    for (word, at) in places {
        let at: Vec<String> = at.iter().map(ToString::to_string).collect();
        let _ = write!(text, " '{word}':{}", at.join(","));
    }
    text
}

pub(super) fn delete(mut pg: Pg<'_>, org: OrgId, ordinals: &[i64]) -> Result<()> {
    pg.execute(
        "DELETE FROM message_words WHERE org_id = $1 AND ordinal = ANY ($2::bigint[])",
        &[&org.to_arg(), &ordinals],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, query: &Query, within: Within, limit: u32) -> Result<Hits> {
    let all = tsquery(&query.terms, within);
    let mut lead = None;
    let mut hits = Hits::new();
    let mut before = within.before;
    let from = within.from.max(before - ONE_BY_ONE);
    hits.extend(tx.list(
        "SELECT w.ordinal, s.message_id FROM (SELECT ordinal, words FROM message_words \
         WHERE org_id = $1 AND ordinal >= $2 AND ordinal < $3 ORDER BY ordinal DESC LIMIT $6) w \
         JOIN message_search s ON s.org_id = $1 AND s.ordinal = w.ordinal \
         WHERE w.words @@ CAST($4 AS TEXT)::tsquery ORDER BY w.ordinal DESC LIMIT $5",
        args![within.org, from, before, all, limit, ONE_BY_ONE],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?);
    before = from;
    let whole = format!("'{SPACE}{:x}'", within.space);
    let stretches = STRETCHES.iter().map(|(bits, sign)| {
        let newest = (within.before - 1) >> bits;
        ((newest - 1) << bits, format!("'{sign}{newest:x}' | '{sign}{:x}'", newest - 1))
    });
    for (from, stretch) in stretches.chain([(within.from, whole)]) {
        let missing = limit.saturating_sub(u32::try_from(hits.len()).unwrap_or(u32::MAX));
        if missing == 0 || before <= within.from {
            break;
        }
        let lead = match &lead {
            Some(lead) => lead,
            None => &*lead.insert(Lead::sampled(tx, query, within)?),
        };
        let leading = lead.over(before - from.max(within.from)).unwrap_or(&all);
        // Materialized: the index of words must lead, whatever the statistics make of it. It is not asked for what
        // must be TRUE.
        hits.extend(tx.list(
            "WITH w AS MATERIALIZED (SELECT org_id, ordinal FROM message_words \
             WHERE words @@ CAST($2 AS TEXT)::tsquery AND words @@ CAST($3 AS TEXT)::tsquery \
             AND (words @@ CAST($6 AS TEXT)::tsquery) IS TRUE) \
             SELECT w.ordinal, s.message_id FROM (SELECT ordinal FROM w WHERE org_id = $1 AND ordinal < $4 \
             ORDER BY ordinal DESC LIMIT $5) w JOIN message_search s ON s.org_id = $1 AND s.ordinal = w.ordinal \
             ORDER BY w.ordinal DESC",
            args![within.org, leading, stretch, before, missing, all],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?);
        before = before.min(from.max(within.from));
    }
    Ok(hits)
}

pub(super) fn find_in_thread(
    tx: &mut Tx<'_>,
    query: &Query,
    within: Within,
    thread: ThreadId,
    limit: u32,
) -> Result<Hits> {
    tx.list(
        "SELECT s.ordinal, s.message_id FROM message_search s \
         JOIN message_words w ON w.org_id = s.org_id AND w.ordinal = s.ordinal \
         WHERE s.org_id = $1 AND s.thread_id = $2 AND s.ordinal >= $3 AND s.ordinal < $4 \
         AND w.words @@ CAST($5 AS TEXT)::tsquery ORDER BY s.ordinal DESC LIMIT $6",
        args![within.org, thread, within.from, within.before, tsquery(&query.terms, within), limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// What the index is asked. For a beginning GIN puts all places of all words together that begin so, whatever else is
/// asked. Where that is dearer than looking at the messages that have the other words, it is not asked for it.
#[derive(Default)]
struct Lead {
    /// The words without the beginning, if there are both.
    words: Option<String>,
    /// Messages with the beginning, and with the words, among the newest [`SAMPLE`].
    with_beginning: i64,
    with_words: i64,
    /// All messages of all organizations, about.
    messages: i64,
}

impl Lead {
    fn sampled(tx: &mut Tx<'_>, query: &Query, within: Within) -> Result<Self> {
        let (beginnings, words): (Vec<Term>, Vec<Term>) = query.terms.iter().cloned().partition(|t| t.prefix);
        if beginnings.is_empty() || words.is_empty() {
            return Ok(Self::default());
        }
        let words = tsquery(&words, within);
        let (with_beginning, with_words, rows): (i64, i64, i64) = tx.get(
            "SELECT count(*) FILTER (WHERE w.words @@ CAST($3 AS TEXT)::tsquery), \
             count(*) FILTER (WHERE w.words @@ CAST($4 AS TEXT)::tsquery), \
             (SELECT c.reltuples::bigint FROM pg_class c WHERE c.oid = 'message_words'::regclass) \
             FROM (SELECT words FROM message_words WHERE org_id = $1 AND ordinal < $2 \
             ORDER BY ordinal DESC LIMIT $5) w",
            args![within.org, within.before, tsquery(&beginnings, within), words, SAMPLE],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        // Without statistics: this organization's.
        let messages = rows.max(within.before - within.from);
        Ok(Self { words: Some(words), with_beginning, with_words, messages })
    }

    /// The words alone, where they are to lead a search through so many messages.
    fn over(&self, messages: i64) -> Option<&String> {
        let places = self.with_beginning.saturating_mul(self.messages);
        // Words that the sample does not have are taken to be in half a message of it.
        let looks = (2 * self.with_words + 1).saturating_mul(messages) / 2;
        self.words.as_ref().filter(|_| places > looks.saturating_mul(PLACES_A_LOOK))
    }
}

/// A search in PostgreSQL's language.
fn tsquery(terms: &[Term], within: Within) -> String {
    let terms = terms.iter().map(|t| {
        let sign = if t.prefix { ":*" } else { "" };
        let words: Vec<String> = t.words.iter().map(|w| format!("'{w}'{sign}")).collect();
        format!("({})", words.join(" <-> "))
    });
    terms.chain(within.number.map(|n| format!("'{}'", number_word(n)))).collect::<Vec<_>>().join(" & ")
}
