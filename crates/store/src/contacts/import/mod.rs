//! Importing contacts by the thousand: a few statements a batch, and nothing changes when the same
//! batch comes again.

mod met;
mod rows;

use super::write::email;
use crate::{
    OrgTx, Result,
    changes::Topic,
    fold::fold,
    seam::{Arg, ToArg as _},
};
pub(super) use rows::NEW_CONTACTS;
use rows::{Beside, id};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tisara_domain::{ConsentId, ContactId, FieldId, LabelId, Phone, Timestamp, consent::ConsentState};

/// One row of a file, read and checked.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// The id that the contact gets if it is new.
    pub id: ContactId,
    /// What says who it is.
    pub phone: Phone,
    /// `None` leaves what is there, here as below.
    pub name: Option<String>,
    /// An email address.
    pub email: Option<String>,
    /// A language tag.
    pub language: Option<String>,
    /// Values of fields, valid for their kinds; each field at most once.
    pub fields: Vec<(FieldId, String)>,
    /// Labels to put on it; none is taken off.
    pub labels: Vec<LabelId>,
    /// What the file says about its consent.
    pub consent: Option<ImportedConsent>,
}

/// What a file says about consent. The texts are the same for many rows, hence shared.
#[derive(Clone, Debug)]
pub struct ImportedConsent {
    /// The id of the entry, should one be written.
    pub id: ConsentId,
    /// What was said.
    pub state: ConsentState,
    /// How it reached us.
    pub source: Arc<str>,
    /// In which words.
    pub wording: Arc<str>,
}

/// What to do with rows whose contact is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Take over what the row says.
    Update,
    /// Leave the contact exactly as it is.
    Skip,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// A new contact.
    Inserted,
    /// A contact that was there and is different now.
    Updated,
    /// A contact that was there and is as it was.
    Unchanged,
}

/// What became of a row, and of whom it told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowOutcome {
    /// The contact.
    pub contact: ContactId,
    /// What became of it.
    pub change: RowChange,
    /// The row said "opted in" of somebody who had opted out. The opt-out stands.
    pub kept_opt_out: bool,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOutcome {
    /// One a row, in the order of the rows.
    pub rows: Vec<RowOutcome>,
    /// How many new contacts.
    pub inserted: u64,
    /// How many rows changed a contact.
    pub updated: u64,
    /// How many rows changed nothing.
    pub unchanged: u64,
}

impl OrgTx<'_, '_> {
    /// Writes a batch of rows, at best some thousands. A contact is known by its phone number; a
    /// later row with the same number updates what the earlier one wrote. An entry of consent is
    /// added only where it changes the contact's state, and never turns an opt-out into an opt-in: a
    /// file is not the person speaking.
    ///
    /// # Errors
    /// As the database says.
    pub fn import_contacts(
        &mut self,
        rows: &[ImportRow],
        existing: Existing,
        now: Timestamp,
    ) -> Result<ImportOutcome> {
        let mut seen = HashSet::with_capacity(rows.len());
        let firsts: Vec<&ImportRow> = rows.iter().filter(|r| seen.insert(r.phone.as_str())).collect();
        let new = self.insert_new(&firsts, now)?;

        let new: HashMap<&str, ContactId> =
            firsts.iter().zip(new).filter(|(_, new)| *new).map(|(r, _)| (r.phone.as_str(), r.id)).collect();
        let meets = |r: &ImportRow| new.get(r.phone.as_str()) != Some(&r.id);
        let mut met = self.read_met(rows.iter().filter(|r| meets(r)))?;

        let mut outcome = ImportOutcome { rows: Vec::with_capacity(rows.len()), ..ImportOutcome::default() };
        let mut beside = Beside::default();
        for row in rows {
            let done = if !meets(row) {
                RowOutcome { contact: row.id, change: RowChange::Inserted, kept_opt_out: false }
            } else if let Some(contact) = met.get_mut(row.phone.as_str()) {
                match existing {
                    Existing::Update => contact.take_over(row, &mut beside, now),
                    Existing::Skip => {
                        RowOutcome { contact: contact.id, change: RowChange::Unchanged, kept_opt_out: false }
                    }
                }
            } else {
                // It was there a moment ago: another node erased it in between.
                return Err(crate::Error::Conflict("a contact was erased during the import".to_owned()));
            };
            match done.change {
                RowChange::Inserted => outcome.inserted += 1,
                RowChange::Updated => outcome.updated += 1,
                RowChange::Unchanged => outcome.unchanged += 1,
            }
            outcome.rows.push(done);
        }
        if outcome.inserted + outcome.updated > 0 {
            self.note_change(Topic::Contacts);
        }
        self.write_changed(met.values().filter(|m| m.row_changed), now)?;
        self.write_beside(beside)?;
        Ok(outcome)
    }

    /// Inserts the rows whose number is nobody's yet, and says which these were.
    fn insert_new(&mut self, rows: &[&ImportRow], now: Timestamp) -> Result<Vec<bool>> {
        let texts: Vec<_> = rows
            .iter()
            .map(|r| (fold(r.name.as_deref().unwrap_or_default()), r.email.as_deref().map(email)))
            .collect();
        let values: Vec<[Arg<'_>; 11]> = rows
            .iter()
            .zip(&texts)
            .map(|(r, (name_fold, email))| {
                let consent = r.consent.as_ref().map_or(ConsentState::Unknown, |c| c.state);
                [
                    id(r.id),
                    r.phone.to_arg(),
                    Arg::Text(r.phone.region().map(|region| region.to_string().into())),
                    r.name.as_deref().unwrap_or_default().to_arg(),
                    name_fold.to_arg(),
                    email.to_arg(),
                    r.language.to_arg(),
                    Arg::Int(Some(consent.code())),
                    Arg::Int(Some(1)),
                    Arg::Int(Some(now.0)),
                    Arg::Int(Some(now.0)),
                ]
            })
            .collect();
        let new = NEW_CONTACTS.run_and_tell(self.tx, self.org, &values)?;
        let mut beside = Beside::default();
        for (r, _) in rows.iter().zip(&new).filter(|(_, new)| **new) {
            for (field, value) in &r.fields {
                beside.field(r.id, *field, value);
            }
            for label in &r.labels {
                beside.label(r.id, *label);
            }
            if let Some(c) = &r.consent
                && c.state != ConsentState::Unknown
            {
                beside.consent(r.id, c, now);
            }
        }
        self.write_beside(beside)?;
        Ok(new)
    }
}
