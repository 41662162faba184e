//! What is still to happen and to be told: one heap of moments, a slab of messages under way, and
//! a queue for each app. An entry is a few dozen bytes; JSON is made when a batch is posted.

use super::plan::{Plan, Status};
use crate::{
    directory::Directory, faults::Faults, settings::WebhookSettings, sync::lock, templates::Category,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, Ordering},
    },
};
use tisara_domain::{Duration, Timestamp};
use tokio::sync::{Notify, oneshot};

/// Meta: at most 1,000 updates and 3 MB a POST. Some room is left for the envelope.
const MOST_UPDATES: usize = 1_000;
const MOST_BYTES: usize = 2_800_000;

/// An accepted message whose statuses are not all told yet.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) serial: u64,
    pub(crate) user: u64,
    pub(crate) accepted: Timestamp,
    /// The number's place in the directory.
    pub(crate) number: u32,
    pub(crate) plan: Plan,
    pub(crate) category: Category,
    pub(crate) to_bsuid: bool,
    pub(crate) free_entry: bool,
    pub(crate) in_window: bool,
    pub(crate) callback: Option<Arc<str>>,
    step: u8,
    refs: u16,
}

impl Message {
    #[expect(clippy::too_many_arguments, reason = "one caller, every part needed")]
    pub(crate) fn new(
        serial: u64,
        user: u64,
        accepted: Timestamp,
        number: u32,
        plan: Plan,
        category: Category,
        flags: (bool, bool, bool),
        callback: Option<Arc<str>>,
    ) -> Self {
        let (to_bsuid, free_entry, in_window) = flags;
        Self {
            serial,
            user,
            accepted,
            number,
            plan,
            category,
            to_bsuid,
            free_entry,
            in_window,
            callback,
            step: 0,
            refs: 0,
        }
    }
}

/// One update waiting to be posted.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Status { message: u32, status: Status, at_s: i64, error: u32 },
    Note(Arc<Note>),
}

/// An update that is no status: an inbound message, a template's review, an account's news.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) waba: u64,
    /// The `entry.id`, where it is not the account.
    pub(crate) entry: u64,
    /// The number it concerns, for `messages` and its overrides.
    pub(crate) number: Option<u32>,
    pub(crate) field: Cow<'static, str>,
    /// Told to this app alone, subscribed or not.
    pub(crate) to_app: Option<u64>,
    /// The change's `value`, written with Meta's escapes already.
    pub(crate) value: String,
    pub(crate) at_s: i64,
}

impl Note {
    /// News of an account, told to the apps themselves and not to overrides.
    pub(crate) fn account(waba: u64, field: impl Into<Cow<'static, str>>, value: String, at_s: i64) -> Self {
        Self { waba, entry: waba, number: None, field: field.into(), to_app: None, value, at_s }
    }
}

/// Updates for one URL, posted together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) app: u64,
    pub(crate) url: String,
    pub(crate) items: Vec<Item>,
    pub(crate) tries: u32,
    pub(crate) first: Timestamp,
}

enum Timed {
    /// The next status of the message at this place.
    Step(u32),
    /// An update that comes late, for one app.
    Late(u64, Item),
    Retry(Box<Batch>),
    /// Something else the emulator does later.
    Task(Task),
}

/// What the emulator does by itself at a later moment.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    /// A template's review ends.
    Review { template: u64, revision: u64 },
    /// A pause of a template ends.
    Unpause { template: u64, revision: u64 },
    /// Pacing has judged a template: held messages go or fail.
    Release { template: u64 },
    /// A part of what the Business app hands over.
    Sync { number: u32, part: u32 },
    /// A portfolio's messaging limit grows.
    Upgrade { portfolio: u64 },
    /// A user answers or stops marketing after reading.
    Reaction { user: u64, number: u32, serial: u64, stop: bool },
}

