//! Until when a lane may send: asked before each send, and once more when its bytes are about to leave.
//!
//! Another node may own the number as soon as the lease has ended. What counts is not when this node
//! learns of it but when it could have: the lease ends no earlier than its length after it was asked for, so
//! the time is taken before asking. A process that stood still (a stop signal, a paused machine, a laptop
//! asleep) finds the moment gone by when it wakes, whatever it was in the middle of.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tisara_cloud_api::client::Gate;
use tisara_domain::{Ambient, Duration, Timestamp};

/// Sending stops this long before the lease may end.
pub(crate) const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// A moment by both kinds of clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    now: Timestamp,
    latest: Timestamp,
}

impl Asked {
    /// Before the lease is asked for.
    pub(super) fn at(ambient: &Ambient) -> Self {
        Self { now: ambient.now(), latest: ambient.clock().latest() }
    }
}

/// Shared by a lane and its sends. Cheap to clone.
#[derive(Clone)]
pub(super) struct Fence {
    ambient: Ambient,
    ends: Arc<Ends>,
}

/// Microseconds; see [`Asked`].
#[derive(Default)]
struct Ends {
    now: AtomicI64,
    latest: AtomicI64,
}

impl Fence {
    /// For a lease of this length that was granted.
    pub(super) fn new(ambient: Ambient, asked: Asked, lease: Duration) -> Self {
        let fence = Self { ambient, ends: Arc::default() };
        fence.renewed(asked, lease);
        fence
    }

    /// The lease was granted anew.
    pub(super) fn renewed(&self, asked: Asked, lease: Duration) {
        let end = |from: Timestamp| from.plus(lease).minus(LEASE_MARGIN).0;
        self.ends.now.store(end(asked.now), Ordering::Release);
        self.ends.latest.store(end(asked.latest), Ordering::Release);
    }

    /// The lease is lost, or may be: nothing leaves any more.
    pub(super) fn shut(&self) {
        self.ends.now.store(i64::MIN, Ordering::Release);
    }

    /// Whether a message may leave now.
    pub(super) fn is_open(&self) -> bool {
        self.ambient.now().0 < self.ends.now.load(Ordering::Acquire)
            && self.ambient.clock().latest().0 < self.ends.latest.load(Ordering::Acquire)
    }

    /// The question for the way to Meta.
    pub(super) fn gate(&self) -> Gate {
        let fence = self.clone();
        Arc::new(move || fence.is_open())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_domain::{
        Rng,
        clock::{Clock, ManualClock, Sleep},
    };

    /// Stands still while the machine sleeps; only `latest` goes on.
    struct Sleepy(ManualClock, ManualClock);

    impl Clock for Sleepy {
        fn now(&self) -> Timestamp {
            self.0.now()
        }
        fn latest(&self) -> Timestamp {
            self.1.now()
        }
        fn sleep_until(&self, at: Timestamp) -> Sleep {
            self.0.sleep_until(at)
        }
    }

    #[test]
    fn it_shuts_before_the_lease_ends_by_whichever_clock() {
        for which in 0..2 {
            let clocks = [ManualClock::at(Timestamp(0)), ManualClock::at(Timestamp(0))];
            let clock = Sleepy(clocks[0].clone(), clocks[1].clone());
            let ambient = Ambient::new(Arc::new(clock), Rng::seeded(1));
            let fence = Fence::new(ambient.clone(), Asked::at(&ambient), Duration::from_secs(15));
            clocks[which].advance(Duration::from_millis(12_999));
            assert!(fence.gate()());
            clocks[which].advance(Duration::from_millis(1));
            assert!(!fence.gate()());
            fence.renewed(Asked::at(&ambient), Duration::from_secs(15));
            assert!(fence.is_open());
            fence.shut();
            assert!(!fence.is_open());
        }
    }
}
