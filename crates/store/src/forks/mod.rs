//! The bulk paths that are written once per engine, because one text could not serve both well.
//!
//! SQLite runs in this process: a prepared statement per row costs a microsecond or two. PostgreSQL is
//! a network away: one statement over arrays carries the whole batch. A fork anywhere else in this
//! crate is a question in review.
//!
//! PostgreSQL plans a join of an array with a table by what it believes of the table, and without statistics, or with
//! those of yesterday, it believes that an organization has a handful of rows: it then reads all of a campaign's for each
//! batch. So nothing here is left to its choice. Reading takes the array's elements one by one (`CROSS JOIN LATERAL`
//! with a limit or a lock inside, which it cannot turn round); changing does the same and writes the rows that
//! were found by `INSERT … ON CONFLICT DO UPDATE`, which only ever goes by the key, or, where an earlier statement of the
//! transaction has locked them, by the places (`ctid`) where they stand, with all other ways switched off
//! ([`by_place`](crate::OrgTx::by_place)). Deleting goes by the places that were found, too.

mod bulk_insert;
mod contact_names;
mod dump;
pub(crate) mod journal;
mod lookup;
pub(crate) mod message_words;
mod messages;
mod outcomes;
pub(crate) mod planner_statistics;
mod statuses;
mod threads;
mod unindexed;

pub(crate) use bulk_insert::BulkInsert;
pub(crate) use contact_names::write_contact_names;
pub(crate) use dump::{Load, delete_all, for_each_row, is_empty, make_derived, move_sequences_on, tables};
pub(crate) use lookup::Lookup;
pub(crate) use messages::messages_in_threads;
pub(crate) use outcomes::mark_accepted;
pub(crate) use statuses::{load_status_rows, save_status_rows};
pub(crate) use threads::{ThreadRow, load_thread_rows, page_of_threads, save_thread_rows};
pub(crate) use unindexed::take_unindexed;
