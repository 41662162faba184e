//! The pace of one number towards one person (Meta: one message per 6 s, 45 at once, else 131056).

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};
use tisara_domain::{Timestamp, pace::Bucket};

/// People remembered at most. Whoever is forgotten starts with a full bucket; Meta's own refusal
/// then still keeps the pace.
const REMEMBERED: usize = 20_000;

/// Buckets of the people written to lately.
pub(crate) struct Pairs {
    buckets: HashMap<u64, Bucket>,
    hasher: RandomState,
}

impl Pairs {
    pub(crate) fn new() -> Self {
        Self { buckets: HashMap::new(), hasher: RandomState::new() }
    }

    /// Takes one message for this person, or says when there will be room.
    pub(crate) fn take(&mut self, address: &str, now: Timestamp) -> Result<(), Timestamp> {
        if self.buckets.len() >= REMEMBERED {
            self.buckets.retain(|_, bucket| bucket.available(now) < 45);
            if self.buckets.len() >= REMEMBERED {
                self.buckets.clear();
            }
        }
        let bucket = self.buckets.entry(self.hasher.hash_one(address)).or_insert_with(Bucket::pair);
        if bucket.take_up_to(now, 1) == 1 { Ok(()) } else { Err(bucket.ready_at(1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_domain::Duration;

    #[test]
    fn one_persons_haste_does_not_slow_another() {
        let mut pairs = Pairs::new();
        let now = Timestamp::from_seconds(100);
        for _ in 0..45 {
            pairs.take("+94771234567", now).unwrap();
        }
        let ready = pairs.take("+94771234567", now).unwrap_err();
        assert!(ready > now && ready <= now.plus(Duration::from_secs(7)));
        assert!(pairs.take("+94770000000", now).is_ok());
    }

    #[test]
    fn memory_has_an_end() {
        let mut pairs = Pairs::new();
        for n in 0..3 * REMEMBERED {
            let _ = pairs.take(&n.to_string(), Timestamp::from_seconds(100));
        }
        assert!(pairs.buckets.len() <= REMEMBERED);
    }
}
