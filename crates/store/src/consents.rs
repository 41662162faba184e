//! The ledger of consent. Entries are only ever added; the newest one's state stands in the contact.

use crate::{OrgTx, Result, args, changes::Topic, seam::Row};
use tisara_domain::{ConsentId, ContactId, Timestamp, consent::ConsentState};

/// The purpose that all of today's entries are for.
pub const MARKETING: &str = "marketing";

/// One entry of a contact's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// Whose it is.
    pub contact_id: ContactId,
    /// When consent was given or withdrawn.
    pub at: Timestamp,
    /// What was said.
    pub state: ConsentState,
    /// What for; see [`MARKETING`].
    pub purpose: String,
    /// How it reached us: a file, a keyword, a person.
    pub source: String,
    /// In which words.
    pub wording: String,
}

/// An entry to be added; the same words as [`Consent`].
pub type NewConsent = Consent;

fn read(row: &Row<'_>) -> Result<Consent> {
    Ok(Consent {
        id: row.get(0)?,
        contact_id: row.get(1)?,
        at: row.get(2)?,
        state: row.get(3)?,
        purpose: row.get(4)?,
        source: row.get(5)?,
        wording: row.get(6)?,
    })
}

impl OrgTx<'_, '_> {
    /// Adds an entry to a contact's ledger and makes its state the contact's. `false` when there is no
    /// such contact; nothing is written then.
    ///
    /// # Errors
    /// As the database says.
    pub fn record_consent(&mut self, new: &NewConsent) -> Result<bool> {
        self.note_change(Topic::Contacts);
        let found = self.tx.execute(
            "UPDATE contact SET consent = $3, updated_at = CASE WHEN updated_at < $4 THEN $4 ELSE updated_at END \
             WHERE org_id = $1 AND id = $2",
            args![self.org, new.contact_id, new.state, new.at],
        )?;
        if found == 0 {
            return Ok(false);
        }
        self.tx.execute(
            "INSERT INTO consent (org_id, contact_id, id, at, state, purpose, source, wording) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![self.org, new.contact_id, new.id, new.at, new.state, new.purpose, new.source, new.wording],
        )?;
        Ok(true)
    }

    /// A contact's ledger, newest entry first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_consents(&mut self, contact: ContactId) -> Result<Vec<Consent>> {
        self.tx.list(
            "SELECT id, contact_id, at, state, purpose, source, wording FROM consent \
             WHERE org_id = $1 AND contact_id = $2 ORDER BY at DESC, id DESC",
            args![self.org, contact],
            read,
        )
    }
}
