//! Who calls: an API key opens one organization.
//!
//! A key is 32 random bytes; only its SHA-256 is stored, so the database opens nothing. The whole of
//! `/api/v1` stands behind `require_key`, and handlers get the organization from [`Caller`] alone,
//! never from the request.

use crate::{
    app::App,
    edge::{ApiError, Result},
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tisara_domain::{ApiKeyId, Duration, OrgId, Rng, Timestamp};

/// Who makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose data it may see.
    pub org: OrgId,
    /// By which key.
    pub key: ApiKeyId,
}

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

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Keys that were looked up a moment ago.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<HashMap<[u8; 32], (Caller, Timestamp)>>);

/// More keys than that are not in use at once; an attacker's guesses never get in.
const CACHED_MAX: usize = 10_000;

impl KeyCache {
    fn find(&self, hash: &[u8; 32], now: Timestamp) -> Option<Caller> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.get(hash).filter(|(_, until)| now < *until).map(|(caller, _)| *caller)
    }

    fn keep(&self, hash: [u8; 32], caller: Caller, now: Timestamp, for_: Duration) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.len() >= CACHED_MAX {
            cached.retain(|_, (_, until)| now < *until);
        }
        if cached.len() < CACHED_MAX {
            cached.insert(hash, (caller, now.plus(for_)));
        }
    }
}

/// The key in the header, if it has the shape of one.
fn token(headers: &HeaderMap) -> Result<&str> {
    let refused = ApiError::Unauthorized;
    let header = headers
        .get(header::AUTHORIZATION)
        .ok_or(refused("Send your API key in the header Authorization: Bearer tsr_live_…"))?;
    let value = header.to_str().unwrap_or_default();
    let (scheme, token) = value.split_once(' ').unwrap_or_default();
    let secret =
        token.trim().strip_prefix(LIVE).or_else(|| token.trim().strip_prefix(TEST)).unwrap_or_default();
    let shaped = secret.len() == SECRET_LEN && secret.bytes().all(|b| b.is_ascii_hexdigit());
    if !scheme.eq_ignore_ascii_case("bearer") || !shaped {
        return Err(refused(
            "This is not an API key. Keys begin with tsr_live_ or tsr_test_; copy it whole.",
        ));
    }
    Ok(token.trim())
}

/// Lets requests pass that carry a valid key, and notes whose it is.
pub(crate) async fn require_key(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let hash = hash(token(request.headers())?);
    let now = app.ambient.now();
    let caller = match app.keys.find(&hash, now) {
        Some(caller) => caller,
        None => {
            let key =
                app.store.read(move |tx| tx.find_api_key(&hash)).await?.ok_or(ApiError::Unauthorized(
                    "This API key is unknown or was revoked. Make a new one and use that.",
                ))?;
            let caller = Caller { org: key.org_id, key: key.id };
            app.keys.keep(hash, caller, now, Duration::from_millis(app.settings.key_cache_ms));
            caller
        }
    };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    /// A route outside the fence has no caller, and refuses.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().copied().ok_or(ApiError::Unauthorized("Send your API key."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use tisara_domain::id::TypedId as _;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn a_fresh_key_has_the_shape_that_is_asked_for() {
        let key = NewKey::generate(&Rng::seeded(1), true);
        assert_eq!(token(&headers(&format!("Bearer {}", key.token))).unwrap(), key.token);
        assert_eq!(hash(&key.token), key.hash);
        assert_eq!(format!("{key:?}"), "NewKey(…)");
    }

    #[test]
    fn anything_else_is_refused_before_the_database_is_asked() {
        assert!(token(&HeaderMap::new()).is_err());
        for value in ["", "Bearer", "Basic abc", "Bearer tsr_live_", "Bearer tsr_live_zz", "tsr_live_00"] {
            assert!(token(&headers(value)).is_err(), "{value}");
        }
    }

    #[test]
    fn a_cached_key_is_believed_for_a_moment_only() {
        let cache = KeyCache::default();
        let caller = Caller { org: OrgId::from_bytes([1; 16]), key: ApiKeyId::from_bytes([2; 16]) };
        cache.keep([0; 32], caller, Timestamp(0), Duration::from_secs(5));
        assert_eq!(cache.find(&[0; 32], Timestamp::from_seconds(4)), Some(caller));
        assert_eq!(cache.find(&[0; 32], Timestamp::from_seconds(5)), None);
    }
}
