//! The counts behind the report.

use super::arena::{Arena, Place};
use crate::{
    chance::{HashedMap, hash, join},
    saved,
    settings::Identity,
    sync::lock,
    webhooks::Held,
};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

const SHARDS: usize = 16;

/// Every acceptance, counted by identity and by content.
pub(crate) struct Ledger {
    pub(super) shards: Vec<Mutex<Shard>>,
    pub(super) refused: Mutex<BTreeMap<i64, u64>>,
    accepted: AtomicU64,
    receipts: AtomicU64,
}

#[derive(Default)]
pub(super) struct Shard {
    pub(super) ids: Counted<Place>,
    pub(super) texts: Arena,
    contents: Counted<()>,
    /// Contents that reached a user more than once.
    pub(super) doubled: BTreeMap<u64, (u64, u64)>,
    pub(super) without_id: u64,
}

/// Counts by key. Nearly everything is accepted once and does not fail: that costs no count.
pub(super) struct Counted<V> {
    all: HashedMap<V>,
    /// Those whose count is another.
    more: HashedMap<Count>,
}

impl<V> Default for Counted<V> {
    fn default() -> Self {
        Self { all: HashedMap::default(), more: HashedMap::default() }
    }
}

impl<V> Counted<V> {
    fn count(&self, key: u64) -> Count {
        let once = || Count { accepted: u32::from(self.all.contains_key(&key)), failed: 0 };
        self.more.get(&key).copied().unwrap_or_else(once)
    }

    fn add(&mut self, key: u64, fails: bool, value: impl FnOnce() -> V) -> Count {
        let mut new = false;
        self.all.entry(key).or_insert_with(|| {
            new = true;
            value()
        });
        if new && !fails {
            return Count::ONCE;
        }
        let before = if new { Count::default() } else { Count::ONCE };
        let count = self.more.entry(key).or_insert(before);
        count.accepted = count.accepted.saturating_add(1);
        count.failed = count.failed.saturating_add(u32::from(fails));
        *count
    }

    /// One of them has failed after all.
    fn fail(&mut self, key: u64) -> Count {
        if !self.all.contains_key(&key) {
            return Count::default();
        }
        let count = self.more.entry(key).or_insert(Count::ONCE);
        count.failed = count.failed.saturating_add(1);
        *count
    }

    fn put(&mut self, key: u64, value: V, count: Count) {
        self.all.insert(key, value);
        if count != Count::ONCE {
            self.more.insert(key, count);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Everything counted, in any order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &V, Count)> {
        self.all.iter().map(|(key, v)| (*key, v, self.count(*key)))
    }

    /// What was not accepted once without failing, in any order.
    pub(super) fn unusual(&self) -> impl Iterator<Item = (&V, Count)> {
        self.more.iter().filter_map(|(key, count)| Some((self.all.get(key)?, *count)))
    }
}

/// How often something was accepted, and how often of those it fails later: what failed has reached nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Count {
    pub(super) accepted: u32,
    pub(super) failed: u32,
}

impl Count {
    const ONCE: Self = Self { accepted: 1, failed: 0 };

    pub(super) fn reached(self) -> u32 {
        self.accepted.saturating_sub(self.failed)
    }
}

/// One acceptance.
pub(crate) struct Accepted<'a> {
    pub(crate) number: u64,
    pub(crate) user: u64,
    pub(crate) callback: Option<&'a str>,
    /// Of sender, user and content.
    pub(crate) content_hash: u64,
    pub(crate) fails: bool,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            refused: Mutex::default(),
            accepted: AtomicU64::new(0),
            receipts: AtomicU64::new(0),
        }
    }

    fn shard(&self, key: u64) -> &Mutex<Shard> {
        &self.shards[key as usize % SHARDS]
    }

    /// How often this content was accepted from this number for this user.
    pub(crate) fn times_accepted(&self, content_hash: u64) -> u32 {
        lock(self.shard(content_hash)).contents.count(content_hash).accepted
    }

    pub(crate) fn accepted(&self, identity: &Identity, a: &Accepted<'_>) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        {
            let mut shard = lock(self.shard(a.content_hash));
            if shard.contents.add(a.content_hash, a.fails, || ()).reached() > 1 {
                shard.doubled.insert(a.content_hash, (a.number, a.user));
            }
        }
        let Some(id) = id_of(identity, a) else {
            lock(self.shard(a.content_hash)).without_id += 1;
            return;
        };
        let key = join(hash(0, id.as_bytes()), a.number);
        let mut guard = lock(self.shard(key));
        let Shard { ids, texts, .. } = &mut *guard;
        ids.add(key, a.fails, || texts.add(a.user, &id));
    }

    /// A message that was counted as reaching its user has failed after all.
    pub(crate) fn failed_after_all(&self, identity: &Identity, held: &Held) {
        let callback = held.callback.as_ref().map(ToString::to_string);
        let a = Accepted {
            number: held.number,
            user: held.user,
            callback: callback.as_deref(),
            content_hash: held.content_hash,
            fails: true,
        };
        {
            let mut shard = lock(self.shard(a.content_hash));
            if shard.contents.fail(a.content_hash).reached() <= 1 {
                shard.doubled.remove(&a.content_hash);
            }
        }
        if let Some(id) = id_of(identity, &a) {
            let key = join(hash(0, id.as_bytes()), a.number);
            lock(self.shard(key)).ids.fail(key);
        }
    }

    /// A call was refused with this code.
    pub(crate) fn refused(&self, code: i64) {
        *lock(&self.refused).entry(code).or_default() += 1;
    }

    pub(crate) fn receipt(&self) {
        self.receipts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn total(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(crate) fn receipts(&self) -> u64 {
        self.receipts.load(Ordering::Relaxed)
    }

    pub(super) fn content_count(&self, content_hash: u64) -> Count {
        lock(self.shard(content_hash)).contents.count(content_hash)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            *lock(shard) = Shard::default();
        }
        lock(&self.refused).clear();
        self.accepted.store(0, Ordering::Relaxed);
        self.receipts.store(0, Ordering::Relaxed);
    }
}

