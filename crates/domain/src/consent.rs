//! Consent to marketing: what is on record, and the words by which people give and withdraw it.

use serde::{Deserialize, Serialize};

/// What the newest entry of a contact's ledger says about marketing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum ConsentState {
    /// Nothing is on record.
    #[default]
    Unknown = 0,
    /// Agreed.
    OptedIn = 1,
    /// Withdrawn.
    OptedOut = 2,
}

impl ConsentState {
    /// The number to store.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The state of a stored number.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Unknown),
            1 => Some(Self::OptedIn),
            2 => Some(Self::OptedOut),
            _ => None,
        }
    }
}

/// What a whole message that is one of the known words means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more marketing.
    Stop,
    /// Marketing again.
    Start,
}

/// English, Sinhala, Tamil and Hindi words that end marketing when they are the whole message.
const STOP: &[&str] = &[
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "end",
    "quit",
    "cancel",
    "opt out",
    "optout",
    "stop promotions",
    "නවත්වන්න",
    "නවතන්න",
    "එපා",
    "නතර කරන්න",
    "நிறுத்து",
    "நிறுத்தவும்",
    "வேண்டாம்",
    "रोकें",
    "रोको",
    "बंद",
    "बंद करें",
    "बंद करो",
];

/// The words that allow it again.
const START: &[&str] = &[
    "start",
    "subscribe",
    "unstop",
    "opt in",
    "optin",
    "resume",
    "අරඹන්න",
    "පටන් ගන්න",
    "ආරම්භ කරන්න",
    "தொடங்கு",
    "தொடங்கவும்",
    "ஆரம்பி",
    "शुरू",
    "शुरू करें",
    "चालू",
    "चालू करें",
];

/// Reads a message as a keyword. Only the whole message counts: "please don't stop" is none.
#[must_use]
pub fn keyword(text: &str) -> Option<Keyword> {
    // Longer texts are no keyword; folding them would be work for nothing.
    if text.len() > 128 {
        return None;
    }
    let folded = fold(text);
    if STOP.iter().any(|w| fold(w) == folded) {
        Some(Keyword::Stop)
    } else if START.iter().any(|w| fold(w) == folded) {
        Some(Keyword::Start)
    } else {
        None
    }
}

/// Lower case, without joiners, quotes and end marks, single spaces.
fn fold(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '"' | '\'' | '“' | '”' | '‘' | '’'))
        .flat_map(char::to_lowercase)
        .map(|c| if matches!(c, '.' | '!' | '?' | ',' | '।' | '-' | '_') { ' ' } else { c })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_words_are_known_in_four_languages() {
        for w in ["STOP", " Stop. ", "opt-out", "\"stop\"", "නවත්වන්න", "நிறுத்து", "बंद करें।"]
        {
            assert_eq!(keyword(w), Some(Keyword::Stop), "{w}");
        }
        for w in ["Start", "UNSTOP!", "අරඹන්න", "தொடங்கு", "शुरू करें"]
        {
            assert_eq!(keyword(w), Some(Keyword::Start), "{w}");
        }
    }

    #[test]
    fn a_word_within_a_sentence_is_no_keyword() {
        assert_eq!(keyword("where does the bus stop"), None);
        assert_eq!(keyword(""), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = keyword(&text);
        }
    }
}
