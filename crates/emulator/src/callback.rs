//! `biz_opaque_callback_data` of a message under way, kept small: ids of one campaign begin alike, and a beginning
//! is shared between them.

use crate::{report::own_part, sync::lock};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

/// What follows a beginning is kept in place up to this many bytes.
const IN_PLACE: usize = 15;
/// Beginnings known at once; the messages keep theirs when they are forgotten.
const MOST_BEGINNINGS: usize = 4_096;

/// The text of one message.
#[derive(Clone)]
pub(crate) struct Callback {
    beginning: Arc<str>,
    len: u8,
    own: [u8; IN_PLACE],
}

/// The beginnings known at present.
#[derive(Default)]
pub(crate) struct Beginnings(Mutex<HashMap<Arc<str>, ()>>);

impl Beginnings {
    pub(crate) fn callback(&self, text: &str) -> Callback {
        let (beginning, own) = text.split_at(own_part(text));
        if beginning.is_empty() || own.len() > IN_PLACE {
            return Callback::alone(text);
        }
        let mut known = lock(&self.0);
        let beginning = match known.get_key_value(beginning) {
            Some((shared, ())) => shared.clone(),
            None => {
                if known.len() >= MOST_BEGINNINGS {
                    known.clear();
                }
                let shared: Arc<str> = beginning.into();
                known.insert(shared.clone(), ());
                shared
            }
        };
        let mut kept = [0; IN_PLACE];
        kept[..own.len()].copy_from_slice(own.as_bytes());
        Callback { beginning, len: u8::try_from(own.len()).unwrap_or(0), own: kept }
    }
}

impl Callback {
    /// One that shares nothing.
    pub(crate) fn alone(text: &str) -> Self {
        Self { beginning: text.into(), len: 0, own: [0; IN_PLACE] }
    }

    fn own(&self) -> &str {
        self.own.get(..usize::from(self.len)).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.beginning.len() + usize::from(self.len)
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.beginning)?;
        f.write_str(self.own())
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl Serialize for Callback {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Callback {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::alone(&String::deserialize(d)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_as_it_was_written_and_shares_its_beginning() {
        let b = Beginnings::default();
        for text in ["campaign_01h.7.1", "plain", "", "a.", ".b", "é.ü", "x.0123456789012345", "job/7"] {
            let c = b.callback(text);
            assert_eq!((c.to_string().as_str(), c.len()), (text, text.len()));
        }
        let (one, two) = (b.callback("campaign_01h.1"), b.callback("campaign_01h.2"));
        assert!(Arc::ptr_eq(&one.beginning, &two.beginning));
        assert!(size_of::<Option<Callback>>() <= 32);
    }

    #[test]
    fn beginnings_are_bounded() {
        let b = Beginnings::default();
        let all: Vec<Callback> = (0..10_000).map(|i| b.callback(&format!("c{i}.1"))).collect();
        assert!(lock(&b.0).len() <= MOST_BEGINNINGS);
        assert_eq!(all[17].to_string(), "c17.1");
    }
}
