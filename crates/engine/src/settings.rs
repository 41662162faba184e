//! How the engine works; every value has a default that fits a small server.

use crate::lane::LEASE_MARGIN;
use serde::{Deserialize, Serialize};
use tisara_domain::Duration;

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing could be sent under a lease this short.
    #[error("a lease of {lease_ms} ms is too short: sending.lease_ms must be at least {least_ms}")]
    LeaseTooShort {
        /// What is set.
        lease_ms: u64,
        /// What would do.
        least_ms: u64,
    },
    /// The database cannot be written.
    #[error(transparent)]
    Store(#[from] tisara_store::Error),
}

/// The engine's settings. Units are in the names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Least time to wait for a status before a message that may have gone out is sent again.
    pub grace_ms: u64,
    /// Sends in flight for one number at most.
    pub in_flight_max: usize,
    /// A pace for every number instead of its own, in messages a second. For tests and the demo.
    pub pace_per_second: Option<u32>,
    /// How long a node owns a number without renewing.
    pub lease_ms: u64,
    /// How often loops look by themselves when no hint comes.
    pub tick_ms: u64,
    /// Journal entries applied in one transaction at most.
    pub journal_batch: u32,
    /// Least time from one batch of journal entries to the next, unless the first one was full. What comes after a
    /// quiet while is applied at once; of a stream, more is applied together then, so that a page of the database
    /// is written once for many statuses.
    pub gather_ms: u64,
    /// Days that applied journal entries are kept.
    pub journal_keep_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            grace_ms: 120_000,
            in_flight_max: 512,
            pace_per_second: None,
            lease_ms: 15_000,
            tick_ms: 1_000,
            journal_batch: 2_048,
            gather_ms: 100,
            journal_keep_days: 30,
        }
    }
}

impl Settings {
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_millis(self.grace_ms)
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    pub(crate) fn gather(&self) -> Duration {
        Duration::from_millis(self.gather_ms)
    }

    /// A lease is renewed at every tick and not used to its end: one that is too short would never let
    /// anything be sent, or be lost on a busy machine.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let least = LEASE_MARGIN + self.tick() * 2;
        if self.lease() <= least {
            return Err(StartError::LeaseTooShort {
                lease_ms: self.lease_ms,
                least_ms: u64::try_from(least.as_millis()).unwrap_or(u64::MAX) + 1,
            });
        }
        Ok(())
    }

    pub(crate) fn tick(&self) -> Duration {
        Duration::from_millis(self.tick_ms.max(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_that_leaves_no_time_to_send_is_refused() {
        assert!(Settings::default().check().is_ok());
        let refused = Settings { lease_ms: 4_000, ..Settings::default() }.check().unwrap_err();
        assert!(refused.to_string().contains("at least 4001"), "{refused}");
    }
}
