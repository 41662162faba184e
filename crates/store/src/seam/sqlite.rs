//! SQLite: one writer thread that commits in groups, and a few readers.
//!
//! The writer takes whatever is queued, opens one `BEGIN IMMEDIATE`, gives each body a savepoint,
//! commits once with `synchronous=FULL` and only then answers: durable writing costs one flush for
//! many callers. Readers have connections of their own that cannot write.

use super::{
    checkpoint::{Checkpoints, RESTART},
    error::{Error, Result},
    health::{Health, moment},
    queue::{Queue, Serves},
    store::Options,
    tx::{Inner, Tx},
    work::{Undo, Work},
};
use rusqlite::{Connection, OpenFlags};
use std::{collections::HashMap, path::Path, time::Duration};

/// Bodies that one commit may carry; more would only make the first of them wait.
const GROUP_MAX: usize = 512;
/// Least time from one commit's beginning to the next one's. Fifty numbers that send, each with a little to write ten times
/// a second, would otherwise have a commit each, as often as the disk allows: what they write meanwhile
/// goes into one.
const BETWEEN_COMMITS: Duration = Duration::from_micros(2_500);
const STATEMENTS_CACHED: usize = 256;
/// Page cache of one reader. What it holds is worth nothing as soon as anybody has written, so it is for the
/// pages that one transaction reads twice.
const READER_CACHE_MIB: u32 = 2;

pub(super) struct Sqlite {
    writes: Queue,
    reads: Queue,
    checkpoints: Checkpoints,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Sqlite {
    pub(super) fn open(path: &Path, options: Options, health: &Health) -> Result<Self> {
        let (writes, reads) = (Queue::default(), Queue::default());
        let writer = connect(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            options.sqlite_cache_mib,
        )?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "wal_autocheckpoint", RESTART)?;
        let checkpoints = Checkpoints::default();
        let (queue, well, written) = (writes.clone(), health.clone(), checkpoints.clone());
        let mut threads = vec![spawn("store-writer", move || write_loop(&writer, &queue, &well, &written))?];
        let mover = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, 1)?;
        let moves = checkpoints.clone();
        threads.push(spawn("store-mover", move || moves.run(&mover))?);
        let readers = options.sqlite_readers.max(1);
        for n in 0..readers {
            let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, READER_CACHE_MIB)?;
            reader.pragma_update(None, "query_only", true)?;
            let (queue, well, serves) = (reads.clone(), health.clone(), Serves::of_thread(n, readers));
            threads.push(spawn("store-reader", move || read_loop(&reader, &queue, serves, &well))?);
        }
        Ok(Self { writes, reads, checkpoints, threads })
    }

    /// Where work of one kind waits.
    pub(super) const fn queue(&self, write: bool) -> &Queue {
        if write { &self.writes } else { &self.reads }
    }
}

impl Drop for Sqlite {
    /// Lets the threads finish what is queued, so that every answered write is on disk.
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        self.checkpoints.close();
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
    stable_plans(&conn)?;
    // Negative: in KiB.
    conn.pragma_update(None, "cache_size", -1024 * i64::from(cache_mib))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(conn)
}

/// Plans do not depend on the values of a statement. Otherwise SQLite plans anew, at the cost of several
/// executions, whenever a value changes that was held against the condition of a partial index.
pub(super) fn stable_plans(conn: &Connection) -> Result<()> {
    conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn write_loop(conn: &Connection, queue: &Queue, health: &Health, checkpoints: &Checkpoints) {
    let mut numbered = Numbered::default();
    while let Some(group) = queue.take(Serves::All, GROUP_MAX) {
        let next_at = moment() + BETWEEN_COMMITS;
        commit_group(conn, &mut numbered, group, health);
        checkpoints.written();
        std::thread::sleep(next_at.saturating_duration_since(moment()));
    }
}

/// Runs the bodies in one transaction. If that transaction itself breaks (a full disk may end it in
/// the middle), each body is run again in one of its own, so that only the ones at fault fail.
fn commit_group(conn: &Connection, numbered: &mut Numbered, mut group: Vec<Box<dyn Work>>, health: &Health) {
    if group.len() > 1 && run_group(conn, numbered, &mut group, health).is_ok() {
        health.note(&Ok(()));
        for work in group {
            work.finish(Ok(()));
        }
        return;
    }
    for work in group {
        let mut one = vec![work];
        let committed = run_group(conn, numbered, &mut one, health);
        health.note(&committed);
        if let Some(work) = one.pop() {
            work.finish(committed);
        }
    }
}

fn run_group(
    conn: &Connection,
    numbered: &mut Numbered,
    group: &mut [Box<dyn Work>],
    health: &Health,
) -> Result<()> {
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let done = run_bodies(conn, numbered, group, health)
        .and_then(|()| conn.prepare_cached("COMMIT")?.execute([]).map_err(Error::from));
    if done.is_err() && !conn.is_autocommit() {
        let _ = conn.execute_batch("ROLLBACK");
    }
    done.map(|_| ())
}

fn run_bodies(
    conn: &Connection,
    numbered: &mut Numbered,
    group: &mut [Box<dyn Work>],
    health: &Health,
) -> Result<()> {
    let alone = group.len() == 1;
    for work in group {
        if !alone {
            conn.prepare_cached("SAVEPOINT body")?.execute([])?;
        }
        let outcome = work.run(&mut Tx::new(Inner::Sqlite { conn, numbered }));
        if let Err(Undo::Transient(e)) = &outcome {
            health.note(&Err(e.clone()));
        }
        if conn.is_autocommit() {
            return Err(Error::DiskFull);
        }
        match outcome {
            Ok(()) if alone => {}
            Ok(()) => {
                conn.prepare_cached("RELEASE body")?.execute([])?;
            }
            Err(Undo::Refused | Undo::Transient(_)) if alone => {
                conn.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
            }
            Err(Undo::Refused | Undo::Transient(_)) => {
                conn.prepare_cached("ROLLBACK TO body")?.execute([])?;
                conn.prepare_cached("RELEASE body")?.execute([])?;
            }
        }
    }
    Ok(())
}

fn read_loop(conn: &Connection, queue: &Queue, serves: Serves, health: &Health) {
    let mut numbered = Numbered::default();
    while let Some(works) = queue.take(serves, 1) {
        for mut work in works {
            let done = (|| -> Result<()> {
                conn.prepare_cached("BEGIN")?.execute([])?;
                if let Err(Undo::Transient(e)) =
                    work.run(&mut Tx::new(Inner::Sqlite { conn, numbered: &mut numbered }))
                {
                    health.note(&Err(e));
                }
                Ok(())
            })();
            if !conn.is_autocommit() {
                let _ = conn.prepare_cached("ROLLBACK").and_then(|mut s| s.execute([]));
            }
            if done.is_err() {
                health.note(&done);
            }
            work.finish(done);
        }
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
