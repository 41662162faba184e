//! An answer and the headers Meta puts on it.

use super::{error::GraphError, rate::Usage};
use crate::{Inner, chance};
use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;
use std::sync::atomic::Ordering;

/// What a call is answered with.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: HeaderValue,
    pub(crate) body: Bytes,
    pub(crate) file_name: Option<String>,
    reset: bool,
}

/// Marks a response that stands for a broken connection: [`crate::Emulator::serve`] closes the
/// connection without an answer; a test that calls the router itself finds this among the
/// response's extensions.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionReset;

impl Reply {
    pub(crate) fn json(value: &Value) -> Self {
        Self::written(200, value.to_string())
    }

    pub(crate) fn success() -> Self {
        Self::written(200, r#"{"success":true}"#)
    }

    /// JSON that is written already.
    pub(crate) fn written(status: u16, json: impl Into<Bytes>) -> Self {
        let content_type = HeaderValue::from_static("application/json; charset=UTF-8");
        Self { status, content_type, body: json.into(), file_name: None, reset: false }
    }

    pub(crate) fn raw(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let plain = HeaderValue::from_static("application/octet-stream");
        let content_type = HeaderValue::from_str(content_type).unwrap_or(plain);
        Self { status, content_type, body: body.into(), file_name: None, reset: false }
    }

    /// The connection breaks instead of an answer.
    pub(crate) fn reset() -> Self {
        Self { reset: true, ..Self::raw(502, "text/plain", Bytes::new()) }
    }
}

/// What the headers of an answer tell of a call.
#[derive(Default)]
pub(super) struct About {
    pub(super) version: Option<u32>,
    /// The account it was about.
    pub(super) waba: Option<u64>,
    /// Percent of the app's budget, when it has one.
    pub(super) app_percent: Option<u64>,
    /// Of the account's budget for management calls, when it was one.
    pub(super) management: Option<Usage>,
}

/// Puts Meta's headers on an answer.
pub(super) fn respond(e: &Inner, about: &About, reply: Result<Reply, GraphError>) -> Response {
    let n = e.calls.fetch_add(1, Ordering::Relaxed);
    let trace = trace_id(e.seed, n);
    let reply = reply.unwrap_or_else(|error| {
        e.ledger.refused(error.code);
        Reply::written(error.status, error.body(&trace).to_string())
    });
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if reply.reset {
        response.extensions_mut().insert(ConnectionReset);
        return response;
    }
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(header::CONTENT_TYPE, reply.content_type);
    if let Some(name) = reply.file_name {
        let name: String = name.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
        put(headers, header::CONTENT_DISPOSITION, format!(r#"attachment; filename="{name}""#));
    }
    let version = about.version.unwrap_or(super::routes::DEFAULT_VERSION);
    put(headers, HeaderName::from_static("facebook-api-version"), format!("v{version}.0"));
    // Percent of an hourly budget; Meta throttles at 100. Without a limit it rises all the same.
    let used = about.app_percent.unwrap_or((n / 100_000).min(99));
    let usage = format!(r#"{{"call_count":{used},"total_time":{used},"total_cputime":{used}}}"#);
    put(headers, HeaderName::from_static("x-app-usage"), usage);
    if let Some(waba) = about.waba {
        let (kind, used, minutes) = match about.management {
            Some(u) => ("whatsapp_business_management", u.percent, u.minutes),
            None => ("whatsapp", used, 0),
        };
        let usage = format!(
            r#"{{"{waba}":[{{"type":"{kind}","call_count":{used},"total_cputime":{used},"total_time":{used},"estimated_time_to_regain_access":{minutes}}}]}}"#
        );
        put(headers, HeaderName::from_static("x-business-use-case-usage"), usage);
    }
    put(headers, HeaderName::from_static("x-fb-request-id"), trace.clone());
    put(headers, HeaderName::from_static("x-fb-trace-id"), trace);
    headers.insert(HeaderName::from_static("x-fb-rev"), HeaderValue::from_static("1030000001"));
    response
}

/// A header of text that is ours; what cannot stand in one is left out.
fn put(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
        headers.insert(name, value);
    }
}

fn trace_id(seed: u64, n: u64) -> String {
    let mut bytes = [0; 16];
    let (high, low) = bytes.split_at_mut(8);
    high.copy_from_slice(&chance::join(seed, n).to_be_bytes());
    low.copy_from_slice(&chance::join(seed ^ 1, n).to_be_bytes());
    format!("A{}", URL_SAFE_NO_PAD.encode(bytes))
}
