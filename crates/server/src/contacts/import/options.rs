//! What is wanted of an import.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a file is to be read and what is to be done with its rows. Everything may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImportOptions {
    /// What the columns hold. Columns that are not named here are guessed from the heading.
    pub columns: Vec<ColumnTo>,
    /// Two letters: the country of numbers without `+`. The organization's when absent.
    pub default_region: Option<String>,
    /// Read, check and count everything, write nothing.
    pub dry_run: bool,
    /// What to do with contacts that are there already.
    pub existing: ExistingRows,
    /// How these people agreed to get marketing messages.
    pub consent: Option<ConsentAssertion>,
    /// Names of labels that every contact of the file gets. Those that do not exist are made.
    pub labels: Vec<String>,
    /// Whether the first row is a heading; found out when absent.
    pub heading: Option<bool>,
    /// What parts the cells of a CSV file: `,` `;` `|` or a tab; found out when absent.
    pub separator: Option<char>,
    /// The text's encoding, as `windows-1252`; found out when absent.
    pub encoding: Option<String>,
}

/// What one column holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnTo {
    /// The column as the heading names it, or its number from 1.
    pub column: String,
    /// What it holds.
    pub to: Target,
    /// For `field`: the field's name, made if there is none. The column's name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For a field that must be made: its kind; text when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FieldForm>,
}

/// What a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The phone number. Exactly one column must hold it.
    Phone,
    /// The whole name.
    Name,
    /// The first name, where it stands alone.
    FirstName,
    /// The last name, where it stands alone.
    LastName,
    /// The e-mail address.
    Email,
    /// The language, as `si` or `Sinhala`.
    Language,
    /// Labels, parted by `;` `,` or `|`.
    Labels,
    /// Whether the person agreed to marketing: yes or no, in English, Sinhala, Tamil or Hindi.
    Consent,
    /// A field of the contact.
    Field,
    /// Nothing that is wanted.
    Ignore,
}

impl Target {
    /// All words, as the API and the command line take them.
    pub const NAMES: [&str; 10] = [
        "phone",
        "name",
        "first_name",
        "last_name",
        "email",
        "language",
        "labels",
        "consent",
        "field",
        "ignore",
    ];

    /// What a word of [`Target::NAMES`] stands for.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::from(word)).ok()
    }
}

/// The kinds of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldForm {
    /// Any text.
    #[default]
    Text,
    /// A number.
    Number,
    /// A day.
    Date,
    /// Yes or no.
    Boolean,
}

/// What to do with contacts that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExistingRows {
    /// Fill in what the file holds; what it leaves empty stays as it is.
    #[default]
    Update,
    /// Leave them as they are.
    Skip,
}

/// A statement about how people agreed, kept in each contact's consent ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConsentAssertion {
    /// Everybody in this file agreed. Without it, only rows whose consent column says yes did.
    pub everybody: bool,
    /// Where they agreed, such as `shop form 2026`.
    pub source: String,
    /// The words they agreed to.
    pub wording: String,
}
