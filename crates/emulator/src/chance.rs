//! Chance without state: everything a seed decides is computed from hashes, so the order in which
//! calls arrive does not change what happens to a given user or message.

use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// Spreads the bits of `x` (the finaliser of splitmix64; a bijection).
pub(crate) fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Joins a further number to a hash.
pub(crate) fn join(hash: u64, x: u64) -> u64 {
    mix(hash.rotate_left(23) ^ mix(x.wrapping_add(0x9e37_79b9_7f4a_7c15)))
}

/// A hash of bytes that stays the same over releases and machines.
pub(crate) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut h = mix(seed ^ bytes.len() as u64);
    let mut chunks = bytes.chunks_exact(8);
    for c in &mut chunks {
        let mut eight = [0; 8];
        eight.copy_from_slice(c);
        h = (h ^ u64::from_le_bytes(eight)).wrapping_mul(0x9fb2_1c65_1e98_df25);
        h ^= h >> 32;
    }
    let mut tail = [0; 8];
    for (t, b) in tail.iter_mut().zip(chunks.remainder()) {
        *t = *b;
    }
    mix(h ^ u64::from_le_bytes(tail))
}

/// A sequence of draws that begins at a hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn from(hash: u64) -> Self {
        Self(hash)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// True with the given probability (0 never, 1 always).
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        // 53 bits: what an f64 holds exactly.
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        unit < probability
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        if high <= low { low } else { low + self.next() % (high - low + 1) }
    }
}

/// A map whose keys are hashes already.
pub(crate) type HashedMap<V> = HashMap<u64, V, BuildHasherDefault<AlreadyHashed>>;

/// Takes a `u64` key as its own hash.
#[derive(Default)]
pub(crate) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(self.0, bytes);
    }
    fn write_u64(&mut self, x: u64) {
        self.0 = mix(x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_hash_equal_and_others_do_not() {
        assert_eq!(hash(1, b"campaign.1"), hash(1, b"campaign.1"));
        assert_ne!(hash(1, b"campaign.1"), hash(2, b"campaign.1"));
        assert_ne!(hash(1, b"a"), hash(1, b"a\0"));
        let many: std::collections::HashSet<u64> =
            (0..100_000).map(|i| hash(7, format!("c.{i}").as_bytes())).collect();
        assert_eq!(many.len(), 100_000);
    }

    #[test]
    fn draws_follow_their_probability() {
        let mut d = Draw::from(42);
        let hits = (0..10_000).filter(|_| d.chance(0.3)).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
        assert!(!d.chance(0.0) && d.chance(1.0));
        assert!((0..100).all(|_| (5..=9).contains(&d.between(5, 9))));
    }
}
