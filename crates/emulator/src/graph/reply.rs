//! An answer and the headers Meta puts on it.

use super::error::GraphError;
use crate::{Inner, chance};
use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;
use std::sync::atomic::Ordering;

/// What a call is answered with.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
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
        Self::raw(200, "application/json; charset=UTF-8", value.to_string())
    }

    pub(crate) fn success() -> Self {
        Self::raw(200, "application/json; charset=UTF-8", r#"{"success":true}"#)
    }

    pub(crate) fn raw(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type: content_type.to_owned(),
            body: body.into(),
            file_name: None,
            reset: false,
        }
    }

    /// The connection breaks instead of an answer.
    pub(crate) fn reset() -> Self {
        Self { reset: true, ..Self::raw(502, "text/plain", Bytes::new()) }
    }
}

/// Puts Meta's headers on an answer.
pub(crate) fn respond(
    e: &Inner,
    version: Option<u32>,
    waba: Option<u64>,
    reply: Result<Reply, GraphError>,
) -> Response {
    let n = e.calls.fetch_add(1, Ordering::Relaxed);
    let trace = trace_id(e.seed, n);
    let reply = reply.unwrap_or_else(|error| {
        e.ledger.refused(error.code);
        Reply::raw(error.status, "application/json; charset=UTF-8", error.body(&trace).to_string())
    });
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if reply.reset {
        response.extensions_mut().insert(ConnectionReset);
        return response;
    }
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE.as_str(), reply.content_type);
    if let Some(name) = reply.file_name {
        let name: String = name.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
        put("content-disposition", format!(r#"attachment; filename="{name}""#));
    }
    put("facebook-api-version", format!("v{}.0", version.unwrap_or(super::routes::DEFAULT_VERSION)));
    // Percent of an hourly budget; Meta throttles at 100. The budget is larger than any test.
    let used = (n / 100_000).min(99);
    put("x-app-usage", format!(r#"{{"call_count":{used},"total_time":{used},"total_cputime":{used}}}"#));
    if let Some(waba) = waba {
        put(
            "x-business-use-case-usage",
            format!(
                r#"{{"{waba}":[{{"type":"whatsapp","call_count":{used},"total_cputime":{used},"total_time":{used},"estimated_time_to_regain_access":0}}]}}"#
            ),
        );
    }
    put("x-fb-request-id", trace.clone());
    put("x-fb-trace-id", trace);
    put("x-fb-rev", "1030000001".into());
    response
}

fn trace_id(seed: u64, n: u64) -> String {
    let mut bytes = [0; 16];
    let (high, low) = bytes.split_at_mut(8);
    high.copy_from_slice(&chance::join(seed, n).to_be_bytes());
    low.copy_from_slice(&chance::join(seed ^ 1, n).to_be_bytes());
    format!("A{}", URL_SAFE_NO_PAD.encode(bytes))
}
