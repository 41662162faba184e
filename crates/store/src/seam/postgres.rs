//! PostgreSQL: a few threads, each with one blocking connection, fed from one bounded queue.
//!
//! A body that met a deadlock or a lost connection before its commit is run again; a connection lost
//! during the commit is reported as [`Error::CommitUnknown`], because nobody can know. Whoever waits, for
//! a connection, a lock or a statement, waits for so long only: somebody else's forgotten transaction
//! must not stop this program for good, nor a stopped one of ours another node.

use super::{
    error::{Error, Result},
    health::{Health, moment},
    queue::{Queue, Serves},
    store::Options,
    tls::Target,
    tx::{Inner, Scope, Tx},
    work::{Undo, Work},
};
use postgres::{Client, Statement};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Runs of one body; between two of them the connection is renewed if it broke.
const TRIES_MAX: u32 = 4;
/// Whoever has waited this long decides itself whether to try again.
const TRY_AGAIN_WITHIN: Duration = Duration::from_secs(2);
/// Pause after a connection could not be made, doubled each time up to the second.
const BACK_OFF: Duration = Duration::from_millis(100);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);
/// What opens a transaction, and one that reads over one unchanging view of the data.
pub(super) const BEGIN: &str = "BEGIN;";
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;";
/// Longest time that the server keeps a transaction of ours open in which nothing happens: this process
/// was stopped in the middle of it, and other nodes wait for its locks.
const IDLE_IN_TRANSACTION_MS: u64 = 10_000;

