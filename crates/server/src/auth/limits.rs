//! How often one key may call, and what its answers say about it.
//!
//! The headers are those of the IETF's draft "RateLimit header fields for HTTP"
//! (draft-ietf-httpapi-ratelimit-headers-10), and Retry-After of RFC 9110.

use crate::{
    app::App,
    edge::{ApiError, Code, Limit, Result, Verdict},
};
use axum::{http::HeaderValue, response::Response};
use tisara_domain::{ApiKeyId, id::TypedId as _};

/// What stands in the answers of a key.
pub(super) struct Told {
    limit: Limit,
    verdict: Verdict,
}

/// Counts a call of a key; refuses it when there were too many.
pub(super) fn take(app: &App, key: ApiKeyId) -> Result<Told> {
    let limit = app.settings.key_limit;
    let verdict = app.key_limits.take(key.to_bytes(), limit, app.ambient.now());
    if verdict.left.is_some() {
        return Ok(Told { limit, verdict });
    }
    Err(ApiError::Throttled {
        code: Code::RateLimited,
        detail: format!("This key may call {} times in {} s; wait a moment.", limit.burst, limit.window_s),
        retry_after_s: verdict.wait_s,
    })
}

/// Writes it into the answer.
pub(super) fn tell(response: &mut Response, told: Told) {
    let Told { limit, verdict } = told;
    let policy = format!("\"key\";q={};w={}", limit.burst, limit.window_s);
    let now = format!("\"key\";r={};t={}", verdict.left.unwrap_or(0), limit.window_s);
    for (name, text) in [("ratelimit-policy", policy), ("ratelimit", now)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    }
}
