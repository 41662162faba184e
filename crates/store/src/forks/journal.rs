//! Keeping webhooks, reading those of the list and taking them off it, many at a time.

use crate::{
    journal::{Entry, NewEntry},
    seam::{Driver, Result, Tx},
};
use std::ops::RangeInclusive;
use tisara_domain::Timestamp;

/// Keeps entries in their order and notes that their effects are still to come.
pub(crate) fn append(tx: &mut Tx<'_>, entries: &[NewEntry]) -> Result<()> {
    match tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut keep =
                conn.prepare_cached("INSERT INTO journal (waba, received_at, body) VALUES (?1, ?2, ?3)")?;
            let mut note = conn.prepare_cached("INSERT INTO journal_todo (id) VALUES (?1)")?;
            for entry in entries {
                keep.execute((&entry.waba, entry.received_at.0, &*entry.body))?;
                note.execute([conn.last_insert_rowid()])?;
            }
        }
        Driver::Postgres(mut pg) => {
            let wabas: Vec<Option<&str>> = entries.iter().map(|e| e.waba.as_deref()).collect();
            let moments: Vec<i64> = entries.iter().map(|e| e.received_at.0).collect();
            let bodies: Vec<&[u8]> = entries.iter().map(|e| &*e.body).collect();
            pg.execute(
                "WITH kept AS (INSERT INTO journal (waba, received_at, body) \
                 SELECT n.waba, n.received_at, n.body \
                 FROM unnest($1::text[], $2::bigint[], $3::bytea[]) WITH ORDINALITY AS n (waba, received_at, body, place) \
                 ORDER BY n.place RETURNING id) INSERT INTO journal_todo (id) SELECT id FROM kept",
                &[&wabas, &moments, &bodies],
            )?;
        }
    }
    Ok(())
}

/// The first entries of the list that are not among `but`: at most `limit`, and none behind those that have
/// `bytes_max` together.
pub(crate) fn list_todo(
    tx: &mut Tx<'_>,
    but: Option<RangeInclusive<i64>>,
    limit: u32,
    bytes_max: u64,
) -> Result<Vec<Entry>> {
    let (first, last) = but.map_or((0, -1), RangeInclusive::into_inner);
    let mut entries = Vec::new();
    match tx.driver()? {
        Driver::Sqlite(conn) => {
            // The plus keeps SQLite to the order of the key, so that it can stop when there is enough.
            let mut select = conn.prepare_cached(
                "SELECT t.id, j.received_at, j.body FROM journal_todo t CROSS JOIN journal j ON j.id = t.id \
                 WHERE +t.id < ?1 OR +t.id > ?2 ORDER BY t.id LIMIT ?3",
            )?;
            let mut rows = select.query((first, last, limit))?;
            let mut bytes = 0;
            while bytes < bytes_max
                && let Some(row) = rows.next()?
            {
                let body: Vec<u8> = row.get(2)?;
                bytes += body.len() as u64;
                entries.push(Entry { id: row.get(0)?, received_at: Timestamp(row.get(1)?), body });
            }
        }
        Driver::Postgres(mut pg) => {
            // Looked up one by one, not joined: PostgreSQL would read the journal from its beginning beside the list. And by
            // the order of their ids, which only the key has: the index of an account's entries holds ids too, and where
            // statistics say that the journal is empty, going through all of it looks as cheap. What is long stands elsewhere
            // and is not read for its length.
            let found = pg.query(
                "SELECT n.id, n.received_at, n.body FROM (SELECT t.id, j.received_at, j.body, \
                 (sum(length(j.body)) OVER (ORDER BY t.id) - length(j.body))::bigint AS before FROM (\
                 SELECT id FROM journal_todo WHERE id < $1 OR id > $2 ORDER BY id LIMIT $3) t \
                 CROSS JOIN LATERAL (SELECT j.id, j.received_at, j.body FROM journal j WHERE j.id >= t.id \
                 ORDER BY j.id LIMIT 1) j WHERE j.id = t.id) n WHERE n.before < $4 ORDER BY n.id",
                &[&first, &last, &i64::from(limit), &i64::try_from(bytes_max).unwrap_or(i64::MAX)],
            )?;
            for row in found {
                let received_at = Timestamp(row.try_get(1)?);
                entries.push(Entry { id: row.try_get(0)?, received_at, body: row.try_get(2)? });
            }
        }
    }
    Ok(entries)
}

/// Takes entries off the list; says how many of them were on it.
pub(crate) fn finish(tx: &mut Tx<'_>, ids: &[i64]) -> Result<u64> {
    match tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut finish = conn.prepare_cached("DELETE FROM journal_todo WHERE id = ?1")?;
            ids.iter().try_fold(0, |n, id| Ok(n + finish.execute([id])? as u64))
        }
        Driver::Postgres(mut pg) => {
            pg.execute("DELETE FROM journal_todo WHERE id = ANY ($1::bigint[])", &[&ids])
        }
    }
}