struct Moment {
    at: Timestamp,
    order: u64,
    what: Timed,
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Moment {}
impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Moment {
    // Reversed: the heap's greatest is the earliest; equal moments keep the order they came in.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.key().cmp(&self.key())
    }
}
impl Moment {
    fn key(&self) -> (Timestamp, u64) {
        (self.at, self.order)
    }
}

#[derive(Default)]
struct AppQueue {
    items: VecDeque<Item>,
    retries: VecDeque<Box<Batch>>,
    waiting_since: Timestamp,
    in_flight: usize,
}

/// A message held for its template to be judged, as the ledger knows it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) number: u64,
    pub(crate) user: u64,
    pub(crate) content_hash: u64,
    pub(crate) callback: Option<Arc<str>>,
}

/// Counters of the report.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// By [`Status`].
    pub(crate) generated: [u64; 5],
    pub(crate) delivered: [u64; 5],
    pub(crate) posted: u64,
    pub(crate) refused: u64,
    pub(crate) given_up: u64,
    pub(crate) unrouted: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
}

#[derive(Default)]
pub(crate) struct State {
    moments: BinaryHeap<Moment>,
    order: u64,
    messages: Vec<Option<Message>>,
    free: Vec<u32>,
    queues: BTreeMap<u64, AppQueue>,
    answers: BTreeMap<u32, oneshot::Sender<()>>,
    pub(crate) told: Told,
    /// Messages accepted and waiting for something; what `pending` counts beside queued items.
    under_way: usize,
    /// Read messages, for users who react; taken by the caller of `fire`.
    pub(crate) reads: Vec<(u64, u32, u64, Category)>,
    held: BTreeMap<u64, Vec<(u32, Held)>>,
}

/// The outbox, shared between calls that fill it and the task that empties it.
#[derive(Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    pub(crate) wake: Notify,
    /// Until when the delivering task sleeps, so that later moments need not wake it.
    sleeping_until: AtomicI64,
}

impl Outbox {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The delivering task goes to sleep until `at`.
    pub(crate) fn sleep_until(&self, at: Option<Timestamp>) {
        self.sleeping_until.store(at.map_or(i64::MAX, |t| t.0), Ordering::SeqCst);
    }

    pub(crate) fn wake_for(&self, at: Timestamp) {
        if at.0 < self.sleeping_until.load(Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }

    /// A message was accepted: its first status is planned. With `answer`, that is told once the
    /// first status was delivered.
    pub(crate) fn accept(&self, message: Message, answer: Option<oneshot::Sender<()>>) {
        let at = {
            let mut state = self.lock();
            let accepted = message.accepted;
            let early = answer.is_some();
            let place = state.add(message);
            if let Some(answer) = answer {
                state.answers.insert(place, answer);
            }
            state.plan_next(place, early.then_some(accepted))
        };
        if let Some(at) = at {
            self.wake_for(at);
        }
    }

    /// A message is held for its template to be judged; true for the first.
    pub(crate) fn hold(&self, message: Message, template: u64, as_counted: Held) -> bool {
        let mut state = self.lock();
        let place = state.add(message);
        let held = state.held.entry(template).or_default();
        held.push((place, as_counted));
        held.len() == 1
    }

    pub(crate) fn note(&self, directory: &Directory, note: Note) {
        {
            let mut state = self.lock();
            let now = Timestamp::from_seconds(note.at_s);
            state.route(directory, now, Item::Note(Arc::new(note)), None);
        }
        self.wake.notify_one();
    }

    pub(crate) fn task(&self, at: Timestamp, task: Task) {
        self.lock().push(at, Timed::Task(task));
        self.wake_for(at);
    }
}

impl State {
    fn push(&mut self, at: Timestamp, what: Timed) {
        self.order += 1;
        self.moments.push(Moment { at, order: self.order, what });
    }

    fn add(&mut self, message: Message) -> u32 {
        self.under_way += 1;
        let message = Some(Message { refs: 1, ..message });
        if let Some(place) = self.free.pop() {
            self.messages[place as usize] = message;
            return place;
        }
        self.messages.push(message);
        u32::try_from(self.messages.len() - 1).unwrap_or(u32::MAX)
    }

