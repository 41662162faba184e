//! What SQLite's planner is told of the tables before they have rows.
//!
//! Without statistics SQLite takes any index column that is compared for a selective one, and since
//! `org_id` leads every key, it would rather read all of an organization's contacts than look up a few
//! hundred phone numbers. Statistics gathered from an empty database would say nothing, and gathered
//! later they would make plans differ from one installation to the next. So they are written here,
//! as they are for a large organization, whenever the schema changes. PostgreSQL gathers its own.

use crate::{Result, Tx, args};

/// Rows of the tables that stay small; all others are taken to grow without end.
const SMALL: &[(&str, u64)] = &[
    ("organization", 100),
    ("api_key", 100),
    ("waba", 100),
    ("number", 100),
    ("field", 100),
    ("label", 100),
    ("segment", 100),
    ("change_count", 1_000),
    ("template", 1_000),
    ("template_version", 2_000),
    ("campaign", 1_000),
    ("campaign_count", 20_000),
    ("campaign_billing", 20_000),
    ("chunk", 20_000),
    ("job", 1_000),
    ("journal_todo", 1_000),
    ("message_index", 100),
    ("message_unindexed", 1_000),
    ("lease", 100),
    ("hearing", 1),
    ("watermark", 100),
    ("migration", 10),
];
const LARGE: u64 = 1_000_000;

/// Into how many parts a column divides what is left of a table; columns that are not here tell
/// nearly every row apart.
const COARSE: &[(&str, u64)] = &[
    ("org_id", 1),
    ("portfolio", 1),
    ("kind", 3),
    ("state", 3),
    ("consent", 3),
    ("waba", 3),
    ("waba_id", 3),
    ("number_id", 5),
    ("lease", 5),
    ("slot", 5),
    ("campaign_id", 20),
    ("label_id", 20),
];

/// Rows that share the value of a column which tells nearly every row apart.
const FEW: u64 = 8;

/// Writes the statistics and makes the planner read them. Nothing to do on PostgreSQL.
pub(crate) fn write(tx: &mut Tx<'_>) -> Result<()> {
    if tx.engine() != crate::Engine::Sqlite {
        return Ok(());
    }
    // Of empty tables it writes nothing, but it makes the table to write to.
    tx.script("ANALYZE; DELETE FROM sqlite_stat1;")?;
    let indexes = tx.list(
        "SELECT t.name, l.name, l.\"unique\" AND NOT l.partial, l.origin = 'pk' AND t.wr \
         FROM pragma_table_list t JOIN pragma_index_list(t.name) l \
         WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        &[],
        |r| Ok((r.get::<String>(0)?, r.get::<String>(1)?, r.get::<bool>(2)?, r.get::<bool>(3)?)),
    )?;
    for (table, index, unique, is_table) in indexes {
        let columns =
            tx.list("SELECT name FROM pragma_index_info($1) ORDER BY seqno", args![index], |r| {
                r.get::<String>(0)
            })?;
        let rows = SMALL.iter().find(|(name, _)| *name == table).map_or(LARGE, |(_, rows)| *rows);
        // The key of a table WITHOUT ROWID goes by the table's name.
        let name = if is_table { &table } else { &index };
        tx.execute(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)",
            args![table, name, statistic(rows, &columns, unique)],
        )?;
    }
    tx.script("ANALYZE sqlite_schema")
}

/// SQLite's format: the rows, then how many share the first column, the first two, and so on.
fn statistic(rows: u64, columns: &[String], unique: bool) -> String {
    let mut sharing = rows;
    let mut words = vec![rows.to_string()];
    for (i, column) in columns.iter().enumerate() {
        sharing = match COARSE.iter().find(|(name, _)| name == column) {
            _ if unique && i + 1 == columns.len() => 1,
            Some((_, parts)) => (sharing / parts).max(1),
            None => sharing.min(FEW),
        };
        words.push(sharing.to_string());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::statistic;

    #[test]
    fn only_fine_columns_tell_rows_apart() {
        let columns = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(statistic(1_000_000, &columns(&["org_id", "phone"]), true), "1000000 1000000 1");
        assert_eq!(
            statistic(1_000_000, &columns(&["org_id", "contact_id", "campaign_id"]), false),
            "1000000 1000000 8 1"
        );
    }
}
