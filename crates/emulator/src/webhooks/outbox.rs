//! What is still to happen and to be told: one heap of moments, a slab of messages under way, and
//! a queue for each app. An entry is a few dozen bytes; JSON is made when a batch is posted.

use super::{
    moment::{Moment, Task, Timed},
    payload::pricing_type,
    plan::{Plan, Status},
    queue::AppQueue,
    update::{Held, Item, Message, Note},
};
use crate::{
    analytics::{Counted, Counts},
    directory::Directory,
    faults::Faults,
    saved,
    sync::lock,
    templates::Category,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BinaryHeap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, Ordering},
    },
};
use tisara_domain::{Duration, Timestamp};
use tokio::sync::{Notify, oneshot};

/// Counters of the report.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
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
    /// Messages whose time to live ran out.
    pub(crate) expired: u64,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(with = "super::moment::in_order")]
    pub(super) moments: BinaryHeap<Moment>,
    order: u64,
    pub(super) messages: Vec<Option<Message>>,
    /// Places nobody has; found again when it is loaded.
    #[serde(skip)]
    free: Vec<u32>,
    pub(super) queues: BTreeMap<u64, AppQueue>,
    /// Calls that wait; they do not outlive the program.
    #[serde(skip)]
    pub(super) answers: BTreeMap<u32, oneshot::Sender<()>>,
    pub(crate) told: Told,
    /// Posts so far, to number them.
    pub(super) posts: u64,
    /// Messages accepted and waiting for something; what `pending` counts beside queued items.
    #[serde(skip)]
    under_way: usize,
    /// Updates waiting for the moment of their retry.
    pub(super) retrying: usize,
    /// Read messages, for users who react; taken by the caller of `fire`.
    pub(crate) reads: Vec<(u64, u32, u64, Category)>,
    #[serde(with = "saved::pairs")]
    held: BTreeMap<HeldBy, VecDeque<(u32, Held)>>,
    /// By user: messages to somebody offline, and until when they may be delivered.
    waiting: BTreeMap<u64, Vec<(Timestamp, Message)>>,
    pub(crate) counts: Counts,
}

/// What keeps a message back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum HeldBy {
    Template(u64),
    Portfolio(u64),
}

/// What became of held messages.
#[derive(Default)]
pub(crate) struct Released {
    /// The messages let go or failed.
    pub(crate) serials: HashSet<u64>,
    /// Those of them that fail and were not to.
    pub(crate) failed: Vec<Held>,
    /// More are held still.
    pub(crate) left: bool,
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
            state.told.expired += u64::from(message.plan.expires);
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

    /// A message is held until something was judged; true for the first.
    pub(crate) fn hold(&self, message: Message, by: HeldBy, as_counted: Held) -> bool {
        let mut state = self.lock();
        let place = state.add(message);
        let held = state.held.entry(by).or_default();
        held.push_back((place, as_counted));
        held.len() == 1
    }

    /// A message to a user who is offline waits for them.
    pub(crate) fn wait_for(&self, until: Timestamp, message: Message) {
        self.lock().waiting.entry(message.user).or_default().push((until, message));
    }

    /// A user is back: gives each message that may still be delivered to `plan`, and tells of it by the
    /// plan this makes. The others are dropped without a word.
    pub(crate) fn came_online(&self, user: u64, now: Timestamp, plan: impl Fn(&Message) -> Plan) {
        {
            let mut state = self.lock();
            for (until, message) in state.waiting.remove(&user).unwrap_or_default() {
                if until <= now {
                    state.told.expired += 1;
                    continue;
                }
                let plan = plan(&message);
                let place = state.add(Message { plan, accepted: now, step: 0, ..message });
                state.plan_next(place, None);
            }
        }
        self.wake.notify_one();
    }

    pub(crate) fn note(&self, directory: &Directory, note: Note) {
        self.note_shared(directory, Arc::new(note));
    }

    pub(crate) fn note_shared(&self, directory: &Directory, note: Arc<Note>) {
        {
            let mut state = self.lock();
            let now = Timestamp::from_seconds(note.at_s);
            state.route(directory, now, Item::Note { note, again: false }, None);
        }
        self.wake.notify_one();
    }

    /// A kept outbox in place of this one. Posts under way are forgotten.
    pub(crate) fn load(&self, mut kept: State) {
        kept.resume();
        {
            let mut state = self.lock();
            kept.posts = kept.posts.max(state.posts);
            *state = kept;
        }
        self.wake.notify_one();
    }

    pub(crate) fn task(&self, at: Timestamp, task: Task) {
        self.lock().push(at, Timed::Task(Box::new(task)));
        self.wake_for(at);
    }
}

