//! The file that says which values of an import were not taken, and why; it opens in a spreadsheet.

use super::checking::Complaint;
use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Result, Write as _},
    path::Path,
};

/// Columns: row, column, value, reason.
pub(super) struct ErrorsFile {
    writer: csv::Writer<BufWriter<File>>,
}

impl ErrorsFile {
    /// Begins the file anew.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = BufWriter::new(options.open(path)?);
        // Without the mark Excel does not see that it is UTF-8.
        file.write_all("\u{FEFF}".as_bytes())?;
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        writer.write_record(["row", "column", "value", "reason"])?;
        Ok(Self { writer })
    }

    /// Writes what was wrong with a row.
    pub(super) fn write(&mut self, row: u64, column: &str, complaint: &Complaint) -> Result<()> {
        let row = row.to_string();
        let cells = [&row, &*harmless(column), &*harmless(&complaint.value), &*complaint.reason];
        Ok(self.writer.write_record(cells)?)
    }

    /// Brings everything to the disk.
    pub(super) fn finish(mut self) -> Result<()> {
        self.writer.flush()?;
        self.writer.into_inner().map_err(|e| std::io::Error::other(e.to_string()))?.get_ref().sync_all()
    }
}

/// A cell that a spreadsheet does not take for a formula.
#[must_use]
pub(crate) fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    if text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']) || text.starts_with(['\t', '\r']) {
        std::borrow::Cow::Owned(format!("'{text}"))
    } else {
        std::borrow::Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_is_a_formula() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let mut file = ErrorsFile::create(path.path()).unwrap();
        let complaint =
            Complaint { column: 0, value: "=HYPERLINK(\"x\")".to_owned(), reason: "no, \"not\"".to_owned() };
        file.write(7, "@Phone", &complaint).unwrap();
        file.finish().unwrap();
        let text = std::fs::read_to_string(path.path()).unwrap();
        assert_eq!(
            text,
            "\u{FEFF}row,column,value,reason\r\n7,'@Phone,\"'=HYPERLINK(\"\"x\"\")\",\"no, \"\"not\"\"\"\r\n"
        );
    }
}
