//! The loop of a lane: hand out, send, write down, until nothing is left or it has to stop.

use super::{
    Composer,
    compose::message_body,
    lease_name,
    pairs::Pairs,
    reserve::{Done, Handed, Task, Turn, take_turn},
    verdict::{Consequence, Fate, judge},
};
use crate::{bus::Hint, parts::Shared, settling, vault::waba_token_place, wire::Route};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};
use tisara_cloud_api::{AccessToken, CallError, SendReceipt};
use tisara_domain::{CampaignId, Duration, NumberId, OrgId, Timestamp, pace::Pace, recipient::own_code};
use tisara_store::{Error, Result, sending::SendingAccount};
use tokio_util::sync::CancellationToken;

/// Handed-out work waits at most about this long: it bounds what a crash leaves in doubt.
const WINDOW: u32 = 4; // a quarter of a second's pace
/// The least and most tasks of one turn.
const WANT_MIN: u32 = 8;
const WANT_MAX: u32 = 512;
/// A lane stops sending this long before its lease may end.
const LEASE_MARGIN: Duration = Duration::from_secs(2);
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
    lease_until: Timestamp,
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
                lane.close().await;
                tracing::debug!(org.id = %org, number.id = %number, "lane closed");
            }
            Ok(None) => {}
            Err(e) => {
                tracing::warn!(org.id = %org, number.id = %number, error = %e, "a number could not be taken up");
                shared.ambient.sleep(shared.settings.tick()).await;
            }
        }
    }

    /// Takes the lease and what earlier owners left behind; `None` when somebody else has it or the
    /// number may not send.
    async fn open(shared: Arc<Shared>, org: OrgId, number: NumberId) -> Result<Option<Self>> {
        let now = shared.ambient.now();
        let until = now.plus(shared.settings.lease());
        let owner = format!("{}/{:x}", shared.owner, shared.ambient.rng().next_u64());
        let taking = owner.clone();
        let taken = shared
            .store
            .write(move |tx| {
                let Some(token) = tx.take_lease(&lease_name(number), &taking, now, until)? else {
                    return Ok(None);
                };
                Ok::<_, Error>(tx.org(org).find_sending_account(number)?.map(|account| (token, account)))
            })
            .await?;
        let Some((token, account)) = taken else { return Ok(None) };
        settling::recover(&shared, org, number, token).await?;
        let connection =
            if account.stopped_reason.is_none() { shared.connection(org, &account) } else { None };
        let Some(route) = connection else {
            // Nothing can be sent: whoever removes the cause shall not have to wait for the lease.
            shared.store.write(move |tx| tx.release_lease(&lease_name(number), token)).await?;
            return Ok(None);
        };
        let pace = Pace::new(shared.settings.pace_per_second.unwrap_or(account.pace_per_second));
        Ok(Some(Self {
            shared,
            org,
            number,
            owner,
            token,
            lease_until: until,
            route,
            account,
            pace,
            pairs: Pairs::new(),
            campaigns: Vec::new(),
            first_turn: 0,
            ready: VecDeque::new(),
            in_flight: FuturesUnordered::new(),
            writing_to: HashSet::new(),
            done: Vec::new(),
            chunks: BTreeMap::new(),
            hold_until: Timestamp(0),
            holds: 0,
            may_have_work: true,
            stopped: false,
            in_doubt: false,
        }))
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
                    tracing::warn!(number.id = %self.number, error = %e, "storage is in the way; the lane waits");
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

    /// Renews the lease and looks at what is to be done.
    async fn refresh(&mut self, now: Timestamp) -> Result<()> {
        let (org, number, token) = (self.org, self.number, self.token);
        let until = now.plus(self.shared.settings.lease());
        let owner = self.owner.clone();
        let found = self
            .shared
            .store
            .write(move |tx| {
                if tx.take_lease(&lease_name(number), &owner, now, until)? != Some(token) {
                    return Ok(None);
                }
                let mut org = tx.org(org);
                let Some(account) = org.find_sending_account(number)? else { return Ok(None) };
                Ok::<_, Error>(Some((account, org.list_running_campaigns(number, now)?)))
            })
            .await?;
        let Some((account, running)) = found else {
            tracing::warn!(number.id = %number, "the number's lease was lost; sending stops");
            self.stopped = true;
            return Ok(());
        };
        self.lease_until = until;
        self.stopped |= account.stopped_reason.is_some() || account.token != self.account.token;
        self.pace.set_ceiling(self.shared.settings.pace_per_second.unwrap_or(account.pace_per_second));
        self.account = account;
        let known: HashMap<CampaignId, Arc<Composer>> = self.campaigns.drain(..).collect();
        for campaign in running {
            let composer = match known.get(&campaign.id) {
                Some(composer) => Arc::clone(composer),
                None => match Composer::new(&campaign) {
                    Ok(composer) => Arc::new(composer),
                    Err(reason) => {
                        self.pause(campaign.id, reason, now).await?;
                        continue;
                    }
                },
            };
            self.campaigns.push((campaign.id, composer));
        }
        settling::settle_due(&self.shared, self.org, self.number, &self.account, now).await
    }

    async fn pause(&mut self, campaign: CampaignId, reason: String, now: Timestamp) -> Result<()> {
        let org = self.org;
        self.shared
            .store
            .write(move |tx| super::reserve::pause(&mut tx.org(org), campaign, &reason, now))
            .await
    }

    /// Chunks of campaigns that no longer run, whose handed-out rows all have outcomes.
    fn left_chunks(&self) -> Vec<(CampaignId, i64)> {
        let left = |(campaign, _): &(CampaignId, i64), chunk: &Chunk| {
            chunk.outstanding == 0 && !chunk.at_end && self.composer(*campaign).is_none()
        };
        self.chunks.iter().filter(|(key, chunk)| left(key, chunk)).map(|(key, _)| *key).collect()
    }

    async fn give_back(&mut self, chunks: Vec<(CampaignId, i64)>) -> Result<()> {
        if chunks.is_empty() {
            return Ok(());
        }
        for key in &chunks {
            self.chunks.remove(key);
        }
        let (org, token) = (self.org, self.token);
        self.shared
            .store
            .write(move |tx| {
                let mut org = tx.org(org);
                chunks.iter().try_for_each(|(campaign, no)| org.release_chunk(*campaign, *no, token))
            })
            .await
    }

    fn is_idle(&self) -> bool {
        self.ready.is_empty()
            && self.in_flight.is_empty()
            && self.done.is_empty()
            && self.campaigns.is_empty()
    }

    fn want(&self) -> u32 {
        (self.pace.per_second() / WINDOW).clamp(WANT_MIN, WANT_MAX)
    }

    fn in_flight_max(&self) -> usize {
        // At 350 ms an answer, half a second's worth is always on its way.
        let by_pace = usize::try_from(self.pace.per_second() / 2).unwrap_or(usize::MAX).saturating_add(16);
        by_pace.min(self.shared.settings.in_flight_max.max(1))
    }

    fn wants_a_turn(&self) -> bool {
        let want = self.want() as usize;
        let is_short = self.ready.len() <= want / 2;
        let nothing_moves = self.in_flight.is_empty() && self.ready.is_empty();
        is_short && self.may_have_work && self.may_send()
            || self.done.len() >= want
            || nothing_moves && !(self.done.is_empty() && self.left_chunks().is_empty())
    }

    fn may_send(&self) -> bool {
        let now = self.shared.ambient.now();
        now >= self.hold_until && now.plus(LEASE_MARGIN) < self.lease_until && !self.stopped
    }

    /// Starts what is ready, as far as the pace, the number in flight and the people allow.
    fn send_what_may_go(&mut self, now: Timestamp) {
        if self.ready.is_empty() || !self.may_send() {
            return;
        }
        let room = self.in_flight_max().saturating_sub(self.in_flight.len()).min(self.ready.len());
        let mut allowed = self.pace.take_up_to(now, u32::try_from(room).unwrap_or(u32::MAX));
        let mut waiting = VecDeque::new();
        while allowed > 0 {
            let Some(task) = self.ready.pop_front() else { break };
            if matches!(task, Task::Message(_)) && self.writing_to.contains(task.address()) {
                waiting.push_back(task);
                continue;
            }
            if !self.is_running(&task) {
                // Paused or cancelled since it was handed out: as if it never had been.
                self.finish(Done::unattempted(task, now, Fate::Return { due_at: now }));
                continue;
            }
            if let Err(due_at) = self.pairs.take(task.address(), now) {
                self.finish(Done::unattempted(task, now, Fate::Return { due_at }));
                continue;
            }
            match self.body(&task) {
                Ok(body) => {
                    allowed -= 1;
                    self.start(task, body);
                }
                Err(details) => {
                    let fate = Fate::Failed { code: own_code::UNSENDABLE, details };
                    self.finish(Done::unattempted(task, now, fate));
                }
            }
        }
        while let Some(task) = waiting.pop_back() {
            self.ready.push_front(task);
        }
    }

    fn body(&self, task: &Task) -> Result<Bytes, String> {
        match task {
            Task::Message(message) => message_body(message),
            Task::Recipient(row) => self
                .composer(row.campaign)
                .ok_or_else(|| "The campaign is not running.".to_owned())
                .and_then(|composer| composer.body(row)),
        }
    }

    fn composer(&self, campaign: CampaignId) -> Option<&Composer> {
        self.campaigns.iter().find(|(id, _)| *id == campaign).map(|(_, composer)| &**composer)
    }

    fn is_running(&self, task: &Task) -> bool {
        match task {
            Task::Message(_) => true,
            Task::Recipient(row) => self.composer(row.campaign).is_some(),
        }
    }

    fn start(&mut self, task: Task, body: Bytes) {
        if matches!(task, Task::Message(_)) {
            self.writing_to.insert(task.address().to_owned());
        }
        let began_at = self.shared.ambient.now();
        let sending = self.route.send(body);
        self.in_flight.push(
            async move {
                let result = sending.await;
                Attempt { task, began_at, result }
            }
            .boxed(),
        );
    }

    /// An attempt has ended.
    fn sent(&mut self, Attempt { task, began_at, result }: Attempt) {
        if matches!(task, Task::Message(_)) {
            self.writing_to.remove(task.address());
        }
        let now = self.shared.ambient.now();
        let (fate, consequence) = match result {
            Ok(receipt) => {
                self.holds = 0;
                (Fate::Accepted { wamid: receipt.message_id }, Consequence::None)
            }
            Err(error) => {
                let judged = judge(&error, task.attempt(), now, self.shared.ambient.rng());
                tracing::debug!(number.id = %self.number, %error, fate = ?judged.0, "a send was not accepted");
                judged
            }
        };
        metrics::counter!("tisara_sends_total", "outcome" => outcome_word(&fate)).increment(1);
        match &consequence {
            Consequence::SlowDown => self.pace.refused(now),
            Consequence::Unreachable => self.hold(now),
            Consequence::StopNumber { reason, .. } => {
                tracing::warn!(org.id = %self.org, number.id = %self.number, reason, "a number was stopped");
                self.stopped = true;
            }
            _ => {}
        }
        self.finish(Done { task, began_at, fate, consequence });
    }

    /// Meta cannot be reached: everything waits, a little longer each time.
    fn hold(&mut self, now: Timestamp) {
        if now < self.hold_until {
            return;
        }
        self.holds = (self.holds + 1).min(6);
        self.hold_until = now.plus(Duration::from_millis(500 << self.holds));
        tracing::warn!(number.id = %self.number, "Meta cannot be reached; sending waits");
    }

    fn finish(&mut self, done: Done) {
        if let Task::Recipient(row) = &done.task
            && let Some(no) = row.chunk
            && let Some(chunk) = self.chunks.get_mut(&(row.campaign, no))
        {
            chunk.outstanding = chunk.outstanding.saturating_sub(1);
        }
        self.done.push(done);
    }

    fn begin_turn(&mut self, now: Timestamp) -> BoxFuture<'static, Turned> {
        let done = std::mem::take(&mut self.done);
        let idle_chunks: Vec<(CampaignId, i64)> =
            self.chunks.iter().filter(|(_, c)| c.at_end && c.outstanding == 0).map(|(key, _)| *key).collect();
        let mut campaigns: Vec<CampaignId> = self.campaigns.iter().map(|(id, _)| *id).collect();
        if !campaigns.is_empty() {
            self.first_turn = (self.first_turn + 1) % campaigns.len();
            campaigns.rotate_left(self.first_turn);
        }
        let want = if self.may_send() && self.ready.len() <= self.want() as usize { self.want() } else { 0 };
        let done = Arc::new(done);
        let left_chunks = self.left_chunks();
        let closed = idle_chunks.iter().chain(&left_chunks).copied().collect();
        let turn = Turn {
            org: self.org,
            number: self.number,
            token: self.token,
            now,
            settle_at: now.plus(self.shared.settings.grace()),
            done: Arc::clone(&done),
            idle_chunks,
            left_chunks,
            want,
            campaigns,
        };
        let shared = Arc::clone(&self.shared);
        async move {
            let handed = take_turn(&shared.store, &shared.ambient, turn).await;
            Turned { done: Arc::unwrap_or_clone(done), closed, handed }
        }
        .boxed()
    }

    async fn end_turn(&mut self, Turned { done, closed, handed }: Turned) {
        let handed = match handed {
            Ok(handed) => handed,
            Err(e) => {
                // Outcomes are never thrown away: they go along with the next turn. A turn that was
                // committed without our knowing handed out rows that nobody will send; they stand
                // below the mark without an outcome, so the next owner will settle them.
                tracing::warn!(number.id = %self.number, error = %e, "storage is in the way; the lane waits");
                self.done.splice(0..0, done);
                self.in_doubt |= matches!(e, Error::CommitUnknown | Error::Closed);
                self.stopped |= self.in_doubt;
                self.shared.ambient.sleep(Duration::from_millis(250)).await;
                return;
            }
        };
        for d in &done {
            if let Task::Recipient(row) = &d.task {
                self.shared.touched(self.org, row.campaign);
            }
        }
        if handed.fenced {
            tracing::warn!(number.id = %self.number, "the number's lease was lost; sending stops");
            self.stopped = true;
            return;
        }
        self.stopped |= handed.stopped;
        for chunk in closed {
            self.chunks.remove(&chunk);
        }
        for campaign in &handed.finished {
            self.campaigns.retain(|(id, _)| id != campaign);
            self.shared.bus.publish(Hint::Campaign(self.org, *campaign));
        }
        self.may_have_work =
            !(handed.messages.is_empty() && handed.retries.is_empty() && handed.windows.is_empty());
        for (campaign, window) in handed.windows {
            if let Some(mark) = window.chunk {
                let chunk = self.chunks.entry((campaign, mark.no)).or_default();
                chunk.outstanding += window.rows.len();
                chunk.at_end = mark.at_end;
            }
            self.ready.extend(window.rows.into_iter().map(Task::Recipient));
        }
        self.ready.extend(handed.retries.into_iter().map(Task::Recipient));
        for message in handed.messages.into_iter().rev() {
            self.ready.push_front(Task::Message(message));
        }
    }

    fn next_wake(&self, now: Timestamp, next_tick: Timestamp) -> Timestamp {
        if self.ready.is_empty() || self.in_flight.len() >= self.in_flight_max() {
            return next_tick;
        }
        next_tick.min(self.pace.ready_at().max(self.hold_until).max(now))
    }

    /// Waits for what is on its way, writes it down and gives everything back.
    async fn close(&mut self) {
        // From here on nothing more is handed out.
        self.stopped = true;
        let patience = self.shared.ambient.sleep(self.shared.stop_patience());
        tokio::pin!(patience);
        while !self.in_flight.is_empty() {
            tokio::select! {
                biased;
                Some(attempt) = self.in_flight.next() => self.sent(attempt),
                () = &mut patience => break,
            }
        }
        let now = self.shared.ambient.now();
        for task in std::mem::take(&mut self.ready) {
            self.finish(Done::unattempted(task, now, Fate::Return { due_at: now }));
        }
        let unanswered = !self.in_flight.is_empty();
        let mut turn = self.begin_turn(self.shared.ambient.now());
        for _ in 0..3 {
            let turned = turn.await;
            if turned.handed.is_ok() {
                break;
            }
            self.done = turned.done;
            self.shared.ambient.sleep(Duration::from_millis(100)).await;
            turn = self.begin_turn(self.shared.ambient.now());
        }
        // With answers still to come, the lease is left to run out: the next owner finds the rows in
        // doubt and settles them.
        if unanswered || !self.done.is_empty() {
            return;
        }
        let chunks = if self.in_doubt { Vec::new() } else { self.chunks.keys().copied().collect() };
        let (number, token) = (self.number, self.token);
        let given_back = self.give_back(chunks).await;
        let released = self.shared.store.write(move |tx| tx.release_lease(&lease_name(number), token)).await;
        if let Err(e) = given_back.and(released) {
            tracing::warn!(number.id = %number, error = %e, "a number could not be given back; its lease will run out");
        }
    }
}

fn outcome_word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Accepted { .. } => "accepted",
        Fate::Failed { .. } => "failed",
        Fate::Retry { .. } | Fate::Return { .. } => "retry",
        Fate::Uncertain => "uncertain",
    }
}

impl Shared {
    /// The way to Meta for an account; `None` (and a log line) when its token does not open.
    fn connection(&self, org: OrgId, account: &SendingAccount) -> Option<Arc<dyn Route>> {
        let place = waba_token_place(org, account.waba_id);
        let secret = self
            .vault
            .open(&account.data_key, &place, &account.token)
            .map_err(
                |e| tracing::error!(org.id = %org, waba.id = %account.waba_id, error = %e, "no access token"),
            )
            .ok()?;
        let access = AccessToken::new(std::str::from_utf8(&secret).ok()?).ok()?;
        self.wire.route(&account.meta_id, access)
    }
}
