//! A contact as the API shows it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tisara_domain::{ContactId, LabelId, Timestamp, consent::ConsentState};
use tisara_store::contacts::Contact;
use utoipa::ToSchema;

/// A customer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ContactView {
    #[schema(value_type = String, example = "contact_01h455vb4pex5vsknk084sn02q")]
    pub(crate) id: ContactId,
    /// E.164, if known.
    #[schema(example = "+94771234567")]
    pub(crate) phone: Option<String>,
    /// Two letters: the country of the number.
    pub(crate) region: Option<String>,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) language: Option<String>,
    /// What the newest entry of the consent ledger says about marketing.
    pub(crate) consent: ConsentWord,
    /// `false` once WhatsApp said that it cannot be reached.
    pub(crate) reachable: bool,
    /// Ids of its labels.
    #[schema(value_type = Vec<String>)]
    pub(crate) labels: Vec<LabelId>,
    /// Values by the field's id.
    pub(crate) fields: BTreeMap<String, String>,
    /// What Meta calls it, within a business portfolio.
    pub(crate) identities: Vec<IdentityView>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) updated_at: Timestamp,
}

/// One of Meta's names for a contact.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct IdentityView {
    /// The business portfolio in which it holds.
    pub(crate) portfolio: String,
    /// `bsuid`, `parent_bsuid` or `username`.
    pub(crate) kind: String,
    pub(crate) value: String,
}

/// What is on record about marketing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConsentWord {
    /// Nothing.
    Unknown,
    /// Agreed.
    OptedIn,
    /// Withdrawn.
    OptedOut,
}

impl From<ConsentState> for ConsentWord {
    fn from(state: ConsentState) -> Self {
        match state {
            ConsentState::Unknown => Self::Unknown,
            ConsentState::OptedIn => Self::OptedIn,
            ConsentState::OptedOut => Self::OptedOut,
        }
    }
}

impl From<ConsentWord> for ConsentState {
    fn from(word: ConsentWord) -> Self {
        match word {
            ConsentWord::Unknown => Self::Unknown,
            ConsentWord::OptedIn => Self::OptedIn,
            ConsentWord::OptedOut => Self::OptedOut,
        }
    }
}

impl From<Contact> for ContactView {
    fn from(c: Contact) -> Self {
        let identity = |i: tisara_store::contacts::Identity| IdentityView {
            portfolio: i.portfolio,
            kind: i.kind.as_str().to_owned(),
            value: i.value,
        };
        Self {
            id: c.id,
            phone: c.phone,
            region: c.region.map(|r| r.to_string()),
            name: c.name,
            email: c.email,
            language: c.language,
            consent: c.consent.into(),
            reachable: c.reachable,
            labels: c.labels,
            fields: c.fields.into_iter().map(|(field, value)| (field.to_string(), value)).collect(),
            identities: c.identities.into_iter().map(identity).collect(),
            created_at: c.created_at,
            updated_at: c.updated_at,
        }
    }
}