    pub(crate) fn message(&self, place: u32) -> Option<&Message> {
        self.messages.get(place as usize)?.as_ref()
    }

    fn release(&mut self, place: u32) {
        let Some(Some(m)) = self.messages.get_mut(place as usize) else { return };
        m.refs = m.refs.saturating_sub(1);
        if m.refs == 0 {
            self.messages[place as usize] = None;
            self.free.push(place);
            self.under_way -= 1;
        }
    }

    fn retain(&mut self, item: &Item) {
        if let Item::Status { message, .. } = item
            && let Some(Some(m)) = self.messages.get_mut(*message as usize)
        {
            m.refs = m.refs.saturating_add(1);
        }
    }

    /// Plans the message's next status; none left drops the plan's hold on it.
    fn plan_next(&mut self, place: u32, at: Option<Timestamp>) -> Option<Timestamp> {
        let m = self.message(place)?;
        match m.plan.steps().get(usize::from(m.step)) {
            Some(step) => {
                let at = at.unwrap_or_else(|| m.accepted.plus(Duration::from_millis(step.after_ms.into())));
                self.push(at, Timed::Step(place));
                Some(at)
            }
            None => {
                self.release(place);
                None
            }
        }
    }

    /// Everything due by `now` happens; what the emulator must do by itself is given back.
    pub(crate) fn fire(&mut self, directory: &Directory, faults: &Faults, now: Timestamp) -> Vec<Task> {
        let mut tasks = Vec::new();
        while self.moments.peek().is_some_and(|m| m.at <= now) {
            let Some(moment) = self.moments.pop() else { break };
            match moment.what {
                Timed::Step(place) => self.step(directory, faults, place, moment.at),
                Timed::Late(app, item) => self.enqueue(app, moment.at, item),
                Timed::Retry(batch) => self.queues.entry(batch.app).or_default().retries.push_back(batch),
                Timed::Task(task) => tasks.push(task),
            }
        }
        tasks
    }

    fn step(&mut self, directory: &Directory, faults: &Faults, place: u32, at: Timestamp) {
        let Some(Some(m)) = self.messages.get_mut(place as usize) else { return };
        let Some(step) = m.plan.steps().get(usize::from(m.step)).copied() else { return };
        m.step += 1;
        let error = if step.status == Status::Failed { m.plan.error } else { 0 };
        let item = Item::Status { message: place, status: step.status, at_s: at.seconds(), error };
        if step.status == Status::Read {
            let read = (m.user, m.number, m.serial, m.category);
            self.reads.push(read);
        }
        self.told.generated[step.status as usize] += 1;
        self.route(directory, at, item, Some(faults));
        self.plan_next(place, None);
    }

    /// Puts an update into the queue of every app that listens.
    fn route(&mut self, directory: &Directory, at: Timestamp, item: Item, faults: Option<&Faults>) {
        let (waba, field) = match &item {
            Item::Note(note) => (note.waba, &*note.field),
            Item::Status { message, .. } => {
                let number = self.message(*message).and_then(|m| directory.numbers.get(m.number as usize));
                (number.map_or(0, |n| n.waba), "messages")
            }
        };
        let only = match &item {
            Item::Note(note) => note.to_app,
            Item::Status { .. } => None,
        };
        let apps: Vec<u64> = match only {
            Some(app) => vec![app],
            None => {
                directory.wabas.get(&waba).into_iter().flat_map(|w| w.subscriptions.keys().copied()).collect()
            }
        };
        let listens = |a: &u64| directory.apps.get(a).is_some_and(|a| a.listens(field));
        let apps: Vec<u64> = apps.into_iter().filter(listens).collect();
        if apps.is_empty() {
            self.told.unrouted += 1;
        }
        for app in apps {
            let fault = faults.map(Faults::webhook).unwrap_or_default();
            if fault.lost {
                self.told.lost += 1;
                continue;
            }
            if let Some(after) = fault.duplicate {
                self.told.duplicated += 1;
                self.retain(&item);
                self.push(at.plus(after), Timed::Late(app, item.clone()));
            }
            self.retain(&item);
            match fault.delay {
                Some(delay) => self.push(at.plus(delay), Timed::Late(app, item.clone())),
                None => self.enqueue(app, at, item.clone()),
            }
        }
    }

