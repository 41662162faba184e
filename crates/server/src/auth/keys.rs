//! API keys: how they look, and which were looked up a moment ago.
//!
//! `tsr_live_`, 52 characters of secret (32 random bytes in Crockford's base 32), 6 of checksum, so that a
//! mistyped key is told from a revoked one and scanners of leaked secrets can tell a real one. Only the
//! SHA-256 is stored: the database opens nothing, and a check costs a microsecond.

use crate::edge::{ApiError, Result};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tisara_domain::{Duration, OrgId, Rng, Timestamp};
use tisara_store::api_keys::ApiKey;

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
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SECRET_LEN: usize = 52;
const CHECKSUM_LEN: usize = 6;
/// Characters of a key that are shown later, to tell it from others: the word and four of the secret.
const HINT_LEN: usize = LIVE.len() + 4;

impl NewKey {
    /// Makes a key; `live` only chooses the word it begins with.
    #[must_use]
    pub fn generate(rng: &Rng, live: bool) -> Self {
        let mut token = String::from(if live { LIVE } else { TEST });
        base32(&rng.bytes::<32>(), SECRET_LEN, &mut token);
        let checksum = hash(&token);
        base32(&checksum, CHECKSUM_LEN, &mut token);
        let hash = hash(&token);
        Self { token, hash }
    }

    /// Its first characters.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.token.get(..HINT_LEN).unwrap_or_default()
    }
}

/// Writes the first `len` digits of the bytes, five bits each; missing bits are zero.
fn base32(bytes: &[u8], len: usize, out: &mut String) {
    let bit = |n: usize| bytes.get(n / 8).map_or(0, |byte| usize::from(byte >> (7 - n % 8) & 1));
    for digit in 0..len {
        let value = (0..5).fold(0, |value, n| value << 1 | bit(digit * 5 + n));
        out.push(char::from(ALPHABET[value]));
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

/// By the hash of a key: what is on record of it, and until when that may be believed.
type Kept = HashMap<[u8; 32], (Arc<ApiKey>, Timestamp)>;

/// Keys that were looked up a moment ago.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<Kept>);

/// More keys than that are not in use at once; an attacker's guesses never get in.
const CACHED_MAX: usize = 10_000;

impl KeyCache {
    pub(super) fn find(&self, hash: &[u8; 32], now: Timestamp) -> Option<Arc<ApiKey>> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.get(hash).filter(|(_, until)| now < *until).map(|(key, _)| Arc::clone(key))
    }

    /// Believes a key for so long, and never longer than it lasts.
    pub(super) fn keep(&self, hash: [u8; 32], key: ApiKey, now: Timestamp, for_: Duration) -> Arc<ApiKey> {
        let until = key.expires_at.map_or(now.plus(for_), |end| end.min(now.plus(for_)));
        let key = Arc::new(key);
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.len() >= CACHED_MAX {
            cached.retain(|_, (_, until)| now < *until);
        }
        if cached.len() < CACHED_MAX {
            cached.insert(hash, (Arc::clone(&key), until));
        }
        key
    }

    /// Looks the keys of an organization up anew: one was revoked.
    pub(crate) fn forget_all_of(&self, org: OrgId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (key, _)| key.org_id != org);
    }
}

/// The key itself, if it has the shape of one.
pub(super) fn shaped(token: &str) -> Result<&str> {
    let secret = token.strip_prefix(LIVE).or_else(|| token.strip_prefix(TEST)).unwrap_or_default();
    let shaped = secret.len() == SECRET_LEN + CHECKSUM_LEN && secret.bytes().all(|b| ALPHABET.contains(&b));
    if shaped {
        let (before, checksum) = token.split_at(token.len() - CHECKSUM_LEN);
        let mut right = String::new();
        base32(&hash(before), CHECKSUM_LEN, &mut right);
        if right == checksum {
            return Ok(token);
        }
    }
    Err(ApiError::Unauthorized(
        "This is not an API key. Keys begin with tsr_live_ or tsr_test_; copy it whole.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_domain::{ApiKeyId, id::TypedId as _};

    #[test]
    fn a_fresh_key_has_the_shape_that_is_asked_for() {
        let key = NewKey::generate(&Rng::seeded(1), true);
        assert_eq!(shaped(&key.token).unwrap(), key.token);
        assert_eq!(hash(&key.token), key.hash);
        assert_eq!(key.token.len(), 9 + 52 + 6);
        assert!(key.hint().starts_with("tsr_live_") && key.hint().len() == 13);
        assert_eq!(format!("{key:?}"), "NewKey(…)");
    }

    #[test]
    fn anything_else_is_refused_before_the_database_is_asked() {
        let key = NewKey::generate(&Rng::seeded(1), false).token;
        let cut = &key[..key.len() - 1];
        let swapped = key.replacen("tsr_test_", "tsr_live_", 1);
        let last = if key.ends_with('0') { "1" } else { "0" };
        for token in [
            "",
            "abc",
            "tsr_live_",
            "tsr_none_00",
            cut,
            &swapped,
            &format!("{cut}{last}"),
            &key.to_uppercase(),
        ] {
            assert!(shaped(token).is_err(), "{token}");
        }
    }

    #[test]
    fn a_cached_key_is_believed_for_a_moment_only() {
        let cache = KeyCache::default();
        let org = OrgId::from_bytes([1; 16]);
        let mut key = ApiKey::unbounded(org, ApiKeyId::from_bytes([2; 16]), "k", Timestamp(0));
        cache.keep([0; 32], key.clone(), Timestamp(0), Duration::from_secs(5));
        assert_eq!(cache.find(&[0; 32], Timestamp::from_seconds(4)).as_deref(), Some(&key));
        assert_eq!(cache.find(&[0; 32], Timestamp::from_seconds(5)), None);
        key.expires_at = Some(Timestamp::from_seconds(2));
        cache.keep([1; 32], key, Timestamp(0), Duration::from_secs(5));
        assert_eq!(cache.find(&[1; 32], Timestamp::from_seconds(2)), None);
        cache.forget_all_of(org);
        assert_eq!(cache.find(&[0; 32], Timestamp::from_seconds(1)), None);
    }
}
