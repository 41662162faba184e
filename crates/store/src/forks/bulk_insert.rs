//! Many rows of one table: one statement over arrays on PostgreSQL, one prepared statement run for
//! each row on SQLite. Both come from the same description, so they cannot drift apart.

use crate::{
    Result, Tx,
    seam::{Arg, Driver, ToArg as _},
};
use std::collections::HashSet;
use tisara_domain::OrgId;

/// What is inserted where. `N` counts the columns besides `org_id`, which always leads.
pub(crate) struct BulkInsert<const N: usize> {
    /// The table.
    pub table: &'static str,
    /// Its columns with PostgreSQL's types.
    pub columns: [(&'static str, &'static str); N],
    /// What follows the values: `ON CONFLICT …`, or nothing.
    pub conflict: &'static str,
}

impl<const N: usize> BulkInsert<N> {
    /// Inserts the rows; says how many were written.
    pub(crate) fn run(&self, tx: &mut Tx<'_>, org: OrgId, rows: &[[Arg<'_>; N]]) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        match tx.driver()? {
            Driver::Sqlite(conn) => {
                let mut written = 0;
                self.each_row(conn, org, rows, |_, n| written += n as u64)?;
                Ok(written)
            }
            Driver::Postgres(mut pg) => {
                pg.execute(&self.postgres_sql(""), &refs(&org.to_arg(), &columns(rows)))
            }
        }
    }

    /// Inserts the rows and says for each whether it went in; a row stays out where `conflict` says
    /// `DO NOTHING`. The first column must be a key of 16 bytes, different in every row.
    pub(crate) fn run_and_tell(
        &self,
        tx: &mut Tx<'_>,
        org: OrgId,
        rows: &[[Arg<'_>; N]],
    ) -> Result<Vec<bool>> {
        let mut went_in = vec![false; rows.len()];
        if rows.is_empty() {
            return Ok(went_in);
        }
        match tx.driver()? {
            Driver::Sqlite(conn) => self.each_row(conn, org, rows, |i, n| went_in[i] = n == 1)?,
            Driver::Postgres(mut pg) => {
                let sql = self.postgres_sql(&format!("RETURNING {}", self.columns[0].0));
                let mut keys = HashSet::with_capacity(rows.len());
                for row in pg.query(&sql, &refs(&org.to_arg(), &columns(rows)))? {
                    let key: [u8; 16] =
                        crate::seam::Row::Postgres(&row).get::<Vec<u8>>(0)?.try_into().unwrap_or_default();
                    keys.insert(key);
                }
                for (went_in, row) in went_in.iter_mut().zip(rows) {
                    *went_in = matches!(row[0], Arg::Id(Some(key)) if keys.contains(&key));
                }
            }
        }
        Ok(went_in)
    }

    fn each_row(
        &self,
        conn: &rusqlite::Connection,
        org: OrgId,
        rows: &[[Arg<'_>; N]],
        mut done: impl FnMut(usize, usize),
    ) -> Result<()> {
        let names = self.names();
        let marks = (2..N + 2).map(|i| format!(", ?{i}")).collect::<String>();
        let sql = format!("INSERT INTO {} (org_id{names}) VALUES (?1{marks}) {}", self.table, self.conflict);
        let mut statement = conn.prepare_cached(&sql)?;
        statement.raw_bind_parameter(1, org.to_arg())?;
        for (i, row) in rows.iter().enumerate() {
            for (column, value) in row.iter().enumerate() {
                statement.raw_bind_parameter(column + 2, value)?;
            }
            done(i, statement.raw_execute()?);
        }
        Ok(())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| format!(", {name}")).collect()
    }

    fn postgres_sql(&self, returning: &str) -> String {
        let arrays: Vec<String> =
            self.columns.iter().enumerate().map(|(i, (_, ty))| format!("${}::{ty}[]", i + 2)).collect();
        let names = self.names();
        // Sorted, so that two imports at once take the locks of common rows in one order.
        let order = if N > 1 { "2, 3" } else { "2" };
        format!(
            "INSERT INTO {} (org_id{names}) SELECT $1::uuid, * FROM unnest({}) ORDER BY {order} {} {returning}",
            self.table,
            arrays.join(", "),
            self.conflict
        )
    }
}

/// The rows' values column by column.
fn columns<'a, const N: usize>(rows: &[[Arg<'a>; N]]) -> [Vec<Arg<'a>>; N] {
    std::array::from_fn(|i| rows.iter().map(|row| row[i].clone()).collect())
}

fn refs<'a>(org: &'a Arg<'a>, columns: &'a [Vec<Arg<'a>>]) -> Vec<&'a (dyn postgres_types::ToSql + Sync)> {
    let columns = columns.iter().map(|c| c as &(dyn postgres_types::ToSql + Sync));
    std::iter::once(org as &(dyn postgres_types::ToSql + Sync)).chain(columns).collect()
}
