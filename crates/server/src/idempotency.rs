//! The same write sent twice is done once: `Idempotency-Key` on all writes of `/api/v1`.
//!
//! The key is bound to the request by a hash. Only successes are kept: a refusal changed nothing, so
//! the request may be sent again with the same key. The work goes on when the client hangs up, so that
//! the answer is there when it asks again.
//!
//! A handler whose effect must not be had twice writes through [`write()`]: the answer is then kept in the
//! transaction that has the effect, so that no crash can part them, and a request that was thought dead
//! and comes back late is undone. The other writes (connecting, synchronizing, deleting, labels put on) may
//! be had twice without harm; their answer is kept after them.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Code, Result},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tisara_domain::{OrgId, Timestamp};
use tisara_store::{Store, Tx, idempotency::Begun};

const HEADER: &str = "idempotency-key";
/// Answers to writes are small; a larger one is passed on but not kept.
const ANSWER_MAX_BYTES: usize = 1 << 20;
const KEY_MAX_LEN: usize = 255;

tokio::task_local! {
    /// The key of the request that this task answers, if it carried one.
    static CLAIM: Arc<Claim>;
}

/// A key that was taken for a request.
struct Claim {
    org: OrgId,
    key: String,
    began_at: Timestamp,
    /// The answer is kept already, with the effect.
    is_answered: AtomicBool,
}

/// Writes, and keeps the answer `status` with the view of what `body` gives in the same transaction, if
/// the request carried a key. Call it once in a request, for its effect; the handler answers with what it
/// gives back and the same status.
///
/// # Errors
/// The body's, or that another request with this key has taken over.
pub(crate) async fn write<T, V, F>(store: &Store, status: StatusCode, mut body: F) -> Result<V>
where
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    V: From<T> + Serialize + Send + 'static,
{
    let claim = CLAIM.try_with(Arc::clone).ok();
    let kept = claim.clone();
    let view = store
        .write(move |tx| {
            let view = V::from(body(tx)?);
            if let Some(claim) = &kept {
                let answer = serde_json::to_vec(&view).map_err(ApiError::internal)?;
                let is_ours = tx.org(claim.org).answer_idempotent(
                    &claim.key,
                    claim.began_at,
                    status.as_u16(),
                    &answer,
                )?;
                if !is_ours {
                    return Err(in_progress());
                }
            }
            Ok(view)
        })
        .await?;
    if let Some(claim) = claim {
        claim.is_answered.store(true, Ordering::Relaxed);
    }
    Ok(view)
}

fn in_progress() -> ApiError {
    ApiError::refused(
        Code::IdempotencyInProgress,
        "The first request with this Idempotency-Key is still running. Ask again in a moment.",
    )
}

/// Answers a write that was done before as it was answered then.
pub(crate) async fn once(State(app): State<App>, request: Request, next: Next) -> Result<Response> {
    // What a person does for themselves belongs to no organization, and is safe to repeat or shows a secret.
    let Some(caller) = request.extensions().get::<Caller>().copied() else {
        return Ok(next.run(request).await);
    };
    let Some(key) = request.headers().get(HEADER).cloned() else { return Ok(next.run(request).await) };
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(next.run(request).await);
    }
    let key = key
        .to_str()
        .ok()
        .filter(|k| (1..=KEY_MAX_LEN).contains(&k.len()) && k.bytes().all(|b| b.is_ascii_graphic()))
        .ok_or_else(|| {
            ApiError::Malformed(
                "The Idempotency-Key must be 1 to 255 visible characters, such as a UUID.".to_owned(),
            )
        })?
        .to_owned();
    let (request, hash) = hashed(&app, caller, request).await?;
    let (began_key, now) = (key.clone(), app.ambient.now());
    let begun =
        app.store.write(move |tx| tx.org(caller.org).begin_idempotent(&began_key, &hash, now)).await?;
    match begun {
        Begun::New => {}
        Begun::Replay { status, body } => return Ok(replay(status, body)),
        Begun::Different => {
            return Err(ApiError::refused(
                Code::IdempotencyKeyReused,
                "This Idempotency-Key was used for another request. Use a new one for each different request.",
            ));
        }
        Begun::InProgress => return Err(in_progress()),
    }
    let claim = Arc::new(Claim { org: caller.org, key, began_at: now, is_answered: AtomicBool::new(false) });
    let work = tokio::spawn(async move {
        let response = CLAIM.scope(Arc::clone(&claim), next.run(request)).await;
        if claim.is_answered.load(Ordering::Relaxed) {
            return Ok(response);
        }
        finish(&app, &claim, response).await
    });
    work.await.map_err(ApiError::internal)?
}

/// The request again, and a hash of all that makes it what it is. Uploads are told apart by their
/// length only: they are too large to be held.
async fn hashed(app: &App, caller: Caller, request: Request) -> Result<(Request, [u8; 32])> {
    let (parts, body) = request.into_parts();
    let mut hash = Sha256::new();
    // Nobody gets the answer that somebody else got.
    hash.update(caller.mark());
    hash.update(parts.method.as_str());
    hash.update([0]);
    hash.update(parts.uri.path_and_query().map_or("", |p| p.as_str()));
    hash.update([0]);
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/") {
        let length = parts.headers.get(header::CONTENT_LENGTH).map(HeaderValue::as_bytes);
        hash.update(length.unwrap_or_default());
        return Ok((Request::from_parts(parts, body), hash.finalize().into()));
    }
    let bytes = to_bytes(body, app.settings.json_max_bytes)
        .await
        .map_err(|_| ApiError::refused(Code::TooLarge, "The body is larger than this path takes."))?;
    hash.update(&bytes);
    Ok((Request::from_parts(parts, Body::from(bytes)), hash.finalize().into()))
}

/// Keeps the answer of a success; anything else frees the key.
async fn finish(app: &App, claim: &Claim, response: Response) -> Result<Response> {
    let (org, key, began_at) = (claim.org, claim.key.clone(), claim.began_at);
    let (parts, body) = response.into_parts();
    let kept = if parts.status.is_success() { to_bytes(body, ANSWER_MAX_BYTES).await.ok() } else { None };
    let Some(bytes) = kept else {
        app.store.write(move |tx| tx.org(org).abandon_idempotent(&key, began_at)).await?;
        if parts.status.is_success() {
            return Err(ApiError::internal("an answer to a write was too large to be kept"));
        }
        // The document of a refusal travels beside the empty body.
        return Ok(Response::from_parts(parts, Body::empty()));
    };
    let (status, copy) = (parts.status.as_u16(), bytes.clone());
    // Whoever took the request over meanwhile answers for it; the effect is one that may be had twice.
    app.store.write(move |tx| tx.org(org).answer_idempotent(&key, began_at, status, &copy)).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let empty = body.is_empty();
    let mut response = (status, Bytes::from(body)).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if !empty {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}
