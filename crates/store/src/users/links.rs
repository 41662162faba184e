//! Links that were sent by e-mail.

use crate::{Result, Tx, args, words::words};
use tisara_domain::{Timestamp, UserId};

words! {
    /// What a mailed link opens.
    Purpose, "purpose of a link" {
        "A new password." ResetPassword = "reset_password",
        "A new e-mail address; the link's detail is the address." ChangeEmail = "change_email",
    }
}

/// What a link opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose it was.
    pub user_id: UserId,
    /// What it was about, by its purpose.
    pub detail: String,
}

impl Tx<'_> {
    /// Writes a link; earlier ones of that person and purpose open nothing any more.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_link(
        &mut self,
        hash: &[u8; 32],
        user: UserId,
        purpose: Purpose,
        detail: &str,
        expires_at: Timestamp,
    ) -> Result<()> {
        self.end_links(user, purpose)?;
        self.execute(
            "INSERT INTO mailed_link (token_hash, user_id, purpose, detail, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
            args![hash[..], user, purpose, detail, expires_at],
        )?;
        Ok(())
    }

    /// Ends a person's links of a purpose.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_links(&mut self, user: UserId, purpose: Purpose) -> Result<()> {
        self.execute("DELETE FROM mailed_link WHERE user_id = $1 AND purpose = $2", args![user, purpose])?;
        Ok(())
    }

    /// Uses a link up. `None` when it is unknown, was used before, ran out, or is for something else.
    ///
    /// # Errors
    /// As the database says.
    pub fn use_link(&mut self, hash: &[u8; 32], purpose: Purpose, now: Timestamp) -> Result<Option<Link>> {
        self.find(
            "DELETE FROM mailed_link WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 \
             RETURNING user_id, detail",
            args![hash[..], purpose, now],
            |row| Ok(Link { user_id: row.get(0)?, detail: row.get(1)? }),
        )
    }
}
