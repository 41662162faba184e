//! What kind of file it is, and in which encoding, from its bytes. Names and declared types are not
//! believed.

use super::refusal::Refusal;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sniffed {
    /// Text in this encoding, behind a mark of so many bytes.
    Text { encoding: &'static Encoding, mark: usize },
    /// A zip archive, which an XLSX workbook is.
    Zip,
}

/// How much is looked at to guess an encoding that is not UTF-8.
const GUESS_LEN: u64 = 1 << 20;

/// Looks at the file; text is read to its end once, because one letter near the end decides whether it
/// is UTF-8.
pub(super) fn sniff(path: &Path, named: Option<&str>) -> Result<Sniffed, Refusal> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    file.by_ref().take(64 << 10).read_to_end(&mut head)?;
    if head.is_empty() {
        return Err(Refusal::Empty);
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Sniffed::Zip);
    }
    refuse_known_kinds(&head)?;
    if let Some(name) = named {
        let encoding =
            Encoding::for_label(name.as_bytes()).ok_or_else(|| Refusal::UnknownEncoding(name.to_owned()))?;
        let mark = Encoding::for_bom(&head).filter(|(e, _)| *e == encoding).map_or(0, |(_, len)| len);
        if encoding == UTF_8 && first_not_utf8(&mut file)?.is_some() {
            return Err(Refusal::WrongEncoding("utf-8".to_owned()));
        }
        return Ok(Sniffed::Text { encoding, mark });
    }
    if let Some((encoding, mark)) = Encoding::for_bom(&head) {
        // A mark of UTF-8 before bytes that are none: some programs write it so.
        if encoding != UTF_8 || first_not_utf8(&mut file)?.is_none() {
            return Ok(Sniffed::Text { encoding, mark });
        }
    } else if let Some(encoding) = unmarked_utf16(&head) {
        return Ok(Sniffed::Text { encoding, mark: 0 });
    }
    let odd = head.iter().filter(|b| matches!(b, 0..=8 | 14..=25 | 27..=31)).count();
    if head.contains(&0) || odd * 100 > head.len() {
        return Err(not_text("its bytes are no text"));
    }
    match first_not_utf8(&mut file)? {
        None => Ok(Sniffed::Text { encoding: UTF_8, mark: 0 }),
        Some(at) => Ok(Sniffed::Text { encoding: guess(&mut file, &head, at)?, mark: 0 }),
    }
}

const ADVICE: &str =
    "Open it in a spreadsheet program and choose “Save as”, then “CSV UTF-8 (comma separated)” or XLSX";

fn not_text(found: &'static str) -> Refusal {
    Refusal::WrongKind { found, advice: ADVICE }
}

fn refuse_known_kinds(head: &[u8]) -> Result<(), Refusal> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let starts = |word: &[u8]| text.get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word));
    let found = if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        "it is an old Excel file (.xls) or one with a password"
    } else if head.starts_with(b"%PDF") {
        "it is a PDF"
    } else if head.starts_with(&[0x1F, 0x8B]) || head.starts_with(b"7z\xBC\xAF") || head.starts_with(b"Rar!")
    {
        "it is a compressed archive"
    } else if head.starts_with(&[0x89, b'P', b'N', b'G'])
        || head.starts_with(&[0xFF, 0xD8, 0xFF])
        || head.starts_with(b"GIF8")
    {
        "it is a picture"
    } else if starts(b"<!doctype") || starts(b"<html") || starts(b"<table") {
        "it is a web page, perhaps with the name of a spreadsheet"
    } else if starts(b"<?xml") {
        "it is an XML document"
    } else if starts(b"{\\rtf") {
        "it is a word processor's document"
    } else if starts(b"BEGIN:VCARD") {
        "it is a list of vCards"
    } else if head.starts_with(&[0xFF, 0xFE, 0, 0]) || head.starts_with(&[0, 0, 0xFE, 0xFF]) {
        "it is text in UTF-32"
    } else {
        return Ok(());
    };
    Err(not_text(found))
}

