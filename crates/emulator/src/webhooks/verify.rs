//! Proving a callback before it is used.
//!
//! Meta: `GET callback?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…` must be answered with
//! 200 and the bare challenge.

use crate::{
    Inner, chance,
    graph::{GraphError, Outcome},
    sync::read,
};
use bytes::Bytes;
use http::Request;
use std::sync::atomic::Ordering;
use tisara_domain::Duration;

/// Meta: an override's URL has at most 200 characters.
pub(crate) const LONGEST_URL: usize = 200;

/// Asks `url` for the challenge; the error is what the caller's request is refused with.
pub(crate) async fn verify(e: &Inner, url: &str, verify_token: &str) -> Outcome<()> {
    let refused = |why: String| {
        GraphError::new(100)
            .message("(#2200) Callback verification failed with the following errors")
            .subcode(1_690_067)
            .details(why)
    };
    let mut target = url::Url::parse(url).map_err(|_| refused("The callback is not a URL.".into()))?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(refused("The callback must begin with https://.".into()));
    }
    let challenge = chance::join(e.seed, e.calls.fetch_add(1, Ordering::Relaxed)) % 2_000_000_000;
    target
        .query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge.to_string())
        .append_pair("hub.verify_token", verify_token);
    let request = Request::get(target.as_str())
        .body(Bytes::new())
        .map_err(|_| refused("The callback is not a URL.".into()))?;
    let sink = read(&e.sink).clone();
    let timeout = e.ambient.sleep(Duration::from_millis(e.behaviour().webhooks.timeout_ms));
    let answer = tokio::select! {
        answer = sink.call(request) => answer.map_err(|why| refused(format!("No answer: {why}")))?,
        () = timeout => return Err(refused("The callback did not answer in time.".into())),
    };
    if answer.status() != 200 {
        return Err(refused(format!("HTTP Status Code = {}", answer.status().as_u16())));
    }
    if answer.body().as_ref() != challenge.to_string().as_bytes() {
        return Err(refused("The answer is not the challenge.".into()));
    }
    Ok(())
}
