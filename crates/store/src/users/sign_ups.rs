//! Sign-ups whose address is not proven yet.

use crate::{Result, Tx, args};
use tisara_domain::Timestamp;

/// A sign-up that waits for its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// What was asked for, JSON.
    pub wanted: String,
    /// How often somebody tried to prove it, this time included.
    pub attempts: u32,
}

impl Tx<'_> {
    /// Writes a sign-up. Others for the same address stay: whoever proves it first has it.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_sign_up(
        &mut self,
        hash: &[u8; 32],
        email_fold: &str,
        wanted: &str,
        expires_at: Timestamp,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO sign_up (token_hash, email_fold, wanted, attempts, expires_at) \
             VALUES ($1, $2, $3, 0, $4)",
            args![hash[..], email_fold, wanted, expires_at],
        )?;
        Ok(())
    }

    /// The sign-up of a link, if it has not run out; counts the attempt.
    ///
    /// # Errors
    /// As the database says.
    pub fn try_sign_up(&mut self, hash: &[u8; 32], now: Timestamp) -> Result<Option<SignUp>> {
        self.find(
            "UPDATE sign_up SET attempts = attempts + 1 WHERE token_hash = $1 AND expires_at > $2 \
             RETURNING wanted, attempts",
            args![hash[..], now],
            |row| Ok(SignUp { wanted: row.get(0)?, attempts: row.get(1)? }),
        )
    }

    /// Uses a sign-up up, with all others for its address. `false` when it is gone.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_sign_up(&mut self, hash: &[u8; 32]) -> Result<bool> {
        let email: Option<String> = self.find(
            "DELETE FROM sign_up WHERE token_hash = $1 RETURNING email_fold",
            args![hash[..]],
            |row| row.get(0),
        )?;
        let Some(email) = email else { return Ok(false) };
        self.execute("DELETE FROM sign_up WHERE email_fold = $1", args![email])?;
        Ok(true)
    }
}
