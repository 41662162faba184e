//! Fields: typed attributes that an organization gives its contacts.

use crate::{OrgTx, Result, args, changes::Topic, seam::Row, words::words};
use tisara_domain::{FieldId, Timestamp};

words! {
    /// What a field holds. Values are stored as text in one form a kind.
    FieldKind, "kind of field" {
        "Any text." Text = "text",
        "A decimal number, as `12.5`." Number = "number",
        "A day, as `2026-11-21`." Date = "date",
        "`true` or `false`." Boolean = "boolean",
    }
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its id.
    pub id: FieldId,
    /// Unique in the organization; what templates and files call it.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<Field> {
    Ok(Field { id: row.get(0)?, name: row.get(1)?, kind: row.get(2)?, created_at: row.get(3)? })
}

impl OrgTx<'_, '_> {
    /// Writes a new field.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when one has that name, or as the database says.
    pub fn create_field(&mut self, field: &Field) -> Result<()> {
        self.tx.execute(
            "INSERT INTO field (org_id, id, name, kind, created_at) VALUES ($1, $2, $3, $4, $5)",
            args![self.org, field.id, field.name, field.kind, field.created_at],
        )?;
        Ok(())
    }

    /// The field of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_field(&mut self, id: FieldId) -> Result<Option<Field>> {
        self.tx.find(
            "SELECT id, name, kind, created_at FROM field WHERE org_id = $1 AND id = $2",
            args![self.org, id],
            read,
        )
    }

    /// The field of exactly that name.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_field_by_name(&mut self, name: &str) -> Result<Option<Field>> {
        self.tx.find(
            "SELECT id, name, kind, created_at FROM field WHERE org_id = $1 AND name = $2",
            args![self.org, name],
            read,
        )
    }

    /// Up to `limit` fields by name, from behind the field named `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_fields(&mut self, after: Option<&str>, limit: u32) -> Result<Vec<Field>> {
        self.tx.list(
            "SELECT id, name, kind, created_at FROM field WHERE org_id = $1 AND name > $2 ORDER BY name LIMIT $3",
            args![self.org, after.unwrap_or_default(), limit],
            read,
        )
    }

    /// Removes a field and what all contacts have in it. `false` when there is none.
    ///
    /// # Errors
    /// As the database says.
    pub fn delete_field(&mut self, id: FieldId) -> Result<bool> {
        self.note_change(Topic::Field(id));
        self.tx
            .execute("DELETE FROM contact_field WHERE org_id = $1 AND field_id = $2", args![self.org, id])?;
        Ok(self.tx.execute("DELETE FROM field WHERE org_id = $1 AND id = $2", args![self.org, id])? == 1)
    }
}