/// UTF-16 without its mark: of Latin letters, digits and commas every second byte is zero.
fn unmarked_utf16(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    match (zeros(0), zeros(1)) {
        (0, odd) if odd * 10 > pairs * 3 => Some(UTF_16LE),
        (even, 0) if even * 10 > pairs * 3 => Some(UTF_16BE),
        _ => None,
    }
}

/// Where the file first stops being UTF-8. Reads it in pieces.
fn first_not_utf8(file: &mut File) -> Result<Option<u64>, Refusal> {
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; 256 << 10];
    let (mut kept, mut offset) = (0, 0_u64);
    loop {
        let n = file.read(&mut buffer[kept..])?;
        let have = kept + n;
        if n == 0 {
            return Ok((kept > 0).then_some(offset));
        }
        match std::str::from_utf8(&buffer[..have]) {
            Ok(_) => {
                offset += have as u64;
                kept = 0;
            }
            Err(e) if e.error_len().is_some() => return Ok(Some(offset + e.valid_up_to() as u64)),
            // A letter is cut by the end of the piece.
            Err(e) => {
                offset += e.valid_up_to() as u64;
                buffer.copy_within(e.valid_up_to()..have, 0);
                kept = have - e.valid_up_to();
            }
        }
    }
}

fn guess(file: &mut File, head: &[u8], first_odd: u64) -> Result<&'static Encoding, Refusal> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, false);
    file.seek(SeekFrom::Start(first_odd.saturating_sub(1024)))?;
    let mut sample = Vec::new();
    file.by_ref().take(GUESS_LEN).read_to_end(&mut sample)?;
    detector.feed(&sample, true);
    Ok(detector.guess(None, Utf8Detection::Deny))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(bytes: &[u8]) -> Result<Sniffed, Refusal> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        sniff(file.path(), None)
    }

    fn encoding(bytes: &[u8]) -> (&'static str, usize) {
        match sniffed(bytes).unwrap() {
            Sniffed::Text { encoding, mark } => (encoding.name(), mark),
            Sniffed::Zip => ("zip", 0),
        }
    }

    #[test]
    fn encodings_are_found() {
        assert_eq!(encoding("name,phone\nනිමල්,077\n".as_bytes()), ("UTF-8", 0));
        assert_eq!(encoding("\u{FEFF}name,phone\n".as_bytes()), ("UTF-8", 3));
        assert_eq!(encoding(b"name,phone\nJos\xE9 Mu\xF1oz,0771234567\nRen\xE9e,1\n"), ("windows-1252", 0));
        let utf16: Vec<u8> =
            "name,phone\nනිමල්,0771234567\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(encoding(&utf16), ("UTF-16LE", 0));
        let marked: Vec<u8> =
            [0xFE, 0xFF].into_iter().chain("a,b".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(encoding(&marked), ("UTF-16BE", 2));
    }

    #[test]
    fn a_single_odd_letter_far_down_is_seen() {
        let mut bytes = b"name,phone\n".to_vec();
        bytes.extend(b"abc,0771234567\n".repeat(40_000));
        bytes.extend(b"Ren\xE9e,0771234567\n");
        assert_eq!(encoding(&bytes).0, "windows-1252");
    }

    #[test]
    fn a_letter_cut_by_the_end_of_a_piece_is_still_utf8() {
        let bytes = "x".repeat((256 << 10) - 1) + "ආයු";
        assert_eq!(encoding(bytes.as_bytes()).0, "UTF-8");
    }

    #[test]
    fn other_kinds_of_files_are_named_and_refused() {
        for bytes in [
            &b"%PDF-1.7"[..],
            &[0xD0, 0xCF, 0x11, 0xE0, 1],
            b"<html><table>",
            &[0x89, b'P', b'N', b'G', 0],
            &[1, 2, 0, 9, 0, 0, 7, 1],
        ] {
            let refusal = sniffed(bytes).unwrap_err();
            assert!(refusal.to_string().contains("CSV UTF-8"), "{refusal}");
        }
        assert!(matches!(sniffed(b"").unwrap_err(), Refusal::Empty));
    }
}
