//! Invitations to become a member.

use super::RoleRef;
use crate::{OrgTx, Result, Tx, args, seam::Row};
use tisara_domain::{InvitationId, OrgId, Timestamp, UserId};

/// An invitation that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Into which organization.
    pub org_id: OrgId,
    /// Its id.
    pub id: InvitationId,
    /// To which address it went.
    pub email: String,
    /// That address in its folded form.
    pub email_fold: String,
    /// As what.
    pub role: RoleRef,
    /// Who invites.
    pub invited_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Until when it may be accepted.
    pub expires_at: Timestamp,
}

/// An invitation to be written; the same words as [`Invitation`].
pub type NewInvitation = Invitation;

const COLUMNS: &str = "org_id, id, email, email_fold, role, role_id, invited_by, created_at, expires_at";

fn read(row: &Row<'_>) -> Result<Invitation> {
    Ok(Invitation {
        org_id: row.get(0)?,
        id: row.get(1)?,
        email: row.get(2)?,
        email_fold: row.get(3)?,
        role: RoleRef::read(row.get(4)?, row.get(5)?),
        invited_by: row.get(6)?,
        created_at: row.get(7)?,
        expires_at: row.get(8)?,
    })
}

impl Tx<'_> {
    /// The invitation whose secret has this hash, if it has not run out.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_invitation(&mut self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Invitation>> {
        self.find(
            &format!("SELECT {COLUMNS} FROM invitation WHERE token_hash = $1 AND expires_at > $2"),
            args![hash[..], now],
            read,
        )
    }
}

impl OrgTx<'_, '_> {
    /// Writes an invitation; an earlier one to the same address opens nothing any more.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_invitation(&mut self, new: &NewInvitation, hash: &[u8; 32]) -> Result<()> {
        let (word, role_id) = new.role.columns();
        self.tx.execute(
            "DELETE FROM invitation WHERE org_id = $1 AND email_fold = $2",
            args![self.org, new.email_fold],
        )?;
        self.tx.execute(
            &format!(
                "INSERT INTO invitation ({COLUMNS}, token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            ),
            args![
                self.org,
                new.id,
                new.email,
                new.email_fold,
                word,
                role_id,
                new.invited_by,
                new.created_at,
                new.expires_at,
                hash[..]
            ],
        )?;
        Ok(())
    }

    /// The invitations that wait, newest first; 200 at most.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_invitations(&mut self, now: Timestamp) -> Result<Vec<Invitation>> {
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} FROM invitation WHERE org_id = $1 AND expires_at > $2 ORDER BY id DESC LIMIT 200"
            ),
            args![self.org, now],
            read,
        )
    }

    /// Ends an invitation. `false` when there is none.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_invitation(&mut self, id: InvitationId) -> Result<bool> {
        let ended =
            self.tx.execute("DELETE FROM invitation WHERE org_id = $1 AND id = $2", args![self.org, id])?;
        Ok(ended == 1)
    }
}
