//! A database in memory that does its work on the caller's own thread: for simulations, in which
//! everything must happen in an order that a seed decides, and in which a program may die at any commit.

use super::{
    error::{Error, Result},
    sqlite::Numbered,
    tx::{Inner, Tx},
    work::Work,
};
use rusqlite::Connection;
use std::sync::{Mutex, PoisonError};

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

pub(super) struct Inline(Mutex<State>);

struct State {
    conn: Connection,
    numbered: Numbered,
    fate: Fate,
}

impl Inline {
    pub(super) fn open(fate: Fate) -> Result<Self> {
        let conn = Connection::open_in_memory()?;
        conn.set_prepared_statement_cache_capacity(256);
        Ok(Self(Mutex::new(State { conn, numbered: Numbered::default(), fate })))
    }

    /// Runs the work; `false` when the program died over it: then nobody is ever answered.
    pub(super) fn run(&self, mut work: Box<dyn Work>, writes: bool) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { conn, numbered, fate } = &mut *state;
        if let Err(e) = conn.execute_batch("BEGIN IMMEDIATE") {
            drop(state);
            work.finish(Err(Error::from(e)));
            return true;
        }
        let refused = work.run(&mut Tx::new(Inner::Sqlite { conn, numbered })).is_err();
        if !writes || refused || fate(Commit::Before) {
            let died = writes && !refused;
            let undone = conn.execute_batch("ROLLBACK").map_err(Error::from);
            drop(state);
            if !died {
                work.finish(undone);
            }
            return !died;
        }
        let committed = conn.execute_batch("COMMIT").map_err(Error::from);
        let died = fate(Commit::After);
        drop(state);
        if !died {
            work.finish(committed);
        }
        !died
    }
}
