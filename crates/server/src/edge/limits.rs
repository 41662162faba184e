//! How often something may be asked: a bucket a key, in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tisara_domain::{Duration, Timestamp, pace::Bucket};

/// Buckets that are remembered; full ones are forgotten when there are more.
const BUCKETS_MAX: usize = 100_000;

/// So many at once, and how long each takes to be given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many may come at once.
    pub burst: u32,
    /// In so many seconds the whole burst is given again.
    pub window_s: u32,
}

impl Limit {
    fn interval(self) -> Duration {
        Duration::from_secs(u64::from(self.window_s)) / self.burst.max(1)
    }
}

/// What a limit says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How many more may come at once; `None` when this one may not.
    pub(crate) left: Option<u32>,
    /// Seconds until one may come again; 0 when it may now.
    pub(crate) wait_s: u32,
}

/// The buckets of one kind.
#[derive(Default)]
pub(crate) struct Limits(Mutex<HashMap<[u8; 16], (Bucket, Limit)>>);

impl Limits {
    /// Counts a request of a key.
    pub(crate) fn take(&self, key: [u8; 16], limit: Limit, now: Timestamp) -> Verdict {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&key) {
            buckets.retain(|_, (bucket, limit)| bucket.available(now) < limit.burst);
            if buckets.len() >= BUCKETS_MAX {
                // More are busy than are remembered: better no limit than no service.
                return Verdict { left: Some(0), wait_s: 0 };
            }
        }
        let fresh = || (Bucket::every(limit.interval(), limit.burst), limit);
        let entry = buckets.entry(key).or_insert_with(fresh);
        if entry.1 != limit {
            *entry = fresh();
        }
        let bucket = &mut entry.0;
        if bucket.take_up_to(now, 1) == 1 {
            return Verdict { left: Some(bucket.available(now)), wait_s: 0 };
        }
        let wait = bucket.ready_at(1).since(now).as_micros().div_ceil(1_000_000);
        Verdict { left: None, wait_s: u32::try_from(wait).unwrap_or(u32::MAX).max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_given_again_in_its_window() {
        let (limits, limit) = (Limits::default(), Limit { burst: 2, window_s: 10 });
        let take = |key: u8, s: i64| limits.take([key; 16], limit, Timestamp::from_seconds(1_000 + s));
        assert_eq!(take(1, 0), Verdict { left: Some(1), wait_s: 0 });
        assert_eq!(take(1, 0), Verdict { left: Some(0), wait_s: 0 });
        assert_eq!(take(1, 1), Verdict { left: None, wait_s: 5 });
        assert_eq!(take(2, 1).left, Some(1), "another key has a bucket of its own");
        assert_eq!(take(1, 6).left, Some(0));
    }
}
