//! The same write sent twice is done once: `Idempotency-Key` on all writes of `/api/v1`.
//!
//! The key is bound to the request by a hash. Only successes are kept: a refusal changed nothing, so
//! the request may be sent again with the same key. The work goes on when the client hangs up, so that
//! the answer is there when it asks again.

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
use sha2::{Digest as _, Sha256};
use tisara_store::idempotency::Begun;

const HEADER: &str = "idempotency-key";
/// Answers to writes are small; a larger one is passed on but not kept.
const ANSWER_MAX_BYTES: usize = 1 << 20;
const KEY_MAX_LEN: usize = 255;

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
        Begun::InProgress => {
            return Err(ApiError::refused(
                Code::IdempotencyInProgress,
                "The first request with this Idempotency-Key is still running. Ask again in a moment.",
            ));
        }
    }
    let work = tokio::spawn(async move { finish(&app, caller, key, next.run(request).await).await });
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
async fn finish(app: &App, caller: Caller, key: String, response: Response) -> Result<Response> {
    let (parts, body) = response.into_parts();
    let kept = if parts.status.is_success() { to_bytes(body, ANSWER_MAX_BYTES).await.ok() } else { None };
    let Some(bytes) = kept else {
        app.store.write(move |tx| tx.org(caller.org).abandon_idempotent(&key)).await?;
        if parts.status.is_success() {
            return Err(ApiError::internal("an answer to a write was too large to be kept"));
        }
        // The document of a refusal travels beside the empty body.
        return Ok(Response::from_parts(parts, Body::empty()));
    };
    let (status, copy) = (parts.status.as_u16(), bytes.clone());
    app.store.write(move |tx| tx.org(caller.org).finish_idempotent(&key, status, &copy)).await?;
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
