//! Searching messages by their words, the same on both databases.
//!
//! Writing a message only notes that its words are to be indexed; [`Tx::next_org_to_index`](crate::Tx)
//! and [`OrgTx::index_messages`](crate::OrgTx) do that in batches, some time later, in transactions of
//! their own. Words are split and folded here, never by a database, so that both find the same.
//! What was found is told newest first, never by rank: a rank would have to look at every hit.
//!
//! Only rows of `message` are found. What a campaign sent is a row of the ledger with values for a
//! template; its text is the template's, the same for everybody, and is not searched.

mod excerpt;
mod find;
mod index;
mod query;
mod words;

pub use excerpt::{Part, excerpt};
pub use find::{Found, MessageFilter};
pub use index::{MessageToIndex, Unindexed};
pub(crate) use query::Term;
pub use query::{Query, QueryError};

/// Bits of an ordinal that count within an organization; those above name the organization's space.
pub(crate) const SPACE_SHIFT: u32 = 40;
