//! Moving what SQLite has committed from its log into the database file, beside the writer.
//!
//! SQLite does this at the end of a commit by itself, whenever the log has grown enough: then everybody who
//! waits for that commit waits for the disk too, some hundred milliseconds for 32 MB. So a thread of its own
//! does it earlier, on a connection of its own; it holds no lock that a writer or a reader needs. The writer
//! is left with the last few pages, which it must copy itself to begin the log anew.
//!
//! It must never be what durability rests on: a commit is on disk in the log.

use super::error::Result;
use rusqlite::Connection;
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Pages of the log that are worth moving.
const WORTH: i64 = 4_000;
/// Pages of the log at which the writer begins it anew: 128 MiB. It waits then until all of them are in the file and on
/// the disk.
pub(super) const RESTART: i64 = 32_000;
/// Pages of the log from which on any number is moved. SQLite sees to it that moved pages are on the disk only after a
/// pass during which nobody commits, so only a short one does that; without it the writer would wait for them all.
const NEARLY_RESTART: i64 = RESTART - 2 * WORTH;
/// How often the log's length is looked at while there is writing.
const LOOK: Duration = Duration::from_millis(100);

/// Tells the thread that something was written. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Checkpoints(Arc<(Mutex<State>, Condvar)>);

#[derive(Clone, Copy, Default)]
struct State {
    written: bool,
    closed: bool,
}

impl Checkpoints {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was committed.
    pub(super) fn written(&self) {
        let mut state = self.lock();
        if !state.written {
            state.written = true;
            self.0.1.notify_all();
        }
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.0.1.notify_all();
    }

    /// Waits until something was written; false once there is nothing more to come.
    fn wait(&self) -> bool {
        let mut state = self.lock();
        while !state.written && !state.closed {
            state = self.0.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.written = false;
        let is_open = |state: &mut State| !state.closed;
        let (state, _) =
            self.0.1.wait_timeout_while(state, LOOK, is_open).unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }

    /// Moves pages whenever there are enough of them, until it is closed.
    pub(super) fn run(&self, conn: &Connection) {
        while self.wait() {
            let log = look(conn, "NOOP").unwrap_or_default();
            if log.is_worth_moving()
                && let Err(e) = look(conn, "PASSIVE")
            {
                // The writer will do it.
                tracing::debug!(error = %e, "the log could not be moved into the database file");
            }
        }
    }
}

/// The log, in pages.
#[derive(Clone, Copy, Default)]
struct Log {
    pages: i64,
    /// Not yet in the database file.
    waiting: i64,
}

impl Log {
    const fn is_worth_moving(self) -> bool {
        self.waiting >= WORTH || (self.pages >= NEARLY_RESTART && self.waiting > 0)
    }
}

/// The log after this kind of checkpoint.
fn look(conn: &Connection, kind: &str) -> Result<Log> {
    let sql = format!("PRAGMA wal_checkpoint({kind})");
    let log = conn.prepare_cached(&sql)?.query_row([], |row| {
        let (pages, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(Log { pages, waiting: pages - moved })
    })?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_left_to_the_writer_when_it_begins_the_log_anew() {
        let is_worth = |pages, waiting| Log { pages, waiting }.is_worth_moving();
        assert!(!is_worth(WORTH, WORTH - 1) && is_worth(WORTH, WORTH));
        assert!(!is_worth(RESTART - 1, 0) && is_worth(NEARLY_RESTART, 1));
    }

    #[test]
    fn the_log_is_moved_while_the_writer_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Connection::open(dir.path().join("a.db")).unwrap();
        let writer = open();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        writer.execute_batch("CREATE TABLE t (b BLOB)").unwrap();
        let checkpoints = Checkpoints::default();
        let (runs, conn) = (checkpoints.clone(), open());
        let thread = std::thread::spawn(move || runs.run(&conn));
        let pages = usize::try_from(WORTH).unwrap() + 100;
        writer.execute("INSERT INTO t VALUES (zeroblob(?1))", [pages as i64 * 4096]).unwrap();
        assert!(look(&writer, "NOOP").unwrap().waiting >= WORTH);
        while look(&writer, "NOOP").unwrap().waiting > 0 {
            checkpoints.written();
            std::thread::yield_now();
        }
        checkpoints.close();
        thread.join().unwrap();
    }
}
