//! A send call as a whole: faults and latency around the acceptance.

use super::accept::accept;
use crate::{
    Inner,
    faults::server_error,
    graph::{Call, Outcome, Reply},
};
use std::sync::Arc;
use tisara_domain::Duration;
use tokio::sync::oneshot;

/// How long an answer waits for the status that is to beat it, when nobody takes webhooks.
const STATUS_FIRST_AT_MOST: Duration = Duration::from_secs(5);

/// Answers a send; `marketing` when it goes by the Marketing Messages API.
pub(crate) async fn send(e: &Arc<Inner>, call: &Call, number: u64, marketing: bool) -> Outcome<Reply> {
    let faults = e.faults.send();
    let latency = faults.latency + Duration::from_millis(e.behaviour().latency_ms);
    if !latency.is_zero() {
        e.ambient.sleep(latency).await;
    }
    if faults.reset_before {
        return Ok(Reply::reset());
    }
    if let Some(wait) = faults.hang_before {
        e.ambient.sleep(wait).await;
        return Err(server_error(504));
    }
    if let Some(refusal) = faults.refuse {
        return Err(refusal);
    }
    let (told, first_status) = oneshot::channel();
    let told = faults.status_first.then_some(told);
    let reply = accept(e, call, (number, marketing), faults.fail_later, told)?;
    if faults.status_first {
        let timeout = e.ambient.sleep(STATUS_FIRST_AT_MOST);
        tokio::select! {
            _ = first_status => {}
            () = timeout => {}
        }
    }
    if let Some(status) = faults.error_after {
        return Err(server_error(status));
    }
    if let Some(wait) = faults.hang_after {
        e.ambient.sleep(wait).await;
        return Err(server_error(504));
    }
    if faults.reset_after {
        return Ok(Reply::reset());
    }
    Ok(reply)
}
