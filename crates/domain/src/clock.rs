//! The clock that everything is given instead of taking the time from the air.
//!
//! Nothing else in Tisara may read the wall clock or sleep (clippy forbids it), so a simulation or the
//! emulator can run days in milliseconds.

use crate::time::{Duration, Timestamp};
use std::{
    collections::BinaryHeap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

/// A future that ends when a clock reaches a moment.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A source of time that can also be waited on.
pub trait Clock: Send + Sync + 'static {
    /// The present moment. Never goes back within a process.
    fn now(&self) -> Timestamp;

    /// The present moment by whichever of the machine's clocks shows the latest. Some stand still while a
    /// machine sleeps and some are set back, but hardly all at once: what must not be done late asks this one
    /// as well.
    fn latest(&self) -> Timestamp {
        self.now()
    }

    /// Ends once [`Clock::now`] is at or after `at`; at once if it already is.
    fn sleep_until(&self, at: Timestamp) -> Sleep;

    /// Ends once `for_` has gone by.
    fn sleep(&self, for_: Duration) -> Sleep {
        self.sleep_until(self.now().plus(for_))
    }
}

/// The machine's clock: the wall time at start, moved on by the monotonic clock, so that a stepped
/// wall clock never makes pace or leases jump.
#[derive(Debug)]
pub struct SystemClock {
    wall_at_start: Timestamp,
    started: std::time::Instant,
}

impl SystemClock {
    /// Reads the wall clock. Nothing else in Tisara does.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one clock the rest is given")]
    pub fn new() -> Self {
        Self { wall_at_start: wall(), started: std::time::Instant::now() }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one clock the rest is given")]
fn wall() -> Timestamp {
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.wall_at_start.plus(self.started.elapsed())
    }

    fn latest(&self) -> Timestamp {
        self.now().max(wall())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one clock the rest is given")]
    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let wait = at.since(self.now());
        if wait.is_zero() {
            return Box::pin(std::future::ready(()));
        }
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A clock that stands still until it is told to move. Cloning shares the time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Manual>>);

#[derive(Debug)]
struct Manual {
    now: Timestamp,
    waiting: BinaryHeap<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    at: Timestamp,
    waker: Waker,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    // Reversed: the heap's greatest is the earliest.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.at.cmp(&self.at)
    }
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Manual { now, waiting: BinaryHeap::new() })))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Manual> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the time on and wakes whoever waited for it.
    pub fn advance(&self, by: Duration) {
        let to = self.now().plus(by);
        self.set(to);
    }

    /// Moves the time on to `to`; an earlier moment changes nothing.
    pub fn set(&self, to: Timestamp) {
        let due: Vec<Waker> = {
            let mut m = self.lock();
            m.now = m.now.max(to);
            let mut due = Vec::new();
            while m.waiting.peek().is_some_and(|w| w.at <= m.now) {
                due.extend(m.waiting.pop().map(|w| w.waker));
            }
            due
        };
        for waker in due {
            waker.wake();
        }
    }

    /// The earliest moment anybody waits for.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.lock().waiting.peek().map(|w| w.at)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        Box::pin(ManualSleep { clock: self.clone(), at })
    }
}

struct ManualSleep {
    clock: ManualClock,
    at: Timestamp,
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut m = self.clock.lock();
        if m.now >= self.at {
            return Poll::Ready(());
        }
        // A sleep polled twice leaves a stale waker behind; waking twice is harmless.
        m.waiting.push(Waiting { at: self.at, waker: cx.waker().clone() });
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_sleep_ends_when_the_clock_is_moved() {
        let clock = ManualClock::at(Timestamp(0));
        let sleep = tokio::spawn(clock.sleep(Duration::from_secs(60)));
        while clock.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleep.is_finished());
        clock.advance(Duration::from_secs(1));
        sleep.await.unwrap();
    }

    #[tokio::test]
    async fn a_sleep_into_the_past_ends_at_once() {
        SystemClock::new().sleep_until(Timestamp(0)).await;
    }
}
