//! What sets one user apart, and what was said with them.

use super::Traits;
use crate::messages::Sent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Messages kept of a user with a record.
const THREAD: usize = 100;

/// A user somebody has described, written as, or looked at.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct UserRecord {
    pub(crate) on_whatsapp: Option<bool>,
    pub(crate) online: Option<bool>,
    pub(crate) reads: Option<bool>,
    pub(crate) opted_out: Option<bool>,
    /// Accounts whose marketing the user has stopped.
    pub(crate) stopped: BTreeSet<u64>,
    /// Accounts whose marketing the user wants again, against `opted_out`.
    pub(crate) resumed: BTreeSet<u64>,
    pub(crate) blocked: bool,
    pub(crate) name: Option<String>,
    /// `Some(None)`: surely none.
    pub(crate) username: Option<Option<String>>,
    pub(crate) phone_hidden: Option<bool>,
    /// How often the phone number found a new owner or id.
    pub(crate) generation: u8,
    pub(crate) identity_hash: Option<String>,
    /// By the number's place: until when (unix seconds).
    windows: Vec<(u32, i64)>,
    free: Vec<(u32, i64)>,
    /// By the number's place: came from an advertisement and waits for the answer that opens the
    /// free entry point.
    pub(crate) from_ad: BTreeSet<u32>,
    /// The number that writes to them, by its place, and until when (unix seconds) that shows.
    pub(crate) typing: Option<(u32, i64)>,
    /// Until when (unix seconds) the cap keeps marketing from them, retried or not.
    pub(crate) capped_until: i64,
    /// When marketing reached them (unix seconds), for the cap.
    pub(crate) marketing: VecDeque<i64>,
    /// Kept beside the users, for messages are shared.
    #[serde(skip)]
    pub(crate) thread: VecDeque<Spoken>,
}

/// One message of a thread.
#[derive(Clone)]
pub(crate) enum Spoken {
    /// From a business.
    Out(Arc<Sent>),
    /// From the user, as the webhook told it, to the number at this place.
    In { number: u32, message: Arc<Value> },
}

/// One message of a thread as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SavedSpoken {
    /// From a business, by its serial.
    Out(u64),
    In(u32, Value),
}

impl SavedSpoken {
    /// A message of a business is kept in `sent`, once for all who got it.
    pub(super) fn of(spoken: &Spoken, sent: &mut BTreeMap<u64, Arc<Sent>>) -> Self {
        match spoken {
            Spoken::Out(message) => {
                sent.entry(message.serial).or_insert_with(|| message.clone());
                Self::Out(message.serial)
            }
            Spoken::In { number, message } => Self::In(*number, (**message).clone()),
        }
    }

    pub(super) fn spoken(self, sent: &BTreeMap<u64, Arc<Sent>>) -> Option<Spoken> {
        Some(match self {
            Self::Out(serial) => Spoken::Out(sent.get(&serial)?.clone()),
            Self::In(number, message) => Spoken::In { number, message: Arc::new(message) },
        })
    }
}

impl UserRecord {
    pub(super) fn apply(&self, t: &mut Traits, waba: u64, number: u32) {
        t.on_whatsapp = self.on_whatsapp.unwrap_or(t.on_whatsapp);
        t.online = self.online.unwrap_or(t.online);
        t.reads = self.reads.unwrap_or(t.reads);
        t.opted_out = self.opted_out.unwrap_or(t.opted_out) && !self.resumed.contains(&waba)
            || self.stopped.contains(&waba);
        t.blocked = self.blocked;
        t.has_username = self.username.as_ref().map_or(t.has_username, Option::is_some);
        t.phone_hidden = self.phone_hidden.unwrap_or(t.phone_hidden);
        t.generation = self.generation;
        t.window_until = until(&self.windows, number);
        t.free_until = until(&self.free, number);
    }

    /// Meta: a message of the user opens the window for 24 hours.
    pub(crate) fn open_window(&mut self, number: u32, until_s: i64) {
        set(&mut self.windows, number, until_s);
    }

    /// Meta: the first answer to a user from an advertisement opens 72 free hours.
    pub(crate) fn open_free_entry(&mut self, number: u32, until_s: i64) {
        set(&mut self.free, number, until_s);
    }

    /// Counts marketing of the last `hours` and, below `most`, this one. Once refused the user gets none
    /// for `rest_hours`.
    pub(crate) fn admit_marketing(&mut self, now_s: i64, most: u32, hours: u32, rest_hours: u32) -> bool {
        if self.capped_until > now_s {
            return false;
        }
        let since = now_s - i64::from(hours) * 3_600;
        while self.marketing.front().is_some_and(|at| *at <= since) {
            self.marketing.pop_front();
        }
        let room = self.marketing.len() < most as usize;
        if room {
            self.marketing.push_back(now_s);
        } else {
            self.capped_until = now_s + i64::from(rest_hours) * 3_600;
        }
        room
    }

    pub(crate) fn say(&mut self, what: Spoken) {
        if self.thread.len() == THREAD {
            self.thread.pop_front();
        }
        self.thread.push_back(what);
    }
}

fn until(all: &[(u32, i64)], number: u32) -> i64 {
    all.iter().find(|(n, _)| *n == number).map_or(0, |(_, until)| *until)
}

fn set(all: &mut Vec<(u32, i64)>, number: u32, until_s: i64) {
    match all.iter_mut().find(|(n, _)| *n == number) {
        Some((_, until)) => *until = until_s,
        None => all.push((number, until_s)),
    }
}
