//! Importing contacts by the thousand: a few statements a batch, and nothing changes when the same
//! batch comes again.

use super::write::email;
use crate::{
    OrgTx, Result, args,
    consents::MARKETING,
    fold::fold,
    forks::BulkInsert,
    keys::{IN_MAX, padded, placeholders},
    seam::{Arg, ToArg as _},
};
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

const CONTACT: [(&str, &str); 11] = [
    ("id", "uuid"),
    ("phone", "text"),
    ("region", "text"),
    ("name", "text"),
    ("name_fold", "text"),
    ("email", "text"),
    ("language", "text"),
    ("consent", "smallint"),
    ("reachable", "smallint"),
    ("created_at", "bigint"),
    ("updated_at", "bigint"),
];
const NEW_CONTACTS: BulkInsert<11> =
    BulkInsert { table: "contact", columns: CONTACT, conflict: "ON CONFLICT (org_id, phone) DO NOTHING" };
/// Rows that are there: their phone is left out, so that only the id can meet them.
const CHANGED_CONTACTS: BulkInsert<11> = BulkInsert {
    table: "contact",
    columns: CONTACT,
    conflict: "ON CONFLICT (org_id, id) DO UPDATE SET name = excluded.name, name_fold = excluded.name_fold, \
               email = excluded.email, language = excluded.language, consent = excluded.consent, \
               updated_at = excluded.updated_at",
};
const FIELDS: BulkInsert<3> = BulkInsert {
    table: "contact_field",
    columns: [("contact_id", "uuid"), ("field_id", "uuid"), ("value", "text")],
    conflict: "ON CONFLICT (org_id, contact_id, field_id) DO UPDATE SET value = excluded.value",
};
const LABELS: BulkInsert<2> = BulkInsert {
    table: "contact_label",
    columns: [("contact_id", "uuid"), ("label_id", "uuid")],
    conflict: "ON CONFLICT DO NOTHING",
};
const CONSENTS: BulkInsert<7> = BulkInsert {
    table: "consent",
    columns: [
        ("contact_id", "uuid"),
        ("id", "uuid"),
        ("at", "bigint"),
        ("state", "smallint"),
        ("purpose", "text"),
        ("source", "text"),
        ("wording", "text"),
    ],
    conflict: "",
};

/// A contact that a row met, as it is after the rows so far.
struct Met {
    id: ContactId,
    name: String,
    email: Option<String>,
    language: Option<String>,
    consent: ConsentState,
    fields: HashMap<FieldId, String>,
    labels: HashSet<LabelId>,
    row_changed: bool,
}

