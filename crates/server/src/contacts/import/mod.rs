//! Importing contacts from files as shops have them.
//!
//! A file goes through these rooms: `sniff` (what is it), `text` and `separated` or `workbook` (rows),
//! `headings` and `mapping` (what the columns hold), `checking` (is each row good), `reader` and `job`
//! (into the database, in batches, resumable), `errors_file` (what was left out and why). Nothing here holds a
//! whole file in memory, and no file is trusted to be what it says.

mod checking;
mod errors_file;
mod files;
mod headings;
mod http;
mod job;
mod mapping;
mod options;
mod progress;
mod reader;
mod record;
mod refusal;
mod separated;
mod sniff;
mod start;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod workbook;
mod writer;

pub use checking::RowCounts;
pub(crate) use errors_file::harmless;
pub(crate) use http::routes;
pub use job::ImportRunner;
pub use mapping::MappedColumn;
pub use options::{ColumnTo, ConsentAssertion, ExistingRows, FieldForm, ImportOptions, Target};
pub use progress::{ImportProgress, KIND};
pub use refusal::Refusal;
pub use start::{Preview, PreviewRow, start};
