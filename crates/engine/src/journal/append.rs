//! Making webhooks durable, many at a time.

use crate::{
    bus::Hint,
    parts::{Shared, in_the_way},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, sync::Arc};
use tisara_store::journal::NewEntry;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Webhooks that may wait to become durable; above that the caller waits, and Meta with it.
const QUEUE: usize = 1024;
/// Bodies that one transaction keeps.
const GROUP_MAX: usize = 256;

/// The webhook could not be kept; Meta must be told so and will send it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the webhook could not be stored")]
pub struct AppendError;

/// The way into the journal. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal(mpsc::Sender<Waiting>);

#[derive(Debug)]
struct Waiting {
    entries: Vec<NewEntry>,
    kept: oneshot::Sender<bool>,
}

impl Journal {
    /// The journal, and the loop that keeps what comes in.
    pub(crate) fn open(
        shared: Arc<Shared>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), keep(shared, receiver, stop))
    }

    /// Keeps a webhook whose signature was checked. When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// When it is not, or nobody can say; answering Meta with anything but 200 brings it again.
    pub async fn append(
        &self,
        body: Bytes,
        received_at: tisara_domain::Timestamp,
    ) -> Result<(), AppendError> {
        let entries =
            split(&body).into_iter().map(|(waba, body)| NewEntry { waba, received_at, body }).collect();
        let (kept, answer) = oneshot::channel();
        self.0.send(Waiting { entries, kept }).await.map_err(|_| AppendError)?;
        if answer.await.unwrap_or(false) { Ok(()) } else { Err(AppendError) }
    }
}

async fn keep(shared: Arc<Shared>, mut queue: mpsc::Receiver<Waiting>, stop: CancellationToken) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    loop {
        group.clear();
        let came = tokio::select! {
            biased;
            n = queue.recv_many(&mut group, GROUP_MAX) => n,
            // What came in before the stop is still kept.
            () = stop.cancelled() => {
                queue.close();
                queue.recv_many(&mut group, GROUP_MAX).await
            }
        };
        if came == 0 {
            return;
        }
        let entries: Arc<Vec<NewEntry>> =
            Arc::new(group.iter_mut().flat_map(|w| std::mem::take(&mut w.entries)).collect());
        let kept = shared.store.write(move |tx| tx.append_journal(&entries)).await;
        if let Err(e) = &kept {
            shared.missed_a_webhook();
            in_the_way(e, "keeping webhooks, which Meta will send again");
        }
        metrics::counter!("tisara_webhooks_total", "kept" => if kept.is_ok() { "yes" } else { "no" })
            .increment(came as u64);
        for waiting in group.drain(..) {
            let _ = waiting.kept.send(kept.is_ok());
        }
        shared.bus.publish(Hint::Journal);
    }
}

/// A webhook of which only its parts are of interest.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a, E: Deserialize<'de>"))]
struct Outer<'a, E> {
    #[serde(borrow)]
    object: &'a RawValue,
    entry: Vec<E>,
}

#[derive(Deserialize)]
struct EntryId<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// Parts a body that concerns several WABAs into one for each, so that an organization never sees
/// another's webhooks. A body about one WABA, or one that cannot be read, stays as it came.
fn split(body: &Bytes) -> Vec<(Option<String>, Bytes)> {
    let whole = |waba| vec![(waba, body.clone())];
    let Ok(text) = std::str::from_utf8(body) else { return whole(None) };
    // Nearly every body is about one: it is gone through once.
    if let Ok(outer) = serde_json::from_str::<Outer<'_, EntryId<'_>>>(text)
        && let Some((first, rest)) = outer.entry.split_first()
        && rest.iter().all(|entry| entry.id == first.id)
    {
        return whole(Some(first.id.clone().into_owned()));
    }
    let Ok(outer) = serde_json::from_str::<Outer<'_, &RawValue>>(text) else { return whole(None) };
    let ids: Vec<Option<String>> = outer
        .entry
        .iter()
        .map(|e| serde_json::from_str::<EntryId<'_>>(e.get()).ok().map(|e| e.id.into_owned()))
        .collect();
    if ids.iter().all(Option::is_none) {
        return whole(None);
    }
    let parts = outer.entry.iter().zip(ids).map(|(entry, id)| {
        let body = format!(r#"{{"object":{},"entry":[{}]}}"#, outer.object.get(), entry.get());
        (id, Bytes::from(body))
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_about_one_account_stays_as_it_came() {
        let body = Bytes::from_static(br#"{ "object":"w", "entry":[{"id":"1","x":"\u00e9\/"},{"id":"1"}] }"#);
        assert_eq!(split(&body), vec![(Some("1".to_owned()), body)]);
    }

    #[test]
    fn a_body_about_two_accounts_is_parted_and_keeps_the_bytes_of_each() {
        let body = Bytes::from_static(br#"{"object":"w","entry":[{"id":"1","x":"\u00e9\/"},{"id":"2"}]}"#);
        assert_eq!(
            split(&body),
            vec![
                (
                    Some("1".to_owned()),
                    Bytes::from_static(br#"{"object":"w","entry":[{"id":"1","x":"\u00e9\/"}]}"#)
                ),
                (Some("2".to_owned()), Bytes::from_static(br#"{"object":"w","entry":[{"id":"2"}]}"#)),
            ]
        );
        let body = Bytes::from_static(br#"{"object":"w","entry":[{"id":"1"},{"id":2}]}"#);
        assert_eq!(
            split(&body),
            vec![
                (Some("1".to_owned()), Bytes::from_static(br#"{"object":"w","entry":[{"id":"1"}]}"#)),
                (None, Bytes::from_static(br#"{"object":"w","entry":[{"id":2}]}"#)),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_kept_all_the_same() {
        for body in [
            &b"not json"[..],
            b"{}",
            b"[]",
            b"{\"object\":1,\"entry\":[]}",
            b"{\"object\":1,\"entry\":[{}]}",
            b"{\"object\":1,\"entry\":[{\"id\":\"1\",\"x\":\"\xff\"}]}",
        ] {
            let body = Bytes::from_static(body);
            assert_eq!(split(&body), vec![(None, body)]);
        }
    }
}