/// The counts as they are kept; places in memory mean nothing elsewhere.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedLedger {
    /// Key, identity, the user it went to first, and how often.
    ids: Vec<(u64, String, u64, Count)>,
    contents: Vec<(u64, Count)>,
    #[serde(with = "saved::pairs")]
    doubled: BTreeMap<u64, (u64, u64)>,
    without_id: u64,
    refused: BTreeMap<i64, u64>,
    accepted: u64,
    receipts: u64,
}

impl Ledger {
    pub(crate) fn save(&self) -> SavedLedger {
        let mut s = SavedLedger {
            ids: Vec::new(),
            contents: Vec::new(),
            doubled: BTreeMap::new(),
            without_id: 0,
            refused: lock(&self.refused).clone(),
            accepted: self.total(),
            receipts: self.receipts(),
        };
        for shard in &self.shards {
            let shard = lock(shard);
            s.ids.extend(shard.ids.iter().map(|(key, place, count)| {
                let (user, id) = shard.texts.get(*place);
                (key, id, user, count)
            }));
            s.contents.extend(shard.contents.iter().map(|(key, (), count)| (key, count)));
            s.doubled.extend(&shard.doubled);
            s.without_id += shard.without_id;
        }
        s.ids.sort_unstable_by_key(|(key, ..)| *key);
        s.contents.sort_unstable_by_key(|(key, _)| *key);
        s
    }

    pub(crate) fn load(&self, s: SavedLedger) {
        self.clear();
        for (key, id, user, count) in s.ids {
            let mut guard = lock(self.shard(key));
            let Shard { ids, texts, .. } = &mut *guard;
            ids.put(key, texts.add(user, &id), count);
        }
        for (key, count) in s.contents {
            lock(self.shard(key)).contents.put(key, (), count);
        }
        for (key, who) in s.doubled {
            lock(self.shard(key)).doubled.insert(key, who);
        }
        lock(&self.shards[0]).without_id = s.without_id;
        *lock(&self.refused) = s.refused;
        self.accepted.store(s.accepted, Ordering::Relaxed);
        self.receipts.store(s.receipts, Ordering::Relaxed);
    }
}

fn id_of<'a>(identity: &Identity, a: &Accepted<'a>) -> Option<Cow<'a, str>> {
    match identity {
        Identity::UserAndTemplate => {
            Some(Cow::Owned(format!("{}/{}/{:016x}", a.number, a.user, a.content_hash)))
        }
        Identity::CallbackData => a.callback.map(Cow::Borrowed),
        Identity::CallbackDataUpTo { separator, parts } => {
            a.callback.map(|id| Cow::Borrowed(up_to(id, *separator, *parts)))
        }
    }
}

/// The first `parts` parts of `id`.
fn up_to(id: &str, separator: char, parts: usize) -> &str {
    match id.match_indices(separator).nth(parts.saturating_sub(1)) {
        Some((end, _)) if parts > 0 => &id[..end],
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_at_one_message_share_its_first_parts() {
        assert_eq!(up_to("job.7.2", '.', 2), "job.7");
        assert_eq!(up_to("job.7", '.', 2), "job.7");
        assert_eq!(up_to("job", '.', 2), "job");
        assert_eq!(up_to("job.7", '.', 0), "job.7");
    }

    #[test]
    fn what_was_accepted_twice_or_failed_is_counted() {
        let mut c = Counted::<()>::default();
        assert_eq!(c.add(1, false, || ()).reached(), 1);
        assert_eq!(c.more.len(), 0);
        assert_eq!(c.add(1, true, || ()), Count { accepted: 2, failed: 1 });
        assert_eq!(c.add(2, true, || ()), Count { accepted: 1, failed: 1 });
        assert_eq!(c.add(2, false, || ()).reached(), 1);
        assert_eq!(c.fail(2).reached(), 0);
        assert_eq!((c.count(3), c.fail(3), c.len()), (Count::default(), Count::default(), 2));
    }

    #[test]
    fn a_million_messages_fit_in_little_memory() {
        // Keys and values of both maps (and a byte each of the map's own) at their lowest load, and what the arena
        // keeps of an id.
        let ids = (8 + size_of::<Place>() + 1) * 16 / 7;
        let contents = (8 + 1) * 16 / 7;
        let per_message = ids + contents + 10 + "1000000.1".len();
        assert!(per_message < 80, "{per_message}");
    }
}
