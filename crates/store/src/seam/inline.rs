//! A database that does its work while the caller's thread waits: for simulations, in which everything must
//! happen in an order that a seed decides, and in which a program may die at any commit.

use super::{
    error::{Error, Result},
    postgres::{BEGIN, Statements},
    sqlite::{Numbered, stable_plans},
    tx::{Engine, Inner, Scope, Tx},
    work::Work,
};
use postgres::{Client, NoTls};
use rusqlite::Connection;
use std::sync::{
    Mutex, PoisonError,
    mpsc::{Receiver, Sender, channel},
};
use tisara_domain::Timestamp;

/// A point at which a simulated program may die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The transaction has run and is about to be committed.
    Before,
    /// It was committed; nobody has been told.
    After,
}

/// Asked at every commit; true kills the program there.
pub type Fate = Box<dyn FnMut(Commit) -> bool + Send>;

/// The simulated time, which the database takes for its own.
pub type SimulatedClock = Box<dyn Fn() -> Timestamp + Send>;

pub(super) struct Inline {
    engine: Engine,
    database: Mutex<Box<dyn Database>>,
}

/// Work that was done, and whether it was committed; nothing when the program died over it.
type Done = Option<(Box<dyn Work>, Result<()>)>;

trait Database: Send {
    fn run(&mut self, work: Box<dyn Work>, writes: bool) -> Done;
}

impl Inline {
    /// SQLite in memory, on the caller's own thread.
    pub(super) fn sqlite(fate: Fate) -> Result<Self> {
        let conn = Connection::open_in_memory()?;
        stable_plans(&conn)?;
        conn.set_prepared_statement_cache_capacity(256);
        let database = Box::new(InMemory { conn, numbered: Numbered::default(), fate });
        Ok(Self { engine: Engine::Sqlite, database: Mutex::new(database) })
    }

    /// PostgreSQL, in the schema that the address names. Its clock is the simulated one there.
    pub(super) fn postgres(url: &str, clock: SimulatedClock, fate: Fate) -> Result<Self> {
        let (orders, taken) = channel();
        let (end, ended) = channel();
        let url = url.to_owned();
        // The blocking client may not run on a thread of the async runtime.
        std::thread::spawn(move || serve(&url, &clock, fate, &taken, &end));
        let database = Box::new(Remote { orders, ended });
        Ok(Self { engine: Engine::Postgres, database: Mutex::new(database) })
    }

    pub(super) const fn engine(&self) -> Engine {
        self.engine
    }

    /// Runs the work; `false` when the program died over it: then nobody is ever answered.
    pub(super) fn run(&self, work: Box<dyn Work>, writes: bool) -> bool {
        let done = self.database.lock().unwrap_or_else(PoisonError::into_inner).run(work, writes);
        let Some((work, committed)) = done else { return false };
        work.finish(committed);
        true
    }
}

/// Ends a transaction that has run, as `fate` wants it; `end` commits it, or takes it back.
fn end(
    work: Box<dyn Work>,
    (writes, refused): (bool, bool),
    fate: &mut Fate,
    end: impl FnOnce(bool) -> Result<()>,
) -> Done {
    if !writes || refused {
        return Some((work, end(false)));
    }
    if fate(Commit::Before) {
        let _ = end(false);
        return None;
    }
    let committed = end(true);
    if fate(Commit::After) { None } else { Some((work, committed)) }
}

struct InMemory {
    conn: Connection,
    numbered: Numbered,
    fate: Fate,
}

impl Database for InMemory {
    fn run(&mut self, mut work: Box<dyn Work>, writes: bool) -> Done {
        let Self { conn, numbered, fate } = self;
        if let Err(e) = conn.execute_batch("BEGIN IMMEDIATE") {
            return Some((work, Err(e.into())));
        }
        let refused = work.run(&mut Tx::new(Inner::Sqlite { conn, numbered })).is_err();
        end(work, (writes, refused), fate, |commits| {
            Ok(conn.execute_batch(if commits { "COMMIT" } else { "ROLLBACK" })?)
        })
    }
}

struct Remote {
    orders: Sender<(Box<dyn Work>, bool)>,
    ended: Receiver<Done>,
}

impl Database for Remote {
    fn run(&mut self, work: Box<dyn Work>, writes: bool) -> Done {
        // A thread that could not connect is gone, and the work with it: nobody is answered.
        self.orders.send((work, writes)).ok()?;
        self.ended.recv().ok()?
    }
}

/// The simulated clock in the place of the database's own, for this schema.
const CLOCK: &str = "SELECT set_config('search_path', current_schema() || ', pg_catalog', false); \
     CREATE OR REPLACE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS \
     $$ SELECT timestamptz 'epoch' + current_setting('tisara.clock_us')::bigint * interval '1 microsecond' $$";

fn serve(
    url: &str,
    clock: &SimulatedClock,
    mut fate: Fate,
    taken: &Receiver<(Box<dyn Work>, bool)>,
    ended: &Sender<Done>,
) {
    let connected = Client::connect(url, NoTls).and_then(|mut client| {
        client.batch_execute(CLOCK)?;
        Ok(client)
    });
    let (mut client, mut statements) = match connected {
        Ok(client) => (client, Statements::default()),
        Err(e) => {
            let why = Error::from(e);
            while let Ok((work, _)) = taken.recv() {
                let _ = ended.send(Some((work, Err(why.clone()))));
            }
            return;
        }
    };
    while let Ok((work, writes)) = taken.recv() {
        let now = clock().0;
        let done = match client.batch_execute(&format!("SET tisara.clock_us = {now}")) {
            Ok(()) => within(&mut client, &mut statements, work, writes, &mut fate),
            Err(e) => Some((work, Err(e.into()))),
        };
        if ended.send(done).is_err() {
            return;
        }
    }
}

fn within(
    client: &mut Client,
    statements: &mut Statements,
    mut work: Box<dyn Work>,
    writes: bool,
    fate: &mut Fate,
) -> Done {
    let mut tx = Tx::new(Inner::Postgres { client, statements, scope: Scope::new(BEGIN) });
    let refused = work.run(&mut tx).is_err();
    let Inner::Postgres { client, scope, .. } = tx.0 else { return Some((work, Err(Error::Closed))) };
    end(work, (writes, refused), fate, |commits| {
        let how = if commits { "COMMIT" } else { "ROLLBACK" };
        Ok(if scope.has_begun() { client.batch_execute(how) } else { Ok(()) }?)
    })
}
