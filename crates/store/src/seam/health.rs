//! Whether the database works for us: told in the log once when it stops and once when it works again,
//! shown by `/readyz`, counted in the metrics.

use super::error::{Error, Result};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Shared by the threads of one database. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Read without a lock on every transaction.
    in_trouble: AtomicBool,
    trouble: Mutex<Option<Trouble>>,
}

struct Trouble {
    kind: &'static str,
    what: String,
    last: Instant,
    failed: u64,
}

/// The database's own time: its threads wait in it, and nothing is decided by it but what is shown.
#[expect(clippy::disallowed_methods, reason = "threads that wait for a database do so in real time")]
pub(super) fn moment() -> Instant {
    Instant::now()
}

impl Health {
    pub(super) fn begin(&self) {
        metrics::gauge!("tisara_database_up").set(1.0);
        for kind in [Error::DISK_FULL, Error::TIMED_OUT, Error::UNAVAILABLE] {
            metrics::counter!("tisara_database_errors_total", "kind" => kind).absolute(0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how a transaction ended, as far as the database is concerned.
    pub(super) fn note(&self, ended: &Result<()>) {
        match ended {
            Err(e) => {
                if let Some(kind) = e.trouble() {
                    self.failed(kind, e);
                }
            }
            Ok(()) if self.0.in_trouble.load(Ordering::Relaxed) => self.worked(),
            Ok(()) => {}
        }
    }

    fn failed(&self, kind: &'static str, error: &Error) {
        metrics::counter!("tisara_database_errors_total", "kind" => kind).increment(1);
        let (now, what) = (moment(), error.to_string());
        let mut trouble = self.lock();
        if let Some(known) = &mut *trouble {
            *known = Trouble { kind, what, last: now, failed: known.failed + 1 };
            return;
        }
        *trouble = Some(Trouble { kind, what: what.clone(), last: now, failed: 1 });
        self.0.in_trouble.store(true, Ordering::Relaxed);
        metrics::gauge!("tisara_database_up").set(0.0);
        tracing::error!(
            kind,
            reason = what,
            "the database is in trouble: webhooks are refused, sending waits; work goes on by itself"
        );
    }

    /// One that works is not yet the end: on a full disk small writes get through now and then.
    fn worked(&self) {
        let mut trouble = self.lock();
        let is_over = trouble.as_ref().is_some_and(|t| moment().duration_since(t.last) >= calm(t.kind));
        if is_over && let Some(over) = trouble.take() {
            self.0.in_trouble.store(false, Ordering::Relaxed);
            metrics::gauge!("tisara_database_up").set(1.0);
            tracing::warn!(kind = over.kind, failed = over.failed, "the database works again");
        }
    }

    /// What is wrong, if anything is.
    pub(super) fn trouble(&self) -> Option<String> {
        self.lock().as_ref().map(|t| t.what.clone())
    }
}

/// How long nothing may fail before it counts as over. Whoever waits for a lock fails only every few
/// seconds.
fn calm(kind: &str) -> Duration {
    if kind == Error::TIMED_OUT { Duration::from_secs(6) } else { Duration::from_secs(2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_begins_with_a_failure_and_does_not_end_with_the_first_success() {
        let health = Health::default();
        health.note(&Err(Error::Conflict("a deadlock is nobody's trouble".to_owned())));
        assert_eq!(health.trouble(), None);
        health.note(&Err(Error::DiskFull));
        health.note(&Ok(()));
        assert!(health.trouble().unwrap().contains("full"));
        health.lock().as_mut().unwrap().last -= calm(Error::DISK_FULL);
        health.note(&Ok(()));
        assert_eq!(health.trouble(), None);
    }
}
