//! How the parts of the state are written when it is kept: what serde does not do by itself.
//!
//! The parts are written as they are in memory, so that a new field is kept without anybody thinking of it. Maps
//! whose keys are no texts become lists of pairs, what is shared becomes what it holds, words stay words.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A map as a list of pairs, in order.
pub(crate) mod pairs {
    use super::*;

    pub(crate) fn serialize<'m, S, M, K, V>(map: &'m M, s: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
        &'m M: IntoIterator<Item = (&'m K, &'m V)>,
        K: Ord + Serialize + 'm,
        V: Serialize + 'm,
    {
        let mut all: Vec<(&K, &V)> = map.into_iter().collect();
        all.sort_by(|a, b| a.0.cmp(b.0));
        s.collect_seq(all)
    }

    pub(crate) fn deserialize<'de, D, M, K, V>(d: D) -> Result<M, D::Error>
    where
        D: Deserializer<'de>,
        M: FromIterator<(K, V)>,
        K: Deserialize<'de>,
        V: Deserialize<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(d)?.into_iter().collect())
    }
}

/// What is shared, as what it holds.
pub(crate) mod shared {
    use super::*;
    use std::sync::Arc;

    pub(crate) fn serialize<S: Serializer, T: Serialize>(it: &Arc<T>, s: S) -> Result<S::Ok, S::Error> {
        (**it).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        d: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(d).map(Arc::new)
    }
}

/// A shared text that may be absent.
pub(crate) mod shared_text {
    use super::*;
    use std::sync::Arc;

    pub(crate) fn serialize<S: Serializer>(text: &Option<Arc<str>>, s: S) -> Result<S::Ok, S::Error> {
        text.as_deref().serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Arc<str>>, D::Error> {
        Ok(Option::<String>::deserialize(d)?.map(Arc::from))
    }
}

/// Bytes as base64.
pub(crate) mod base64 {
    use super::*;
    use ::base64::{Engine as _, engine::general_purpose::STANDARD};

    pub(crate) fn serialize<S: Serializer>(bytes: &impl AsRef<[u8]>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: From<Vec<u8>>>(d: D) -> Result<T, D::Error> {
        let text = String::deserialize(d)?;
        STANDARD.decode(text).map(T::from).map_err(D::Error::custom)
    }
}

/// What is set once, if it was.
pub(crate) mod once {
    use super::*;
    use std::sync::OnceLock;

    pub(crate) fn serialize<S: Serializer, T: Serialize>(it: &OnceLock<T>, s: S) -> Result<S::Ok, S::Error> {
        it.get().serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        d: D,
    ) -> Result<OnceLock<T>, D::Error> {
        let lock = OnceLock::new();
        if let Some(value) = Option::deserialize(d)? {
            let _ = lock.set(value);
        }
        Ok(lock)
    }
}

/// Behind a name of its own, for serde takes a bare `&str` as borrowed from what is read.
pub(crate) type Word = &'static str;

/// A word of a closed set that lives as long as the program.
pub(crate) fn word<'de, D: Deserializer<'de>>(d: D) -> Result<Word, D::Error> {
    let text = String::deserialize(d)?;
    known_word(&text).ok_or_else(|| D::Error::custom(format!("\"{text}\" is no word of the emulator")))
}

/// As [`word`], where there may be none.
pub(crate) fn word_or_none<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Word>, D::Error> {
    let Some(text) = Option::<String>::deserialize(d)? else { return Ok(None) };
    let known = known_word(&text);
    known.map(Some).ok_or_else(|| D::Error::custom(format!("\"{text}\" is no word of the emulator")))
}

fn known_word(text: &str) -> Option<&'static str> {
    /// Statuses of usernames, ways of pricing, kinds of clicks, attachments of headers.
    const WORDS: [&str; 13] = [
        "approved",
        "reserved",
        "regular",
        "free_customer_service",
        "free_entry_point",
        "quick_reply_button",
        "unique_url_button",
        "image",
        "video",
        "document",
        "gif",
        "location",
        "product",
    ];
    let sets = [&WORDS[..], &crate::flows::ENDPOINT_ERRORS, &["ZZ"]];
    let found = sets.into_iter().flatten().find(|word| **word == text).copied();
    found.or_else(|| crate::messages::kind_name(text)).or_else(|| crate::users::country_name(text))
}
