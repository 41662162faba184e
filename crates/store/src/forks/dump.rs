//! Whole tables out and in: streamed on PostgreSQL, so that none has to fit in memory; a statement a row on
//! SQLite.

use crate::{
    args,
    seam::{Arg, Driver, Engine, Error, Result, Row, Tx},
};
use postgres::{binary_copy::BinaryCopyInWriter, fallible_iterator::FallibleIterator as _};
use postgres_types::ToSql;

/// Tables that are made from others: the index of messages. A backup leaves them out, see [`make_derived`].
const DERIVED: &[&str] = &["message_index", "message_search", "message_unindexed", "message_words"];

/// Our tables with their columns, each in an order that does not change. What the migrations note of
/// themselves is left out, and what is made from other tables.
pub(crate) fn tables(tx: &mut Tx<'_>) -> Result<Vec<(String, Vec<String>)>> {
    // Tables inside of SQLite's own index are not of the type `table`.
    let (tables, columns) = match tx.engine() {
        Engine::Sqlite => (
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'migration' ORDER BY name",
            "SELECT name FROM pragma_table_info($1) ORDER BY cid",
        ),
        Engine::Postgres => (
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'migration' \
             ORDER BY tablename COLLATE \"C\"",
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() \
             AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position",
        ),
    };
    let names = tx.list(tables, &[], |r| r.get::<String>(0))?;
    names
        .into_iter()
        .filter(|name| !DERIVED.contains(&name.as_str()))
        .map(|name| {
            let columns = tx.list(columns, args![name], |r| r.get(0))?;
            Ok((name, columns))
        })
        .collect()
}

/// Names come from the catalogue or are held against it; quoted all the same.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ")
}

/// Calls `each` for every row of a table.
pub(crate) fn for_each_row<E: From<Error>>(
    tx: &mut Tx<'_>,
    table: &str,
    columns: &[String],
    mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let sql = format!("SELECT {} FROM {}", list(columns), quoted(table));
    match tx.driver()? {
        Driver::Sqlite(_) => tx.for_each(&sql, &[], each),
        Driver::Postgres(pg) => {
            let pg = pg.raw();
            let nothing: [&(dyn ToSql + Sync); 0] = [];
            let mut rows = pg.query_raw(&sql, nothing).map_err(Error::from)?;
            while let Some(row) = rows.next().map_err(Error::from)? {
                each(&Row::Postgres(&row))?;
            }
            Ok(())
        }
    }
}

/// Whether a table has no row.
pub(crate) fn is_empty(tx: &mut Tx<'_>, table: &str) -> Result<bool> {
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) AS first", quoted(table));
    Ok(tx.get(&sql, &[], |r| r.get::<i64>(0))? == 0)
}

/// Throws every row of a table away.
pub(crate) fn delete_all(tx: &mut Tx<'_>, table: &str) -> Result<()> {
    tx.execute(&format!("DELETE FROM {}", quoted(table)), &[]).map(|_| ())
}

/// Has the tables that are made from others made anew: every message is to be indexed.
pub(crate) fn make_derived(tx: &mut Tx<'_>) -> Result<()> {
    tx.script(match tx.engine() {
        Engine::Sqlite => "INSERT INTO message_words (message_words) VALUES ('delete-all')",
        Engine::Postgres => "DELETE FROM message_words",
    })?;
    tx.script(
        "DELETE FROM message_search; DELETE FROM message_index; DELETE FROM message_unindexed; \
         INSERT INTO message_unindexed (org_id, message_id) SELECT org_id, id FROM message WHERE text <> ''",
    )
}

/// Rows kept before they are written; PostgreSQL takes them by `COPY`.
const BATCH: usize = 2_000;
/// And bytes of them, about.
const BATCH_BYTES: usize = 8 << 20;

/// Rows on their way into tables.
#[derive(Default)]
pub(crate) struct Load {
    table: String,
    columns: Vec<String>,
    rows: Vec<Vec<Arg<'static>>>,
    bytes: usize,
}

impl Load {
    /// Adds a row; it may be written later, with others.
    pub(crate) fn add(
        &mut self,
        tx: &mut Tx<'_>,
        table: &str,
        columns: &[String],
        row: Vec<Arg<'static>>,
    ) -> Result<()> {
        if self.table != table || self.rows.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.finish(tx)?;
            self.table = table.to_owned();
            self.columns = columns.to_vec();
        }
        self.bytes += row.iter().map(size).sum::<usize>();
        self.rows.push(row);
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let (table, columns) = (quoted(&self.table), list(&self.columns));
        match tx.driver()? {
            Driver::Sqlite(conn) => {
                let marks = vec!["?"; self.columns.len()].join(", ");
                let mut insert =
                    conn.prepare_cached(&format!("INSERT INTO {table} ({columns}) VALUES ({marks})"))?;
                for row in &rows {
                    insert.execute(rusqlite::params_from_iter(row))?;
                }
            }
            Driver::Postgres(pg) => {
                let pg = pg.raw();
                let types: Vec<_> = pg
                    .prepare(&format!("SELECT {columns} FROM {table} LIMIT 0"))?
                    .columns()
                    .iter()
                    .map(|c| c.type_().clone())
                    .collect();
                let copy = pg.copy_in(&format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)"))?;
                let mut copy = BinaryCopyInWriter::new(copy, &types);
                for row in &rows {
                    let cells: Vec<&(dyn ToSql + Sync)> =
                        row.iter().map(|c| c as &(dyn ToSql + Sync)).collect();
                    copy.write(&cells)?;
                }
                copy.finish()?;
            }
        }
        Ok(())
    }
}

fn size(cell: &Arg<'_>) -> usize {
    match cell {
        Arg::Text(Some(text)) => text.len(),
        Arg::Bytes(Some(bytes)) => bytes.len(),
        _ => 8,
    }
}

/// Numbers that the database gives itself go on behind the ones that were loaded. SQLite sees to that
/// by itself.
pub(crate) fn move_sequences_on(tx: &mut Tx<'_>) -> Result<()> {
    if tx.engine() == Engine::Sqlite {
        return Ok(());
    }
    let numbered = tx.list(
        "SELECT table_name::text, column_name::text FROM information_schema.columns \
         WHERE table_schema = current_schema() AND is_identity = 'YES'",
        &[],
        |r| Ok((r.get::<String>(0)?, r.get::<String>(1)?)),
    )?;
    for (table, column) in numbered {
        let (name, key) = (quoted(&table), quoted(&column));
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence($1, $2), greatest((SELECT coalesce(max({key}), 0) FROM {name}), 1))"
        );
        tx.get(&sql, args![name, column], |r| r.get::<i64>(0))?;
    }
    Ok(())
}
