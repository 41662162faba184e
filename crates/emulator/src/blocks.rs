//! The block lists of business numbers.

use crate::sync::{read, write};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::RwLock};

/// Users that numbers have blocked.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Blocks(RwLock<BTreeSet<(u64, u64)>>);

impl Blocks {
    pub(crate) fn contains(&self, number: u64, user: u64) -> bool {
        let all = read(&self.0);
        !all.is_empty() && all.contains(&(number, user))
    }

    /// False when it was there already.
    pub(crate) fn add(&self, number: u64, user: u64) -> bool {
        write(&self.0).insert((number, user))
    }

    /// False when it was not there.
    pub(crate) fn remove(&self, number: u64, user: u64) -> bool {
        write(&self.0).remove(&(number, user))
    }

    pub(crate) fn load(&self, kept: Self) {
        *write(&self.0) = std::mem::take(&mut *write(&kept.0));
    }

    /// The users `number` has blocked, in order.
    pub(crate) fn of(&self, number: u64) -> Vec<u64> {
        read(&self.0).range((number, 0)..=(number, u64::MAX)).map(|(_, user)| *user).collect()
    }
}
