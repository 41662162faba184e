//! The file: gzip around a line `TISARA-BACKUP` and frames of a kind, a length (4 bytes, little end first)
//! and so many bytes.
//!
//! | kind | content |
//! |---|---|
//! | `H` | the header, JSON; first |
//! | `K` | the key-encryption key, if it was asked for |
//! | `T` | a table: its name and columns, JSON; its rows follow |
//! | `R` | a row: per cell a byte (0 null, 1 whole number of 8 bytes, 2 text and 3 bytes with their length in 4, 4 fraction) and the value |
//! | `E` | the end: rows and SHA-256 of all before, JSON; nothing follows |
//!
//! Ids are their 16 bytes, moments microseconds, on either engine. A file that was cut off has no end, one
//! that was changed another sum.

use crate::seam::{Arg, Cell, Row};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};
use tisara_domain::Timestamp;

/// The version of this format. A reader takes this one and all before.
pub(super) const FORMAT: u32 = 1;
const MAGIC: &[u8] = b"TISARA-BACKUP\n";
/// No row comes near it (a webhook has at most 3 MB); a damaged length must not take all memory.
const FRAME_MAX: usize = 256 << 20;

/// How a backup begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub format: u32,
    /// The newest migration of the database.
    pub schema: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// The release that made it.
    pub version: String,
    /// Names the key that opens the secrets in it.
    pub key_id: String,
}

#[derive(Serialize, Deserialize)]
struct Table {
    name: String,
    columns: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct End {
    rows: u64,
    sha256: String,
}

/// A cell of a row that was read.
pub(crate) type Value = Arg<'static>;

/// Something read from the file.
pub(super) enum Item {
    Key(Vec<u8>),
    Table(String, Vec<String>),
    Row(Vec<Value>),
    /// Checked; its sum.
    End(String),
}

fn hex(sum: &[u8]) -> String {
    sum.iter().map(|b| format!("{b:02x}")).collect()
}

pub(super) struct Writer {
    out: GzEncoder<BufWriter<File>>,
    sum: Sha256,
    rows: u64,
    frame: Vec<u8>,
}

impl Writer {
    /// A new file that only this user may read; one that was left by a try before is written over.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let out = GzEncoder::new(BufWriter::new(options.open(path)?), Compression::fast());
        let mut writer = Self { out, sum: Sha256::new(), rows: 0, frame: Vec::new() };
        writer.write(MAGIC)?;
        Ok(writer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    fn frame(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        let len = u32::try_from(content.len()).map_err(io::Error::other)?;
        self.write(&[kind])?;
        self.write(&len.to_le_bytes())?;
        self.write(content)
    }

    fn json(&mut self, kind: u8, value: &impl Serialize) -> io::Result<()> {
        self.frame(kind, &serde_json::to_vec(value)?)
    }

    pub(super) fn header(&mut self, header: &Header) -> io::Result<()> {
        self.json(b'H', header)
    }

    pub(super) fn key(&mut self, key: &[u8]) -> io::Result<()> {
        self.frame(b'K', key)
    }

    pub(super) fn table(&mut self, name: &str, columns: &[String]) -> io::Result<()> {
        self.json(b'T', &Table { name: name.to_owned(), columns: columns.to_vec() })
    }

    pub(super) fn row(&mut self, row: &Row<'_>, columns: usize) -> io::Result<()> {
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        for i in 0..columns {
            match row.cell(i).map_err(io::Error::other)? {
                Cell::Null => frame.push(0),
                Cell::Int(v) => {
                    frame.push(1);
                    frame.extend_from_slice(&v.to_le_bytes());
                }
                Cell::Text(text) => sized(&mut frame, 2, text.as_bytes())?,
                Cell::Bytes(bytes) => sized(&mut frame, 3, bytes)?,
                Cell::Real(v) => {
                    frame.push(4);
                    frame.extend_from_slice(&v.to_le_bytes());
                }
            }
        }
        self.rows += 1;
        self.frame(b'R', &frame)?;
        self.frame = frame;
        Ok(())
    }

    /// Writes the end; what was written is on disk then. Gives the sum.
    pub(super) fn finish(mut self) -> io::Result<String> {
        let sha256 = hex(&self.sum.clone().finalize());
        let end = End { rows: self.rows, sha256: sha256.clone() };
        self.json(b'E', &end)?;
        self.out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(sha256)
    }
}

fn sized(frame: &mut Vec<u8>, kind: u8, bytes: &[u8]) -> io::Result<()> {
    frame.push(kind);
    frame.extend_from_slice(&u32::try_from(bytes.len()).map_err(io::Error::other)?.to_le_bytes());
    frame.extend_from_slice(bytes);
    Ok(())
}

pub(super) struct Reader {
    from: GzDecoder<BufReader<File>>,
    sum: Sha256,
    rows: u64,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Reader {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let from = GzDecoder::new(BufReader::new(File::open(path)?));
        Ok(Self { from, sum: Sha256::new(), rows: 0 })
    }

