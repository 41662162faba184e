//! Rows of the first sheet of an XLSX workbook.
//!
//! A workbook is a zip archive: a few kilobytes may unpack to gigabytes. So everything in it is unpacked
//! once into nothing and counted, before any of it is read.

use super::{record::Record, refusal::Refusal};
use calamine::{DataRef, Reader as _, Xlsx, XlsxError};
use std::{
    fs::File,
    io::{BufReader, Read as _},
    ops::ControlFlow,
    path::Path,
};

/// The most that a workbook may unpack to.
const MAX_UNPACKED: u64 = 2 << 30;
/// The most that its table of texts may unpack to: it is held in memory.
const MAX_TEXTS: u64 = 256 << 20;
/// The most parts; a workbook has some dozens.
const MAX_PARTS: usize = 10_000;

/// Refuses what is no workbook or unpacks to too much.
pub(super) fn check(path: &Path) -> Result<(), Refusal> {
    check_within(path, MAX_UNPACKED, MAX_TEXTS)
}

fn check_within(path: &Path, max_unpacked: u64, max_texts: u64) -> Result<(), Refusal> {
    let mut zip = zip::ZipArchive::new(BufReader::new(File::open(path)?))
        .map_err(|e| Refusal::Damaged(e.to_string()))?;
    if zip.len() > MAX_PARTS {
        return Err(Refusal::TooLarge("the workbook has more than 10,000 parts.".to_owned()));
    }
    let names: Vec<String> =
        zip.file_names().filter_map(|n| n.ok().map(|n| n.to_ascii_lowercase())).collect();
    if !names.iter().any(|n| n == "xl/workbook.xml") {
        return Err(Refusal::WrongKind {
            found: if names.iter().any(|n| n == "word/document.xml") {
                "it is a Word document"
            } else if names.iter().any(|n| n == "xl/workbook.bin") {
                "it is a binary Excel workbook (.xlsb)"
            } else if names.iter().any(|n| n == "content.xml") {
                "it is an OpenDocument file (.ods)"
            } else {
                "it is a zip archive"
            },
            advice: "Open it in a spreadsheet program and choose “Save as”, then XLSX or “CSV UTF-8 (comma separated)”",
        });
    }
    let mut unpacked = 0_u64;
    for part in 0..zip.len() {
        let file = zip.by_index(part).map_err(|e| Refusal::Damaged(e.to_string()))?;
        let texts = file.name().is_ok_and(|n| n.eq_ignore_ascii_case("xl/sharedStrings.xml"));
        let room = (max_unpacked - unpacked).min(if texts { max_texts } else { max_unpacked });
        let n = std::io::copy(&mut file.take(room + 1), &mut std::io::sink())
            .map_err(|e| Refusal::Damaged(e.to_string()))?;
        if n > room {
            return Err(Refusal::TooLarge(
                "the workbook unpacks to more than this installation reads; save it as CSV UTF-8.".to_owned(),
            ));
        }
        unpacked += n;
    }
    Ok(())
}

/// Calls `each` for every row that is not blank, until it breaks.
pub(super) fn read<B>(
    path: &Path,
    mut each: impl FnMut(&Record, u64) -> ControlFlow<B>,
) -> Result<Option<B>, Refusal> {
    let bytes = std::fs::metadata(path)?.len();
    let mut book: Xlsx<_> = calamine::open_workbook(path).map_err(damaged)?;
    let Some(sheet) = book.sheet_names().into_iter().next() else { return Err(Refusal::Empty) };
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(damaged)?;
    let rows = u64::from(cells.dimensions().end.0) + 1;
    let mut record = Record::default();
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (row, column) = cell.get_position();
        let row = u64::from(row) + 1;
        if row != record.row {
            if record.row > 0 && !record.is_blank() {
                // How far it is can only be guessed: the archive is read by parts.
                let position = bytes.saturating_mul(record.row.min(rows)) / rows.max(1);
                if let ControlFlow::Break(end) = each(&record, position) {
                    return Ok(Some(end));
                }
            }
            record.clear();
            record.row = row;
        }
        let column = column as usize;
        if column > 2_000 || column < record.len() {
            continue;
        }
        while record.len() < column {
            record.push("");
        }
        record.push(&written(cell.get_value()));
    }
    if record.row > 0
        && !record.is_blank()
        && let ControlFlow::Break(end) = each(&record, bytes)
    {
        return Ok(Some(end));
    }
    Ok(None)
}

fn damaged(e: XlsxError) -> Refusal {
    match e {
        XlsxError::Password => {
            Refusal::WrongKind { found: "it is protected by a password", advice: "Save it again without one" }
        }
        XlsxError::Io(e) => Refusal::File(e),
        e => Refusal::Damaged(e.to_string()),
    }
}

/// A cell as a person would write it: a telephone number kept as 7.71234567E8 is 771234567.
fn written<'c>(value: &'c DataRef<'_>) -> std::borrow::Cow<'c, str> {
    use std::borrow::Cow;
    match value {
        DataRef::String(s) | DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => Cow::Borrowed(s),
        DataRef::SharedString(s) => Cow::Borrowed(s),
        DataRef::Int(n) => Cow::Owned(n.to_string()),
        // Rust writes a float without an exponent and with no more digits than it has.
        DataRef::Float(n) => Cow::Owned(n.to_string()),
        DataRef::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        DataRef::DateTime(t) if t.is_datetime() => {
            let (year, month, day, ..) = t.to_ymd_hms_milli();
            Cow::Owned(format!("{year:04}-{month:02}-{day:02}"))
        }
        DataRef::DateTime(t) => Cow::Owned(t.as_f64().to_string()),
        DataRef::Error(_) | DataRef::Empty => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_that_unpacks_to_much_is_refused_before_it_is_read() {
        use std::io::Write as _;
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(std::fs::File::create(file.path()).unwrap());
        for (name, bytes) in [("xl/workbook.xml", 10), ("xl/sharedStrings.xml", 900_000)] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&vec![b' '; bytes]).unwrap();
        }
        zip.finish().unwrap();
        assert!(std::fs::metadata(file.path()).unwrap().len() < 10_000);
        assert!(matches!(check_within(file.path(), 1_000_000, 800_000), Err(Refusal::TooLarge(_))));
        assert!(matches!(check_within(file.path(), 800_000, 1_000_000), Err(Refusal::TooLarge(_))));
        check_within(file.path(), 1_000_000, 1_000_000).unwrap();
    }

    #[test]
    fn numbers_are_written_without_an_exponent() {
        assert_eq!(written(&DataRef::Float(7.712_345_67E8)), "771234567");
        assert_eq!(written(&DataRef::Float(94_771_234_567.0)), "94771234567");
        assert_eq!(written(&DataRef::Float(1.5)), "1.5");
    }
}
