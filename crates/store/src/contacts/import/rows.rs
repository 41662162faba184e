//! The rows that an import writes, table by table.

use super::ImportedConsent;
use crate::{
    OrgTx, Result,
    changes::Topic,
    consents::MARKETING,
    forks::BulkInsert,
    seam::{Arg, ToArg as _},
};
use std::collections::{HashMap, HashSet};
use tisara_domain::{ContactId, FieldId, LabelId, Timestamp, id::TypedId};

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
pub(in crate::contacts) const NEW_CONTACTS: BulkInsert<11> =
    BulkInsert { table: "contact", columns: CONTACT, conflict: "ON CONFLICT (org_id, phone) DO NOTHING" };
/// Rows that are there: their phone is left out, so that only the id can meet them.
pub(super) const CHANGED_CONTACTS: BulkInsert<11> = BulkInsert {
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

/// Rows for the tables beside `contact`.
#[derive(Default)]
pub(super) struct Beside<'r> {
    fields: Vec<[Arg<'r>; 3]>,
    labels: Vec<[Arg<'r>; 2]>,
    consents: Vec<[Arg<'r>; 7]>,
    /// Whose values and whose bearers these change.
    touched: HashSet<Topic>,
    /// Where in `fields` a value stands that a later row may replace: one statement may not write the
    /// same value twice.
    replaceable: HashMap<(ContactId, FieldId), usize>,
}

impl<'r> Beside<'r> {
    pub(super) fn field(&mut self, contact: ContactId, field: FieldId, value: &'r str) {
        self.touched.insert(Topic::Field(field));
        self.fields.push([id(contact), id(field), value.to_arg()]);
    }

    pub(super) fn field_again(&mut self, contact: ContactId, field: FieldId, value: &'r str) {
        let at = *self.replaceable.entry((contact, field)).or_insert(self.fields.len());
        self.touched.insert(Topic::Field(field));
        match self.fields.get_mut(at) {
            Some(row) => row[2] = value.to_arg(),
            None => self.field(contact, field, value),
        }
    }

    pub(super) fn label(&mut self, contact: ContactId, label: LabelId) {
        self.touched.insert(Topic::Label(label));
        self.labels.push([id(contact), id(label)]);
    }

    pub(super) fn consent(&mut self, contact: ContactId, c: &'r ImportedConsent, now: Timestamp) {
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

/// An id as a value.
pub(super) fn id(id: impl TypedId) -> Arg<'static> {
    Arg::Id(Some(id.to_bytes()))
}

impl OrgTx<'_, '_> {
    pub(super) fn write_beside(&mut self, beside: Beside<'_>) -> Result<()> {
        for topic in beside.touched {
            self.note_change(topic);
        }
        FIELDS.run(self.tx, self.org, &beside.fields)?;
        LABELS.run(self.tx, self.org, &beside.labels)?;
        CONSENTS.run(self.tx, self.org, &beside.consents)?;
        Ok(())
    }
}
