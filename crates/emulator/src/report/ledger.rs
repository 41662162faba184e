//! The counts behind the report.

use super::arena::{Arena, Place};
use crate::{
    chance::{HashedMap, hash, join},
    settings::Identity,
    sync::lock,
    webhooks::Held,
};
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
    pub(super) ids: HashedMap<Id>,
    pub(super) texts: Arena,
    contents: HashedMap<Count>,
    /// Contents that reached a user more than once.
    pub(super) doubled: BTreeMap<u64, (u64, u64)>,
    pub(super) without_id: u64,
}

/// How often one identity was accepted.
#[derive(Clone, Copy)]
pub(super) struct Id {
    pub(super) text: Place,
    pub(super) user: u64,
    pub(super) count: Count,
}

/// Acceptances, and those of them that fail later: a message that failed has reached nobody.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) accepted: u32,
    pub(super) failed: u32,
}

impl Count {
    fn add(&mut self, fails: bool) {
        self.accepted = self.accepted.saturating_add(1);
        self.failed = self.failed.saturating_add(u32::from(fails));
    }

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
        lock(self.shard(content_hash)).contents.get(&content_hash).map_or(0, |c| c.accepted)
    }

    pub(crate) fn accepted(&self, identity: &Identity, a: &Accepted<'_>) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        {
            let mut shard = lock(self.shard(a.content_hash));
            let count = shard.contents.entry(a.content_hash).or_default();
            count.add(a.fails);
            if count.reached() > 1 {
                shard.doubled.insert(a.content_hash, (a.number, a.user));
            }
        }
        let Some(id) = id_of(identity, a) else {
            lock(self.shard(a.content_hash)).without_id += 1;
            return;
        };
        let key = join(hash(0, id.as_bytes()), a.number);
        let id = id.as_ref();
        let mut guard = lock(self.shard(key));
        let Shard { ids, texts, .. } = &mut *guard;
        ids.entry(key)
            .or_insert_with(|| Id { text: texts.add(id), user: a.user, count: Count::default() })
            .count
            .add(a.fails);
    }

    /// A message that was counted as reaching its user has failed after all.
    pub(crate) fn failed_after_all(&self, identity: &Identity, held: &Held) {
        let a = Accepted {
            number: held.number,
            user: held.user,
            callback: held.callback.as_deref(),
            content_hash: held.content_hash,
            fails: true,
        };
        {
            let mut shard = lock(self.shard(a.content_hash));
            let count = shard.contents.entry(a.content_hash).or_default();
            count.failed += 1;
            if count.reached() <= 1 {
                shard.doubled.remove(&a.content_hash);
            }
        }
        if let Some(id) = id_of(identity, &a) {
            let key = join(hash(0, id.as_bytes()), a.number);
            if let Some(id) = lock(self.shard(key)).ids.get_mut(&key) {
                id.count.failed += 1;
            }
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
        lock(self.shard(content_hash)).contents.get(&content_hash).copied().unwrap_or_default()
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
    fn an_entry_is_small() {
        assert!(size_of::<Id>() <= 24, "{}", size_of::<Id>());
    }

    #[test]
    fn a_million_messages_fit_in_little_memory() {
        // Keys and values of both maps at their lowest load, and the text of each id.
        let per_message = (8 + size_of::<Id>() + 1) * 16 / 7 + (8 + size_of::<Count>() + 1) * 16 / 7 + 40;
        assert!(per_message < 200, "{per_message}");
    }
}
