//! PostgreSQL: a few threads, each with one blocking connection, fed from one bounded queue.
//!
//! A body that met a deadlock or a lost connection before its commit is run again; a connection lost
//! during the commit is reported as [`Error::CommitUnknown`], because nobody can know.

use super::{
    error::{Error, Result},
    tx::{Inner, Tx},
    work::{Undo, Work},
};
use postgres::{Client, IsolationLevel, NoTls, Statement, Transaction};
use std::{collections::HashMap, time::Duration};

const QUEUE_MAX: usize = 4096;
/// Runs of one body; between two of them the connection is renewed if it broke.
const TRIES_MAX: u32 = 4;

pub(super) struct Postgres {
    writes: flume::Sender<Box<dyn Work>>,
    reads: flume::Sender<Box<dyn Work>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Postgres {
    /// Half of the connections are kept for writing, so that a pile of slow reads never stops the
    /// journal.
    pub(super) fn open(url: &str, connections: usize) -> Result<Self> {
        let mut config: postgres::Config =
            url.parse().map_err(|e| Error::Url(format!("this is no PostgreSQL address: {e}")))?;
        config.application_name("tisara").connect_timeout(Duration::from_secs(5));
        config.keepalives_idle(Duration::from_secs(30));
        prove(&config)?;
        let (writes, write_queue) = flume::bounded(QUEUE_MAX);
        let (reads, read_queue) = flume::bounded(QUEUE_MAX);
        let mut threads = Vec::new();
        for n in 0..connections.max(2) {
            let (queue, read_only) = if n % 2 == 0 { (&write_queue, false) } else { (&read_queue, true) };
            let (config, queue) = (config.clone(), flume::Receiver::clone(queue));
            let thread = std::thread::Builder::new()
                .name(format!("store-pg-{n}"))
                .spawn(move || Connection { config, read_only, open: None }.work_off(&queue))
                .map_err(|e| Error::Unavailable(format!("no thread for the database: {e}")))?;
            threads.push(thread);
        }
        Ok(Self { writes, reads, threads })
    }

    pub(super) async fn write(&self, work: Box<dyn Work>) -> Result<()> {
        self.writes.send_async(work).await.map_err(|_| Error::Closed)
    }

    pub(super) async fn read(&self, work: Box<dyn Work>) -> Result<()> {
        self.reads.send_async(work).await.map_err(|_| Error::Closed)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let (closed, _) = flume::bounded(0);
        self.writes = closed.clone();
        self.reads = closed;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Connects once, so that a wrong address fails before anything starts, in the database's own words.
/// On a thread of its own: the blocking client may not run on one of the async runtime.
fn prove(config: &postgres::Config) -> Result<()> {
    let config = config.clone();
    let proof = std::thread::spawn(move || config.connect(NoTls).map(drop).map_err(Error::from));
    proof.join().unwrap_or(Err(Error::Panicked))
}

struct Connection {
    config: postgres::Config,
    read_only: bool,
    open: Option<(Client, Statements)>,
}

impl Connection {
    fn work_off(mut self, queue: &flume::Receiver<Box<dyn Work>>) {
        while let Ok(mut work) = queue.recv() {
            let committed = self.commit(&mut *work);
            work.finish(committed);
        }
    }

    fn commit(&mut self, work: &mut dyn Work) -> Result<()> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_commit(work) {
                Err(Error::Unavailable(_)) if tries < TRIES_MAX => {
                    // Another thread's transaction or a restarting server: give it a moment.
                    std::thread::sleep(Duration::from_millis(20 << tries));
                }
                done => return done,
            }
        }
    }

    fn try_commit(&mut self, work: &mut dyn Work) -> Result<()> {
        if self.open.as_ref().is_none_or(|(client, _)| client.is_closed()) {
            self.open = Some((self.config.connect(NoTls)?, Statements::default()));
        }
        let Some((client, statements)) = &mut self.open else {
            return Err(Error::Unavailable("no connection".to_owned()));
        };
        let mut builder = client.build_transaction().read_only(self.read_only);
        if self.read_only {
            builder = builder.isolation_level(IsolationLevel::RepeatableRead);
        }
        let tx = builder.start()?;
        let mut tx = Tx(Inner::Postgres { tx, statements });
        let outcome = work.run(&mut tx);
        let Inner::Postgres { tx, .. } = tx.0 else {
            return Err(Error::Closed);
        };
        match outcome {
            Ok(()) => match tx.commit() {
                Ok(()) => Ok(()),
                Err(e) if e.as_db_error().is_some() => Err(e.into()),
                // A read has nothing to commit, so nothing can be in doubt.
                Err(_) if self.read_only => Ok(()),
                Err(_) => Err(Error::CommitUnknown),
            },
            Err(Undo::Refused) => {
                // A lost connection undoes it just as well.
                let _ = tx.rollback();
                Ok(())
            }
            Err(Undo::Transient) => {
                let _ = tx.rollback();
                Err(Error::Unavailable("the transaction has to be run again".to_owned()))
            }
        }
    }
}

/// Statements prepared on one connection, by their text.
#[derive(Default)]
pub(super) struct Statements(HashMap<String, Statement>);

impl Statements {
    const MAX: usize = 512;

    pub(super) fn prepare(&mut self, tx: &mut Transaction<'_>, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.0.get(sql) {
            return Ok(statement.clone());
        }
        if self.0.len() >= Self::MAX {
            self.0.clear();
        }
        let statement = tx.prepare(sql)?;
        self.0.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}
