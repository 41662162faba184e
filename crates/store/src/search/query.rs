//! What somebody looks for.

use super::words::{indexed, words};

/// Words that one search may have.
const WORDS_MAX: usize = 16;

/// A search: every term must be in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub(crate) terms: Vec<Term>,
}

/// One word, or several that must follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) words: Vec<String>,
    /// Words that begin so are meant too.
    pub(crate) prefix: bool,
}

/// Why a text is no search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is no word in it.
    #[error("there is no word in it: give at least one letter, digit or emoji")]
    Empty,
    /// There are too many.
    #[error("has more words than a search takes: give up to 16")]
    TooLong,
}

impl Query {
    /// Understands a text: words that must all be there, the last one also as the beginning of a word
    /// (from two letters on), and `"words in quotes"` that must follow each other.
    ///
    /// # Errors
    /// When there is no word in it, or more than 16.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut terms: Vec<Term> = Vec::new();
        let mut open_end = false;
        for (i, piece) in text.split(['"', '“', '”']).enumerate() {
            let found: Vec<String> = words(piece).into_iter().map(|(_, word)| word).collect();
            if found.is_empty() {
                continue;
            }
            let quoted = i % 2 == 1;
            open_end = !quoted;
            if quoted {
                terms.push(Term { words: found, prefix: false });
            } else {
                terms.extend(found.into_iter().map(|word| Term { words: vec![word], prefix: false }));
            }
        }
        if terms.iter().map(|t| t.words.len()).sum::<usize>() > WORDS_MAX {
            return Err(QueryError::TooLong);
        }
        let last = terms.last_mut().ok_or(QueryError::Empty)?;
        last.prefix = open_end && last.words.iter().all(|word| word.chars().nth(1).is_some());
        Ok(Self { terms })
    }

    /// Whether a word of a message is one of those looked for.
    pub(super) fn is_hit(&self, word: &str) -> bool {
        self.terms.iter().any(|t| t.words.iter().any(|w| w == word || t.prefix && word.starts_with(w)))
    }

    /// The word that stands for all that begin so; only the last may.
    pub(crate) fn beginning(&self) -> Option<&str> {
        self.terms.iter().rev().find(|t| t.prefix).and_then(|t| t.words.last()).map(String::as_str)
    }

    /// Whether a text has a word with the search's beginning, should it have one.
    pub(crate) fn has_beginning(&self, text: &str) -> bool {
        self.beginning().is_none_or(|beginning| indexed(text).iter().any(|word| word.starts_with(beginning)))
    }

    /// Whether a text is found: what the databases must agree with.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let words = indexed(text);
        self.terms.iter().all(|term| {
            words.windows(term.words.len()).any(|at| {
                at.iter().zip(&term.words).all(|(w, t)| w == t || term.prefix && w.starts_with(t.as_str()))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<(String, bool)> {
        Query::parse(text).unwrap().terms.into_iter().map(|t| (t.words.join(" "), t.prefix)).collect()
    }

    #[test]
    fn the_last_word_may_be_the_beginning_of_one() {
        assert_eq!(terms("Green TE"), [("green".to_owned(), false), ("te".to_owned(), true)]);
        assert_eq!(terms("green t"), [("green".to_owned(), false), ("t".to_owned(), false)]);
        assert_eq!(terms("👍"), [("👍".to_owned(), false)]);
    }

    #[test]
    fn words_in_quotes_belong_together() {
        assert_eq!(terms("“Green tea” cu"), [("green tea".to_owned(), false), ("cu".to_owned(), true)]);
        assert_eq!(terms("tea \"black pepp"), [("tea".to_owned(), false), ("black pepp".to_owned(), false)]);
    }

    #[test]
    fn a_search_has_words_and_not_too_many() {
        for nothing in ["", "  ", "\"\"", "?!…", "\u{200D}"] {
            assert_eq!(Query::parse(nothing), Err(QueryError::Empty), "{nothing}");
        }
        assert_eq!(Query::parse(&"a ".repeat(17)), Err(QueryError::TooLong));
    }

    #[test]
    fn a_text_is_found_by_all_of_its_terms() {
        let found = |query: &str, text: &str| Query::parse(query).unwrap().matches(text);
        assert!(found("tea gre", "Green tea, please"));
        assert!(!found("tea black", "Green tea, please"));
        assert!(found("\"green tea\"", "Some GREEN  tea") && !found("\"tea green\"", "Some green tea"));
        assert!(!found("gre tea", "green tea"), "only the last word may be a beginning");
        assert!(found("ආයු", "ආයුබෝවන්") && found("ශ්රී", "ශ්\u{200D}රී ලංකා"));
    }
}
