//! What an import has done so far, as it is kept in the job's row and shown to people.

use super::{RowCounts, mapping::MappedColumn, options::ImportOptions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of job that an import is.
pub const KIND: &str = "contacts_import";

/// What an import is asked to do, as it is kept in the job's row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ImportInput {
    /// The name that the file came with.
    pub(super) file_name: String,
    /// What is wanted.
    pub(super) options: ImportOptions,
}

/// How far an import is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ImportProgress {
    /// What the file turned out to be: `CSV, commas, UTF-8`.
    pub form: String,
    /// What became of each column.
    pub columns: Vec<MappedColumn>,
    /// How much of the file was read.
    pub bytes_read: u64,
    /// The file's length.
    pub bytes_total: u64,
    /// What was found in the rows.
    pub counts: RowCounts,
    /// Contacts that were made. Of a dry run: 0.
    pub inserted: u64,
    /// Contacts that were there and are different now.
    pub updated: u64,
    /// Contacts that were there and stay as they are.
    pub unchanged: u64,
    /// Rows that said “agreed” of people who had withdrawn: the withdrawal stands.
    pub kept_opt_outs: u64,
    /// Up to this row all contacts are written.
    pub last_row: u64,
    /// Of the rows behind it, which are written sorted by number, so many are written too.
    pub written_behind: u64,
}
