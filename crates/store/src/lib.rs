//! Storage: every SQL statement of Tisara, on SQLite and PostgreSQL.
//!
//! [`Store::write`] and [`Store::read`] take a closure over [`Tx`]; [`Tx::org`] is the only door to a
//! tenant's rows. The folders of this crate follow the product's words: `contacts`, `campaigns`,
//! `ledger` (recipients, chunks, follow-ups), `journal`, `inbox`, … Each public function has a contract
//! test in `tests/`, run on both engines. Nothing outside this crate names a driver or writes SQL.

pub mod api_keys;
pub mod backup;
pub mod campaigns;
mod changes;
pub mod consents;
pub mod contacts;
pub mod fields;
mod fold;
mod forks;
pub mod hearing;
pub mod idempotency;
pub mod inbox;
pub mod jobs;
pub mod journal;
mod keys;
pub mod labels;
pub mod leases;
pub mod ledger;
pub mod mail;
pub mod members;
pub mod migrate;
pub mod numbers;
pub mod organizations;
pub mod outgoing;
pub mod seam;
pub mod search;
pub mod segments;
pub mod sending;
pub mod sessions;
pub mod signing_keys;
pub mod templates;
#[cfg(feature = "testing")]
pub mod testing;
pub mod usage;
pub mod users;
pub mod visits;
pub mod wabas;
pub mod watermarks;
mod words;

#[cfg(feature = "testing")]
pub use seam::{Commit, Fate, SimulatedClock};
pub use seam::{Engine, Error, IsTransient, Options, OrgTx, Result, Store, Tx, Url, Waited};
pub use words::UnknownWord;
