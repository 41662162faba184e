//! The loop of a lane: hand out, send, write down, until nothing is left or it has to stop.
//!
//! `open` takes the number and gives it back, `turns` hands out and writes down, `sends` is what
//! happens between the two.

mod open;
mod sends;
mod turns;

use super::{
    Composer,
    compose::message_body,
    fence::{Asked, Fence},
    lease_name,
    pairs::Pairs,
    reserve::{Done, Handed, Task, Turn, take_turn},
    verdict::{Consequence, Fate, judge},
};
use crate::{
    bus::Hint,
    parts::{Shared, in_the_way},
    settling,
    vault::waba_token_place,
    wire::Route,
};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};
use tisara_cloud_api::{AccessToken, CallError, SendReceipt};
use tisara_domain::{CampaignId, Duration, NumberId, OrgId, Timestamp, pace::Pace, recipient::own_code};
use tisara_store::{Error, Result, sending::SendingAccount, usage::UsageLimit};
use tokio_util::sync::CancellationToken;

/// Handed-out work waits at most about this long: it bounds what a crash leaves in doubt.
const WINDOW: u32 = 4; // a quarter of a second's pace
/// The least and most tasks of one turn.
const WANT_MIN: u32 = 8;
const WANT_MAX: u32 = 512;
/// A lane without work goes away after this many looks.
const IDLE_TICKS: u32 = 3;

/// Everything that leaves one number, while this node owns it.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    org: OrgId,
    number: NumberId,
    /// Names this opening of the lane in the lease: every opening gets a token of its own, so that what
    /// the one before left in doubt is found.
    owner: String,
    token: i64,
    fence: Fence,
    route: Arc<dyn Route>,
    account: SendingAccount,
    pace: Pace,
    pairs: Pairs,
    campaigns: Vec<(CampaignId, Arc<Composer>)>,
    first_turn: usize,
    ready: VecDeque<Task>,
    in_flight: FuturesUnordered<BoxFuture<'static, Attempt>>,
    /// People that a single message is on its way to: the next one to them waits, to keep the order.
    writing_to: HashSet<String>,
    done: Vec<Done>,
    chunks: BTreeMap<(CampaignId, i64), Chunk>,
    /// Nothing is sent before: Meta cannot be reached.
    hold_until: Timestamp,
    holds: u32,
    may_have_work: bool,
    /// At most so many messages a month, of all the organization's numbers.
    messages_per_month: Option<i64>,
    /// What the organization's other numbers know to be under way here.
    known_under_way: usize,
    stopped: bool,
    /// A turn may have handed out rows that this lane never heard of: its chunks stay as they are, for
    /// the next owner to recover.
    in_doubt: bool,
}

/// An attempt that has ended.
struct Attempt {
    task: Task,
    began_at: Timestamp,
    result: Result<SendReceipt, CallError>,
}

/// A turn that has ended: what it wrote down, the chunks it closed, what it handed out.
struct Turned {
    done: Vec<Done>,
    closed: Vec<(CampaignId, i64)>,
    handed: Result<Handed>,
}

/// What the lane holds of a chunk.
#[derive(Clone, Copy, Debug, Default)]
struct Chunk {
    /// Handed-out rows without an outcome.
    outstanding: usize,
    at_end: bool,
}

impl Lane {
    /// Takes the number and works until nothing is left, the lease is lost or `stop` says so.
    pub(crate) async fn drive(shared: Arc<Shared>, org: OrgId, number: NumberId, stop: CancellationToken) {
        match Self::open(Arc::clone(&shared), org, number).await {
            Ok(Some(mut lane)) => {
                tracing::debug!(org.id = %org, number.id = %number, lease = lane.token, "lane opened");
                lane.work(&stop).await;
                lane.close(&stop).await;
                tracing::debug!(org.id = %org, number.id = %number, "lane closed");
            }
            Ok(None) => {}
            Err(e) => {
                in_the_way(&e, "taking up a number");
                shared.ambient.sleep(shared.settings.tick()).await;
            }
        }
    }

    async fn work(&mut self, stop: &CancellationToken) {
        let mut ear = self.shared.bus.subscribe();
        let mut idle = 0;
        let mut next_tick = Timestamp(0);
        let mut turn: Option<BoxFuture<'static, Turned>> = None;
        while !stop.is_cancelled() && !self.stopped {
            let now = self.shared.ambient.now();
            if now >= next_tick {
                next_tick = now.plus(self.shared.settings.tick());
                if let Err(e) = self.refresh(now).await {
                    in_the_way(&e, "a lane");
                }
                self.may_have_work = true;
                idle = if self.is_idle() && turn.is_none() { idle + 1 } else { 0 };
                if idle > IDLE_TICKS {
                    return;
                }
            }
            self.send_what_may_go(now);
            if turn.is_none() && self.wants_a_turn() {
                turn = Some(self.begin_turn(now));
            }
            let wake = self.next_wake(now, next_tick);
            tokio::select! {
               biased;
                () = stop.cancelled() => break,
                Some(attempt) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                    self.sent(attempt);
                    // Take what else has come in; a turn is dearer than a look.
                    while let Some(Some(attempt)) = self.in_flight.next().now_or_never() {
                        self.sent(attempt);
                    }
                }
                turned = async { match &mut turn { Some(t) => t.await, None => std::future::pending().await } } => {
                    turn = None;
                    self.end_turn(turned).await;
                }
                () = ear.wait_for(|h| h == Hint::Work), if idle > 0 || !self.may_have_work => {
                    next_tick = Timestamp(0);
                }
                () = self.shared.ambient.clock().sleep_until(wake) => {}
            }
        }
        if let Some(turn) = turn {
            let turned = turn.await;
            self.end_turn(turned).await;
        }
    }

    fn next_wake(&self, now: Timestamp, next_tick: Timestamp) -> Timestamp {
        if self.ready.is_empty() || self.in_flight.len() >= self.in_flight_max() {
            return next_tick;
        }
        next_tick.min(self.pace.ready_at().max(self.hold_until).max(now))
    }
}
