//! Labels: what an organization calls groups of its contacts.

use crate::{
    OrgTx, Result, args,
    changes::Topic,
    fold::fold,
    keys::{IN_MAX, padded, placeholders},
    seam::{Row, ToArg as _},
};
use tisara_domain::{ContactId, LabelId, Timestamp};

/// A label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its id.
    pub id: LabelId,
    /// Unique in the organization, however it is capitalized.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<Label> {
    Ok(Label { id: row.get(0)?, name: row.get(1)?, created_at: row.get(2)? })
}

impl OrgTx<'_, '_> {
    /// Writes a new label.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when one has that name, or as the database says.
    pub fn create_label(&mut self, label: &Label) -> Result<()> {
        self.tx.execute(
            "INSERT INTO label (org_id, id, name, name_fold, created_at) VALUES ($1, $2, $3, $4, $5)",
            args![self.org, label.id, label.name.trim(), fold(&label.name), label.created_at],
        )?;
        Ok(())
    }

    /// The label of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_label(&mut self, id: LabelId) -> Result<Option<Label>> {
        self.tx.find(
            "SELECT id, name, created_at FROM label WHERE org_id = $1 AND id = $2",
            args![self.org, id],
            read,
        )
    }

    /// The label of that name, however it is capitalized.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_label_by_name(&mut self, name: &str) -> Result<Option<Label>> {
        self.tx.find(
            "SELECT id, name, created_at FROM label WHERE org_id = $1 AND name_fold = $2",
            args![self.org, fold(name)],
            read,
        )
    }

    /// Up to `limit` labels by name, from behind the label named `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_labels(&mut self, after: Option<&str>, limit: u32) -> Result<Vec<Label>> {
        self.tx.list(
            "SELECT id, name, created_at FROM label WHERE org_id = $1 AND name_fold > $2 \
             ORDER BY name_fold LIMIT $3",
            args![self.org, fold(after.unwrap_or_default()), limit],
            read,
        )
    }

    /// Removes a label from all contacts and altogether. `false` when there is none.
    ///
    /// # Errors
    /// As the database says.
    pub fn delete_label(&mut self, id: LabelId) -> Result<bool> {
        self.note_change(Topic::Label(id));
        self.tx
            .execute("DELETE FROM contact_label WHERE org_id = $1 AND label_id = $2", args![self.org, id])?;
        Ok(self.tx.execute("DELETE FROM label WHERE org_id = $1 AND id = $2", args![self.org, id])? == 1)
    }

    /// Puts a label on contacts; ids of contacts or labels that are not there are passed over. Says on
    /// how many it newly is.
    ///
    /// # Errors
    /// As the database says.
    pub fn label_contacts(&mut self, label: LabelId, contacts: &[ContactId]) -> Result<u64> {
        self.with_contacts(label, contacts, |list| {
            format!(
                "INSERT INTO contact_label (org_id, label_id, contact_id) \
                 SELECT l.org_id, l.id, c.id FROM label l JOIN contact c ON c.org_id = l.org_id \
                 WHERE l.org_id = $1 AND l.id = $2 AND c.id IN ({list}) ON CONFLICT DO NOTHING"
            )
        })
    }

    /// Takes a label off contacts. Says off how many.
    ///
    /// # Errors
    /// As the database says.
    pub fn unlabel_contacts(&mut self, label: LabelId, contacts: &[ContactId]) -> Result<u64> {
        self.with_contacts(label, contacts, |list| {
            format!(
                "DELETE FROM contact_label WHERE org_id = $1 AND label_id = $2 AND contact_id IN ({list})"
            )
        })
    }

    fn with_contacts(
        &mut self,
        label: LabelId,
        contacts: &[ContactId],
        sql: impl Fn(&str) -> String,
    ) -> Result<u64> {
        self.note_change(Topic::Label(label));
        let mut changed = 0;
        for piece in contacts.chunks(IN_MAX) {
            let piece = padded(piece);
            let mut args = args![self.org, label].to_vec();
            args.extend(piece.iter().map(|id| id.to_arg()));
            changed += self.tx.execute(&sql(&placeholders(3, piece.len())), &args)?;
        }
        Ok(changed)
    }
}
