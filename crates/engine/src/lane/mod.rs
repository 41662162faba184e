//! A lane: everything that leaves one number.
//!
//! One node owns a number at a time, by a lease with a growing token. The lane hands out small windows
//! of work, durably, before it sends them ([`reserve`]); sends them concurrently at the number's pace
//! ([`run`]); and writes what became of one window in the same transaction that hands out the next.
//! Replies and single messages go before campaigns, and campaigns take turns.
//!
//! It must never send a row that no committed transaction handed out to this lease, nor send after
//! the lease may have ended.

mod compose;
mod fence;
mod pairs;
mod reserve;
mod run;
mod verdict;

pub(crate) use compose::{Composer, message_ref};
pub(crate) use fence::LEASE_MARGIN;
pub(crate) use reserve::{opt_out, pause, stop_number};
pub(crate) use run::Lane;
pub(crate) use verdict::{Consequence, webhook_failure};

use tisara_domain::NumberId;

/// The name of a number's lease.
pub(crate) fn lease_name(number: NumberId) -> String {
    format!("number/{number}")
}
