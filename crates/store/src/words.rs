//! Words that are stored as text and come from a closed list.

/// The word is not on the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such {what}: use one of {words}")]
pub struct UnknownWord {
    /// What was to be named.
    pub what: &'static str,
    /// The list.
    pub words: &'static str,
}

/// An enum whose variants are words in the database and in the API.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal {
        $first_doc:literal $first:ident = $first_word:literal
        $(, $variant_doc:literal $variant:ident = $word:literal)* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            #[doc = $first_doc]
            #[serde(rename = $first_word)]
            $first,
            $(
                #[doc = $variant_doc]
                #[serde(rename = $word)]
                $variant,
            )*
        }

        impl $name {
            /// The word, as the database and the API have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_word,
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                match s {
                    $first_word => Ok(Self::$first),
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::UnknownWord {
                        what: $what,
                        words: concat!($first_word $(, ", ", $word)*),
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::seam::ToArg for $name {
            fn to_arg(&self) -> $crate::seam::Arg<'_> {
                $crate::seam::Arg::Text(Some(self.as_str().into()))
            }
        }

        impl<'r> $crate::seam::Column<'r> for $name {
            const WANTED: &'static str = concat!("a ", $what);
            fn from_cell(cell: $crate::seam::Cell<'r>) -> Option<Self> {
                <&str as $crate::seam::Column>::from_cell(cell)?.parse().ok()
            }
        }
    };
}
pub(crate) use words;
