//! The people on the other side. Nobody is stored until something sets them apart from the habits
//! their phone number and the seed give them, so a million recipients cost nothing.

mod bsuid;
mod contact_book;
mod country;
mod record;

pub(crate) use bsuid::{bsuid, user_of};
pub(crate) use contact_book::{ContactBook, Pages};
pub(crate) use country::{calling_code, country, country_name};
pub(crate) use record::{SavedSpoken, Spoken, UserRecord};

use crate::{
    chance::{Draw, HashedMap, join, mix},
    messages::Sent,
    settings::Population,
    sync::lock,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

/// Users with a record, as they are kept: phone, record, thread.
pub(crate) type SavedUsers = Vec<(u64, Box<UserRecord>, VecDeque<SavedSpoken>)>;

const SHARDS: usize = 32;
const HABITS: u64 = 0x7573_6572;

/// All users, by phone number as digits.
pub(crate) struct Users {
    seed: u64,
    shards: Vec<Mutex<HashedMap<Box<UserRecord>>>>,
}

/// What a user is like, as one business number meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    pub(crate) on_whatsapp: bool,
    pub(crate) online: bool,
    pub(crate) reads: bool,
    pub(crate) opted_out: bool,
    /// The user has blocked the business: messages stay `sent`.
    pub(crate) blocked: bool,
    pub(crate) has_username: bool,
    pub(crate) phone_hidden: bool,
    pub(crate) generation: u8,
    /// Unix seconds until which the service window is open.
    pub(crate) window_until: i64,
    /// Unix seconds until which everything is free (free entry point).
    pub(crate) free_until: i64,
}

impl Users {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    fn shard(&self, phone: u64) -> &Mutex<HashedMap<Box<UserRecord>>> {
        &self.shards[mix(phone) as usize % SHARDS]
    }

    /// Reads the record of a user who has one.
    pub(crate) fn peek<T>(&self, phone: u64, f: impl FnOnce(&UserRecord) -> T) -> Option<T> {
        lock(self.shard(phone)).get(&phone).map(|r| f(r))
    }

    /// Changes a user, who has a record from then on.
    pub(crate) fn change<T>(&self, phone: u64, f: impl FnOnce(&mut UserRecord) -> T) -> T {
        f(lock(self.shard(phone)).entry(phone).or_default())
    }

    /// What `waba`'s number at `number` finds in a user.
    pub(crate) fn traits(&self, habits: &Population, phone: u64, waba: u64, number: u32) -> Traits {
        let mut d = Draw::from(join(self.seed ^ HABITS, phone));
        let mut t = Traits {
            on_whatsapp: !d.chance(habits.not_on_whatsapp),
            online: !d.chance(habits.offline),
            reads: d.chance(habits.reads),
            opted_out: d.chance(habits.opted_out),
            blocked: false,
            has_username: d.chance(habits.username),
            phone_hidden: d.chance(habits.phone_hidden),
            generation: 0,
            window_until: 0,
            free_until: 0,
        };
        self.peek(phone, |r| r.apply(&mut t, waba, number));
        t.phone_hidden &= t.has_username;
        t
    }

    /// The name in the user's profile.
    pub(crate) fn name(&self, phone: u64) -> String {
        self.peek(phone, |r| r.name.clone()).flatten().unwrap_or_else(|| {
            let h = join(self.seed, phone);
            format!("{} {}", FIRST[h as usize % FIRST.len()], LAST[(h >> 32) as usize % LAST.len()])
        })
    }

    /// The username, for a user who has one.
    pub(crate) fn username(&self, phone: u64) -> String {
        self.peek(phone, |r| r.username.clone()).flatten().flatten().unwrap_or_else(|| {
            let h = join(self.seed, phone);
            format!("{}.{}", FIRST[h as usize % FIRST.len()].to_lowercase(), phone % 100_000)
        })
    }

    /// Every record with its thread, in order of the phone numbers. Every message of a business that is named there
    /// goes into `sent`.
    pub(crate) fn save<T>(
        &self,
        sent: &mut BTreeMap<u64, Arc<Sent>>,
        write: impl Fn(&[(u64, &UserRecord, Vec<SavedSpoken>)]) -> T,
    ) -> T {
        let shards: Vec<_> = self.shards.iter().map(lock).collect();
        let mut all: Vec<(u64, &UserRecord, Vec<SavedSpoken>)> = Vec::new();
        for shard in &shards {
            for (phone, record) in shard.iter() {
                let thread = record.thread.iter().map(|s| SavedSpoken::of(s, sent)).collect();
                all.push((*phone, record, thread));
            }
        }
        all.sort_unstable_by_key(|(phone, ..)| *phone);
        write(&all)
    }

    /// Kept users in place of these.
    pub(crate) fn load(&self, users: SavedUsers, sent: &BTreeMap<u64, Arc<Sent>>) {
        for shard in &self.shards {
            lock(shard).clear();
        }
        for (phone, mut record, thread) in users {
            record.thread = thread.into_iter().filter_map(|s| s.spoken(sent)).collect();
            lock(self.shard(phone)).insert(phone, record);
        }
    }

    /// Forgets what was said, for a fresh report; what users are stays.
    pub(crate) fn forget_threads(&self) {
        for shard in &self.shards {
            for r in lock(shard).values_mut() {
                r.thread.clear();
            }
        }
    }
}

const FIRST: &[&str] = &[
    "Nimal", "Sheena", "Pablo", "Amara", "Kasun", "Fatima", "Ravi", "Lucia", "Chen", "Ines", "Omar",
    "Dilani", "Jonas", "Priya", "Tharushi", "Mateo", "Aisha", "Noah", "Yuki", "Zainab",
];
const LAST: &[&str] = &[
    "Perera",
    "Nelson",
    "Silva",
    "Okafor",
    "Fernando",
    "Khan",
    "Sharma",
    "Garcia",
    "Wei",
    "Costa",
    "Haddad",
    "Bandara",
    "Keller",
    "Iyer",
    "Jayasinghe",
    "Rojas",
    "Ali",
    "Brown",
    "Tanaka",
    "Bello",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_nobody_touched_takes_no_memory_and_keeps_their_habits() {
        let users = Users::new(3);
        let habits = Population { not_on_whatsapp: 0.1, ..Population::default() };
        let without =
            (0..10_000).filter(|p| !users.traits(&habits, 94_770_000_000 + p, 1, 0).on_whatsapp).count();
        assert!((850..1_150).contains(&without), "{without}");
        assert_eq!(users.traits(&habits, 5, 1, 0), users.traits(&habits, 5, 1, 0));
        assert!(users.shards.iter().all(|s| lock(s).is_empty()));
    }

    #[test]
    fn what_is_said_of_a_user_goes_before_habits() {
        let users = Users::new(3);
        let habits = Population { reads: 1.0, ..Population::default() };
        users.change(7, |r| {
            r.on_whatsapp = Some(false);
            r.stopped.insert(1);
            r.open_window(0, 500);
        });
        let t = users.traits(&habits, 7, 1, 0);
        assert!(!t.on_whatsapp && t.opted_out && t.reads);
        assert_eq!(t.window_until, 500);
        let other = users.traits(&habits, 7, 2, 1);
        assert!(!other.opted_out && other.window_until == 0);
    }
}
