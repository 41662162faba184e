//! SQLite: one writer thread that commits in groups, and a few readers.
//!
//! The writer takes whatever is queued, opens one `BEGIN IMMEDIATE`, gives each body a savepoint,
//! commits once with `synchronous=FULL` and only then answers: durable writing costs one flush for
//! many callers. Readers have connections of their own that cannot write.

use super::{
    error::{Error, Result},
    tx::{Inner, Tx},
    work::{Undo, Work},
};
use rusqlite::{Connection, OpenFlags};
use std::{collections::HashMap, path::Path, time::Duration};

/// Bodies that one commit may carry; more would only make the first of them wait.
const GROUP_MAX: usize = 512;
/// Callers that may wait for a thread before the next one has to wait to be queued.
const QUEUE_MAX: usize = 4096;
const STATEMENTS_CACHED: usize = 256;

pub(super) struct Sqlite {
    writes: flume::Sender<Box<dyn Work>>,
    reads: flume::Sender<Box<dyn Work>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Sqlite {
    pub(super) fn open(path: &Path, readers: usize, cache_mib: u32) -> Result<Self> {
        let (writes, write_queue) = flume::bounded(QUEUE_MAX);
        let (reads, read_queue) = flume::bounded(QUEUE_MAX);
        let writer =
            connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, cache_mib)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "wal_autocheckpoint", 8000)?;
        let mut threads = vec![spawn("store-writer", move || write_loop(&writer, &write_queue))?];
        for _ in 0..readers.max(1) {
            let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, 8)?;
            reader.pragma_update(None, "query_only", true)?;
            let queue: flume::Receiver<Box<dyn Work>> = read_queue.clone();
            threads.push(spawn("store-reader", move || read_loop(&reader, &queue))?);
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

impl Drop for Sqlite {
    /// Lets the threads finish what is queued, so that every answered write is on disk.
    fn drop(&mut self) {
        let (closed, _) = flume::bounded(0);
        self.writes = closed.clone();
        self.reads = closed;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|e| Error::Unavailable(format!("no thread for the database: {e}")))
}

fn connect(path: &Path, flags: OpenFlags, cache_mib: u32) -> Result<Connection> {
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // Negative: in KiB.
    conn.pragma_update(None, "cache_size", -1024 * i64::from(cache_mib))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(conn)
}

fn write_loop(conn: &Connection, queue: &flume::Receiver<Box<dyn Work>>) {
    let mut numbered = Numbered::default();
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP_MAX - 1));
        commit_group(conn, &mut numbered, group);
    }
}

/// Runs the bodies in one transaction. If that transaction itself breaks (a full disk may end it in
/// the middle), each body is run again in one of its own, so that only the ones at fault fail.
fn commit_group(conn: &Connection, numbered: &mut Numbered, mut group: Vec<Box<dyn Work>>) {
    if group.len() > 1 && run_group(conn, numbered, &mut group).is_ok() {
        for work in group {
            work.finish(Ok(()));
        }
        return;
    }
    for work in group {
        let mut one = vec![work];
        let committed = run_group(conn, numbered, &mut one);
        if let Some(work) = one.pop() {
            work.finish(committed);
        }
    }
}

fn run_group(conn: &Connection, numbered: &mut Numbered, group: &mut [Box<dyn Work>]) -> Result<()> {
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let done = run_bodies(conn, numbered, group)
        .and_then(|()| conn.prepare_cached("COMMIT")?.execute([]).map_err(Error::from));
    if done.is_err() && !conn.is_autocommit() {
        let _ = conn.execute_batch("ROLLBACK");
    }
    done.map(|_| ())
}

fn run_bodies(conn: &Connection, numbered: &mut Numbered, group: &mut [Box<dyn Work>]) -> Result<()> {
    let alone = group.len() == 1;
    for work in group {
        if !alone {
            conn.prepare_cached("SAVEPOINT body")?.execute([])?;
        }
        let outcome = work.run(&mut Tx(Inner::Sqlite { conn, numbered }));
        if conn.is_autocommit() {
            return Err(Error::DiskFull);
        }
        match outcome {
            Ok(()) if alone => {}
            Ok(()) => {
                conn.prepare_cached("RELEASE body")?.execute([])?;
            }
            Err(Undo::Refused | Undo::Transient) if alone => {
                conn.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
            }
            Err(Undo::Refused | Undo::Transient) => {
                conn.prepare_cached("ROLLBACK TO body")?.execute([])?;
                conn.prepare_cached("RELEASE body")?.execute([])?;
            }
        }
    }
    Ok(())
}

fn read_loop(conn: &Connection, queue: &flume::Receiver<Box<dyn Work>>) {
    let mut numbered = Numbered::default();
    while let Ok(mut work) = queue.recv() {
        let done = (|| -> Result<()> {
            conn.prepare_cached("BEGIN")?.execute([])?;
            let _ = work.run(&mut Tx(Inner::Sqlite { conn, numbered: &mut numbered }));
            Ok(())
        })();
        if !conn.is_autocommit() {
            let _ = conn.prepare_cached("ROLLBACK").and_then(|mut s| s.execute([]));
        }
        work.finish(done);
    }
}

/// SQLite numbers `$1`, `$2` by where they first appear, not by their digits, so a statement that
/// names them out of order would bind the wrong values without an error. `?n` means what it says.
#[derive(Default)]
pub(super) struct Numbered(HashMap<String, String>);

impl Numbered {
    /// Statements kept; dynamic filters make new texts, so there must be an end.
    const MAX: usize = 1024;

    #[cfg(feature = "testing")]
    pub(super) fn texts(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(super) fn sql<'s>(&'s mut self, sql: &'s str) -> &'s str {
        if !sql.contains('$') {
            return sql;
        }
        if self.0.len() >= Self::MAX && !self.0.contains_key(sql) {
            self.0.clear();
        }
        if !self.0.contains_key(sql) {
            self.0.insert(sql.to_owned(), question_marks(sql));
        }
        self.0.get(sql).map_or(sql, String::as_str)
    }
}

/// `$n` becomes `?n`, outside of quotes.
fn question_marks(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut quoted = false;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        quoted ^= c == '\'';
        let is_placeholder = c == '$' && !quoted && chars.peek().is_some_and(char::is_ascii_digit);
        out.push(if is_placeholder { '?' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_keep_their_numbers() {
        assert_eq!(
            question_marks("UPDATE t SET a=$2 WHERE id=$1 AND b='$3'"),
            "UPDATE t SET a=?2 WHERE id=?1 AND b='$3'"
        );
        assert_eq!(question_marks("SELECT data->>'$.a', $12"), "SELECT data->>'$.a', ?12");
    }
}