    fn take(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.from.read_exact(bytes).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => damaged("it was cut off"),
            _ => e,
        })
    }

    /// The next frame, and the sum of all before it.
    fn frame(&mut self) -> io::Result<(u8, Vec<u8>, Sha256)> {
        let before = self.sum.clone();
        let mut head = [0; 5];
        self.take(&mut head)?;
        let len = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if len > FRAME_MAX {
            return Err(damaged("a length in it makes no sense"));
        }
        let mut content = Vec::new();
        // Grows with what is there and not with what is claimed.
        if (&mut self.from).take(len as u64).read_to_end(&mut content)? < len {
            return Err(damaged("it was cut off"));
        }
        self.sum.update(head);
        self.sum.update(&content);
        Ok((head[0], content, before))
    }

    pub(super) fn header(&mut self) -> io::Result<Header> {
        let mut magic = [0; MAGIC.len()];
        self.take(&mut magic).map_err(|_| damaged("it does not begin as one"))?;
        if magic != MAGIC {
            return Err(damaged("it does not begin as one"));
        }
        self.sum.update(magic);
        let (kind, content, _) = self.frame()?;
        if kind != b'H' {
            return Err(damaged("it has no header"));
        }
        Ok(serde_json::from_slice(&content)?)
    }

    pub(super) fn next(&mut self) -> io::Result<Item> {
        let (kind, content, before) = self.frame()?;
        match kind {
            b'K' => Ok(Item::Key(content)),
            b'T' => {
                let table: Table = serde_json::from_slice(&content)?;
                Ok(Item::Table(table.name, table.columns))
            }
            b'R' => {
                self.rows += 1;
                Ok(Item::Row(cells(&content)?))
            }
            b'E' => {
                let end: End = serde_json::from_slice(&content)?;
                let sum = hex(&before.finalize());
                if end.sha256 != sum || end.rows != self.rows {
                    return Err(damaged("its content was changed: the sum is another"));
                }
                // Reading on to the end of the compressed stream checks that stream's own sum too.
                if self.from.read(&mut [0; 1])? > 0 {
                    return Err(damaged("something follows its end"));
                }
                Ok(Item::End(sum))
            }
            _ => Err(damaged("there is something in it that this release does not know")),
        }
    }
}

fn cells(mut content: &[u8]) -> io::Result<Vec<Value>> {
    let short = || damaged("a row in it is cut off");
    let mut cells = Vec::new();
    while let Some((kind, rest)) = content.split_first() {
        content = rest;
        let eight = |content: &mut &[u8]| -> io::Result<[u8; 8]> {
            let (value, rest) = content.split_first_chunk::<8>().ok_or_else(short)?;
            *content = rest;
            Ok(*value)
        };
        let sized = |content: &mut &[u8]| -> io::Result<Vec<u8>> {
            let (len, rest) = content.split_first_chunk::<4>().ok_or_else(short)?;
            let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or_else(short)?;
            *content = rest;
            Ok(value.to_vec())
        };
        cells.push(match kind {
            // The type of a NULL does not matter where columns are named.
            0 => Arg::Int(None),
            1 => Arg::Int(Some(i64::from_le_bytes(eight(&mut content)?))),
            2 => {
                let text =
                    String::from_utf8(sized(&mut content)?).map_err(|_| damaged("a text in it is none"))?;
                Arg::Text(Some(Cow::Owned(text)))
            }
            3 => Arg::Bytes(Some(Cow::Owned(sized(&mut content)?))),
            4 => Arg::Real(Some(f64::from_le_bytes(eight(&mut content)?))),
            _ => return Err(damaged("a cell in it is of no known kind")),
        });
    }
    Ok(cells)
}
