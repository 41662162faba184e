//! Rows by a list of one column's values.

use crate::{
    Error, OrgTx, Result,
    keys::{IN_MAX, placeholders},
    seam::{Arg, Driver, Row, ToArg as _},
};

/// What is looked up where. `$1` is the organization.
pub(crate) struct Lookup {
    /// The columns of the result.
    pub columns: &'static str,
    pub table: &'static str,
    /// Other conditions, each begun with `AND`; their values are `$2` and up.
    pub also: &'static str,
    /// The column whose values are listed, and PostgreSQL's type of it.
    pub by: (&'static str, &'static str),
}

impl Lookup {
    /// Calls `each` for every row found. `more` are the values of the other conditions; the list may be of any
    /// length and names each value once.
    pub(crate) fn for_each(
        &self,
        tx: &mut OrgTx<'_, '_>,
        more: &[Arg<'_>],
        list: &[Arg<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let Self { columns, table, also, by: (column, ty) } = self;
        let org = tx.org;
        if list.is_empty() {
            return Ok(());
        }
        if let Driver::Postgres(mut pg) = tx.tx.driver()? {
            let sql = format!(
                "SELECT r.* FROM unnest(${}::{ty}[]) AS k (wanted) CROSS JOIN LATERAL (SELECT {columns} FROM {table} \
                 WHERE org_id = $1 {also} AND {column} = k.wanted OFFSET 0) r",
                more.len() + 2
            );
            let org = org.to_arg();
            let mut values: Vec<&(dyn postgres_types::ToSql + Sync)> = vec![&org];
            values.extend(more.iter().map(|a| a as &(dyn postgres_types::ToSql + Sync)));
            values.push(&list);
            for row in pg.query(&sql, &values)? {
                each(&Row::Postgres(&row))?;
            }
            return Ok(());
        }
        for piece in list.chunks(IN_MAX) {
            // Padded to a power of two, so that the many lengths make only a few different statements.
            let n = piece.len().next_power_of_two();
            let padding = piece.last().into_iter().cycle();
            let args: Vec<Arg<'_>> = std::iter::once(org.to_arg())
                .chain(more.iter().cloned())
                .chain(piece.iter().chain(padding).take(n).cloned())
                .collect();
            let marks = placeholders(more.len() + 2, n);
            let sql =
                format!("SELECT {columns} FROM {table} WHERE org_id = $1 {also} AND {column} IN ({marks})");
            tx.tx.for_each::<Error>(&sql, &args, &mut each)?;
        }
        Ok(())
    }
}
