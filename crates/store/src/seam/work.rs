//! A closure on its way to a database thread, and its answer on the way back.

use super::{
    error::{Error, Result},
    tx::Tx,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// A queued transaction body, its types forgotten.
pub(super) trait Work: Send {
    /// Runs the body once and keeps its result. `Err` says that the transaction must be undone, and
    /// whether trying again could help.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Undo>;
    /// Answers the caller: with the kept result if it was committed, else with the error.
    fn finish(self: Box<Self>, committed: Result<()>);
}

/// Why a body's writes are undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undo {
    /// The body said so.
    Refused,
    /// The database was in the way; the body may be run again.
    Transient,
}

pub(super) struct Job<F, T, E> {
    body: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + IsTransient + Send + 'static,
{
    pub(super) fn queue(body: F) -> (Box<dyn Work>, oneshot::Receiver<Result<T, E>>) {
        let (answer, receiver) = oneshot::channel();
        (Box::new(Self { body, result: None, answer }), receiver)
    }
}

/// Errors that can say whether the same call may simply be made again.
pub trait IsTransient {
    /// Whether the database was merely in the way and nothing was written.
    fn is_transient(&self) -> bool {
        false
    }
}

impl IsTransient for Error {
    fn is_transient(&self) -> bool {
        Error::is_transient(self)
    }
}

impl<F, T, E> Work for Job<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + IsTransient + Send + 'static,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Undo> {
        // A fault of ours in one body must not take the database thread with it.
        let result = catch_unwind(AssertUnwindSafe(|| (self.body)(tx)))
            .unwrap_or_else(|_| Err(Error::Panicked.into()));
        let outcome = match &result {
            Ok(_) => Ok(()),
            Err(e) if e.is_transient() => Err(Undo::Transient),
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
