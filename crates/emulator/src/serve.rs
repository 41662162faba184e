//! Serving over TCP, with connections that can break on purpose.

use crate::{
    Inner,
    graph::{self, ConnectionReset},
};
use axum::{Router, body::Body, extract::Request};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The connection was to break.
#[derive(Debug, thiserror::Error)]
#[error("connection reset by a fault")]
struct Broken;

/// Serves until `cancel`. A response marked [`ConnectionReset`] closes its connection unanswered.
///
/// # Errors
/// When the listener fails for good.
pub(crate) async fn serve(
    e: Arc<Inner>,
    router: Router,
    listener: TcpListener,
    cancel: CancellationToken,
) -> std::io::Result<()> {
    loop {
        let (stream, _) = tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok(a) => a,
                Err(e) if matches!(e.kind(), std::io::ErrorKind::ConnectionAborted | std::io::ErrorKind::ConnectionReset) => continue,
                Err(e) => return Err(e),
            },
        };
        // Answers are small; waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let (e, router, cancel) = (e.clone(), router.clone(), cancel.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                // Sends are by far the most: they need no router to be found.
                let is_send = request.uri().path().ends_with("/messages")
                    && !request.uri().path().starts_with("/_emulator");
                let router = (!is_send).then(|| router.clone());
                let e = e.clone();
                async move {
                    let request: Request = request.map(Body::new);
                    let response = match router {
                        None => graph::answer(e, request).await,
                        Some(router) => match router.oneshot(request).await {
                            Ok(response) => response,
                            Err(never) => match never {},
                        },
                    };
                    if response.extensions().get::<ConnectionReset>().is_some() {
                        return Err(Broken);
                    }
                    Ok(response)
                }
            });
            let builder = auto::Builder::new(TokioExecutor::new());
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = connection => {}
                () = cancel.cancelled() => {}
            }
        });
    }
}
