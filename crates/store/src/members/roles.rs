//! Roles that an organization made for itself.

use super::visibility;
use crate::{OrgTx, Result, args, fold::fold, seam::Row};
use tisara_domain::{Permissions, RoleId, Timestamp, Visibility};

/// A role of an organization's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// Its id.
    pub id: RoleId,
    /// What it is called; unique in the organization, however it is spelt.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// Whose threads it sees.
    pub visibility: Visibility,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<CustomRole> {
    Ok(CustomRole {
        id: row.get(0)?,
        name: row.get(1)?,
        permissions: Permissions::from_words(row.get(2)?),
        visibility: visibility(row.get(3)?),
        created_at: row.get(4)?,
    })
}

const SELECT: &str = "SELECT id, name, permissions, visibility, created_at FROM role WHERE org_id = $1";

impl OrgTx<'_, '_> {
    /// Writes a new role. `false` when one of that name is there.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_role(&mut self, role: &CustomRole) -> Result<bool> {
        let written = self.tx.execute(
            "INSERT INTO role (org_id, id, name, name_fold, permissions, visibility, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org_id, name_fold) DO NOTHING",
            args![
                self.org,
                role.id,
                role.name,
                fold(&role.name),
                role.permissions.to_words(),
                role.visibility.as_str(),
                role.created_at
            ],
        )?;
        Ok(written == 1)
    }

    /// Writes a role anew. `false` when another one has that name, or it is gone.
    ///
    /// # Errors
    /// As the database says.
    pub fn change_role(&mut self, role: &CustomRole) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE role SET name = $3, name_fold = $4, permissions = $5, visibility = $6 \
             WHERE org_id = $1 AND id = $2 \
             AND NOT EXISTS (SELECT 1 FROM role o WHERE o.org_id = $1 AND o.name_fold = $4 AND o.id <> $2)",
            args![
                self.org,
                role.id,
                role.name,
                fold(&role.name),
                role.permissions.to_words(),
                role.visibility.as_str()
            ],
        )?;
        Ok(changed == 1)
    }

    /// The role of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_role(&mut self, id: RoleId) -> Result<Option<CustomRole>> {
        self.tx.find(&format!("{SELECT} AND id = $2"), args![self.org, id], read)
    }

    /// The organization's own roles, by name; 200 at most.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_roles(&mut self) -> Result<Vec<CustomRole>> {
        self.tx.list(&format!("{SELECT} ORDER BY name_fold LIMIT 200"), args![self.org], read)
    }

    /// Whether a member or an invitation has the role.
    ///
    /// # Errors
    /// As the database says.
    pub fn role_is_used(&mut self, id: RoleId) -> Result<bool> {
        self.tx.get(
            "SELECT (SELECT count(*) FROM member WHERE org_id = $1 AND role_id = $2) \
             + (SELECT count(*) FROM invitation WHERE org_id = $1 AND role_id = $2)",
            args![self.org, id],
            |row| Ok(row.get::<i64>(0)? > 0),
        )
    }

    /// Deletes a role that nobody has. `false` when there is no such role.
    ///
    /// # Errors
    /// As the database says.
    pub fn delete_role(&mut self, id: RoleId) -> Result<bool> {
        let deleted =
            self.tx.execute("DELETE FROM role WHERE org_id = $1 AND id = $2", args![self.org, id])?;
        Ok(deleted == 1)
    }
}
