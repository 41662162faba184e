//! The macro that declares a section of the configuration once: its fields, their documents, their
//! defaults. Reading, the commented example and the list of known keys all come from it.

use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the configuration file, under its key.
    File,
    /// In this environment variable.
    Env(String),
}

/// A value as it was found, before its type is known.
#[derive(Clone, Debug)]
pub struct Raw {
    /// The value; a text when it comes from the environment.
    pub value: toml::Value,
    /// Where it was written.
    pub origin: Origin,
}

/// The values of one section by key.
pub type RawSection = BTreeMap<String, Raw>;

/// Something that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Key or environment variable, as the person wrote it.
    pub at: String,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

impl Problem {
    /// A problem of the value of `section.key`.
    pub fn of(section: &str, key: &str, origin: &Origin, what: impl Into<String>) -> Self {
        let at = match origin {
            Origin::File => format!("{section}.{key}"),
            Origin::Env(name) => name.clone(),
        };
        Self { at, what: what.into() }
    }
}

/// One setting, for the example file and for suggestions.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name within the section.
    pub name: &'static str,
    /// What it is for.
    pub docs: &'static [&'static str],
    /// Its default as TOML, or an example when there is no default.
    pub shown: String,
}

/// A section of the configuration.
pub trait Section: Default {
    /// The name in brackets.
    const NAME: &'static str;
    /// What the section is about.
    const DOCS: &'static [&'static str];

    /// All its settings, in the order in which they are shown.
    fn keys() -> Vec<Key>;

    /// Takes its settings out of `raw`; what is left there is unknown. A wrong value is reported and
    /// the default stands in for it.
    fn read(raw: &mut RawSection, problems: &mut Vec<Problem>) -> Self;
}

macro_rules! section {
    (
        $(#[doc = $sdoc:literal])*
        $name:ident = $section:literal {
            $( $(#[doc = $doc:literal])* $field:ident: $ty:ty = $default:expr $(, example $example:literal)?; )*
        }
    ) => {
        $(#[doc = $sdoc])*
        #[derive(Clone, Debug, serde::Serialize)]
        pub struct $name { $( $(#[doc = $doc])* pub $field: $ty, )* }

        impl Default for $name {
            fn default() -> Self { Self { $( $field: $default, )* } }
        }

        impl $crate::config::section::Section for $name {
            const NAME: &'static str = $section;
            const DOCS: &'static [&'static str] = &[$($sdoc),*];

            fn keys() -> Vec<$crate::config::section::Key> {
                let default = Self::default();
                vec![$( $crate::config::section::Key {
                    name: stringify!($field),
                    docs: &[$($doc),*],
                    shown: $crate::config::section::shown(&default.$field, &[$(stringify!($example))?]),
                } ),*]
            }

            fn read(
                raw: &mut $crate::config::section::RawSection,
                problems: &mut Vec<$crate::config::section::Problem>,
            ) -> Self {
                let default = Self::default();
                Self { $(
                    $field: $crate::config::section::read_key($section, stringify!($field), raw, problems)
                        .unwrap_or(default.$field),
                )* }
            }
        }
    };
}
pub(super) use section;

/// The default as TOML, or the example.
pub fn shown<T: Serialize>(default: &T, example: &[&str]) -> String {
    match (toml::Value::try_from(default), example.first()) {
        (Ok(value), _) => value.to_string(),
        // A Rust literal of text or number is TOML as it stands.
        (Err(_), Some(example)) => (*example).to_owned(),
        (Err(_), None) => String::new(),
    }
}

/// Takes one setting out of its section.
pub fn read_key<T: DeserializeOwned>(
    section: &str,
    key: &str,
    raw: &mut RawSection,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let Raw { value, origin } = raw.remove(key)?;
    let text = match (&value, &origin) {
        (toml::Value::String(text), Origin::Env(_)) => Some(text.clone()),
        _ => None,
    };
    let error = match value.try_into::<T>() {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    // In the environment everything is text; a number or a list is read as TOML.
    if let Some(text) = text
        && let Ok(mut table) = toml::from_str::<toml::Table>(&format!("v = {text}"))
        && let Some(value) = table.remove("v")
        && let Ok(value) = value.try_into::<T>()
    {
        return Some(value);
    }
    problems.push(Problem::of(section, key, &origin, error.to_string().trim().to_owned()));
    None
}
