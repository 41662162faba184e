//! The keys that access tokens are signed with, sealed.

use crate::{Result, Tx, args, seam::Row};
use tisara_domain::{SigningKeyId, Timestamp};

/// A key that signs access tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Stands in the tokens that it signed.
    pub id: SigningKeyId,
    /// The seed, sealed.
    pub secret: Vec<u8>,
    /// From then on another one signs.
    pub signs_until: Timestamp,
    /// From then on it is not believed any more.
    pub ends_at: Timestamp,
}

const COLUMNS: &str = "id, secret, signs_until, ends_at";

fn read(row: &Row<'_>) -> Result<SigningKey> {
    Ok(SigningKey { id: row.get(0)?, secret: row.get(1)?, signs_until: row.get(2)?, ends_at: row.get(3)? })
}

impl Tx<'_> {
    /// Writes a new key.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_signing_key(&mut self, key: &SigningKey) -> Result<()> {
        self.execute(
            &format!("INSERT INTO signing_key ({COLUMNS}) VALUES ($1, $2, $3, $4)"),
            args![key.id, key.secret.as_slice(), key.signs_until, key.ends_at],
        )?;
        Ok(())
    }

    /// The key of that id, if it is still believed.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_signing_key(&mut self, id: SigningKeyId, now: Timestamp) -> Result<Option<SigningKey>> {
        self.find(
            &format!("SELECT {COLUMNS} FROM signing_key WHERE id = $1 AND ends_at > $2"),
            args![id, now],
            read,
        )
    }

    /// The key that signs now.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_current_signing_key(&mut self, now: Timestamp) -> Result<Option<SigningKey>> {
        self.find(
            &format!(
                "SELECT {COLUMNS} FROM signing_key WHERE signs_until > $1 ORDER BY signs_until DESC, id LIMIT 1"
            ),
            args![now],
            read,
        )
    }
}
