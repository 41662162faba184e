//! Serving over TCP, with connections that can break on purpose.

use crate::graph::ConnectionReset;
use axum::{Router, body::Body, extract::Request};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
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
        let (router, cancel) = (router.clone(), cancel.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let router = router.clone();
                async move {
                    let request: Request = request.map(Body::new);
                    let response = match router.oneshot(request).await {
                        Ok(response) => response,
                        Err(never) => match never {},
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
