//! Writing single contacts: making, changing, erasing.

use super::HistoryKind;
use crate::{OrgTx, Result, args, changes::Topic, fold::fold};
use tisara_domain::{ContactId, FieldId, Phone, Timestamp};

/// A contact to be made by hand or by the API. Labels and consent follow with their own calls.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// Its id.
    pub id: ContactId,
    /// Its phone number.
    pub phone: Phone,
    /// May be empty.
    pub name: String,
    /// If known.
    pub email: Option<String>,
    /// A language tag, as `si` or `en_US`.
    pub language: Option<String>,
    /// Values of fields, valid for their kinds.
    pub fields: Vec<(FieldId, String)>,
}

/// What to change of a contact; what is `None` stays. `Some(None)` removes.
#[derive(Clone, Debug, Default)]
pub struct ContactChange {
    /// A new name.
    pub name: Option<String>,
    /// Another phone number. The old one goes to the history.
    pub phone: Option<Phone>,
    /// An email address.
    pub email: Option<Option<String>>,
    /// A language tag.
    pub language: Option<Option<String>>,
    /// Values of fields, valid for their kinds.
    pub fields: Vec<(FieldId, Option<String>)>,
}

/// Email addresses are kept in one case, so that both databases find them alike.
pub(super) fn email(text: &str) -> String {
    text.trim().to_lowercase()
}

impl OrgTx<'_, '_> {
    /// Writes a new contact.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when the phone number is another contact's, or as the
    /// database says.
    pub fn create_contact(&mut self, new: &NewContact, now: Timestamp) -> Result<()> {
        self.note_change(Topic::Contacts);
        self.tx.execute(
            "INSERT INTO contact (org_id, id, phone, region, name, name_fold, email, language, consent, reachable, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 1, $9, $9)",
            args![
                self.org,
                new.id,
                new.phone,
                new.phone.region(),
                new.name,
                fold(&new.name),
                new.email.as_deref().map(email),
                new.language,
                now
            ],
        )?;
        for (field, value) in &new.fields {
            self.set_contact_field(new.id, *field, Some(value))?;
        }
        Ok(())
    }

    /// Changes a contact. `false` when there is none.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when the phone number is another contact's, or as the
    /// database says.
    pub fn update_contact(&mut self, id: ContactId, change: &ContactChange, now: Timestamp) -> Result<bool> {
        self.note_change(Topic::Contacts);
        let touched = self.tx.execute(
            "UPDATE contact SET updated_at = $3 WHERE org_id = $1 AND id = $2",
            args![self.org, id, now],
        )?;
        if touched == 0 {
            return Ok(false);
        }
        if let Some(name) = &change.name {
            self.tx.execute(
                "UPDATE contact SET name = $3, name_fold = $4 WHERE org_id = $1 AND id = $2",
                args![self.org, id, name, fold(name)],
            )?;
        }
        if let Some(phone) = &change.phone {
            self.change_contact_phone(id, phone, now)?;
        }
        if let Some(address) = &change.email {
            self.tx.execute(
                "UPDATE contact SET email = $3 WHERE org_id = $1 AND id = $2",
                args![self.org, id, address.as_deref().map(email)],
            )?;
        }
        if let Some(language) = &change.language {
            self.tx.execute(
                "UPDATE contact SET language = $3 WHERE org_id = $1 AND id = $2",
                args![self.org, id, language],
            )?;
        }
        for (field, value) in &change.fields {
            self.set_contact_field(id, *field, value.as_deref())?;
        }
        Ok(true)
    }

    /// Gives a contact a phone number; another one that it had goes to its history. A new number has
    /// yet to show whether it can be reached.
    pub(super) fn change_contact_phone(
        &mut self,
        id: ContactId,
        phone: &Phone,
        now: Timestamp,
    ) -> Result<()> {
        let before: Option<Option<String>> = self.tx.find(
            "SELECT phone FROM contact WHERE org_id = $1 AND id = $2",
            args![self.org, id],
            |row| row.get(0),
        )?;
        let before = before.flatten();
        if before.as_deref() == Some(phone.as_str()) {
            return Ok(());
        }
        self.note_change(Topic::Contacts);
        self.tx.execute(
            "UPDATE contact SET phone = $3, region = $4, reachable = 1, updated_at = $5 \
             WHERE org_id = $1 AND id = $2",
            args![self.org, id, phone, phone.region(), now],
        )?;
        if let Some(before) = before {
            let detail = serde_json::json!({ "from": before, "to": phone.as_str() });
            self.note_history(id, now, HistoryKind::PhoneChanged, &detail)?;
        }
        Ok(())
    }

    fn set_contact_field(&mut self, id: ContactId, field: FieldId, value: Option<&str>) -> Result<()> {
        self.note_change(Topic::Field(field));
        match value {
            Some(value) => self.tx.execute(
                "INSERT INTO contact_field (org_id, contact_id, field_id, value) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (org_id, contact_id, field_id) DO UPDATE SET value = excluded.value",
                args![self.org, id, field, value],
            )?,
            None => self.tx.execute(
                "DELETE FROM contact_field WHERE org_id = $1 AND contact_id = $2 AND field_id = $3",
                args![self.org, id, field],
            )?,
        };
        Ok(())
    }

    pub(super) fn note_history(
        &mut self,
        id: ContactId,
        at: Timestamp,
        kind: HistoryKind,
        detail: &serde_json::Value,
    ) -> Result<()> {
        self.tx.execute(
            "INSERT INTO contact_history (org_id, contact_id, at, kind, detail) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
            args![self.org, id, at, kind, detail.to_string()],
        )?;
        Ok(())
    }

    /// Erases a contact with all that is only about it: identities, history, labels, fields, consent
    /// and threads with their messages, also from the index of words. `false` when there is none. Its rows in the ledgers of
    /// campaigns stay, so that the sums still add up: call [`OrgTx::erase_recipients`] in the same
    /// transaction, which takes the person out of them.
    ///
    /// # Errors
    /// As the database says.
    pub fn delete_contact(&mut self, id: ContactId) -> Result<bool> {
        self.note_change(Topic::Contacts);
        self.note_change(Topic::Erasures);
        self.unindex_contact(id)?;
        self.note_erased_messages(id)?;
        for table in ["message", "conversation"] {
            self.tx.execute(
                &format!(
                    "DELETE FROM {table} WHERE org_id = $1 AND thread_id IN \
                     (SELECT id FROM thread WHERE org_id = $1 AND contact_id = $2)"
                ),
                args![self.org, id],
            )?;
        }
        for table in
            ["thread", "contact_identity", "contact_history", "contact_label", "contact_field", "consent"]
        {
            self.tx.execute(
                &format!("DELETE FROM {table} WHERE org_id = $1 AND contact_id = $2"),
                args![self.org, id],
            )?;
        }
        Ok(self.tx.execute("DELETE FROM contact WHERE org_id = $1 AND id = $2", args![self.org, id])? == 1)
    }
}