    fn enqueue(&mut self, app: u64, at: Timestamp, item: Item) {
        let queue = self.queues.entry(app).or_default();
        if queue.items.is_empty() {
            queue.waiting_since = at;
        }
        queue.items.push_back(item);
    }

    /// The next batch that may be posted.
    pub(crate) fn take_batch(
        &mut self,
        directory: &Directory,
        settings: &WebhookSettings,
        now: Timestamp,
    ) -> Option<Batch> {
        if settings.held {
            return None;
        }
        let ready = |q: &AppQueue| {
            q.in_flight < settings.parallel.max(1)
                && (!q.retries.is_empty()
                    || q.items.len() >= settings.batch.clamp(1, MOST_UPDATES)
                    || !q.items.is_empty()
                        && q.waiting_since.plus(Duration::from_millis(settings.linger_ms)) <= now)
        };
        loop {
            let (&app, queue) = self.queues.iter_mut().find(|(_, q)| ready(q))?;
            if let Some(batch) = queue.retries.pop_front() {
                queue.in_flight += 1;
                return Some(*batch);
            }
            let taken = self.gather(directory, settings, app, now);
            match taken {
                Ok(batch) => return Some(batch),
                Err(unrouted) => {
                    for item in unrouted {
                        self.told.unrouted += 1;
                        self.drop_item(&item);
                    }
                }
            }
        }
    }

    /// Updates of one app from the front of its queue that go to the same URL. `Err` with those
    /// that have nowhere to go.
    fn gather(
        &mut self,
        directory: &Directory,
        settings: &WebhookSettings,
        app: u64,
        now: Timestamp,
    ) -> Result<Batch, Vec<Item>> {
        let url = |messages: &[Option<Message>], item: &Item| -> Option<String> {
            let app = directory.apps.get(&app)?;
            let number = match item {
                Item::Status { message, .. } => messages.get(*message as usize)?.as_ref().map(|m| m.number),
                Item::Note(note) => note.number,
            };
            let number = number.and_then(|n| directory.numbers.get(n as usize));
            // Meta: number override, then account override, then the app's; overrides apply to
            // message webhooks only.
            number
                .and_then(|n| n.override_url.clone())
                .or_else(|| {
                    directory.wabas.get(&number?.waba)?.subscriptions.get(&app.id)?.override_url.clone()
                })
                .or_else(|| app.callback_url.clone())
        };
        let mut items = Vec::new();
        let mut bytes = 0;
        let mut target: Option<Option<String>> = None;
        let Some(queue) = self.queues.get_mut(&app) else { return Err(items) };
        while let Some(next) = queue.items.front() {
            bytes += match next {
                Item::Note(note) => note.value.len() + 200,
                Item::Status { message, .. } => {
                    let m = self.messages.get(*message as usize).and_then(Option::as_ref);
                    1_200 + m.and_then(|m| m.callback.as_ref()).map_or(0, |c| c.len() * 6)
                }
            };
            let to = url(&self.messages, next);
            let same = target.as_ref().is_none_or(|t| *t == to);
            if !same
                || items.len() >= settings.batch.clamp(1, MOST_UPDATES)
                || bytes > MOST_BYTES && !items.is_empty()
            {
                break;
            }
            target = Some(to);
            items.extend(queue.items.pop_front());
        }
        match target.flatten() {
            Some(url) => {
                queue.in_flight += 1;
                Ok(Batch { app, url, items, tries: 0, first: now })
            }
            None => Err(items),
        }
    }

