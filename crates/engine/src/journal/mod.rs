//! Receiving: every webhook is kept before it is answered, and applied afterwards, once.
//!
//! [`append`] makes bodies durable in groups; [`processor`] applies them in batches, each in one
//! transaction with its "applied" mark; [`statuses`] and [`inbound`] know what a webhook means. An
//! entry that cannot be applied is set aside with its error and can be replayed; it never holds up the
//! ones behind it.

mod append;
mod inbound;
mod processor;
mod statuses;

pub use append::{AppendError, Journal};
pub(crate) use processor::run;
