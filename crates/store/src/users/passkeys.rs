//! Passkeys of people, and the questions that were put to their authenticators.

use crate::{Result, Tx, args, seam::Row};
use tisara_domain::{PasskeyId, Timestamp, UserId};

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its id here.
    pub id: PasskeyId,
    /// Whose.
    pub user_id: UserId,
    /// What the person calls it.
    pub name: String,
    /// Its id at the authenticator; unique.
    pub credential_id: Vec<u8>,
    /// Public key, counter and the like, as JSON.
    pub credential: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody last signed in with it.
    pub last_used_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, user_id, name, credential_id, credential, created_at, last_used_at";

fn read(row: &Row<'_>) -> Result<Passkey> {
    Ok(Passkey {
        id: row.get(0)?,
        user_id: row.get(1)?,
        name: row.get(2)?,
        credential_id: row.get(3)?,
        credential: row.get(4)?,
        created_at: row.get(5)?,
        last_used_at: row.get(6)?,
    })
}

impl Tx<'_> {
    /// Writes a passkey. `false` when the authenticator's id is taken: nothing was written then.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_passkey(&mut self, new: &Passkey) -> Result<bool> {
        let written = self.execute(
            &format!(
                "INSERT INTO passkey ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (credential_id) DO NOTHING"
            ),
            args![
                new.id,
                new.user_id,
                new.name,
                new.credential_id.as_slice(),
                new.credential,
                new.created_at,
                new.last_used_at
            ],
        )?;
        Ok(written == 1)
    }

    /// The passkeys of a person, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_passkeys(&mut self, user: UserId) -> Result<Vec<Passkey>> {
        self.list(&format!("SELECT {COLUMNS} FROM passkey WHERE user_id = $1 ORDER BY id"), args![user], read)
    }

    /// The passkey of this id at its authenticator.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_passkey(&mut self, credential_id: &[u8]) -> Result<Option<Passkey>> {
        self.find(
            &format!("SELECT {COLUMNS} FROM passkey WHERE credential_id = $1"),
            args![credential_id],
            read,
        )
    }

    /// Notes that a passkey was used, with what it is from then on. `false` when it was removed.
    ///
    /// # Errors
    /// As the database says.
    pub fn use_passkey(&mut self, id: PasskeyId, credential: &str, now: Timestamp) -> Result<bool> {
        let used = self.execute(
            "UPDATE passkey SET credential = $2, last_used_at = $3 WHERE id = $1",
            args![id, credential, now],
        )?;
        Ok(used == 1)
    }

    /// Removes a passkey of a person. `false` when they have no such passkey.
    ///
    /// # Errors
    /// As the database says.
    pub fn remove_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<bool> {
        let removed = self.execute("DELETE FROM passkey WHERE id = $1 AND user_id = $2", args![id, user])?;
        Ok(removed == 1)
    }

    /// Keeps a question that was put to an authenticator, for a time.
    ///
    /// # Errors
    /// As the database says.
    pub fn ask_passkey(
        &mut self,
        hash: &[u8; 32],
        user: Option<UserId>,
        state: &str,
        expires_at: Timestamp,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO passkey_question (token_hash, user_id, state, expires_at) VALUES ($1, $2, $3, $4)",
            args![hash[..], user, state, expires_at],
        )?;
        Ok(())
    }

    /// Takes a question that waits for its answer: once. Gives who is asked, and the question.
    ///
    /// # Errors
    /// As the database says.
    pub fn take_passkey_question(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<(Option<UserId>, String)>> {
        self.find(
            "DELETE FROM passkey_question WHERE token_hash = $1 AND expires_at > $2 RETURNING user_id, state",
            args![hash[..], now],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
