//! Keeping webhooks and taking them off the list, many at a time.

use crate::{
    journal::NewEntry,
    seam::{Driver, Result, Tx},
};

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