/// Rows for the tables beside `contact`.
#[derive(Default)]
struct Beside<'r> {
    fields: Vec<[Arg<'r>; 3]>,
    labels: Vec<[Arg<'r>; 2]>,
    consents: Vec<[Arg<'r>; 7]>,
    /// Where in `fields` a value stands that a later row may replace: one statement may not write the
    /// same value twice.
    replaceable: HashMap<(ContactId, FieldId), usize>,
}

impl<'r> Beside<'r> {
    fn field(&mut self, contact: ContactId, field: FieldId, value: &'r str) {
        self.fields.push([id(contact), id(field), value.to_arg()]);
    }

    fn field_again(&mut self, contact: ContactId, field: FieldId, value: &'r str) {
        let at = *self.replaceable.entry((contact, field)).or_insert(self.fields.len());
        match self.fields.get_mut(at) {
            Some(row) => row[2] = value.to_arg(),
            None => self.field(contact, field, value),
        }
    }

    fn label(&mut self, contact: ContactId, label: LabelId) {
        self.labels.push([id(contact), id(label)]);
    }

    fn consent(&mut self, contact: ContactId, c: &'r ImportedConsent, now: Timestamp) {
        self.consents.push([
            id(contact),
            id(c.id),
            Arg::Int(Some(now.0)),
            Arg::Int(Some(c.state.code())),
            MARKETING.to_arg(),
            c.source.to_arg(),
            c.wording.to_arg(),
        ]);
    }
}

fn id(id: impl tisara_domain::id::TypedId) -> Arg<'static> {
    Arg::Id(Some(id.to_bytes()))
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
                    Existing::Update => update(contact, row, &mut beside, now),
                    Existing::Skip => {
                        RowOutcome { contact: contact.id, change: RowChange::Unchanged, kept_opt_out: false }
                    }
                }
            } else {
                // It was there a moment ago: another node erased it in between.
                return Err(crate::Error::Unavailable("a contact was erased during the import".to_owned()));
            };
            match done.change {
                RowChange::Inserted => outcome.inserted += 1,
                RowChange::Updated => outcome.updated += 1,
                RowChange::Unchanged => outcome.unchanged += 1,
            }
            outcome.rows.push(done);
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

    fn write_beside(&mut self, beside: Beside<'_>) -> Result<()> {
        FIELDS.run(self.tx, self.org, &beside.fields)?;
        LABELS.run(self.tx, self.org, &beside.labels)?;
        CONSENTS.run(self.tx, self.org, &beside.consents)
    }

    /// The contacts that rows meet, by their phone numbers.
    fn read_met<'r>(&mut self, rows: impl Iterator<Item = &'r ImportRow>) -> Result<HashMap<&'r str, Met>> {
        let rows: Vec<&ImportRow> = rows.collect();
        let mut met = HashMap::with_capacity(rows.len());
        for piece in rows.chunks(IN_MAX) {
            let by_phone: HashMap<&str, &'r str> =
                piece.iter().map(|r| (r.phone.as_str(), r.phone.as_str())).collect();
            let phones = padded(piece);
            let mut args = args![self.org].to_vec();
            args.extend(phones.iter().map(|r| r.phone.to_arg()));
            let sql = format!(
                "SELECT phone, id, name, email, language, consent FROM contact WHERE org_id = $1 AND phone IN ({})",
                placeholders(2, phones.len())
            );
            self.tx.for_each(&sql, &args, |row| {
                if let Some(phone) = by_phone.get(row.get::<&str>(0)?) {
                    let contact = Met {
                        id: row.get(1)?,
                        name: row.get(2)?,
                        email: row.get(3)?,
                        language: row.get(4)?,
                        consent: row.get(5)?,
                        fields: HashMap::new(),
                        labels: HashSet::new(),
                        row_changed: false,
                    };
                    met.insert(*phone, contact);
                }
                Ok::<(), crate::Error>(())
            })?;
        }
        let with_fields = rows.iter().any(|r| !r.fields.is_empty());
        let with_labels = rows.iter().any(|r| !r.labels.is_empty());
        self.read_met_beside(&mut met, with_fields, with_labels)?;
        Ok(met)
    }

    fn read_met_beside(
        &mut self,
        met: &mut HashMap<&str, Met>,
        with_fields: bool,
        with_labels: bool,
    ) -> Result<()> {
        let mut by_id: HashMap<ContactId, &mut Met> = met.values_mut().map(|m| (m.id, m)).collect();
        let ids: Vec<ContactId> = by_id.keys().copied().collect();
        for piece in ids.chunks(IN_MAX) {
            let piece = padded(piece);
            let mut args = args![self.org].to_vec();
            args.extend(piece.iter().map(|id| id.to_arg()));
            let list = placeholders(2, piece.len());
            if with_fields {
                let sql = format!(
                    "SELECT contact_id, field_id, value FROM contact_field WHERE org_id = $1 AND contact_id IN ({list})"
                );
                self.tx.for_each(&sql, &args, |row| {
                    if let Some(contact) = by_id.get_mut(&row.get(0)?) {
                        contact.fields.insert(row.get(1)?, row.get(2)?);
                    }
                    Ok::<(), crate::Error>(())
                })?;
            }
            if with_labels {
                let sql = format!(
                    "SELECT contact_id, label_id FROM contact_label WHERE org_id = $1 AND contact_id IN ({list})"
                );
                self.tx.for_each(&sql, &args, |row| {
                    if let Some(contact) = by_id.get_mut(&row.get(0)?) {
                        contact.labels.insert(row.get(1)?);
                    }
                    Ok::<(), crate::Error>(())
                })?;
            }
        }
        Ok(())
    }

    fn write_changed<'m>(&mut self, changed: impl Iterator<Item = &'m Met>, now: Timestamp) -> Result<()> {
        let changed: Vec<&Met> = changed.collect();
        let folded: Vec<String> = changed.iter().map(|m| fold(&m.name)).collect();
        let values: Vec<[Arg<'_>; 11]> = changed
            .iter()
            .zip(&folded)
            .map(|(m, name_fold)| {
                [
                    id(m.id),
                    Arg::Text(None),
                    Arg::Text(None),
                    m.name.to_arg(),
                    name_fold.to_arg(),
                    m.email.to_arg(),
                    m.language.to_arg(),
                    Arg::Int(Some(m.consent.code())),
                    Arg::Int(Some(1)),
                    Arg::Int(Some(now.0)),
                    Arg::Int(Some(now.0)),
                ]
            })
            .collect();
        CHANGED_CONTACTS.run(self.tx, self.org, &values)
    }
}

/// Takes over what a row says of a contact that is there.
fn update<'r>(contact: &mut Met, row: &'r ImportRow, beside: &mut Beside<'r>, now: Timestamp) -> RowOutcome {
    let mut changed = false;
    if let Some(name) = &row.name
        && *name != contact.name
    {
        contact.name.clone_from(name);
        changed = true;
    }
    let address = row.email.as_deref().map(email);
    if address.is_some() && address != contact.email {
        contact.email = address;
        changed = true;
    }
    if row.language.is_some() && row.language != contact.language {
        contact.language.clone_from(&row.language);
        changed = true;
    }
    for (field, value) in &row.fields {
        if contact.fields.get(field) != Some(value) {
            contact.fields.insert(*field, value.clone());
            beside.field_again(contact.id, *field, value);
            changed = true;
        }
    }
    for label in &row.labels {
        if contact.labels.insert(*label) {
            beside.label(contact.id, *label);
            changed = true;
        }
    }
    let mut kept_opt_out = false;
    if let Some(c) = &row.consent
        && c.state != ConsentState::Unknown
        && c.state != contact.consent
    {
        if contact.consent == ConsentState::OptedOut {
            kept_opt_out = true;
        } else {
            contact.consent = c.state;
            beside.consent(contact.id, c, now);
            changed = true;
        }
    }
    contact.row_changed |= changed;
    let change = if changed { RowChange::Updated } else { RowChange::Unchanged };
    RowOutcome { contact: contact.id, change, kept_opt_out }
}
