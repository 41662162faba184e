//! Importing contacts from files as shops have them.
//!
//! A file goes through these rooms: `sniff` (what is it), `text` and `separated` or `workbook` (rows),
//! `headings` and `mapping` (what the columns hold), `checking` (is each row good), `job` (into the
//! database, in batches, resumable), `errors_file` (what was left out and why). Nothing here holds a
//! whole file in memory, and no file is trusted to be what it says.

mod checking;
mod errors_file;
mod headings;
mod mapping;
mod options;
mod record;
mod refusal;
mod separated;
mod sniff;
mod table;
mod text;
mod values;
mod workbook;
#[cfg(test)]
mod tests;

pub use checking::RowCounts;
pub(crate) use errors_file::harmless;
pub use mapping::MappedColumn;
pub use options::{ColumnTo, ConsentAssertion, ExistingRows, FieldForm, ImportOptions, Target};
pub use refusal::Refusal;