impl State {
    pub(super) fn push(&mut self, at: Timestamp, what: Timed) {
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

    pub(super) fn find_free_places(&mut self) {
        let all = self.messages.iter().zip(0_u32..);
        self.free = all.filter(|(m, _)| m.is_none()).map(|(_, place)| place).collect();
        self.under_way = self.messages.iter().flatten().count();
    }

    pub(crate) fn message(&self, place: u32) -> Option<&Message> {
        self.messages.get(place as usize)?.as_ref()
    }

    pub(super) fn release(&mut self, place: u32) {
        let Some(Some(m)) = self.messages.get_mut(place as usize) else { return };
        m.refs = m.refs.saturating_sub(1);
        if m.refs == 0 {
            self.messages[place as usize] = None;
            self.free.push(place);
            self.under_way -= 1;
            if self.under_way == 0 {
                // Quiet: a burst leaves no memory behind.
                self.messages = Vec::new();
                self.free = Vec::new();
                self.moments.shrink_to_fit();
            }
        }
    }

    pub(super) fn retain(&mut self, item: &Item) {
        if let Item::Status { message, .. } = item
            && let Some(Some(m)) = self.messages.get_mut(*message as usize)
        {
            m.refs = m.refs.saturating_add(1);
        }
    }

    /// Plans the message's next status; none left drops the plan's hold on it.
    fn plan_next(&mut self, place: u32, at: Option<Timestamp>) -> Option<Timestamp> {
        let m = self.message(place)?;
        match m.plan.step(m.step) {
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
                Timed::Late(late) => self.enqueue(late.0, moment.at, late.1),
                Timed::Retry(batch) => {
                    self.retrying -= batch.items.len();
                    self.queues.entry(batch.app).or_default().retries.push_back(batch);
                }
                Timed::Task(task) => tasks.push(*task),
            }
        }
        tasks
    }

    fn step(&mut self, directory: &Directory, faults: &Faults, place: u32, at: Timestamp) {
        let Some(Some(m)) = self.messages.get_mut(place as usize) else { return };
        let Some(step) = m.plan.step(m.step) else { return };
        m.step += 1;
        let error = if step.status == Status::Failed { m.plan.error } else { 0 };
        let item =
            Item::Status { message: place, status: step.status, at_s: at.seconds(), error, again: false };
        if step.status == Status::Read {
            let read = (m.user, m.number, m.serial, m.category);
            self.reads.push(read);
        }
        let counted = Counted {
            at_s: at.seconds(),
            number: m.number,
            user: m.user,
            category: m.category,
            pricing_type: pricing_type(m),
            template: m.template,
            status: step.status,
            is_delivery: step.status != Status::Sent && m.plan.priced(step.status),
        };
        self.counts.count(&counted);
        self.told.generated[step.status as usize] += 1;
        self.route(directory, at, item, Some(faults));
        self.plan_next(place, None);
    }

    /// The apps that are to hear of an update.
    pub(super) fn listeners(&self, directory: &Directory, item: &Item) -> Vec<u64> {
        let (waba, field, only) = match item {
            Item::Note { note, .. } => (note.waba, &*note.field, note.to_app),
            Item::Status { message, .. } => {
                let number = self.message(*message).and_then(|m| directory.numbers.get(m.number as usize));
                (number.map_or(0, |n| n.waba), "messages", None)
            }
        };
        let subscribed = directory.wabas.get(&waba).into_iter().flat_map(|w| w.subscriptions.keys().copied());
        only.into_iter()
            .chain(subscribed.filter(|_| only.is_none()))
            .filter(|a| directory.apps.get(a).is_some_and(|a| a.listens(field)))
            .collect()
    }

    /// Puts an update into the queue of every app that listens.
    fn route(&mut self, directory: &Directory, at: Timestamp, item: Item, faults: Option<&Faults>) {
        let apps = self.listeners(directory, &item);
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
                self.push(at.plus(after), Timed::Late(Box::new((app, item.clone()))));
            }
            self.retain(&item);
            match fault.delay {
                Some(delay) => self.push(at.plus(delay), Timed::Late(Box::new((app, item.clone())))),
                None => self.enqueue(app, at, item.clone()),
            }
        }
    }

    /// Updates that are queued, under way or waiting for their retry (a batch under way counts once),
    /// and messages with statuses to come.
    pub(crate) fn pending(&self) -> (usize, usize) {
        let queued: usize = self
            .queues
            .values()
            .map(|q| q.items.len() + q.flying.len() + q.retries.iter().map(|b| b.items.len()).sum::<usize>())
            .sum();
        (queued + self.retrying, self.under_way)
    }

    /// At most so many held messages go their way, or take the plan that fails them.
    pub(crate) fn release_held(
        &mut self,
        by: HeldBy,
        most: usize,
        failure: Option<Plan>,
        now: Timestamp,
    ) -> Released {
        let mut all = self.held.remove(&by).unwrap_or_default();
        let rest = all.split_off(most.min(all.len()));
        let mut released = Released { left: !rest.is_empty(), ..Released::default() };
        if released.left {
            self.held.insert(by, rest);
        }
        for (place, held) in all {
            if let Some(Some(m)) = self.messages.get_mut(place as usize) {
                m.accepted = now;
                released.serials.insert(m.serial);
                if let Some(plan) = failure.filter(|_| !m.plan.fails()) {
                    m.plan = plan;
                    released.failed.push(held);
                }
            }
            self.plan_next(place, None);
        }
        released
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
            s.push(
                Timestamp(at),
                Timed::Task(Box::new(Task::Reaction { user, number: 0, serial: 0, stop: false })),
            );
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
        assert!(size_of::<Moment>() <= 32, "{}", size_of::<Moment>());
        assert!(size_of::<Option<Message>>() <= 104, "{}", size_of::<Option<Message>>());
    }
}
