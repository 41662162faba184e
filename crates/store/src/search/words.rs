//! Splitting text into words: letters, digits and the marks on them. Each emoji is a word of its own.
//!
//! The tokenizers of the databases would break Sinhala, Tamil and Hindi at their vowel signs, and each
//! knows another version of Unicode.

use crate::fold::fold;
use std::ops::Range;
use unicode_normalization::char::is_combining_mark;

/// More of a word tells nothing more about it.
const WORD_MAX_CHARS: usize = 64;
/// Words of one text that are indexed. Meta: a text has up to 4,096 characters.
const WORDS_MAX: usize = 4_096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Part of a word.
    Letter,
    /// A word by itself.
    Symbol,
    /// Nothing: it neither is a word nor ends one. Joiners, variation selectors, colours of skin.
    Ignored,
    /// Between words.
    Gap,
}

fn kind(c: char) -> Kind {
    match c {
        '\u{AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2060}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{1F3FB}'..='\u{1F3FF}'
        | '\u{E0100}'..='\u{E01EF}' => Kind::Ignored,
        c if c.is_alphanumeric() || is_combining_mark(c) => Kind::Letter,
        '\u{2190}'..='\u{21FF}'
        | '\u{2300}'..='\u{23FF}'
        | '\u{25A0}'..='\u{27BF}'
        | '\u{2900}'..='\u{297F}'
        | '\u{2B00}'..='\u{2BFF}'
        | '\u{1F000}'..='\u{1FAFF}' => Kind::Symbol,
        _ => Kind::Gap,
    }
}

/// The words of a text, folded, each with the place in the text that it came from.
pub(super) fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut words = Vec::new();
    let mut run: Option<Range<usize>> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match (kind(c), &mut run) {
            (Kind::Letter, Some(run)) => run.end = end,
            (Kind::Letter, None) => run = Some(at..end),
            (Kind::Ignored, _) => {}
            (Kind::Symbol | Kind::Gap, _) => {
                words.extend(run.take().into_iter().flat_map(|run| folded(text, run)));
                if kind(c) == Kind::Symbol {
                    words.push((at..end, c.to_string()));
                }
            }
        }
    }
    words.extend(run.into_iter().flat_map(|run| folded(text, run)));
    words
}

/// The words of a text by which it is found.
pub(super) fn indexed(text: &str) -> Vec<String> {
    words(text).into_iter().take(WORDS_MAX).map(|(_, word)| word).collect()
}

/// A run of letters, folded. That can make several words of it: `½` becomes `1⁄2`.
fn folded(text: &str, run: Range<usize>) -> impl Iterator<Item = (Range<usize>, String)> {
    let folded = fold(text.get(run.clone()).unwrap_or_default());
    let pieces: Vec<String> = folded
        .split(|c| kind(c) != Kind::Letter && kind(c) != Kind::Ignored)
        .map(|piece| piece.chars().filter(|c| kind(*c) == Kind::Letter).take(WORD_MAX_CHARS).collect())
        .filter(|piece: &String| !piece.is_empty())
        .collect();
    pieces.into_iter().map(move |piece| (run.clone(), piece))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<String> {
        words(text).into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn words_of_every_script_stay_whole() {
        assert_eq!(of("Are you OPEN today?"), ["are", "you", "open", "today"]);
        assert_eq!(of("ආයුබෝවන්, ශ්\u{200D}රී ලංකා!"), ["ආයුබෝවන්", "ශ්රී", "ලංකා"]);
        assert_eq!(of("வணக்கம் நண்பரே"), ["வணக்கம்", "நண்பரே"]);
        assert_eq!(of("नमस्ते, क्या हाल है?"), ["नमस्ते", "क्या", "हाल", "है"]);
        assert_eq!(of("مرحبا بكم"), ["مرحبا", "بكم"]);
        assert_eq!(of("+94 77-123"), ["94", "77", "123"]);
    }

    #[test]
    fn joiners_make_no_difference_and_emoji_are_words() {
        assert_eq!(of("ක්\u{200D}ෂ"), of("ක්ෂ"));
        assert_eq!(of("thanks❤\u{FE0F}👍🏽ok"), ["thanks", "❤", "👍", "ok"]);
        assert_eq!(of("👨\u{200D}👩\u{200D}👧"), ["👨", "👩", "👧"]);
    }

    #[test]
    fn a_word_knows_where_it_stood() {
        let text = "  Ｔea, ½ cup";
        let found: Vec<_> = words(text).into_iter().map(|(at, word)| (&text[at], word)).collect();
        let word = |at, word: &str| (at, word.to_owned());
        assert_eq!(found, [word("Ｔea", "tea"), word("½", "1"), word("½", "2"), word("cup", "cup")]);
    }

    proptest! {
        /// What the tokenizers of the databases see is exactly what was meant: no separators, no
        /// private signs, at most so long.
        #[test]
        fn words_are_plain(text in "\\PC{0,60}") {
            for (at, word) in words(&text) {
                prop_assert!(text.get(at).is_some());
                prop_assert!(!word.is_empty() && word.chars().count() <= WORD_MAX_CHARS);
                prop_assert!(word.chars().all(|c| kind(c) == Kind::Letter || word.chars().count() == 1));
                prop_assert!(word.chars().all(|c| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit()));
            }
        }
    }
}
