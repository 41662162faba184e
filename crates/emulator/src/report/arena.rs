//! Many short texts, each with a number, in few allocations. Ids of one campaign begin alike: such a beginning is
//! kept once.

use std::{collections::HashMap, sync::Arc};

const CHUNK: usize = 64 << 10;
/// Beginnings that are kept once; those beyond are kept with their text.
const MOST_BEGINNINGS: usize = 1 << 15;
/// In front of a text: the number, and which beginning it has.
const HEAD: usize = 10;

/// Where a text lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    chunk: u32,
    start: u16,
    len: u16,
}

/// Texts are only added, never taken out.
#[derive(Default)]
pub(super) struct Arena {
    chunks: Vec<Vec<u8>>,
    beginnings: Vec<Arc<str>>,
    numbered: HashMap<Arc<str>, u16>,
}

/// Where a text's own part begins: after the first of these marks, where its campaign ends and its place begins.
pub(crate) fn own_part(text: &str) -> usize {
    text.find(['.', ':', '/', '|']).map_or(0, |at| at + 1)
}

impl Arena {
    /// Keeps `text` with its number; beyond 65,000 bytes it is cut.
    pub(super) fn add(&mut self, number: u64, text: &str) -> Place {
        let (beginning, own) = text.split_at(own_part(text));
        let (beginning, own) = match self.beginning(beginning) {
            Some(known) => (known, own),
            None => (0, text),
        };
        let most = usize::from(u16::MAX) - HEAD;
        let cut = (0..=own.len().min(most)).rev().find(|i| own.is_char_boundary(*i)).unwrap_or(0);
        let own = &own.as_bytes()[..cut];
        let len = own.len() + HEAD;
        if self.chunks.last().is_none_or(|c| c.len() + len > CHUNK || c.len() > usize::from(u16::MAX)) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let at = self.chunks.len() - 1;
        let chunk = &mut self.chunks[at];
        let place = Place {
            chunk: u32::try_from(at).unwrap_or(u32::MAX),
            start: u16::try_from(chunk.len()).unwrap_or(u16::MAX),
            len: u16::try_from(len).unwrap_or(u16::MAX),
        };
        chunk.extend_from_slice(&number.to_le_bytes());
        chunk.extend_from_slice(&beginning.to_le_bytes());
        chunk.extend_from_slice(own);
        place
    }

    /// 0 stands for none; `None` when there are too many.
    fn beginning(&mut self, text: &str) -> Option<u16> {
        if text.is_empty() {
            return Some(0);
        }
        if let Some(known) = self.numbered.get(text) {
            return Some(*known);
        }
        if self.beginnings.len() >= MOST_BEGINNINGS {
            return None;
        }
        let text: Arc<str> = text.into();
        self.beginnings.push(text.clone());
        let number = u16::try_from(self.beginnings.len()).ok()?;
        self.numbered.insert(text, number);
        Some(number)
    }

    /// The number and the text.
    pub(super) fn get(&self, p: Place) -> (u64, String) {
        let start = usize::from(p.start);
        let bytes = self.chunks.get(p.chunk as usize).and_then(|c| c.get(start..start + usize::from(p.len)));
        let Some((number, rest)) = bytes.and_then(<[u8]>::split_first_chunk) else {
            return (0, String::new());
        };
        let Some((beginning, own)) = rest.split_first_chunk() else { return (0, String::new()) };
        let beginning = usize::from(u16::from_le_bytes(*beginning)).checked_sub(1);
        let beginning = beginning.and_then(|n| self.beginnings.get(n)).map_or("", |b| b);
        (u64::from_le_bytes(*number), format!("{beginning}{}", String::from_utf8_lossy(own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_they_were_put() {
        let mut a = Arena::default();
        let text = |i: u64| format!("campaign{}.{i}.{}", i % 7, "é".repeat(i as usize % 20));
        let places: Vec<Place> = (0..10_000).map(|i| a.add(i, &text(i))).collect();
        for (i, p) in (0..).zip(&places) {
            assert_eq!(a.get(*p), (i, text(i)));
        }
        assert!(a.chunks.len() > 1 && a.beginnings.len() == 7);
    }

    #[test]
    fn beginnings_that_never_come_again_do_not_fill_the_memory() {
        let mut a = Arena::default();
        let places: Vec<Place> = (0..50_000).map(|i| a.add(i, &format!("id{i}.1"))).collect();
        assert_eq!(a.beginnings.len(), MOST_BEGINNINGS);
        assert!((0..).zip(&places).all(|(i, p)| a.get(*p) == (i, format!("id{i}.1"))));
        let long = "x".repeat(70_000);
        let place = a.add(1, &long);
        assert!(long.starts_with(&a.get(place).1));
    }
}
