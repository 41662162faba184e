//! The seam between Tisara's SQL and the two databases.
//!
//! A transaction is a closure over [`Tx`]: ordinary synchronous code with its SQL in view, so that
//! nothing can hold a transaction across a network call. Only the files of this folder know that there
//! are two drivers. Above them SQL is written once, with `$n` placeholders; the few places that must
//! differ by engine ask [`Tx::engine`] and stand in `src/forks/`.

mod arg;
mod cell;
mod checkpoint;
mod error;
mod health;
#[cfg(feature = "testing")]
mod inline;
mod postgres;
mod queue;
mod row_security;
mod sqlite;
mod store;
mod tls;
mod tx;
mod work;

pub use arg::{Arg, ToArg};
pub use cell::{Cell, Column, Row};
pub use error::{Error, Result, Waited};
#[cfg(feature = "testing")]
pub use inline::{Commit, Fate, SimulatedClock};
pub(crate) use row_security::{is_put as has_row_security, put as put_row_security};
pub use store::{Options, Store, Url};
pub(crate) use tx::{Driver, Pg};
pub use tx::{Engine, OrgTx, Tx};
pub use work::IsTransient;
