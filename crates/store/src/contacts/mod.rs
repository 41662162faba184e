//! Contacts: the customers of an organization, and by what they are known.
//!
//! A contact's phone number stands in its row and is unique in the organization. What Meta calls a
//! person within one business portfolio (user id, username) stands beside it as identities.

mod import;
mod list;
mod merge;
mod people;
mod resolve;
mod write;

pub use import::{Existing, ImportOutcome, ImportRow, ImportedConsent, RowChange, RowOutcome};
pub use list::Filter;
pub(crate) use people::{Met, People};
pub use resolve::{Resolved, Sender};
pub use write::{ContactChange, NewContact};

use crate::words::words;
use tisara_domain::{ContactId, FieldId, LabelId, Region, Timestamp, consent::ConsentState};

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// E.164, if known.
    pub phone: Option<String>,
    /// The country of the phone number or, without one, of Meta's user id.
    pub region: Option<Region>,
    /// Empty when nobody told it.
    pub name: String,
    /// In lower case.
    pub email: Option<String>,
    /// A language tag, as `si` or `en_US`.
    pub language: Option<String>,
    /// What the newest entry of its ledger says about marketing.
    pub consent: ConsentState,
    /// `false` once WhatsApp said that it cannot be reached.
    pub reachable: bool,
    /// What is on it, in the order of the ids.
    pub labels: Vec<LabelId>,
    /// Its values, in the order of the fields' ids.
    pub fields: Vec<(FieldId, String)>,
    /// What Meta calls it.
    pub identities: Vec<Identity>,
    /// When it came.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

words! {
    /// What Meta calls a person by, within one business portfolio.
    IdentityKind, "kind of identity" {
        "The business-scoped user id." Bsuid = "bsuid",
        "The user id that linked portfolios share." ParentBsuid = "parent_bsuid",
        "The name that the person chose. It may pass on to somebody else." Username = "username",
    }
}

/// One of Meta's names for a contact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The business portfolio in which it holds.
    pub portfolio: String,
    /// What it is.
    pub kind: IdentityKind,
    /// The whole of it, as `LK.13491208655302741918`.
    pub value: String,
}

words! {
    /// What happened to a contact's identities.
    HistoryKind, "kind of history" {
        "Another phone number took the place of the one it had." PhoneChanged = "phone_changed",
        "Another user id took the place of the one it had." UserIdChanged = "user_id_changed",
        "Another contact turned out to be the same person and went up in this one." Merged = "merged",
    }
}

/// An entry of a contact's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When it was learned.
    pub at: Timestamp,
    /// What happened.
    pub kind: HistoryKind,
    /// The particulars as JSON: what was there before.
    pub detail: String,
}
