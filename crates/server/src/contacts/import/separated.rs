//! Rows of a file whose cells are parted by commas, semicolons, tabs or bars.

use super::{record::Record, refusal::Refusal, text::TextReader};
use csv_core::ReadRecordResult as R;
use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read, Seek as _, SeekFrom},
    path::Path,
};

/// The longest row. An unclosed quotation mark would otherwise swallow the rest of the file.
const MAX_ROW_LEN: usize = 1 << 20;
/// The most columns.
const MAX_COLUMNS: usize = 2_000;
/// How much text is looked at to find the separator.
const SAMPLE_LEN: usize = 64 << 10;

/// Reads rows one after the other; memory does not grow with the file.
pub(super) struct Separated<S> {
    input: BufReader<TextReader<S>>,
    core: csv_core::Reader,
    cells: Vec<u8>,
    ends: Vec<usize>,
    line_breaks_in_cells: u64,
}

impl Separated<File> {
    /// Opens the text behind its mark.
    pub(super) fn open(
        path: &Path,
        encoding: &'static encoding_rs::Encoding,
        mark: usize,
        separator: u8,
    ) -> Result<Self, Refusal> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(mark as u64))?;
        Ok(Self::new(TextReader::new(file, encoding), separator))
    }

    /// How far into the file it is.
    pub(super) fn position(&mut self) -> u64 {
        self.input.get_mut().inner_mut().stream_position().unwrap_or(0)
    }
}

impl<S: Read> Separated<S> {
    fn new(text: TextReader<S>, separator: u8) -> Self {
        Self {
            input: BufReader::with_capacity(64 << 10, text),
            core: csv_core::ReaderBuilder::new().delimiter(separator).build(),
            cells: vec![0; 4096],
            ends: vec![0; 64],
            line_breaks_in_cells: 0,
        }
    }

    /// Fills `record` with the next row; `false` at the end. Blank lines are passed over.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<bool, Refusal> {
        record.clear();
        let (mut cells, mut ends) = (0, 0);
        loop {
            let input = self.input.fill_buf()?;
            let (result, read, written, ended) =
                self.core.read_record(input, &mut self.cells[cells..], &mut self.ends[ends..]);
            self.input.consume(read);
            cells += written;
            ends += ended;
            match result {
                R::InputEmpty => {}
                R::OutputFull if self.cells.len() >= MAX_ROW_LEN => {
                    return Err(Refusal::Damaged(format!(
                        "the row that begins near line {} is longer than a million characters; a quotation mark (\") \
                         is not closed",
                        record.row + 1
                    )));
                }
                R::OutputFull => self.cells.resize(self.cells.len() * 4, 0),
                R::OutputEndsFull if self.ends.len() >= MAX_COLUMNS => {
                    return Err(Refusal::Damaged("there is a row with more than 2,000 columns".to_owned()));
                }
                R::OutputEndsFull => self.ends.resize(self.ends.len() * 4, 0),
                R::Record => break,
                R::End => return Ok(false),
            }
        }
        let bytes = &self.cells[..cells];
        self.line_breaks_in_cells += bytes.iter().filter(|b| **b == b'\n').count() as u64;
        record.row = self.core.line().saturating_sub(1 + self.line_breaks_in_cells);
        let mut start = 0;
        for end in &self.ends[..ends] {
            record.push(&String::from_utf8_lossy(&bytes[start..*end]));
            start = *end;
        }
        Ok(true)
    }
}

/// Finds what parts the cells, by trying: the right one gives many rows of the same width.
pub(super) fn find_separator(
    path: &Path,
    encoding: &'static encoding_rs::Encoding,
    mark: usize,
) -> Result<u8, Refusal> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(mark as u64))?;
    let mut sample = String::new();
    let mut text = TextReader::new(file, encoding).take(SAMPLE_LEN as u64);
    let mut bytes = Vec::new();
    text.read_to_end(&mut bytes)?;
    sample.push_str(&String::from_utf8_lossy(&bytes));
    // Excel's own way to say it.
    if let Some(rest) = sample.strip_prefix("sep=")
        && let [separator, b'\n', ..] = rest.as_bytes()
    {
        return Ok(*separator);
    }
    let best = [b',', b';', b'\t', b'|']
        .into_iter()
        .map(|s| (score(sample.as_bytes(), s), s))
        .max_by_key(|(score, s)| (*score, *s == b','));
    Ok(best.filter(|(score, _)| *score > 0).map_or(b',', |(_, s)| s))
}

/// Of up to 200 rows, how many have the commonest width; 0 when that width is one.
fn score(sample: &[u8], separator: u8) -> usize {
    let mut reader = Separated::new(TextReader::new(sample, encoding_rs::UTF_8), separator);
    let mut record = Record::default();
    let mut widths: Vec<(usize, usize)> = Vec::new();
    for _ in 0..200 {
        match reader.next(&mut record) {
            Ok(true) => match widths.iter_mut().find(|(width, _)| *width == record.len()) {
                Some((_, n)) => *n += 1,
                None => widths.push((record.len(), 1)),
            },
            Ok(false) | Err(_) => break,
        }
    }
    widths.into_iter().filter(|(width, _)| *width > 1).map(|(_, n)| n).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::UTF_8;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut reader = Separated::new(TextReader::new(text.as_bytes(), UTF_8), b',');
        let (mut record, mut rows) = (Record::default(), Vec::new());
        while reader.next(&mut record).unwrap() {
            rows.push((record.row, record.cells().map(str::to_owned).collect()));
        }
        rows
    }

    fn separator(text: &str) -> char {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        char::from(find_separator(file.path(), UTF_8, 0).unwrap())
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_numbers_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,\"two\nlines, \"\"quoted\"\"\"", "", "", "4,d", "5,e"].join(end);
            let numbers: Vec<_> = rows(&text).into_iter().map(|(row, _)| row).collect();
            assert_eq!(numbers, [1, 2, 5, 6], "{end:?}");
        }
        assert_eq!(rows("x,\"a\r\nb \"\"c\"\"\"\n")[0].1, ["x", "a\nb \"c\""]);
    }

    #[test]
    fn an_unclosed_quotation_mark_does_not_swallow_the_file() {
        let text = format!("a,b\n1,\"{}", "0771234567,x\n".repeat(200_000));
        let mut reader = Separated::new(TextReader::new(text.as_bytes(), UTF_8), b',');
        let mut record = Record::default();
        assert!(reader.next(&mut record).unwrap());
        let refusal = reader.next(&mut record).unwrap_err();
        assert!(
            refusal.to_string().contains("not closed") && refusal.to_string().contains("line 2"),
            "{refusal}"
        );
    }

    #[test]
    fn the_separator_is_found() {
        assert_eq!(separator("name,phone\na,1\nb,2\n"), ',');
        assert_eq!(separator("name;phone;note\na;1;x, y, z\nb;2;p, q\n"), ';');
        assert_eq!(separator("name\tphone\na, b\t1\nc\t2\n"), '\t');
        assert_eq!(separator("name|phone\na|1\nb|2\n"), '|');
        assert_eq!(separator("0771234567\n0771234568\n"), ',');
        assert_eq!(separator("sep=;\na;1\n"), ';');
    }
}
