//! Contacts that are there already when a row of an import tells of them.

use super::{
    ImportRow, RowChange, RowOutcome,
    rows::{Beside, CHANGED_CONTACTS, id},
};
use crate::{
    OrgTx, Result, args,
    contacts::write::email,
    fold::fold,
    keys::{IN_MAX, padded, placeholders},
    seam::{Arg, ToArg as _},
};
use std::collections::{HashMap, HashSet};
use tisara_domain::{ContactId, FieldId, LabelId, Timestamp, consent::ConsentState};

/// A contact that a row met, as it is after the rows so far.
pub(super) struct Met {
    pub(super) id: ContactId,
    name: String,
    email: Option<String>,
    language: Option<String>,
    consent: ConsentState,
    fields: HashMap<FieldId, String>,
    labels: HashSet<LabelId>,
    pub(super) row_changed: bool,
}

impl Met {
    /// Takes over what a row says.
    pub(super) fn take_over<'r>(
        &mut self,
        row: &'r ImportRow,
        beside: &mut Beside<'r>,
        now: Timestamp,
    ) -> RowOutcome {
        let mut changed = false;
        if let Some(name) = &row.name
            && *name != self.name
        {
            self.name.clone_from(name);
            changed = true;
        }
        let address = row.email.as_deref().map(email);
        if address.is_some() && address != self.email {
            self.email = address;
            changed = true;
        }
        if row.language.is_some() && row.language != self.language {
            self.language.clone_from(&row.language);
            changed = true;
        }
        for (field, value) in &row.fields {
            if self.fields.get(field) != Some(value) {
                self.fields.insert(*field, value.clone());
                beside.field_again(self.id, *field, value);
                changed = true;
            }
        }
        for label in &row.labels {
            if self.labels.insert(*label) {
                beside.label(self.id, *label);
                changed = true;
            }
        }
        let mut kept_opt_out = false;
        if let Some(c) = &row.consent
            && c.state != ConsentState::Unknown
            && c.state != self.consent
        {
            if self.consent == ConsentState::OptedOut {
                kept_opt_out = true;
            } else {
                self.consent = c.state;
                beside.consent(self.id, c, now);
                changed = true;
            }
        }
        self.row_changed |= changed;
        let change = if changed { RowChange::Updated } else { RowChange::Unchanged };
        RowOutcome { contact: self.id, change, kept_opt_out }
    }
}

impl OrgTx<'_, '_> {
    /// The contacts that rows meet, by their phone numbers.
    pub(super) fn read_met<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r ImportRow>,
    ) -> Result<HashMap<&'r str, Met>> {
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

    /// Writes what the rows changed in the contacts themselves.
    pub(super) fn write_changed<'m>(
        &mut self,
        changed: impl Iterator<Item = &'m Met>,
        now: Timestamp,
    ) -> Result<()> {
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
        CHANGED_CONTACTS.run(self.tx, self.org, &values).map(drop)
    }
}
