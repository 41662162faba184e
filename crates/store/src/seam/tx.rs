//! A transaction, and the one door to a tenant's rows.

use super::{
    arg::Arg,
    cell::{Column, Row},
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
    Postgres { client: &'c mut postgres::Client, statements: &'c mut Statements, scope: Scope },
}

/// What PostgreSQL has to know of this transaction: that it began, whose rows it may see, how it is to find them. It is
/// told of a change only with the next statement, and of all changes at once: one round trip, or none for a scope
/// in which nothing is asked.
pub(super) struct Scope {
    begin: &'static str,
    has_begun: bool,
    wanted: View,
    told: View,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct View {
    org: Option<OrgId>,
    way: Way,
}

/// How rows are found.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Way {
    /// As PostgreSQL thinks best.
    #[default]
    Any,
    /// By plans that are made once a connection. As it cannot know how many rows there will be, PostgreSQL takes such a plan
    /// for a dear one and would make another each time, which takes as long as a good part of the reading.
    OnePlan,
    /// By one plan, and along the index of their order.
    InOrder,
    /// By the places that an earlier statement gave.
    ByPlace,
}

impl Way {
    const fn set(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::OnePlan => "SET LOCAL plan_cache_mode = force_generic_plan;",
            Self::InOrder => "SET LOCAL enable_sort = off; SET LOCAL plan_cache_mode = force_generic_plan;",
            Self::ByPlace => "SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off;",
        }
    }

    const fn unset(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::OnePlan => "SET LOCAL plan_cache_mode TO DEFAULT;",
            Self::InOrder => "SET LOCAL enable_sort TO DEFAULT; SET LOCAL plan_cache_mode TO DEFAULT;",
            Self::ByPlace => "SET LOCAL enable_indexscan TO DEFAULT; SET LOCAL enable_bitmapscan TO DEFAULT;",
        }
    }
}

impl Scope {
    /// For a transaction that `begin` opens.
    pub(super) fn new(begin: &'static str) -> Self {
        Self { begin, has_begun: false, wanted: View::default(), told: View::default() }
    }

    /// Whether PostgreSQL knows of the transaction, so that it has to be ended.
    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn tell(&mut self, client: &mut postgres::Client) -> Result<()> {
        if self.has_begun && self.wanted == self.told {
            return Ok(());
        }
        let mut news = String::new();
        if !self.has_begun {
            news.push_str(self.begin);
            // Whatever comes of it: what may have begun is ended.
            self.has_begun = true;
        }
        if self.wanted.org != self.told.org {
            news.push_str(&self.wanted.org.map_or(row_security::LEAVE.to_owned(), row_security::enter));
        }
        if self.wanted.way != self.told.way {
            news.push_str(self.told.way.unset());
            news.push_str(self.wanted.way.set());
        }
        client.batch_execute(&news)?;
        self.told = self.wanted;
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
        self.narrow(View { org: Some(org), way: Way::Any });
        OrgTx { tx: self, org }
    }

    fn narrow(&mut self, to: View) {
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
            Inner::Postgres { client, statements, scope } => {
                scope.tell(client)?;
                let statement = statements.prepare(client, sql)?;
                Ok(client.execute(&statement, &refs(args))?)
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
            Inner::Postgres { client, statements, scope } => {
                scope.tell(client)?;
                let statement = statements.prepare(client, sql)?;
                for row in client.query(&statement, &refs(args)).map_err(Error::from)? {
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
            Inner::Postgres { client, scope, .. } => {
                scope.tell(client)?;
                client.batch_execute(sql)?;
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
    pub(crate) fn driver(&mut self) -> Result<Driver<'_>> {
        Ok(match &mut self.0 {
            Inner::Sqlite { conn, .. } => Driver::Sqlite(conn),
            Inner::Postgres { client, statements, scope } => {
                scope.tell(client)?;
                Driver::Postgres(Pg { client, statements })
            }
        })
    }
}

/// The drivers themselves. Only `forks` may look.
pub(crate) enum Driver<'t> {
    Sqlite(&'t rusqlite::Connection),
    Postgres(Pg<'t>),
}

/// PostgreSQL's driver. Its own `query` and `execute` over a text would prepare it anew each time: a round
/// trip and a plan more for every batch.
pub(crate) struct Pg<'t> {
    client: &'t mut postgres::Client,
    statements: &'t mut Statements,
}

impl<'t> Pg<'t> {
    /// Runs a statement that is prepared once a connection; says how many rows it touched.
    pub(crate) fn execute(
        &mut self,
        sql: &str,
        values: &[&(dyn postgres_types::ToSql + Sync)],
    ) -> Result<u64> {
        let statement = self.statements.prepare(self.client, sql)?;
        Ok(self.client.execute(&statement, values)?)
    }

    /// All rows of a statement that is prepared once a connection.
    pub(crate) fn query(
        &mut self,
        sql: &str,
        values: &[&(dyn postgres_types::ToSql + Sync)],
    ) -> Result<Vec<postgres::Row>> {
        let statement = self.statements.prepare(self.client, sql)?;
        Ok(self.client.query(&statement, values)?)
    }

    /// The connection within the transaction, for what has no prepared form (COPY, reading row by row).
    pub(crate) fn raw(self) -> &'t mut postgres::Client {
        self.client
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
        self.tx.narrow(View::default());
    }
}

impl OrgTx<'_, '_> {
    /// The organization.
    #[must_use]
    pub const fn id(&self) -> OrgId {
        self.org
    }

    /// Writes a row that is known by Meta's id of it, or brings it up to date, and gives what it is called here: `insert` does
    /// nothing where the row exists, `update` changes it if it is this organization's, and both return the id.
    ///
    /// Not one statement with `DO UPDATE`: PostgreSQL 15.20, other than 15.18, refuses that for a row which this
    /// organization may not see, before it looks at the statement's own condition.
    ///
    /// # Errors
    /// [`Error::Duplicate`] by `constraint` when the row is another organization's, or as the database says.
    pub(crate) fn put<T: for<'r> Column<'r>>(
        &mut self,
        insert: (&str, &[Arg<'_>]),
        update: (&str, &[Arg<'_>]),
        constraint: &str,
    ) -> Result<T> {
        if let Some(new) = self.tx.find(insert.0, insert.1, |row| row.get(0))? {
            return Ok(new);
        }
        let known = self.tx.find(update.0, update.1, |row| row.get(0))?;
        known.ok_or_else(|| Error::Duplicate { constraint: constraint.to_owned() })
    }

    /// As [`Tx::list`], for a list whose order has an index: PostgreSQL then goes along it and stops when it has enough. Left
    /// to itself it may believe that the organization has a handful of rows, and fetch and sort them all
    /// for each page.
    pub(crate) fn list_in_order<T>(
        &mut self,
        sql: &str,
        args: &[Arg<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.by_way(Way::InOrder, |this| this.tx.list(sql, args, read))
    }

    /// Does what asks the same few statements over and over, each of which has one way to go.
    pub(crate) fn by_one_plan<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.by_way(Way::OnePlan, work)
    }

    /// Does what changes rows by the places (`ctid`) where an earlier statement of this transaction has locked them. Left to
    /// itself PostgreSQL may believe that the organization has a handful of rows, and go through all of them for each batch.
    pub(crate) fn by_place<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.by_way(Way::ByPlace, work)
    }

    fn by_way<T>(&mut self, way: Way, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.tx.narrow(View { org: Some(self.org), way });
        let done = work(self);
        self.tx.narrow(View { org: Some(self.org), way: Way::Any });
        done
    }
}
