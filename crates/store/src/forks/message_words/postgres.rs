//! GIN. It cannot walk: it would fetch all hits, and sort; and for a beginning it puts together all places of all
//! words that begin so. So a word has a list of its own for every stretch of messages, and PostgreSQL looks at the
//! newest messages one by one, then through the stretches, the newest first: of a word that is hardly in the last
//! 2,000 messages, the last 16,000 have few, and so on. What a search costs depends on the stretches it needs, not on
//! how many messages there are, nor on other organizations: a stretch is of one.

use super::{Hits, Within, number_word};
use crate::{
    Result, Tx, args,
    seam::{Arg, Pg, ToArg as _},
    search::{MessageToIndex, Query, Term},
};
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};
use tisara_domain::{MessageId, OrgId, ThreadId};

/// A stretch has 2ⁿ ordinals.
const STRETCH_SHIFT: u32 = 17;
const STRETCH_LEN: i64 = 1 << STRETCH_SHIFT;
/// A part of a stretch has so many, and a word of its own.
const PART_SHIFT: u32 = 14;
const PART: char = '\u{E001}';
/// Stands in a query where the name of a stretch belongs.
const STRETCH: char = '\u{E002}';
/// The newest messages: PostgreSQL looks at them one by one, and judges by them what is common.
const NEWEST: i64 = 2_000;
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

/// The text form of a `tsvector`: each word behind the name of its stretch, with where it stands.
fn vector(ordinal: i64, message: &MessageToIndex) -> String {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, word) in message.words.iter().enumerate() {
        places.entry(word).or_default().push(i + 1);
    }
    let stretch = Stretch::of(ordinal);
    let mut text =
        format!("'{stretch}{}' '{}'", number_word(message.number), part_word(ordinal >> PART_SHIFT));
    for (word, at) in places {
        let at: Vec<String> = at.iter().map(ToString::to_string).collect();
        let _ = write!(text, " '{stretch}{word}':{}", at.join(","));
    }
    text
}

/// A stretch of ordinals. Its name stands before each of its words; in SQL it is `to_hex(ordinal >> 17) || '.'`.
#[derive(Clone, Copy)]
struct Stretch(i64);

impl Stretch {
    fn of(ordinal: i64) -> Self {
        Self(ordinal >> STRETCH_SHIFT)
    }

    /// Those with ordinals from `from` to before `before`, the newest first.
    fn between(from: i64, before: i64) -> impl Iterator<Item = Self> {
        (Self::of(from).0..=Self::of(before - 1).0).rev().map(Self)
    }
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.", self.0)
    }
}

fn part_word(part: i64) -> String {
    format!("{}{PART}{part:x}", Stretch::of(part << PART_SHIFT))
}

