//! The files themselves, bounded in memory.

use crate::saved;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Meta: uploaded files live 30 days, those of webhooks 7.
pub(super) const UPLOADED_LIFE_S: i64 = 30 * 86_400;
pub(crate) const RECEIVED_LIFE_S: i64 = 7 * 86_400;

/// One file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct File {
    /// The number it belongs to.
    pub(crate) number: u64,
    pub(crate) mime: String,
    /// What the sender called it; only for people who look.
    pub(crate) name: Option<String>,
    #[serde(with = "saved::base64")]
    pub(crate) bytes: Bytes,
    pub(crate) sha256: [u8; 32],
    until_s: i64,
}

impl File {
    pub(crate) fn new(number: u64, mime: &str, name: Option<String>, bytes: Bytes, until_s: i64) -> Self {
        let sha256 = Sha256::digest(&bytes).into();
        Self { number, mime: mime.to_owned(), name, bytes, sha256, until_s }
    }
}

/// A resumable upload under way.
#[derive(Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) length: usize,
    pub(super) mime: String,
    #[serde(with = "saved::base64")]
    pub(super) bytes: Vec<u8>,
}

/// All files; when they take too much room the oldest go.
#[derive(Serialize, Deserialize)]
pub(crate) struct Media {
    files: BTreeMap<u64, File>,
    #[serde(skip)]
    room: usize,
    used: usize,
    received: u64,
    pub(super) sessions: BTreeMap<String, Session>,
    /// Handles of finished resumable uploads.
    pub(crate) handles: BTreeSet<String>,
}

impl Media {
    pub(crate) fn new(room: usize) -> Self {
        Self {
            files: BTreeMap::new(),
            room,
            used: 0,
            received: 0,
            sessions: BTreeMap::new(),
            handles: BTreeSet::new(),
        }
    }

    /// The kept files in place of these, as far as there is room.
    pub(crate) fn load(&mut self, mut kept: Self) {
        kept.room = self.room;
        *self = kept;
        self.make_room();
    }

    pub(crate) fn put(&mut self, id: u64, file: File) {
        self.used += file.bytes.len();
        self.files.insert(id, file);
        self.make_room();
    }

    fn make_room(&mut self) {
        while self.used > self.room && self.files.len() > 1 {
            if let Some((_, old)) = self.files.pop_first() {
                self.used -= old.bytes.len();
            }
        }
    }

    /// Keeps a file a user has sent, under an id of its own range.
    pub(crate) fn receive(&mut self, file: File) -> u64 {
        self.received += 1;
        let id = 800_000_000_000_000 + self.received;
        self.put(id, file);
        id
    }

    pub(crate) fn has(&self, id: u64) -> bool {
        self.files.contains_key(&id)
    }

    pub(crate) fn get(&self, id: u64, now_s: i64) -> Option<&File> {
        self.files.get(&id).filter(|f| f.until_s > now_s)
    }

    /// Whether `number` may send the file.
    pub(crate) fn usable(&self, id: &str, number: u64, now_s: i64) -> bool {
        id.parse().ok().and_then(|id| self.get(id, now_s)).is_some_and(|f| f.number == number)
    }

    pub(super) fn remove(&mut self, id: u64) {
        if let Some(old) = self.files.remove(&id) {
            self.used -= old.bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_files_make_room_and_run_out() {
        let mut m = Media::new(10);
        for id in 1..=3 {
            m.put(id, File::new(1, "image/png", None, Bytes::from_static(b"1234"), 100));
        }
        assert!(!m.has(1) && m.has(2) && m.has(3));
        assert!(
            m.usable("3", 1, 99) && !m.usable("3", 1, 100) && !m.usable("3", 2, 1) && !m.usable("x", 1, 1)
        );
    }
}
