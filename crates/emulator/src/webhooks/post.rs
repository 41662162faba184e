//! Delivering: whatever is due happens, batches go out, failures come again.

use super::{moment::Task, payload, sign, update::Batch};
use crate::{Inner, control, settings::Behaviour, sync::read, tasks};
use bytes::Bytes;
use futures::{StreamExt as _, stream::FuturesUnordered};
use http::{Request, header};
use std::sync::Arc;
use tisara_domain::Duration;
use tokio_util::sync::CancellationToken;

/// Delivers until `cancel`; what is under way then is left.
pub(crate) async fn run(e: Arc<Inner>, cancel: CancellationToken) {
    let mut in_flight = FuturesUnordered::new();
    loop {
        fire(&e);
        let behaviour = e.behaviour();
        while let Some(batch) = take(&e, &behaviour) {
            in_flight.push(post(&e, batch));
        }
        let next = e.outbox.lock().next_moment(&behaviour.webhooks);
        e.outbox.sleep_until(next);
        tokio::select! {
            () = cancel.cancelled() => return,
            Some(()) = in_flight.next(), if !in_flight.is_empty() => {}
            () = e.outbox.wake.notified() => {}
            () = sleep(&e, next), if next.is_some() => {}
        }
        e.outbox.sleep_until(Some(e.ambient.now()));
    }
}

async fn sleep(e: &Inner, until: Option<tisara_domain::Timestamp>) {
    if let Some(at) = until {
        e.ambient.clock().sleep_until(at).await;
    }
}

/// Delivers all that is due at the present moment and waits for the answers. Gives the number of
/// POSTs. Retries are left for their moment.
pub(crate) async fn deliver_due(e: &Arc<Inner>) -> usize {
    let mut posts = 0;
    loop {
        fire(e);
        let behaviour = e.behaviour();
        let mut in_flight = FuturesUnordered::new();
        while let Some(batch) = take(e, &behaviour) {
            in_flight.push(post(e, batch));
        }
        if in_flight.is_empty() {
            return posts;
        }
        while in_flight.next().await.is_some() {
            posts += 1;
        }
    }
}

/// Everything due happens: statuses are queued, reviews end, users react.
pub(crate) fn fire(e: &Arc<Inner>) {
    let now = e.ambient.now();
    let (due, reads): (Vec<Task>, _) = {
        let directory = read(&e.directory);
        let mut state = e.outbox.lock();
        let due = state.fire(&directory, &e.faults, now);
        (due, std::mem::take(&mut state.reads))
    };
    for task in due {
        tasks::run(e, task, now);
    }
    control::react(e, reads, now);
}

fn take(e: &Inner, behaviour: &Behaviour) -> Option<Arc<Batch>> {
    let directory = read(&e.directory);
    e.outbox.lock().take_batch(&directory, &behaviour.webhooks, e.ambient.now())
}

async fn post(e: &Arc<Inner>, batch: Arc<Batch>) {
    let request = request(e, &batch);
    let behaviour = e.behaviour();
    let answered = match request {
        Some(request) => ask(e, request, &behaviour).await,
        None => Err("the callback URL cannot be called".to_owned()),
    };
    let directory = read(&e.directory);
    let mut state = e.outbox.lock();
    match answered {
        Ok(200) => state.delivered(&batch),
        Ok(status) => {
            tracing::debug!(status, tries = batch.tries, "webhook refused");
            state.refused(&directory, batch, &behaviour.webhooks, e.ambient.now());
        }
        Err(error) => {
            tracing::debug!(error, tries = batch.tries, "webhook not answered");
            state.refused(&directory, batch, &behaviour.webhooks, e.ambient.now());
        }
    }
}

/// Calls with Meta's time-out, on the emulator's clock.
async fn ask(e: &Inner, request: Request<Bytes>, behaviour: &Behaviour) -> Result<u16, String> {
    let sink = read(&e.sink).clone();
    let timeout = e.ambient.sleep(Duration::from_millis(behaviour.webhooks.timeout_ms));
    tokio::select! {
        answer = sink.call(request) => answer.map(|a| a.status().as_u16()),
        () = timeout => Err("no answer in time".into()),
    }
}

fn request(e: &Inner, batch: &Batch) -> Option<Request<Bytes>> {
    let directory = read(&e.directory);
    let app = directory.apps.get(&batch.app)?;
    let updates = payload::updates(&e.outbox.lock(), batch);
    let body = payload::body(e, &directory, app, &updates);
    Request::post(batch.url.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "facebookexternalua")
        .header("X-Hub-Signature-256", sign(&app.secret, &body))
        .body(Bytes::from(body))
        .ok()
}
