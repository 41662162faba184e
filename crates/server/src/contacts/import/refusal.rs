//! Why a file cannot be imported, in words that say what to do.

use crate::edge::{ApiError, Code};

/// Why a file is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No row in it.
    #[error(
        "The file is empty: there is no row in it. Save the list again as CSV (UTF-8) or XLSX and check its size."
    )]
    Empty,
    /// A heading and nothing below it.
    #[error("The file has a heading but no row below it.")]
    OnlyHeading,
    /// Not a table that can be read.
    #[error("This is not a CSV or XLSX file: {found}. {advice}")]
    WrongKind {
        /// What it seems to be.
        found: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// An encoding that was named is not known.
    #[error(
        "There is no text encoding called “{0}”. Leave it out to have it found, or use utf-8, utf-16le or windows-1252."
    )]
    UnknownEncoding(String),
    /// The bytes are not text in the encoding that was named.
    #[error(
        "The file is not text in {0}. Leave the encoding out to have it found, or save the file as CSV UTF-8."
    )]
    WrongEncoding(String),
    /// The heading names no column with phone numbers.
    #[error(
        "No column of this file is known to hold phone numbers. Its columns are: {}. Say which one does, as in \
         {{\"columns\": [{{\"column\": \"{suggestion}\", \"to\": \"phone\"}}]}} or, on the command line, \
         --column \"{suggestion}\"=phone.",
        .columns.join(", ")
    )]
    NoPhoneColumn {
        /// The heading.
        columns: Vec<String>,
        /// The column that looks most like phone numbers, else the first.
        suggestion: String,
    },
    /// The mapping names a column that is not in the file.
    #[error("There is no column “{column}” in this file. Its columns are: {}.", .columns.join(", "))]
    NoSuchColumn {
        /// What was asked for.
        column: String,
        /// The heading.
        columns: Vec<String>,
    },
    /// The mapping contradicts itself.
    #[error("{0}")]
    Mapping(String),
    /// Larger than this installation takes.
    #[error("The file is too large: {0}")]
    TooLarge(String),
    /// The workbook is damaged.
    #[error(
        "The workbook cannot be read: {0}. Open it in a spreadsheet program and save it again as XLSX or CSV UTF-8."
    )]
    Damaged(String),
    /// A file of ours cannot be read or written.
    #[error("The file could not be read from this installation's disk.")]
    File(#[from] std::io::Error),
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Empty | Refusal::OnlyHeading => Self::refused(Code::FileEmpty, detail),
            Refusal::WrongKind { .. } | Refusal::WrongEncoding(_) | Refusal::Damaged(_) => {
                Self::refused(Code::FileUnreadable, detail)
            }
            Refusal::NoPhoneColumn { .. } => Self::refused(Code::NoPhoneColumn, detail),
            Refusal::TooLarge(_) => Self::refused(Code::TooLarge, detail),
            Refusal::UnknownEncoding(_) => Self::field("options.encoding", detail),
            Refusal::NoSuchColumn { .. } | Refusal::Mapping(_) => Self::field("options.columns", detail),
            Refusal::File(e) => Self::File(e),
        }
    }
}
