//! E-mails that wait to be sent. They are written in the transaction that calls for them, so that none
//! is lost and none goes out for something that did not happen.

use crate::{Result, Tx, args};
use tisara_domain::{Duration, MailId, Timestamp};

/// An e-mail that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// Address, subject and text, sealed.
    pub content: Vec<u8>,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// When it was asked for.
    pub created_at: Timestamp,
}

impl Tx<'_> {
    /// Writes an e-mail down to be sent.
    ///
    /// # Errors
    /// As the database says.
    pub fn queue_mail(&mut self, id: MailId, content: &[u8], now: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO mail (id, content, attempts, run_at, created_at) VALUES ($1, $2, 0, $3, $3)",
            args![id, content, now],
        )?;
        Ok(())
    }

    /// Takes the e-mail that is due longest; nobody else gets it for `lock_for`.
    ///
    /// # Errors
    /// As the database says.
    pub fn claim_mail(&mut self, now: Timestamp, lock_for: Duration) -> Result<Option<Mail>> {
        let due = self.find(
            "SELECT id, run_at FROM mail WHERE run_at <= $1 ORDER BY run_at LIMIT 1",
            args![now],
            |row| Ok((row.get::<MailId>(0)?, row.get::<Timestamp>(1)?)),
        )?;
        let Some((id, run_at)) = due else { return Ok(None) };
        self.find(
            "UPDATE mail SET attempts = attempts + 1, run_at = $3 WHERE id = $1 AND run_at = $2 \
             RETURNING content, attempts, created_at",
            args![id, run_at, now.plus(lock_for)],
            |row| Ok(Mail { id, content: row.get(0)?, attempts: row.get(1)?, created_at: row.get(2)? }),
        )
    }

    /// Puts an e-mail off that could not be sent.
    ///
    /// # Errors
    /// As the database says.
    pub fn retry_mail(&mut self, id: MailId, at: Timestamp) -> Result<()> {
        self.execute("UPDATE mail SET run_at = $2 WHERE id = $1", args![id, at])?;
        Ok(())
    }

    /// Throws an e-mail away: it was sent, or it never can be.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_mail(&mut self, id: MailId) -> Result<()> {
        self.execute("DELETE FROM mail WHERE id = $1", args![id])?;
        Ok(())
    }
}
