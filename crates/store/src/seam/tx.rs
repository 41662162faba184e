//! A transaction, and the one door to a tenant's rows.

use super::{
    arg::Arg,
    cell::Row,
    error::{Error, Result},
    postgres::Statements,
    row_security,
    sqlite::Numbered,
};
use crate::changes::Changes;
use tisara_domain::OrgId;

/// Which database this is, for the few statements that must differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded one.
    Sqlite,
    /// The one that several nodes share.
    Postgres,
}

impl Engine {
    /// The word for logs and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// An open transaction of either engine. Statements are written with `$1`, `$2`, …
pub struct Tx<'c>(pub(super) Inner<'c>, pub(crate) Changes);

pub(super) enum Inner<'c> {
    Sqlite { conn: &'c rusqlite::Connection, numbered: &'c mut Numbered },
    Postgres { tx: postgres::Transaction<'c>, statements: &'c mut Statements, scope: Scope },
}

/// Whose rows PostgreSQL lets this transaction see. It is told of a change only with the next statement, so
/// that a scope in which nothing is asked costs nothing.
#[derive(Default)]
pub(super) struct Scope {
    wanted: Option<OrgId>,
    told: Option<OrgId>,
}

impl Scope {
    fn tell(&mut self, tx: &mut postgres::Transaction<'_>) -> Result<()> {
        if self.wanted != self.told {
            match self.wanted {
                Some(org) => tx.batch_execute(&row_security::enter(org))?,
                None => tx.batch_execute(row_security::LEAVE)?,
            }
            self.told = self.wanted;
        }
        Ok(())
    }
}

impl<'c> Tx<'c> {
    pub(super) fn new(inner: Inner<'c>) -> Self {
        Self(inner, Changes::default())
    }

    /// Which database this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.0 {
            Inner::Sqlite { .. } => Engine::Sqlite,
            Inner::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Everything that belongs to one organization. The only way to a tenant's rows. PostgreSQL holds every
    /// statement made through it to this organization's rows by itself (row-level security).
    pub fn org(&mut self, org: OrgId) -> OrgTx<'_, 'c> {
        self.narrow(Some(org));
        OrgTx { tx: self, org }
    }

    fn narrow(&mut self, to: Option<OrgId>) {
        if let Inner::Postgres { scope, .. } = &mut self.0 {
            scope.wanted = to;
        }
    }