    /// A batch was answered with 200.
    pub(crate) fn delivered(&mut self, batch: &Batch) {
        self.told.posted += 1;
        self.landed(batch.app);
        for item in &batch.items {
            if let Item::Status { message, status, .. } = item {
                self.told.delivered[*status as usize] += 1;
                if let Some(answer) = self.answers.remove(message) {
                    let _ = answer.send(());
                }
            }
            self.drop_item(item);
        }
    }

    /// A batch was not answered with 200: again later, or given up.
    pub(crate) fn refused(&mut self, mut batch: Batch, settings: &WebhookSettings, now: Timestamp) {
        self.told.refused += 1;
        self.landed(batch.app);
        if now.since(batch.first) >= Duration::from_millis(settings.retry_for_ms) {
            self.told.given_up += batch.items.len() as u64;
            for item in &batch.items {
                self.drop_item(item);
            }
            return;
        }
        let wait =
            settings.retry_first_ms.saturating_mul(1 << batch.tries.min(32)).min(settings.retry_most_ms);
        batch.tries += 1;
        self.push(now.plus(Duration::from_millis(wait.max(1))), Timed::Retry(Box::new(batch)));
    }

    fn landed(&mut self, app: u64) {
        if let Some(queue) = self.queues.get_mut(&app) {
            queue.in_flight = queue.in_flight.saturating_sub(1);
        }
    }

    fn drop_item(&mut self, item: &Item) {
        if let Item::Status { message, .. } = item {
            self.release(*message);
        }
    }

    /// When something happens next without anybody calling.
    pub(crate) fn next_moment(&self, settings: &WebhookSettings) -> Option<Timestamp> {
        let linger = Duration::from_millis(settings.linger_ms);
        let full = settings.batch.clamp(1, MOST_UPDATES);
        let waiting = self
            .queues
            .values()
            .filter(|q| {
                !settings.held
                    && !q.items.is_empty()
                    && q.items.len() < full
                    && q.in_flight < settings.parallel.max(1)
            })
            .map(|q| q.waiting_since.plus(linger))
            .min();
        self.moments.peek().map(|m| m.at).into_iter().chain(waiting).min()
    }

    /// Updates queued or waiting for their retry, and messages with statuses to come.
    pub(crate) fn pending(&self) -> (usize, usize) {
        let queued: usize = self
            .queues
            .values()
            .map(|q| q.items.len() + q.retries.iter().map(|b| b.items.len()).sum::<usize>())
            .sum();
        (queued, self.under_way)
    }

    /// Messages held for a template go their way, or all take the plan that fails them; the failed
    /// ones are given back.
    pub(crate) fn release_held(&mut self, template: u64, failure: Option<Plan>, now: Timestamp) -> Vec<Held> {
        let mut failed = Vec::new();
        for (place, held) in self.held.remove(&template).unwrap_or_default() {
            if let Some(Some(m)) = self.messages.get_mut(place as usize) {
                m.accepted = now;
                if let Some(plan) = failure.filter(|_| !m.plan.fails()) {
                    m.plan = plan;
                    failed.push(held);
                }
            }
            self.plan_next(place, None);
        }
        failed
    }

    /// Starts counting afresh.
    pub(crate) fn reset_counts(&mut self) {
        self.told = Told::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_moment_comes_first_and_equals_keep_their_order() {
        let mut s = State::default();
        for (at, user) in [(5, 1), (3, 2), (5, 3), (3, 4)] {
            s.push(Timestamp(at), Timed::Task(Task::Reaction { user, number: 0, serial: 0, stop: false }));
        }
        let tasks = s.fire(&Directory::default(), &Faults::default(), Timestamp(5));
        let users: Vec<u64> = tasks
            .iter()
            .map(|t| match t {
                Task::Reaction { user, .. } => *user,
                _ => 0,
            })
            .collect();
        assert_eq!(users, [2, 4, 1, 3]);
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Item>() <= 24, "{}", size_of::<Item>());
        assert!(size_of::<Moment>() <= 56, "{}", size_of::<Moment>());
        assert!(size_of::<Option<Message>>() <= 120, "{}", size_of::<Option<Message>>());
    }
}
