//! A file's text as UTF-8 with `\n` line ends, in pieces.
//!
//! Line ends are made one so that a row's number is the one a spreadsheet shows: the lines before it,
//! less the line breaks within cells.

use encoding_rs::{Decoder, Encoding, UTF_8};
use std::io::{Read, Result};

const PIECE: usize = 64 << 10;

/// Reads text of any encoding as UTF-8.
pub(super) struct TextReader<R> {
    inner: R,
    raw: Vec<u8>,
    /// `None` for UTF-8, which needs no decoding.
    decoder: Option<Decoder>,
    text: Vec<u8>,
    given: usize,
    after_return: bool,
    ended: bool,
}

impl<R: Read> TextReader<R> {
    /// Text after the mark, which `inner` must be past already.
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        Self {
            inner,
            raw: vec![0; PIECE],
            decoder,
            text: Vec::new(),
            given: 0,
            after_return: false,
            ended: false,
        }
    }

    /// What it reads from.
    pub(super) fn inner_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    fn fill(&mut self) -> Result<()> {
        let n = self.inner.read(&mut self.raw)?;
        let last = n == 0;
        self.text.clear();
        self.given = 0;
        match &mut self.decoder {
            None => self.text.extend_from_slice(&self.raw[..n]),
            Some(decoder) => {
                let room = decoder.max_utf8_buffer_length(n).unwrap_or(3 * PIECE + 16);
                self.text.resize(room, 0);
                let (_, _, written, _) = decoder.decode_to_utf8(&self.raw[..n], &mut self.text, last);
                self.text.truncate(written);
            }
        }
        self.one_line_end();
        if last && !self.ended {
            self.ended = true;
            // The last row ends too, also when its line does not.
            self.text.push(b'\n');
        }
        Ok(())
    }

    /// `\r\n` and a lone `\r` become `\n`.
    fn one_line_end(&mut self) {
        if !self.after_return && !self.text.contains(&b'\r') {
            return;
        }
        let mut to = 0;
        for from in 0..self.text.len() {
            let byte = self.text[from];
            let was_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            if byte == b'\n' && was_return {
                continue;
            }
            self.text[to] = if byte == b'\r' { b'\n' } else { byte };
            to += 1;
        }
        self.text.truncate(to);
    }
}

impl<R: Read> Read for TextReader<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        while self.given == self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let n = out.len().min(self.text.len() - self.given);
        out[..n].copy_from_slice(&self.text[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time, so that every seam between pieces is tried.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn read(bytes: &[u8], encoding: &'static Encoding) -> String {
        let mut text = String::new();
        TextReader::new(Drip(bytes), encoding).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn every_kind_of_line_end_becomes_one() {
        assert_eq!(read(b"a\r\nb\rc\nd", UTF_8), "a\nb\nc\nd\n");
        assert_eq!(read(b"a\r\r\nb", UTF_8), "a\n\nb\n");
    }

    #[test]
    fn other_encodings_are_read_across_seams() {
        let bytes: Vec<u8> = "නිම\r\n🎉".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&bytes, encoding_rs::UTF_16LE), "නිම\n🎉\n");
        assert_eq!(read(b"Ren\xE9e", encoding_rs::WINDOWS_1252), "Renée\n");
    }
}