pub(super) fn delete(mut pg: Pg<'_>, org: OrgId, ordinals: &[i64]) -> Result<()> {
    pg.execute(
        "DELETE FROM message_words WHERE org_id = $1 AND ordinal = ANY ($2::bigint[])",
        &[&org.to_arg(), &ordinals],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, query: &Query, within: Within, limit: u32) -> Result<Hits> {
    let whole = Words::of(&query.terms, within);
    let mut before = within.from.max(within.before - NEWEST);
    let (mut hits, fewer) = newest(tx, query, &whole, Within { from: before, ..within }, limit)?;
    let leading = fewer.as_ref().unwrap_or(&whole);
    while hits.len() < limit as usize && before > within.from {
        let (looked_at, missing) = (within.before - before, i64::from(limit) - hits.len() as i64);
        let (from, parts) = match looked_at <= NEWEST {
            true => {
                let part = (before - 1) >> PART_SHIFT;
                ((part - 1) << PART_SHIFT, format!(" & ('{}' | '{}')", part_word(part), part_word(part - 1)))
            }
            false => {
                let from = before - step(looked_at, hits.len() as i64, missing);
                (from >> STRETCH_SHIFT << STRETCH_SHIFT, String::new())
            }
        };
        let from = from.max(within.from);
        let (lead, all): (Vec<String>, Vec<String>) = Stretch::between(from, before)
            .map(|stretch| (leading.in_stretch(stretch) + &parts, whole.in_stretch(stretch)))
            .unzip();
        // Materialized: the index of words must lead, whatever the statistics make of it. It is not asked for what
        // must be TRUE.
        hits.extend(tx.list(
            "SELECT w.ordinal, s.message_id FROM (SELECT found.ordinal \
             FROM unnest(string_to_array($2, chr(10)), string_to_array($3, chr(10))) AS stretch (lead, whole) \
             CROSS JOIN LATERAL (WITH found AS MATERIALIZED (SELECT org_id, ordinal FROM message_words \
             WHERE words @@ stretch.lead::tsquery AND (words @@ stretch.whole::tsquery) IS TRUE) \
             SELECT ordinal FROM found WHERE org_id = $1 AND ordinal < $4 ORDER BY ordinal DESC LIMIT $5) found \
             ORDER BY found.ordinal DESC LIMIT $5) w \
             JOIN message_search s ON s.org_id = $1 AND s.ordinal = w.ordinal ORDER BY w.ordinal DESC",
            args![within.org, lead.join("\n"), all.join("\n"), before, missing],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?);
        before = from;
    }
    Ok(hits)
}

/// How many older messages to look through next, when so many hits were found in those looked at, and so many are missing:
/// the index gives all that there are in a step. Where none was found, more each time.
fn step(looked_at: i64, found: i64, missing: i64) -> i64 {
    let longest = STRETCH_LEN.max(2 * looked_at);
    (looked_at * missing * 3 / 2).checked_div(found).unwrap_or(longest).clamp(1, longest)
}

/// Among the newest messages, all that are within, one by one; and, where the index had better be asked about fewer words for
/// the older ones, those.
///
/// For a beginning GIN puts all places of all words together that begin so, whatever else is asked. Where that is dearer
/// than looking at the messages that have the other words, it is not asked for it.
fn newest(
    tx: &mut Tx<'_>,
    query: &Query,
    whole: &Words,
    within: Within,
    limit: u32,
) -> Result<(Hits, Option<Words>)> {
    let (beginnings, words): (Vec<Term>, Vec<Term>) = query.terms.iter().cloned().partition(|t| t.prefix);
    if beginnings.is_empty() || words.is_empty() {
        let hits = tx.list(
            "SELECT w.ordinal, s.message_id FROM (SELECT ordinal, words FROM message_words \
             WHERE org_id = $1 AND ordinal >= $2 AND ordinal < $3 ORDER BY ordinal DESC LIMIT $6) w \
             JOIN message_search s ON s.org_id = $1 AND s.ordinal = w.ordinal \
             WHERE w.words @@ CAST($4 AS TEXT)::tsquery ORDER BY w.ordinal DESC LIMIT $5",
            args![within.org, within.from, within.before, whole.between(within), limit, NEWEST],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        return Ok((hits, None));
    }
    let (beginnings, words) = (Words::of(&beginnings, within), Words::of(&words, within));
    // The last row says how many have either. It counts none where there are hits enough.
    let mut rows: Vec<(Option<i64>, Option<MessageId>, i64, i64)> = tx.list(
        "WITH newest AS MATERIALIZED (SELECT ordinal, words @@ CAST($4 AS TEXT)::tsquery AS begins, \
         words @@ CAST($5 AS TEXT)::tsquery AS has FROM message_words \
         WHERE org_id = $1 AND ordinal >= $2 AND ordinal < $3 ORDER BY ordinal DESC LIMIT $7), \
         hit AS MATERIALIZED (SELECT ordinal FROM newest WHERE begins AND has LIMIT $6) \
         SELECT hit.ordinal AS ordinal, s.message_id, 0 AS with_beginning, 0 AS with_words \
         FROM hit JOIN message_search s ON s.org_id = $1 AND s.ordinal = hit.ordinal UNION ALL \
         SELECT NULL, NULL, count(*) FILTER (WHERE begins), count(*) FILTER (WHERE has) FROM newest \
         WHERE (SELECT count(*) FROM hit) < $6 ORDER BY ordinal DESC NULLS LAST",
        args![
            within.org,
            within.from,
            within.before,
            beginnings.between(within),
            words.between(within),
            limit,
            NEWEST
        ],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let (with_beginning, with_words) = rows.pop().map_or((0, 0), |(_, _, begin, have)| (begin, have));
    let hits = rows.into_iter().filter_map(|(ordinal, message, ..)| ordinal.zip(message)).collect();
    // Words that none of them has are taken to be in half a message.
    let looks = (2 * with_words + 1) * PLACES_A_LOOK / 2;
    Ok((hits, (with_beginning > looks).then_some(words)))
}

pub(super) fn find_in_thread(
    tx: &mut Tx<'_>,
    query: &Query,
    within: Within,
    thread: ThreadId,
    limit: u32,
) -> Result<Hits> {
    let (Words(words), stretch) = (Words::of(&query.terms, within), STRETCH.to_string());
    tx.list(
        "SELECT s.ordinal, s.message_id FROM message_search s \
         JOIN message_words w ON w.org_id = s.org_id AND w.ordinal = s.ordinal \
         WHERE s.org_id = $1 AND s.thread_id = $2 AND s.ordinal >= $3 AND s.ordinal < $4 \
         AND w.words @@ replace($5, $6, to_hex(s.ordinal >> CAST($7 AS INT)) || '.')::tsquery \
         ORDER BY s.ordinal DESC LIMIT $8",
        args![within.org, thread, within.from, within.before, words, stretch, STRETCH_SHIFT, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// A search in PostgreSQL's language, with [`STRETCH`] before each word.
struct Words(String);

impl Words {
    fn of(terms: &[Term], within: Within) -> Self {
        let terms = terms.iter().map(|t| {
            let sign = if t.prefix { ":*" } else { "" };
            let words: Vec<String> = t.words.iter().map(|w| format!("'{STRETCH}{w}'{sign}")).collect();
            format!("({})", words.join(" <-> "))
        });
        let number = within.number.map(|n| format!("'{STRETCH}{}'", number_word(n)));
        Self(terms.chain(number).collect::<Vec<_>>().join(" & "))
    }

    fn in_stretch(&self, stretch: Stretch) -> String {
        self.0.replace(STRETCH, &stretch.to_string())
    }

    fn between(&self, within: Within) -> String {
        let stretches = Stretch::between(within.from, within.before)
            .map(|stretch| format!("({})", self.in_stretch(stretch)));
        stretches.collect::<Vec<_>>().join(" | ")
    }
}
