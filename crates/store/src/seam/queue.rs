//! Work on its way to the threads of a database.
//!
//! Two lines stand before the same threads: the engine's and everybody else's. The engine's goes first,
//! and where a kind of thread has more than one, one of them serves the engine alone: however many slow
//! requests pile up, webhooks are still kept and campaigns go on.

use super::{
    error::{Error, Result, Waited},
    work::Work,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// Callers that may wait; whoever comes on top of them is refused at once.
const WAITING_MAX: usize = 4096;

/// The two lines. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Queue(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lines: Mutex<Lines>,
    /// Where the threads that serve the engine alone wait, and where the others do.
    for_engine: Condvar,
    for_all: Condvar,
}

#[derive(Default)]
struct Lines {
    engine: VecDeque<Box<dyn Work>>,
    others: VecDeque<Box<dyn Work>>,
    engines: Threads,
    all: Threads,
    closed: bool,
}

/// The threads of one kind. Each piece of work calls one thread and no more: to wake all of them for each is
/// most of what a short read costs.
#[derive(Default)]
struct Threads {
    waiting: usize,
    /// How many of these were called and have not come yet.
    called: usize,
}

impl Lines {
    fn of(&mut self, serves: Serves) -> &mut Threads {
        match serves {
            Serves::Engine => &mut self.engines,
            Serves::All => &mut self.all,
        }
    }
}

impl Threads {
    /// Calls one that waits, if there is one.
    fn call(&mut self) -> bool {
        let is_free = self.waiting > self.called;
        self.called += usize::from(is_free);
        is_free
    }
}

/// Whose work a thread takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serves {
    /// The engine's only.
    Engine,
    /// Everybody's, the engine's first.
    All,
}

impl Serves {
    /// What thread number `n` of `of` serves.
    pub(super) const fn of_thread(n: usize, of: usize) -> Self {
        if n == 0 && of > 1 { Self::Engine } else { Self::All }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues work; refused when too much waits already.
    pub(super) fn push(&self, work: Box<dyn Work>, is_engines: bool) -> Result<()> {
        let mut lines = self.lock();
        if lines.closed {
            return Err(Error::Closed);
        }
        let line = if is_engines { &mut lines.engine } else { &mut lines.others };
        if line.len() >= WAITING_MAX {
            return Err(Error::TimedOut(Waited::Connection));
        }
        line.push_back(work);
        // Where nobody is free, whoever ends first looks for itself.
        let called = if is_engines && lines.engines.call() {
            Some(&self.0.for_engine)
        } else {
            lines.all.call().then_some(&self.0.for_all)
        };
        drop(lines);
        if let Some(called) = called {
            called.notify_one();
        }
        Ok(())
    }

    /// The next pieces of work, at most `most`; waits for the first. `None` once the queue is closed and
    /// nothing is left. Work whose caller has given up waiting is dropped.
    pub(super) fn take(&self, serves: Serves, most: usize) -> Option<Vec<Box<dyn Work>>> {
        let mut lines = self.lock();
        loop {
            let mut taken = Vec::new();
            while taken.len() < most {
                let next = match serves {
                    Serves::Engine => lines.engine.pop_front(),
                    Serves::All => lines.engine.pop_front().or_else(|| lines.others.pop_front()),
                };
                let Some(work) = next else { break };
                if work.begin() {
                    taken.push(work);
                }
            }
            if !taken.is_empty() {
                return Some(taken);
            }
            if lines.closed {
                return None;
            }
            lines = self.wait(lines, serves);
        }
    }

    fn wait<'q>(&'q self, mut lines: MutexGuard<'q, Lines>, serves: Serves) -> MutexGuard<'q, Lines> {
        let came = match serves {
            Serves::Engine => &self.0.for_engine,
            Serves::All => &self.0.for_all,
        };
        lines.of(serves).waiting += 1;
        let mut lines = came.wait(lines).unwrap_or_else(PoisonError::into_inner);
        let threads = lines.of(serves);
        threads.waiting -= 1;
        threads.called = threads.called.saturating_sub(1);
        lines
    }

    /// Takes nothing more; what is queued is still worked off.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.0.for_engine.notify_all();
        self.0.for_all.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::{super::work::Job, *};

    fn work(queue: &Queue, is_engines: bool) -> super::super::work::Claim {
        let (work, _, claim) = Job::<_, (), Error>::queue(|_| Ok(()));
        queue.push(work, is_engines).unwrap();
        claim
    }

    #[test]
    fn one_thread_of_several_is_kept_for_the_engine() {
        let queue = Queue::default();
        (0..3).for_each(|_| drop(work(&queue, false)));
        work(&queue, true);
        assert_eq!(queue.take(Serves::Engine, 10).unwrap().len(), 1);
        assert_eq!(queue.take(Serves::All, 10).unwrap().len(), 3);
        queue.close();
        assert!(queue.take(Serves::Engine, 10).is_none() && queue.take(Serves::All, 10).is_none());
        assert_eq!((Serves::of_thread(0, 1), Serves::of_thread(0, 2)), (Serves::All, Serves::Engine));
    }

    #[test]
    fn as_many_threads_come_as_there_is_work_for() {
        let (queue, n) = (Queue::default(), 4);
        let served = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..n)
                .map(|i| {
                    let queue = queue.clone();
                    scope.spawn(move || {
                        std::iter::from_fn(|| queue.take(Serves::of_thread(i, n), 1)).flatten().count()
                    })
                })
                .collect();
            (0..1_000).for_each(|i| drop(work(&queue, i % 3 == 0)));
            queue.close();
            threads.into_iter().map(|t| t.join().unwrap()).sum::<usize>()
        });
        assert_eq!(served, 1_000);
    }

    #[test]
    fn whoever_gave_up_waiting_is_not_served() {
        let queue = Queue::default();
        let (first, second) = (work(&queue, false), work(&queue, false));
        assert!(first.give_up());
        assert_eq!(queue.take(Serves::All, 10).unwrap().len(), 1);
        assert!(!second.give_up(), "it has begun");
    }

    #[test]
    fn too_many_are_refused_and_do_not_wait() {
        let queue = Queue::default();
        (0..WAITING_MAX).for_each(|_| drop(work(&queue, false)));
        let (one_more, _, _) = Job::<_, (), Error>::queue(|_| Ok(()));
        assert!(matches!(queue.push(one_more, false), Err(Error::TimedOut(Waited::Connection))));
        work(&queue, true);
    }
}
