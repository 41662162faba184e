//! Many short texts in few allocations.

const CHUNK: usize = 64 << 10;

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
    chunks: Vec<String>,
}

impl Arena {
    /// Keeps `text`; beyond 65,535 bytes it is cut.
    pub(super) fn add(&mut self, text: &str) -> Place {
        let len = (0..=text.len().min(usize::from(u16::MAX)))
            .rev()
            .find(|i| text.is_char_boundary(*i))
            .unwrap_or(0);
        let text = &text[..len];
        if self.chunks.last().is_none_or(|c| c.len() + len > CHUNK || c.len() > usize::from(u16::MAX)) {
            self.chunks.push(String::with_capacity(CHUNK));
        }
        let chunk = self.chunks.len() - 1;
        let start = self.chunks[chunk].len();
        self.chunks[chunk].push_str(text);
        Place {
            chunk: u32::try_from(chunk).unwrap_or(u32::MAX),
            start: u16::try_from(start).unwrap_or(u16::MAX),
            len: u16::try_from(len).unwrap_or(u16::MAX),
        }
    }

    pub(super) fn get(&self, p: Place) -> &str {
        let start = usize::from(p.start);
        self.chunks
            .get(p.chunk as usize)
            .and_then(|c| c.get(start..start + usize::from(p.len)))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_they_were_put() {
        let mut a = Arena::default();
        let places: Vec<Place> =
            (0..10_000).map(|i| a.add(&format!("campaign.{i}.{}", "é".repeat(i % 20)))).collect();
        for (i, p) in places.iter().enumerate() {
            assert_eq!(a.get(*p), format!("campaign.{i}.{}", "é".repeat(i % 20)));
        }
        assert!(a.chunks.len() > 1);
        assert!(a.get(a.chunks.len().checked_sub(1).map(|_| places[0]).unwrap()).starts_with("campaign.0"));
    }
}
