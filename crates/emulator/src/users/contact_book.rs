//! Which phone numbers a business knows of users who hide theirs.
//!
//! Meta: the number is shown when this business number and that phone wrote to or called each other
//! within 30 days, or when the user is in the portfolio's contact book, which Meta keeps and which
//! only an explicit call takes them out of.

use crate::{
    saved,
    sync::{read, write},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::RwLock,
};

const KNOWN_FOR_S: i64 = 30 * 86_400;

/// Only users who hide their phone number are ever in it.
#[derive(Default)]
pub(crate) struct ContactBook(RwLock<Pages>);

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Pages {
    /// Portfolio and user.
    entries: BTreeSet<(u64, u64)>,
    /// By number and user: when the phone was last used between them (unix seconds).
    #[serde(with = "saved::pairs")]
    spoken: BTreeMap<(u64, u64), i64>,
}

impl ContactBook {
    /// The phone of a user was used with a number of a portfolio; with `keep` it stays in the book.
    pub(crate) fn spoke(&self, portfolio: u64, number: u64, user: u64, now_s: i64, keep: bool) {
        let mut pages = write(&self.0);
        pages.spoken.insert((number, user), now_s);
        if keep {
            pages.entries.insert((portfolio, user));
        }
    }

    pub(crate) fn knows(&self, portfolio: u64, number: u64, user: u64, now_s: i64) -> bool {
        let pages = read(&self.0);
        pages.entries.contains(&(portfolio, user))
            || pages.spoken.get(&(number, user)).is_some_and(|at| now_s - at < KNOWN_FOR_S)
    }

    /// Takes a user out; false when they were not in it.
    pub(crate) fn remove(&self, portfolio: u64, user: u64) -> bool {
        let mut pages = write(&self.0);
        pages.spoken.retain(|(_, u), _| *u != user);
        pages.entries.remove(&(portfolio, user))
    }

    pub(crate) fn save(&self) -> Pages {
        read(&self.0).clone()
    }

    pub(crate) fn load(&self, pages: Pages) {
        *write(&self.0) = pages;
    }
}
