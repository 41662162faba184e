//! Who works in an organization, and what they may do there.

mod invitations;
mod roles;
mod teams;

pub use invitations::{Invitation, NewInvitation};
pub use roles::CustomRole;
pub use teams::Team;

use crate::{OrgTx, Result, Tx, args, seam::Row};
use tisara_domain::{OrgId, Permissions, Role, RoleId, Timestamp, UserId, Visibility};

/// Which role somebody has: one that every organization has, or one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleRef {
    /// One of the five.
    Standard(Role),
    /// One that the organization made.
    Custom(RoleId),
}

impl RoleRef {
    /// The two columns that say it.
    pub(crate) const fn columns(self) -> (&'static str, Option<RoleId>) {
        match self {
            Self::Standard(role) => (role.as_str(), None),
            Self::Custom(id) => ("custom", Some(id)),
        }
    }

    /// A role from its two columns. A word that nobody knows is the least of roles.
    pub(crate) fn read(word: &str, id: Option<RoleId>) -> Self {
        match id {
            Some(id) => Self::Custom(id),
            None => Self::Standard(Role::find(word).unwrap_or(Role::Viewer)),
        }
    }
}

/// Somebody who works in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where.
    pub org_id: OrgId,
    /// Who.
    pub user_id: UserId,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role.
    pub role: RoleRef,
    /// The role's name.
    pub role_name: String,
    /// What they may do.
    pub permissions: Permissions,
    /// Whose threads they see.
    pub visibility: Visibility,
    /// Since when.
    pub joined_at: Timestamp,
}

impl Member {
    /// Whether they own the organization.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.role == RoleRef::Standard(Role::Owner)
    }
}

/// A visibility from its word; one that nobody knows shows least.
pub(crate) fn visibility(word: &str) -> Visibility {
    [Visibility::All, Visibility::Team].into_iter().find(|v| v.as_str() == word).unwrap_or(Visibility::Own)
}

const SELECT: &str = "SELECT m.org_id, m.user_id, u.name, u.email, m.role, m.role_id, r.name, r.permissions, \
                      r.visibility, m.joined_at FROM member m JOIN user_account u ON u.id = m.user_id \
                      LEFT JOIN role r ON r.org_id = m.org_id AND r.id = m.role_id";

fn read(row: &Row<'_>) -> Result<Member> {
    let role = RoleRef::read(row.get::<&str>(4)?, row.get(5)?);
    let (role_name, permissions, visibility) = match role {
        RoleRef::Standard(role) => (role.as_str().to_owned(), role.permissions(), role.visibility()),
        RoleRef::Custom(_) => (
            row.get::<Option<String>>(6)?.unwrap_or_default(),
            Permissions::from_words(&row.get::<Option<String>>(7)?.unwrap_or_default()),
            visibility(&row.get::<Option<String>>(8)?.unwrap_or_default()),
        ),
    };
    Ok(Member {
        org_id: row.get(0)?,
        user_id: row.get(1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        role,
        role_name,
        permissions,
        visibility,
        joined_at: row.get(9)?,
    })
}

impl Tx<'_> {
    /// Where a person works, oldest organization first; 100 at most.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_memberships(&mut self, user: UserId) -> Result<Vec<Member>> {
        self.list(&format!("{SELECT} WHERE m.user_id = $1 ORDER BY m.org_id LIMIT 100"), args![user], read)
    }
}

impl OrgTx<'_, '_> {
    /// The member of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_member(&mut self, user: UserId) -> Result<Option<Member>> {
        self.tx.find(&format!("{SELECT} WHERE m.org_id = $1 AND m.user_id = $2"), args![self.org, user], read)
    }

    /// Up to `limit` members from behind `after` on, by id.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_members(&mut self, after: Option<UserId>, limit: u32) -> Result<Vec<Member>> {
        self.tx.list(
            &format!("{SELECT} WHERE m.org_id = $1 AND m.user_id > $2 ORDER BY m.user_id LIMIT $3"),
            args![self.org, after.unwrap_or(crate::keys::first()), limit],
            read,
        )
    }

    /// Makes others wait who change the owners, until this transaction ends: so two owners cannot both
    /// leave because each sees the other.
    ///
    /// # Errors
    /// As the database says.
    pub fn lock_owners(&mut self) -> Result<()> {
        self.tx.execute("UPDATE organization SET created_at = created_at WHERE id = $1", args![self.org])?;
        Ok(())
    }

    /// How many own the organization; only to be believed after [`OrgTx::lock_owners`].
    ///
    /// # Errors
    /// As the database says.
    pub fn count_owners(&mut self) -> Result<i64> {
        self.tx.get(
            "SELECT count(*) FROM member WHERE org_id = $1 AND role = 'owner'",
            args![self.org],
            |row| row.get(0),
        )
    }

    /// Makes a person a member. `false` when they are one.
    ///
    /// # Errors
    /// As the database says.
    pub fn add_member(&mut self, user: UserId, role: RoleRef, now: Timestamp) -> Result<bool> {
        let (word, id) = role.columns();
        let added = self.tx.execute(
            "INSERT INTO member (org_id, user_id, role, role_id, joined_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (org_id, user_id) DO NOTHING",
            args![self.org, user, word, id, now],
        )?;
        Ok(added == 1)
    }

    /// Gives a member another role. `false` when there is no such member.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_member_role(&mut self, user: UserId, role: RoleRef) -> Result<bool> {
        let (word, id) = role.columns();
        let changed = self.tx.execute(
            "UPDATE member SET role = $3, role_id = $4 WHERE org_id = $1 AND user_id = $2",
            args![self.org, user, word, id],
        )?;
        Ok(changed == 1)
    }

    /// Removes a member with all that opens doors: the keys they made, the invitations they sent. Threads
    /// that were theirs are nobody's. `false` when there is no such member.
    ///
    /// # Errors
    /// As the database says.
    pub fn remove_member(&mut self, user: UserId, now: Timestamp) -> Result<bool> {
        let key = args![self.org, user];
        if self.tx.execute("DELETE FROM member WHERE org_id = $1 AND user_id = $2", key)? == 0 {
            return Ok(false);
        }
        self.tx.execute("DELETE FROM team_member WHERE org_id = $1 AND user_id = $2", key)?;
        self.tx.execute("DELETE FROM invitation WHERE org_id = $1 AND invited_by = $2", key)?;
        self.tx
            .execute("UPDATE thread SET assigned_to = NULL WHERE org_id = $1 AND assigned_to = $2", key)?;
        self.tx.execute(
            "UPDATE api_key SET revoked_at = $3 WHERE org_id = $1 AND created_by = $2 AND revoked_at IS NULL",
            args![self.org, user, now],
        )?;
        Ok(true)
    }
}