    /// Runs a statement and says how many rows it touched.
    ///
    /// # Errors
    /// As the database says; on PostgreSQL the transaction is then dead, so never catch and go on.
    pub fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        match &mut self.0 {
            Inner::Sqlite { conn, numbered } => {
                let mut statement = conn.prepare_cached(numbered.sql(sql))?;
                Ok(statement.execute(rusqlite::params_from_iter(args))? as u64)
            }
            Inner::Postgres { tx, statements, scope } => {
                scope.tell(tx)?;
                let statement = statements.prepare(tx, sql)?;
                Ok(tx.execute(&statement, &refs(args))?)
            }
        }
    }

    /// Calls `each` for every row of the result, in its order, without holding them all.
    ///
    /// # Errors
    /// As the database says, or as `each` says.
    pub fn for_each<E: From<Error>>(
        &mut self,
        sql: &str,
        args: &[Arg<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.0 {
            Inner::Sqlite { conn, numbered } => {
                let mut statement = conn.prepare_cached(numbered.sql(sql)).map_err(Error::from)?;
                let mut rows = statement.query(rusqlite::params_from_iter(args)).map_err(Error::from)?;
                while let Some(row) = rows.next().map_err(Error::from)? {
                    each(&Row::Sqlite(row))?;
                }
            }
            Inner::Postgres { tx, statements, scope } => {
                scope.tell(tx)?;
                let statement = statements.prepare(tx, sql)?;
                for row in tx.query(&statement, &refs(args)).map_err(Error::from)? {
                    each(&Row::Postgres(&row))?;
                }
            }
        }
        Ok(())
    }

    /// All rows of the result.
    ///
    /// # Errors
    /// As the database says, or when a row is not what `read` expects.
    pub fn list<T>(
        &mut self,
        sql: &str,
        args: &[Arg<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut out = Vec::new();
        self.for_each(sql, args, |row| {
            out.push(read(row)?);
            Ok::<(), Error>(())
        })?;
        Ok(out)
    }

    /// The first row of the result, if there is one.
    ///
    /// # Errors
    /// As the database says, or when the row is not what `read` expects.
    pub fn find<T>(
        &mut self,
        sql: &str,
        args: &[Arg<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.list(sql, args, read)?.into_iter().next())
    }

    /// The one value of a result that always has a row, such as a count.
    ///
    /// # Errors
    /// As the database says, or when there is no row.
    pub fn get<T>(
        &mut self,
        sql: &str,
        args: &[Arg<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.find(sql, args, read)?
            .ok_or_else(|| Error::Sql("a row that must be there is missing".to_owned()))
    }

    /// Runs a script of several statements without values (migrations).
    ///
    /// # Errors
    /// As the database says.
    pub(crate) fn script(&mut self, sql: &str) -> Result<()> {
        match &mut self.0 {
            Inner::Sqlite { conn, .. } => conn.execute_batch(sql)?,
            Inner::Postgres { tx, scope, .. } => {
                scope.tell(tx)?;
                tx.batch_execute(sql)?;
            }
        }
        Ok(())
    }

    /// The statements with values that this connection ran so far; on SQLite only.
    #[cfg(feature = "testing")]
    pub(crate) fn statements_so_far(&self) -> Vec<String> {
        match &self.0 {
            Inner::Sqlite { numbered, .. } => numbered.texts(),
            Inner::Postgres { .. } => Vec::new(),
        }
    }

    /// The driver's transaction, for the bulk paths in `forks`.
    pub(crate) fn driver(&mut self) -> Result<Driver<'_, 'c>> {
        Ok(match &mut self.0 {
            Inner::Sqlite { conn, .. } => Driver::Sqlite(conn),
            Inner::Postgres { tx, statements, scope } => {
                scope.tell(tx)?;
                Driver::Postgres(Pg { tx, statements })
            }
        })
    }
}

/// The drivers themselves. Only `forks` may look.
pub(crate) enum Driver<'t, 'c> {
    Sqlite(&'t rusqlite::Connection),
    Postgres(Pg<'t, 'c>),
}

/// PostgreSQL's driver. Its own `query` and `execute` over a text would prepare it anew each time: a round
/// trip and a plan more for every batch.
pub(crate) struct Pg<'t, 'c> {
    tx: &'t mut postgres::Transaction<'c>,
    statements: &'t mut Statements,
}

impl<'t, 'c> Pg<'t, 'c> {
    /// Runs a statement that is prepared once a connection; says how many rows it touched.
    pub(crate) fn execute(
        &mut self,
        sql: &str,
        values: &[&(dyn postgres_types::ToSql + Sync)],
    ) -> Result<u64> {
        let statement = self.statements.prepare(self.tx, sql)?;
        Ok(self.tx.execute(&statement, values)?)
    }

    /// All rows of a statement that is prepared once a connection.
    pub(crate) fn query(
        &mut self,
        sql: &str,
        values: &[&(dyn postgres_types::ToSql + Sync)],
    ) -> Result<Vec<postgres::Row>> {
        let statement = self.statements.prepare(self.tx, sql)?;
        Ok(self.tx.query(&statement, values)?)
    }

    /// The transaction, for what has no prepared form (COPY, reading row by row).
    pub(crate) fn raw(self) -> &'t mut postgres::Transaction<'c> {
        self.tx
    }
}

fn refs<'a>(args: &'a [Arg<'a>]) -> Vec<&'a (dyn postgres_types::ToSql + Sync)> {
    args.iter().map(|a| a as &(dyn postgres_types::ToSql + Sync)).collect()
}

/// A transaction within one organization: every method reads and writes that tenant's rows only.
pub struct OrgTx<'t, 'c> {
    pub(crate) tx: &'t mut Tx<'c>,
    pub(crate) org: OrgId,
}

impl Drop for OrgTx<'_, '_> {
    fn drop(&mut self) {
        self.tx.narrow(None);
    }
}

impl OrgTx<'_, '_> {
    /// The organization.
    #[must_use]
    pub const fn id(&self) -> OrgId {
        self.org
    }
}
