//! Where webhooks go: over HTTP, or into a router in the same process.

use axum::{Router, body::Body};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use std::sync::OnceLock;
use tower::ServiceExt as _;

/// A webhook's answer is short; anything longer is cut off.
const ANSWER_LIMIT: usize = 64 << 10;

/// Takes webhook calls to whoever listens. Tests give their own to stay in one process.
pub trait Sink: Send + Sync + 'static {
    /// Delivers one call and gives back the answer; `Err` says why there was none.
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, String>>;
}

/// Posts over HTTP(S). Made at the first call: most tests never post, and loading the machine's
/// root certificates takes longer than a whole simulation.
pub(crate) struct HttpSink(OnceLock<Option<reqwest::Client>>);

impl HttpSink {
    pub(crate) fn new() -> Self {
        // Whoever embeds the emulator may have chosen a provider already; theirs stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(OnceLock::new())
    }

    fn client(&self) -> Option<&reqwest::Client> {
        let made = self.0.get_or_init(|| {
            let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
            if let Err(e) = &client {
                tracing::error!(error = %e, "webhooks cannot be posted: no HTTP client");
            }
            client.ok()
        });
        made.as_ref()
    }
}

impl Sink for HttpSink {
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, String>> {
        Box::pin(async move {
            let client = self.client().ok_or("no HTTP client")?;
            let (parts, body) = request.into_parts();
            let sent = client
                .request(parts.method, parts.uri.to_string())
                .headers(parts.headers)
                .body(body)
                .send()
                .await
                .map_err(|e| e.without_url().to_string())?;
            let status = sent.status();
            let body = sent.bytes().await.map_err(|e| e.without_url().to_string())?;
            let mut response = Response::new(body.slice(..body.len().min(ANSWER_LIMIT)));
            *response.status_mut() = status;
            Ok(response)
        })
    }
}

/// Calls an axum router of the same process; the host in the callback URL is not looked at.
pub struct RouterSink(pub Router);

impl Sink for RouterSink {
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, String>> {
        let router = self.0.clone();
        Box::pin(async move {
            let response = router.oneshot(request.map(Body::from)).await.map_err(|e| e.to_string())?;
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(body, ANSWER_LIMIT).await.map_err(|e| e.to_string())?;
            Ok(Response::from_parts(parts, body))
        })
    }
}
