//! Opening a lane for every number that has work.

use crate::{
    bus::Hint,
    lane::Lane,
    parts::{Shared, in_the_way},
};
use std::{collections::BTreeMap, sync::Arc};
use tisara_domain::NumberId;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Looks for numbers with work, on hints and by itself, until told to stop; then waits for the lanes.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ear = shared.bus.subscribe();
    let mut lanes: BTreeMap<NumberId, JoinHandle<()>> = BTreeMap::new();
    while !stop.is_cancelled() {
        lanes.retain(|_, lane| !lane.is_finished());
        let now = shared.ambient.now();
        match shared.store.read(move |tx| tx.list_numbers_with_work(now)).await {
            Ok(numbers) => {
                for (org, number) in numbers {
                    lanes.entry(number).or_insert_with(|| {
                        tokio::spawn(Lane::drive(Arc::clone(&shared), org, number, stop.clone()))
                    });
                }
            }
            Err(e) => in_the_way(&e, "the sender"),
        }
        metrics::gauge!("tisara_lanes").set(lanes.len() as f64);
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = ear.wait_for(|h| h == Hint::Work) => {}
            () = shared.ambient.sleep(shared.settings.tick()) => {}
        }
    }
    for (_, lane) in lanes {
        // A lane that panicked left its rows to the next owner of its number.
        let _ = lane.await;
    }
}
