//! A request that leaves only while it may: the last question before its bytes are given to the
//! connection.
//!
//! Between the decision to send and the moment of sending a connection may have to be made, or the whole
//! process may have stood still. Whoever must not send late asks here, as late as can be asked.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

/// Says whether a request may leave now. Asked once a request, just before its body is written.
pub type Gate = Arc<dyn Fn() -> bool + Send + Sync>;

/// The gate was shut.
#[derive(Debug)]
pub(super) struct Held;

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was held back")
    }
}

impl std::error::Error for Held {}

/// A body behind a gate: it is given out whole or not at all, so a request that is held back is never one
/// that could be carried out.
pub(super) struct Gated {
    body: Option<Bytes>,
    gate: Gate,
    held: Arc<AtomicBool>,
}

impl Gated {
    /// The body, and where it notes that it was held back.
    pub(super) fn new(body: Bytes, gate: Gate) -> (Self, Arc<AtomicBool>) {
        let held = Arc::new(AtomicBool::new(false));
        (Self { body: Some(body), gate, held: Arc::clone(&held) }, held)
    }
}

impl Body for Gated {
    type Data = Bytes;
    type Error = Held;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Held>>> {
        let Some(body) = self.body.take() else { return Poll::Ready(None) };
        if (self.gate)() {
            return Poll::Ready(Some(Ok(Frame::data(body))));
        }
        self.held.store(true, Ordering::Release);
        Poll::Ready(Some(Err(Held)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.as_ref().map_or(0, |body| body.len() as u64))
    }
}
