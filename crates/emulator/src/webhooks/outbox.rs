//! What is still to happen and to be told: one heap of moments, a slab of messages under way, and
//! a queue for each app. An entry is a few dozen bytes; JSON is made when a batch is posted.

use super::{
    moment::{Moment, Task, Timed},
    plan::{Plan, Status},
    queue::AppQueue,
    update::{Held, Item, Message, Note},
};
use crate::{directory::Directory, faults::Faults, sync::lock, templates::Category};
use std::{
    collections::{BTreeMap, BinaryHeap},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, Ordering},
    },
};
use tisara_domain::{Duration, Timestamp};
use tokio::sync::{Notify, oneshot};

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
    pub(super) moments: BinaryHeap<Moment>,
    order: u64,
    pub(super) messages: Vec<Option<Message>>,
    free: Vec<u32>,
    pub(super) queues: BTreeMap<u64, AppQueue>,
    pub(super) answers: BTreeMap<u32, oneshot::Sender<()>>,
    pub(crate) told: Told,
    /// Messages accepted and waiting for something; what `pending` counts beside queued items.
    under_way: usize,
    /// Updates waiting for the moment of their retry.
    pub(super) retrying: usize,
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
        self.note_shared(directory, Arc::new(note));
    }

    pub(crate) fn note_shared(&self, directory: &Directory, note: Arc<Note>) {
        {
            let mut state = self.lock();
            let now = Timestamp::from_seconds(note.at_s);
            state.route(directory, now, Item::Note(note), None);
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
        let subscribed = directory.wabas.get(&waba).into_iter().flat_map(|w| w.subscriptions.keys().copied());
        let mut apps = only
            .into_iter()
            .chain(subscribed.filter(|_| only.is_none()))
            .filter(|a| directory.apps.get(a).is_some_and(|a| a.listens(field)))
            .peekable();
        if apps.peek().is_none() {
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
            .map(|q| q.items.len() + q.in_flight + q.retries.iter().map(|b| b.items.len()).sum::<usize>())
            .sum();
        (queued + self.retrying, self.under_way)
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
        assert!(size_of::<Option<Message>>() <= 80, "{}", size_of::<Option<Message>>());
    }
}
