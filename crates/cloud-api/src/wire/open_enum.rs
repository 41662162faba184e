//! A macro for enums of words that Meta may extend at any time.

/// Defines an enum with one variant a known word plus `Other` for any other word. Reading compares
/// exactly first and then without regard to case (Meta's own examples mix `quick_reply` and
/// `QUICK_REPLY`); writing gives the canonical word.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        $vis enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A word this crate does not know yet, kept as it came.
            Other(Box<str>),
        }

        impl $name {
            /// Every word this crate knows, in Meta's spelling.
            $vis const KNOWN: &'static [&'static str] = &[$($word),+];

            /// The word as Meta writes it.
            #[must_use]
            $vis fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $( $word => Self::$variant, )+
                    $( _ if word.eq_ignore_ascii_case($word) => Self::$variant, )+
                    _ => Self::Other(word.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <$crate::wire::Str<'de> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(word.as_str()))
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    open_enum! {
        /// Something to try the macro on.
        pub(super) enum Colour {
            /// Red.
            Red = "RED",
            /// Grey.
            Grey = "GREY",
        }
    }

    #[test]
    fn known_words_are_read_in_any_case() {
        assert_eq!(Colour::from("RED"), Colour::Red);
        assert_eq!(Colour::from("red"), Colour::Red);
        assert_eq!(Colour::KNOWN, ["RED", "GREY"]);
    }

    #[test]
    fn an_unknown_word_survives_a_round_trip() {
        let colour: Colour = serde_json::from_str("\"Mauve\"").unwrap();
        assert_eq!(colour, Colour::Other("Mauve".into()));
        assert_eq!(serde_json::to_string(&colour).unwrap(), "\"Mauve\"");
    }
}
