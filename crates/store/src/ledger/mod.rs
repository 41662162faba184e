//! The ledger: who is to get a campaign, and what became of each.
//!
//! The way of a row (see `docs/decisions/0002-ledger-and-lease.md`): [`plan`] freezes it; [`reserve`]
//! moves the chunk's mark past it, durably, before it is sent; [`outcomes`] writes what Meta answered;
//! [`statuses`] what Meta told later. [`follow_ups`] holds the few rows that need another look, and
//! [`recover`] finds the ones that a crash left in doubt. Whoever moves a row writes the change of its
//! count in the same transaction ([`counts`]), and [`recount`] proves it.

pub mod counts;
pub mod follow_ups;
pub mod outcomes;
pub mod plan;
pub mod recipients;
pub mod recount;
pub mod recover;
pub mod reserve;
pub mod statuses;
pub mod uncertain;
pub mod values;

/// Rows of one chunk: the unit that a sender leases.
pub const CHUNK_ROWS: i64 = 500;

/// Where a chunk is.
mod chunk_state {
    /// Nobody works on it.
    pub(super) const OPEN: i64 = 0;
    /// A sender works on it.
    pub(super) const LEASED: i64 = 1;
    /// Every row has an outcome or a follow-up.
    pub(super) const DONE: i64 = 2;
}

/// What a follow-up waits for.
mod follow_up_kind {
    /// To be tried again when due.
    pub(super) const RETRY: i64 = 1;
    /// An attempt is being made.
    pub(super) const ATTEMPT: i64 = 2;
    /// To be settled when due: it may have gone out.
    pub(super) const SETTLE: i64 = 3;
}
