//! Fields with modifiers, as `analytics.start(1).end(2).granularity(DAY)`.

use crate::graph::{GraphError, Outcome};
use serde_json::Value;

/// One field of `?fields=`, with what stands behind it.
pub(crate) struct Field {
    pub(crate) name: String,
    modifiers: Vec<(String, String)>,
}

impl Field {
    /// The fields of `text` that have modifiers or are named like analytics.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        split(text, ',').into_iter().map(Self::of).collect()
    }

    fn of(text: &str) -> Self {
        let mut parts = split(text, '.').into_iter();
        let name = parts.next().unwrap_or_default().trim().to_owned();
        let modifiers = parts.filter_map(|p| {
            let (name, value) = p.split_once('(')?;
            Some((name.trim().to_owned(), value.strip_suffix(')')?.trim().to_owned()))
        });
        Self { name, modifiers: modifiers.collect() }
    }

    /// From the parameters of a call that is an edge of its own.
    pub(crate) fn from_query(name: &str, query: &[(String, String)]) -> Self {
        Self { name: name.to_owned(), modifiers: query.to_vec() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.modifiers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// A moment in unix seconds.
    pub(super) fn moment(&self, name: &str) -> Outcome<i64> {
        let text = self.get(name).ok_or_else(|| GraphError::required(name))?;
        text.parse()
            .map_err(|_| GraphError::invalid(format!("{name} must be a unix timestamp, not \"{text}\"")))
    }

    /// A list: JSON, or words with commas between them. Empty: no wish.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let Some(text) = self.get(name) else { return Vec::new() };
        if let Ok(Value::Array(list)) = serde_json::from_str(text) {
            return list.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
        }
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        bare.split(',')
            .map(|w| w.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|w| !w.is_empty())
            .collect()
    }

    /// A list of which every word is known.
    pub(super) fn words(&self, name: &str, known: &[&'static str]) -> Outcome<Vec<&'static str>> {
        let find = |w: &String| {
            known.iter().find(|k| k.eq_ignore_ascii_case(w)).copied().ok_or_else(|| {
                GraphError::invalid(format!("{name} must be one of {}, not \"{w}\"", known.join(", ")))
            })
        };
        self.list(name).iter().map(find).collect()
    }
}

/// Parts of a text at a character that stands outside all brackets and quotes.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_u32, false);
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if c == at && depth == 0 => {
                parts.push(&text[start..i]);
                start = i + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_read_with_their_lists() {
        let fields = Field::all(
            r#"id,analytics.start(1).end(2).granularity(DAY).phone_numbers(["1555","1 (2)"]).country_codes([LK,IN])"#,
        );
        assert_eq!(fields.len(), 2);
        let f = &fields[1];
        assert_eq!(
            (f.name.as_str(), f.moment("start").unwrap(), f.get("granularity")),
            ("analytics", 1, Some("DAY"))
        );
        assert_eq!(f.list("phone_numbers"), ["1555", "1 (2)"]);
        assert_eq!(f.words("country_codes", &["LK", "IN"]).unwrap(), ["LK", "IN"]);
        assert!(f.words("country_codes", &["LK"]).is_err() && f.moment("granularity").is_err());
        for odd in ["", ".", "a.", "a.b", "a.b(", "a.b)", "((((", "\"", "a.é(ü"] {
            let _ = Field::all(odd);
        }
    }
}
