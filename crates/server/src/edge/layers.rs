//! The layer around everything.

use super::error::{ApiError, Code, Problem};
use crate::app::App;
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt as _;
use std::{any::Any, panic::AssertUnwindSafe, time::Duration};
use tracing::Instrument as _;

/// Paths whose answers flow for as long as they must: uploads, downloads, live events. Each has limits of
/// its own.
fn may_take_long(path: &str) -> bool {
    path.ends_with("/events")
        || path.ends_with(".csv")
        || path.ends_with("/errors")
        || path == "/api/v1/contacts/imports"
        || path == "/api/v1/contacts/imports/preview"
}

/// Gives the request an id, bounds its time, keeps a panic from taking the connection, writes problem
/// documents, sets the headers that every answer has, and measures.
pub(crate) async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = app.ambient.now();
    let id = format!("req_{:032x}", u128::from_be_bytes(app.ambient.rng().bytes()));
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    // The path may hold ids but no names or numbers; the query may hold a search, so it is left out.
    let span = tracing::info_span!("request", id, %method, route);
    request.headers_mut().remove("x-request-id");
    let limit = (!may_take_long(request.uri().path()))
        .then(|| Duration::from_millis(app.settings.request_timeout_ms));

    let work = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone());
    let mut response = match limit {
        None => work.await.unwrap_or_else(|panic| panicked(panic.as_ref())),
        Some(limit) => tokio::select! {
            done = work => done.unwrap_or_else(|panic| panicked(panic.as_ref())),
            () = app.ambient.sleep(limit) => too_slow(),
        },
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = render(response, problem, &id);
    }
    set_headers(&mut response, &id, app.settings.is_https());

    let took = app.ambient.now().since(started);
    let status = response.status().as_u16();
    let labels =
        [("method", method.to_string()), ("route", route), ("status", format!("{}xx", status / 100))];
    metrics::histogram!("tisara_http_request_seconds", &labels).record(took.as_secs_f64());
    span.in_scope(|| tracing::debug!(status, took_ms = took.as_millis(), "answered"));
    response
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    ApiError::internal(format!("a handler panicked: {text}")).into_response()
}

fn too_slow() -> Response {
    ApiError::refused(
        Code::TimedOut,
        "This took longer than the server waits. Look whether it was done before you repeat it.",
    )
    .into_response()
}

fn render(response: Response, mut problem: Problem, id: &str) -> Response {
    problem.request_id = id.to_owned();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, Body::from(serde_json::to_vec(&problem).unwrap_or_default()))
}

/// Answers are data, never a page: no script, frame or style may come of them.
const FIXED: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "interest-cohort=()"),
];

fn set_headers(response: &mut Response, id: &str, https: bool) {
    let headers = response.headers_mut();
    // At once: a map that grows four times costs as much as all the rest of this.
    headers.reserve(FIXED.len() + 3);
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", value);
    }
}

/// Nothing lives at this address.
pub(crate) async fn no_path() -> ApiError {
    ApiError::NotFound("address")
}

/// Something lives here, but not for this method.
pub(crate) async fn no_method() -> ApiError {
    ApiError::refused(Code::MethodNotAllowed, "This address does not take this method.")
}
