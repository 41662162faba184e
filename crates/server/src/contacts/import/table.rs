//! A file, opened as rows under known columns.

use super::{
    mapping::{self, KnownField, MappedColumn},
    options::ImportOptions,
    record::Record,
    refusal::Refusal,
    separated::{self, Separated},
    sniff::{self, Sniffed},
    workbook,
};
use encoding_rs::Encoding;
use std::{ops::ControlFlow, path::PathBuf};
use tisara_domain::Region;

/// How many rows are looked at to judge the columns.
const SAMPLE_ROWS: usize = 50;

/// A file that can be imported.
#[derive(Clone, Debug)]
pub(super) struct Table {
    path: PathBuf,
    form: Form,
    heading: bool,
    /// What becomes of each column.
    pub(super) columns: Vec<MappedColumn>,
    /// The file's length.
    pub(super) bytes: u64,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Separated { encoding: &'static Encoding, mark: usize, separator: u8 },
    Workbook,
}

impl Table {
    /// Finds out what the file is and what its columns hold.
    pub(super) fn open(
        path: PathBuf,
        options: &ImportOptions,
        known: &[KnownField],
        region: Region,
    ) -> Result<Self, Refusal> {
        let form = match sniff::sniff(&path, options.encoding.as_deref())? {
            Sniffed::Zip => {
                workbook::check(&path)?;
                Form::Workbook
            }
            Sniffed::Text { encoding, mark } => Form::Separated {
                encoding,
                mark,
                separator: match options.separator {
                    Some(said) => u8::try_from(said)
                        .ok()
                        .filter(|s| s.is_ascii_punctuation() || *s == b'\t')
                        .ok_or_else(|| {
                            Refusal::Mapping("The separator must be one of , ; | or a tab.".to_owned())
                        })?,
                    None => separated::find_separator(&path, encoding, mark)?,
                },
            },
        };
        let bytes = std::fs::metadata(&path)?.len();
        let mut table = Self { path, form, heading: false, columns: Vec::new(), bytes };
        let mut sample: Vec<Record> = Vec::new();
        table.records(|record, _| {
            sample.push(record.clone());
            if sample.len() <= SAMPLE_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let Some(first) = sample.first() else { return Err(Refusal::Empty) };
        table.heading = options.heading.unwrap_or_else(|| mapping::has_heading(first, region));
        let (heading, below) = if table.heading { (Some(first), &sample[1..]) } else { (None, &sample[..]) };
        table.columns = mapping::map(heading, below, options, known, region)?;
        if below.is_empty() {
            return Err(Refusal::OnlyHeading);
        }
        Ok(table)
    }

    /// Calls `each` for every row below the heading that is not blank, with how far into the file it
    /// is, until it breaks.
    pub(super) fn rows<B>(
        &self,
        mut each: impl FnMut(&Record, u64) -> ControlFlow<B>,
    ) -> Result<Option<B>, Refusal> {
        let mut skip = self.heading;
        self.records(|record, position| {
            if std::mem::take(&mut skip) { ControlFlow::Continue(()) } else { each(record, position) }
        })
    }

    fn records<B>(&self, mut each: impl FnMut(&Record, u64) -> ControlFlow<B>) -> Result<Option<B>, Refusal> {
        let Form::Separated { encoding, mark, separator } = self.form else {
            return workbook::read(&self.path, each);
        };
        let mut reader = Separated::open(&self.path, encoding, mark, separator)?;
        let mut record = Record::default();
        let mut position = 0;
        for n in 0_u64.. {
            if !reader.next(&mut record)? {
                break;
            }
            // Excel's line that names the separator is no row.
            if record.is_blank() || (record.row == 1 && record.cell(0).starts_with("sep=")) {
                continue;
            }
            if n % 512 == 0 {
                position = reader.position();
            }
            if let ControlFlow::Break(end) = each(&record, position) {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// What the file turned out to be, for people: `CSV, semicolons, windows-1252`.
    pub(super) fn form(&self) -> String {
        match self.form {
            Form::Workbook => "XLSX".to_owned(),
            Form::Separated { encoding, separator, .. } => {
                let separator = match separator {
                    b',' => "commas",
                    b';' => "semicolons",
                    b'\t' => "tabs",
                    b'|' => "bars",
                    _ => "another separator",
                };
                format!("CSV, {separator}, {}", encoding.name())
            }
        }
    }

    /// The rows below the heading, up to `limit`.
    #[cfg(test)]
    pub(super) fn first_rows(&self, limit: usize) -> Result<Vec<Record>, Refusal> {
        let mut rows = Vec::new();
        self.rows(|record, _| {
            rows.push(record.clone());
            if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(rows)
    }
}
