//! A closure on its way to a database thread, and its answer on the way back.

use super::{
    error::{Error, Result},
    health::moment,
    tx::Tx,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};
use tokio::sync::oneshot;

/// A queued transaction body, its types forgotten.
pub(super) trait Work: Send {
    /// Called once by the thread that is about to run it; false when the caller waits no more.
    fn begin(&self) -> bool;
    /// Runs the body once and keeps its result. `Err` says that the transaction must be undone, and
    /// whether trying again could help.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Undo>;
    /// Answers the caller: with the kept result if it was committed, else with the error.
    fn finish(self: Box<Self>, committed: Result<()>);
}

/// Why a body's writes are undone.
#[derive(Clone, Debug)]
pub(super) enum Undo {
    /// The body said so.
    Refused,
    /// The database was in the way, like this; the body may be run again.
    Transient(Error),
}

/// Decides between a caller that gives up waiting and a thread that begins: whoever comes first.
#[derive(Clone, Default)]
pub(super) struct Claim(Arc<AtomicU8>);

impl Claim {
    const WAITS: u8 = 0;
    const BEGAN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    fn become_(&self, next: u8) -> bool {
        self.0.compare_exchange(Self::WAITS, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The caller waits no more; false when the work has begun: then its end must be awaited.
    pub(super) fn give_up(&self) -> bool {
        self.become_(Self::GIVEN_UP)
    }
}

pub(super) struct Job<F, T, E> {
    body: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
    claim: Claim,
    queued_at: Instant,
}

/// Queued work, where its answer comes, and the way to give up waiting.
pub(super) type Queued<T, E> = (Box<dyn Work>, oneshot::Receiver<Result<T, E>>, Claim);

impl<F, T, E> Job<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + IsTransient + Send + 'static,
{
    pub(super) fn queue(body: F) -> Queued<T, E> {
        let (answer, receiver) = oneshot::channel();
        let claim = Claim::default();
        let job = Self { body, result: None, answer, claim: claim.clone(), queued_at: moment() };
        (Box::new(job), receiver, claim)
    }
}

/// Errors that can say whether the same call may simply be made again.
pub trait IsTransient {
    /// Whether the database was merely in the way and nothing was written.
    fn is_transient(&self) -> bool {
        false
    }

    /// The storage error in it, if it is one.
    fn storage(&self) -> Option<&Error> {
        None
    }
}

impl IsTransient for Error {
    fn is_transient(&self) -> bool {
        Error::is_transient(self)
    }

    fn storage(&self) -> Option<&Error> {
        Some(self)
    }
}

impl<F, T, E> Work for Job<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + IsTransient + Send + 'static,
{
    fn begin(&self) -> bool {
        metrics::histogram!("tisara_database_wait_seconds").record(self.queued_at.elapsed().as_secs_f64());
        self.claim.become_(Claim::BEGAN)
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Undo> {
        // A fault of ours in one body must not take the database thread with it.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let done = (self.body)(tx)?;
            tx.write_changes()?;
            Ok::<T, E>(done)
        }))
        .unwrap_or_else(|_| Err(Error::Panicked.into()));
        let outcome = match &result {
            Ok(_) => Ok(()),
            Err(e) if e.is_transient() => Err(Undo::Transient(
                e.storage().cloned().unwrap_or_else(|| Error::Conflict("it has to be run again".to_owned())),
            )),
            Err(_) => Err(Undo::Refused),
        };
        self.result = Some(result);
        outcome
    }

    fn finish(self: Box<Self>, committed: Result<()>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) | (Err(_), Some(result @ Err(_))) => result,
            (Err(e), _) => Err(e.into()),
            (Ok(()), None) => Err(Error::Closed.into()),
        };
        // Nobody waits any more: the caller went away, the commit stands all the same.
        let _ = self.answer.send(result);
    }
}
