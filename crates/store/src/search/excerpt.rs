//! The part of a message that shows why it was found.

use super::{query::Query, words::words};

/// Characters of an excerpt, and how many of them stand before the first hit.
const LONG: usize = 160;
const BEFORE: usize = 40;

/// A piece of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The text as it was written, on one line.
    pub text: String,
    /// Whether it is a word that was looked for.
    pub hit: bool,
}

/// The surroundings of the first word that was looked for, in pieces; all words looked for are marked.
#[must_use]
pub fn excerpt(text: &str, query: &Query) -> Vec<Part> {
    let mut hits: Vec<_> =
        words(text).into_iter().filter(|(_, word)| query.is_hit(word)).map(|(at, _)| at).collect();
    hits.dedup();
    let first = hits.first().map_or(0, |at| at.start);
    // From the word that stands some characters before the first hit.
    let early = text[..first].char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
    let start = match text[early..first].find(char::is_whitespace) {
        Some(gap) if early > 0 => early + gap,
        _ => early,
    };
    let end = text[start..].char_indices().nth(LONG).map_or(text.len(), |(at, _)| start + at);
    let mut parts = Vec::new();
    let mut push = |piece: &str, hit: bool| {
        if !piece.is_empty() {
            let text = piece.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            parts.push(Part { text, hit });
        }
    };
    if start > 0 {
        push("…", false);
    }
    let mut at = start;
    for hit in hits.into_iter().filter(|hit| hit.end <= end) {
        push(&text[at..hit.start], false);
        push(&text[hit.clone()], true);
        at = hit.end;
    }
    push(&text[at..end], false);
    if end < text.len() {
        push("…", false);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(text: &str, query: &str) -> String {
        let parts = excerpt(text, &Query::parse(query).unwrap());
        parts.into_iter().map(|p| if p.hit { format!("[{}]", p.text) } else { p.text }).collect()
    }

    #[test]
    fn what_was_looked_for_is_marked() {
        assert_eq!(
            marked("Do you have Green tea?\nOr greenish?", "tea gre"),
            "Do you have [Green] [tea]? Or [greenish]?"
        );
        assert_eq!(marked("ශ්\u{200D}රී ලංකා", "ශ්රී"), "[ශ්\u{200D}රී] ලංකා");
    }

    #[test]
    fn a_long_text_is_shown_around_the_first_hit() {
        let text = format!("{}needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let shown = marked(&text, "needle");
        assert!(shown.starts_with("… hay hay") && shown.contains("[needle] straw") && shown.ends_with('…'));
        assert!(shown.chars().count() < 170);
    }

    proptest! {
        #[test]
        fn any_text_can_be_shown(text in "\\PC{0,300}", query in "\\PC{1,10}") {
            if let Ok(query) = Query::parse(&query) {
                let all: String = excerpt(&text, &query).into_iter().map(|p| p.text).collect();
                prop_assert!(all.chars().count() <= LONG + 2);
            }
        }
    }
}
