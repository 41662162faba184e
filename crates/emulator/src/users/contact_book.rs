//! Which phone numbers a business knows of users who hide theirs.
//!
//! Meta: the number is shown when this business number and that phone wrote to or called each other
//! within 30 days, or when the user is in the portfolio's contact book, which Meta keeps and which
//! only an explicit call takes them out of.

use crate::sync::{read, write};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::RwLock,
};

const KNOWN_FOR_S: i64 = 30 * 86_400;

/// Only users who hide their phone number are ever in it.
#[derive(Default)]
pub(crate) struct ContactBook {
    /// Portfolio and user.
    entries: RwLock<BTreeSet<(u64, u64)>>,
    /// By number and user: when the phone was last used between them (unix seconds).
    spoken: RwLock<BTreeMap<(u64, u64), i64>>,
}

impl ContactBook {
    /// The phone of a user was used with a number of a portfolio; with `keep` it stays in the book.
    pub(crate) fn spoke(&self, portfolio: u64, number: u64, user: u64, now_s: i64, keep: bool) {
        write(&self.spoken).insert((number, user), now_s);
        if keep {
            write(&self.entries).insert((portfolio, user));
        }
    }

    pub(crate) fn knows(&self, portfolio: u64, number: u64, user: u64, now_s: i64) -> bool {
        read(&self.entries).contains(&(portfolio, user))
            || read(&self.spoken).get(&(number, user)).is_some_and(|at| now_s - at < KNOWN_FOR_S)
    }

    /// Takes a user out; false when they were not in it.
    pub(crate) fn remove(&self, portfolio: u64, user: u64) -> bool {
        write(&self.spoken).retain(|(_, u), _| *u != user);
        write(&self.entries).remove(&(portfolio, user))
    }

    /// All entries, in order.
    pub(crate) fn all(&self) -> Vec<(u64, u64)> {
        read(&self.entries).iter().copied().collect()
    }

    pub(crate) fn load(&self, entries: impl Iterator<Item = (u64, u64)>) {
        *write(&self.entries) = entries.collect();
    }
}
