//! The commented example: every setting with what it is for and its default.

use super::{
    section::{Key, Section},
    sections::{Journal, Logging, Mail, Meta, Policies, Secrets, Sending, Server, Storage},
};

/// The names of all sections.
pub const SECTIONS: [&str; 9] = [
    Server::NAME,
    Storage::NAME,
    Meta::NAME,
    Sending::NAME,
    Journal::NAME,
    Secrets::NAME,
    Mail::NAME,
    Policies::NAME,
    Logging::NAME,
];

/// A configuration file in which every setting stands as a comment with its default.
#[must_use]
pub fn example() -> String {
    let mut text = String::from(
        "# Tisara's configuration. Every line is optional: what is commented out shows the default,\n\
         # or an example where there is none. Each setting can also be given as an environment variable,\n\
         # as TISARA_SERVER__LISTEN=0.0.0.0:8080, which wins over this file.\n",
    );
    for (name, docs, keys) in all() {
        text.push('\n');
        for line in docs {
            text.push_str(&format!("#{line}\n"));
        }
        text.push_str(&format!("[{name}]\n"));
        for key in keys {
            for line in key.docs {
                text.push_str(&format!("#{line}\n"));
            }
            text.push_str(&format!("#{} = {}\n", key.name, key.shown));
        }
    }
    text
}

/// The sections that have a setting of this name.
pub fn sections_with_key(key: &str) -> Vec<&'static str> {
    all()
        .into_iter()
        .filter(|(_, _, keys)| keys.iter().any(|k| k.name == key))
        .map(|(name, _, _)| name)
        .collect()
}

fn all() -> Vec<(&'static str, &'static [&'static str], Vec<Key>)> {
    fn of<S: Section>() -> (&'static str, &'static [&'static str], Vec<Key>) {
        (S::NAME, S::DOCS, S::keys())
    }
    vec![
        of::<Server>(),
        of::<Storage>(),
        of::<Meta>(),
        of::<Sending>(),
        of::<Journal>(),
        of::<Secrets>(),
        of::<Mail>(),
        of::<Policies>(),
        of::<Logging>(),
    ]
}