pub(super) struct Postgres {
    writes: Queue,
    reads: Queue,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Postgres {
    /// Half of the connections are kept for writing, so that a pile of slow reads never stops the
    /// journal.
    pub(super) fn open(url: &str, options: Options, health: &Health) -> Result<Self> {
        let target = target(url)?;
        prove(&target)?;
        let (writes, reads) = (Queue::default(), Queue::default());
        let mut threads = Vec::new();
        let readers = options.postgres_connections.max(2) / 2;
        let writers = options.postgres_connections.max(2) - readers;
        for (queue, read_only, of) in [(&writes, false, writers), (&reads, true, readers)] {
            for n in 0..of {
                let connection = Connection {
                    target: target.clone(),
                    session: session(options),
                    read_only,
                    open: None,
                    away: None,
                    health: health.clone(),
                };
                let (queue, serves) = (queue.clone(), Serves::of_thread(n, of));
                let thread = std::thread::Builder::new()
                    .name(format!("store-pg-{}{n}", if read_only { "r" } else { "w" }))
                    .spawn(move || connection.work_off(&queue, serves))
                    .map_err(|e| Error::Unavailable(format!("no thread for the database: {e}")))?;
                threads.push(thread);
            }
        }
        Ok(Self { writes, reads, threads })
    }

    /// Where work of one kind waits.
    pub(super) const fn queue(&self, write: bool) -> &Queue {
        if write { &self.writes } else { &self.reads }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The address, with signs of life asked for: a connection whose other end is gone without a word (a cable,
/// a firewall) is found out within half a minute.
fn target(url: &str) -> Result<Target> {
    let mut target = Target::of(url)?;
    target
        .config
        .application_name("tisara")
        .connect_timeout(Duration::from_secs(5))
        .tcp_user_timeout(Duration::from_secs(20))
        .keepalives_idle(Duration::from_secs(10))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3);
    Ok(target)
}

/// What every session begins with.
///
/// Plans are made once a connection, maybe while a table is nearly empty and reading all of it looks cheap, and
/// kept while it grows to millions of rows. Every query has its index, so no table is to be read from end to end;
/// and the cost that stands for "not that way" must not make PostgreSQL compile a query. A page elsewhere costs what it
/// costs where there is no disk to turn: by the usual four, single rows were looked up through bitmaps.
fn session(options: Options) -> String {
    format!(
        "SET lock_timeout = {}; SET statement_timeout = {}; \
         SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_MS}; \
         SET enable_seqscan = off; SET random_page_cost = 1.1; SET jit = off",
        options.lock_wait_ms.max(1),
        options.statement_ms.max(1)
    )
}

/// Connects once, so that a wrong address fails before anything starts, in the database's own words.
/// On a thread of its own: the blocking client may not run on one of the async runtime.
fn prove(target: &Target) -> Result<()> {
    let target = target.clone();
    let proof = std::thread::spawn(move || connect(&target).map(drop).map_err(Error::from));
    proof.join().unwrap_or(Err(Error::Panicked))
}

fn connect(target: &Target) -> Result<Client, postgres::Error> {
    target.config.connect(target.tls.clone())
}

/// A database that could not be reached: not asked again before then.
struct Away {
    until: Instant,
    pause: Duration,
    why: String,
}

struct Connection {
    target: Target,
    session: String,
    read_only: bool,
    open: Option<(Client, Statements)>,
    away: Option<Away>,
    health: Health,
}

impl Connection {
    fn work_off(mut self, queue: &Queue, serves: Serves) {
        while let Some(works) = queue.take(serves, 1) {
            for mut work in works {
                let committed = self.commit(&mut *work);
                self.health.note(&committed);
                work.finish(committed);
            }
        }
    }

    fn commit(&mut self, work: &mut dyn Work) -> Result<()> {
        // What waits behind this shall not wait for a database that is known to be away.
        if let Some(away) = &self.away
            && moment() < away.until
        {
            return Err(Error::Unavailable(away.why.clone()));
        }
        let began = moment();
        let mut tries = 0;
        loop {
            tries += 1;
            let done = self.try_commit(work);
            if matches!(done, Err(Error::Unavailable(_) | Error::CommitUnknown)) {
                self.open = None;
            }
            match done {
                Err(Error::Unavailable(_) | Error::Conflict(_))
                    if tries < TRIES_MAX && began.elapsed() < TRY_AGAIN_WITHIN =>
                {
                    // Another thread's transaction or a restarting server: give it a moment.
                    std::thread::sleep(Duration::from_millis(20 << tries));
                }
                done => return done,
            }
        }
    }

    fn try_commit(&mut self, work: &mut dyn Work) -> Result<()> {
        self.reconnect()?;
        let Some((client, statements)) = &mut self.open else {
            return Err(Error::Unavailable("no connection".to_owned()));
        };
        let scope = Scope::new(if self.read_only { BEGIN_READING } else { BEGIN });
        let mut tx = Tx::new(Inner::Postgres { client, statements, scope });
        let outcome = work.run(&mut tx);
        let Inner::Postgres { client, scope, .. } = tx.0 else {
            return Err(Error::Closed);
        };
        let mut end = |how: &str| if scope.has_begun() { client.batch_execute(how) } else { Ok(()) };
        match outcome {
            Ok(()) => match end("COMMIT") {
                Ok(()) => Ok(()),
                // A read has nothing to commit, so nothing can be in doubt.
                Err(_) if self.read_only => Ok(()),
                Err(e) if is_undone(&e) => Err(e.into()),
                Err(_) => Err(Error::CommitUnknown),
            },
            Err(Undo::Refused) => {
                // A lost connection undoes it just as well.
                let _ = end("ROLLBACK");
                Ok(())
            }
            Err(Undo::Transient(e)) => {
                let _ = end("ROLLBACK");
                Err(e)
            }
        }
    }

    /// Makes the connection if there is none that lives.
    fn reconnect(&mut self) -> Result<()> {
        if self.open.as_ref().is_some_and(|(client, _)| !client.is_closed()) {
            return Ok(());
        }
        self.open = None;
        let opened = connect(&self.target).and_then(|mut client| {
            client.batch_execute(&self.session)?;
            Ok(client)
        });
        match opened {
            Ok(client) => {
                self.open = Some((client, Statements::default()));
                self.away = None;
                Ok(())
            }
            // It was reached once, with this very address: whatever it says now, it is away.
            Err(e) => {
                let why = Error::from(e).to_string();
                let pause = self.away.take().map_or(BACK_OFF, |a| (a.pause * 2).min(BACK_OFF_MAX));
                self.away = Some(Away { until: moment() + pause, pause, why: why.clone() });
                Err(Error::Unavailable(why))
            }
        }
    }
}

/// Whether an error in answer to `COMMIT` says that nothing was committed. One that ended the session
/// says only that the session ended.
fn is_undone(e: &postgres::Error) -> bool {
    use postgres::error::Severity as S;
    e.as_db_error().is_some_and(|db| !matches!(db.parsed_severity(), Some(S::Fatal | S::Panic)))
}

/// Statements prepared on one connection, by their text.
#[derive(Default)]
pub(super) struct Statements(HashMap<String, Statement>);

impl Statements {
    const MAX: usize = 512;

    pub(super) fn prepare(&mut self, client: &mut Client, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.0.get(sql) {
            return Ok(statement.clone());
        }
        if self.0.len() >= Self::MAX {
            self.0.clear();
        }
        let statement = client.prepare(sql)?;
        self.0.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}
