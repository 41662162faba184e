//! Phone numbers as the world writes them, turned into E.164 by Google's metadata.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};
use std::{fmt, str::FromStr};

/// A valid phone number in E.164: `+` and 7 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone {
    e164: String,
    region: Option<Region>,
}

/// An ISO 3166 country in two capital letters, which says how a number without `+` is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region([u8; 2]);

/// The text is no country code of two letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a country: use its two letters, as LK, IN or US")]
pub struct RegionError;

impl Region {
    /// Sri Lanka, the default of an installation that says nothing else.
    pub const LK: Self = Self(*b"LK");
    /// The United States, to whose numbers Meta delivers no marketing templates.
    pub const US: Self = Self(*b"US");

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

impl FromStr for Region {
    type Err = RegionError;
    fn from_str(s: &str) -> Result<Self, RegionError> {
        match s.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(RegionError),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not taken as a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing in it.
    #[error("the phone number is empty")]
    Empty,
    /// Not the shape of a phone number.
    #[error("this is not a phone number")]
    NotANumber,
    /// The shape of one, but no such number can exist.
    #[error(
        "no such phone number can exist in its country: a digit is missing or too many, or the prefix is unknown"
    )]
    Invalid,
}

/// Longer texts are refused unread: no phone number comes near it.
const MAX_INPUT_LEN: usize = 64;

impl Phone {
    /// Reads a number in any usual way of writing; one without `+` (or `00`) belongs to `region`.
    ///
    /// # Errors
    /// When it is no number that libphonenumber calls valid.
    pub fn parse(text: &str, region: Region) -> Result<Self, PhoneError> {
        let text = clean(text);
        if text.is_empty() {
            return Err(PhoneError::Empty);
        }
        if text.len() > MAX_INPUT_LEN {
            return Err(PhoneError::NotANumber);
        }
        let util = &*PHONE_NUMBER_UTIL;
        let number = util.parse(&text, region.as_str().parse().ok()).map_err(|_| PhoneError::NotANumber)?;
        if !util.is_valid_number(&number) {
            return Err(PhoneError::Invalid);
        }
        let e164 = util.format(&number, PhoneNumberFormat::E164).into_owned();
        let region = util.get_region_for_number(&number).map(|r| Region((r as u16).to_be_bytes()));
        Ok(Self { e164, region })
    }

    /// Reads what Meta writes: digits with the country code and no `+` (`wa_id`).
    ///
    /// # Errors
    /// When it is no number that libphonenumber calls valid.
    pub fn from_wa_id(digits: &str) -> Result<Self, PhoneError> {
        Self::parse(&format!("+{}", digits.trim_start_matches('+')), Region::US)
    }

    /// `+` and the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.e164
    }

    /// The digits without `+`, as Meta writes them in `wa_id`.
    #[must_use]
    pub fn wa_id(&self) -> &str {
        self.e164.trim_start_matches('+')
    }

    /// The country, where the number tells it (shared codes such as +1 are told apart).
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.region
    }
}

/// Takes out what copying from chats and spreadsheets leaves in: bidi marks, other invisible
/// characters, no-break spaces.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{00AD}')
        })
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.e164)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_ways_to_write_a_number_are_one_number() {
        for text in [
            "0771234567",
            "077 123 4567",
            "+94 77 123 4567",
            "0094771234567",
            "94771234567",
            "(077) 123-4567",
            "\u{202A}+94771234567\u{202C}",
            "771234567",
            "+94\u{A0}77\u{A0}1234567",
        ] {
            let phone = Phone::parse(text, Region::LK);
            assert_eq!(phone.as_ref().map(Phone::as_str), Ok("+94771234567"), "{text:?}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        assert_eq!(Phone::parse("  ", Region::LK), Err(PhoneError::Empty));
        assert_eq!(Phone::parse("call me", Region::LK), Err(PhoneError::NotANumber));
        assert!(Phone::parse("1234567890123456789", Region::LK).is_err());
        assert_eq!(Phone::parse("077123", Region::LK), Err(PhoneError::Invalid));
    }

    #[test]
    fn shared_country_codes_are_told_apart() {
        assert_eq!(Phone::parse("+12125550123", Region::LK).unwrap().region(), Some(Region::US));
        let toronto = Phone::parse("+14165550123", Region::LK).unwrap();
        assert_eq!(toronto.region().unwrap().as_str(), "CA");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = Phone::parse(&text, Region::LK);
        }

        #[test]
        fn what_was_read_reads_again_the_same(n in 700_000_000_u64..799_999_999) {
            if let Ok(phone) = Phone::parse(&format!("0{n}"), Region::LK) {
                prop_assert_eq!(Phone::parse(phone.as_str(), Region::US).unwrap(), phone.clone());
                prop_assert_eq!(Phone::from_wa_id(phone.wa_id()).unwrap(), phone);
            }
        }
    }
}
