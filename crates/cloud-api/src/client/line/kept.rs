//! What is kept for the next who needs one, for a while.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Things that wait to be used again, at most so many. Whatever was used last is used first, so what is not needed
/// stays at the bottom, and is thrown away when it lay there for the idle time; a half of it may do.
pub(super) struct Kept<T> {
    shelf: Arc<Mutex<Shelf<T>>>,
    max: usize,
    idle: Duration,
}

struct Shelf<T> {
    /// The longest unused first.
    things: VecDeque<T>,
    /// How many of the first nobody has needed since the last look.
    unused: usize,
    is_watched: bool,
}

impl<T: Send + 'static> Kept<T> {
    pub(super) fn new(max: usize, idle: Duration) -> Self {
        let shelf = Shelf { things: VecDeque::new(), unused: 0, is_watched: false };
        Self { shelf: Arc::new(Mutex::new(shelf)), max, idle }
    }

    /// Takes one that is still good; the others it meets are thrown away.
    pub(super) fn take(&self, is_good: impl Fn(&mut T) -> bool) -> Option<T> {
        loop {
            let mut thing = {
                let mut shelf = lock(&self.shelf);
                let thing = shelf.things.pop_back()?;
                shelf.unused = shelf.unused.min(shelf.things.len());
                thing
            };
            if is_good(&mut thing) {
                return Some(thing);
            }
        }
    }

    /// Keeps one, unless there are enough.
    pub(super) fn put(&self, thing: T) {
        let mut shelf = lock(&self.shelf);
        if shelf.things.len() >= self.max {
            return;
        }
        shelf.things.push_back(thing);
        if !std::mem::replace(&mut shelf.is_watched, true) {
            drop(shelf);
            tokio::spawn(watch(Arc::downgrade(&self.shelf), self.idle / 2));
        }
    }
}

impl<T> Shelf<T> {
    /// Takes out what nobody has needed since the last time. Nothing when the shelf is empty and need not be watched.
    fn clear(&mut self) -> Option<Vec<T>> {
        let unused = self.things.drain(..self.unused).collect();
        self.unused = self.things.len();
        self.is_watched = self.unused > 0;
        self.is_watched.then_some(unused)
    }
}

/// Throws away, every so often, what nobody has needed since the last time, until nothing is left or nobody keeps
/// anything any more.
async fn watch<T>(shelf: Weak<Mutex<Shelf<T>>>, every: Duration) {
    let mut looks = tokio::time::interval(every.max(Duration::from_millis(1)));
    // The first comes at once.
    looks.tick().await;
    loop {
        looks.tick().await;
        let Some(shelf) = shelf.upgrade() else { return };
        let unused = lock(&shelf).clear();
        if unused.is_none() {
            return;
        }
    }
}

fn lock<T>(shelf: &Mutex<Shelf<T>>) -> MutexGuard<'_, Shelf<T>> {
    // Whoever held it may have panicked, but never between two steps of a change.
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("max", &self.max).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(60);

    fn any(_: &mut u32) -> bool {
        true
    }

    #[tokio::test]
    async fn the_last_used_is_used_first_and_there_are_not_too_many() {
        let kept = Kept::new(2, IDLE);
        (1..=3).for_each(|n| kept.put(n));
        assert_eq!([kept.take(any), kept.take(any), kept.take(any)], [Some(2), Some(1), None]);
    }

    #[tokio::test]
    async fn what_is_no_longer_good_is_passed_over() {
        let kept = Kept::new(9, IDLE);
        (1..=4).for_each(|n| kept.put(n));
        assert_eq!(kept.take(|n| *n < 3), Some(2));
        assert_eq!([kept.take(any), kept.take(any)], [Some(1), None]);
    }

    #[tokio::test]
    async fn what_nobody_needs_is_thrown_away_and_the_rest_is_not() {
        let kept = Kept::new(9, IDLE);
        (1..=4).for_each(|n| kept.put(n));
        assert_eq!(lock(&kept.shelf).clear(), Some(vec![]));
        // Two at once are needed now and then.
        let needed = [kept.take(any), kept.take(any)];
        needed.into_iter().flatten().for_each(|n| kept.put(n));
        assert_eq!(lock(&kept.shelf).clear(), Some(vec![1, 2]));
        assert_eq!(lock(&kept.shelf).clear(), None, "all that is left went unneeded");
        assert_eq!(kept.take(any), None);
    }

    #[tokio::test]
    async fn it_watches_as_long_as_there_is_something() {
        let kept = Kept::new(9, Duration::from_millis(2));
        for n in 1..=2 {
            kept.put(n);
            assert!(lock(&kept.shelf).is_watched);
            while lock(&kept.shelf).is_watched {
                tokio::task::yield_now().await;
            }
            assert_eq!(kept.take(any), None);
        }
    }
}
