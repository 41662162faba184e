//! API keys: how they look, and which were looked up a moment ago.
//!
//! A key is 32 random bytes; only its SHA-256 is stored, so the database opens nothing and a check
//! costs a microsecond.

use super::caller::Caller;
use crate::edge::{ApiError, Result};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tisara_domain::{Duration, Rng, Timestamp};

/// A fresh key: shown once, kept as its hash.
#[derive(Clone)]
pub struct NewKey {
    /// What the program sends.
    pub token: String,
    /// What is stored.
    pub hash: [u8; 32],
}

const LIVE: &str = "tsr_live_";
const TEST: &str = "tsr_test_";
const SECRET_LEN: usize = 64;

impl NewKey {
    /// Makes a key; `live` only chooses the word it begins with.
    #[must_use]
    pub fn generate(rng: &Rng, live: bool) -> Self {
        let mut token = String::from(if live { LIVE } else { TEST });
        for byte in rng.bytes::<32>() {
            token.push_str(&format!("{byte:02x}"));
        }
        let hash = hash(&token);
        Self { token, hash }
    }
}

impl std::fmt::Debug for NewKey {
    /// Leaves the key out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewKey(…)")
    }
}

pub(super) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Keys that were looked up a moment ago.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<HashMap<[u8; 32], (Caller, Timestamp)>>);

/// More keys than that are not in use at once; an attacker's guesses never get in.
const CACHED_MAX: usize = 10_000;

impl KeyCache {
    pub(super) fn find(&self, hash: &[u8; 32], now: Timestamp) -> Option<Caller> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.get(hash).filter(|(_, until)| now < *until).map(|(caller, _)| *caller)
    }

    pub(super) fn keep(&self, hash: [u8; 32], caller: Caller, now: Timestamp, for_: Duration) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.len() >= CACHED_MAX {
            cached.retain(|_, (_, until)| now < *until);
        }
        if cached.len() < CACHED_MAX {
            cached.insert(hash, (caller, now.plus(for_)));
        }
    }
}

/// The key itself, if it has the shape of one.
pub(super) fn shaped(token: &str) -> Result<&str> {
    let secret = token.strip_prefix(LIVE).or_else(|| token.strip_prefix(TEST)).unwrap_or_default();
    if secret.len() == SECRET_LEN && secret.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(token);
    }
    Err(ApiError::Unauthorized(
        "This is not an API key. Keys begin with tsr_live_ or tsr_test_; copy it whole.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_domain::{ApiKeyId, OrgId, id::TypedId as _};

    #[test]
    fn a_fresh_key_has_the_shape_that_is_asked_for() {
        let key = NewKey::generate(&Rng::seeded(1), true);
        assert_eq!(shaped(&key.token).unwrap(), key.token);
        assert_eq!(hash(&key.token), key.hash);
        assert_eq!(format!("{key:?}"), "NewKey(…)");
    }

    #[test]
    fn anything_else_is_refused_before_the_database_is_asked() {
        for token in ["", "abc", "tsr_live_", "tsr_live_zz", "tsr_none_00"] {
            assert!(shaped(token).is_err(), "{token}");
        }
    }

    #[test]
    fn a_cached_key_is_believed_for_a_moment_only() {
        let cache = KeyCache::default();
        let caller = Caller::key(OrgId::from_bytes([1; 16]), ApiKeyId::from_bytes([2; 16]));
        cache.keep([0; 32], caller, Timestamp(0), Duration::from_secs(5));
        assert_eq!(cache.find(&[0; 32], Timestamp::from_seconds(4)), Some(caller));
        assert_eq!(cache.find(&[0; 32], Timestamp::from_seconds(5)), None);
    }
}
