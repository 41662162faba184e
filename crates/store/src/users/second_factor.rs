//! The second proof at sign-in: an app's codes, and recovery codes.

use crate::{Result, Tx, args};
use tisara_domain::{Timestamp, UserId};

/// An app that makes codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// What the codes are made of, sealed.
    pub secret: Vec<u8>,
    /// Since when it is asked for; `None` while it was not tried yet.
    pub confirmed_at: Option<Timestamp>,
    /// The newest code that was used, as its number since 1970.
    pub last_step: i64,
}

/// What was taken away from a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovedFactors {
    /// Whether there was an app.
    pub app: bool,
    /// How many passkeys.
    pub passkeys: u64,
    /// How many sessions were ended, of browsers and devices.
    pub sessions: u64,
}

impl Tx<'_> {
    /// The app of a person.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_second_factor(&mut self, user: UserId) -> Result<Option<SecondFactor>> {
        self.find(
            "SELECT secret, confirmed_at, last_step FROM second_factor WHERE user_id = $1",
            args![user],
            |row| Ok(SecondFactor { secret: row.get(0)?, confirmed_at: row.get(1)?, last_step: row.get(2)? }),
        )
    }

    /// Writes an app that has yet to be tried, instead of an earlier untried one. `false` when one is in
    /// use.
    ///
    /// # Errors
    /// As the database says.
    pub fn begin_second_factor(&mut self, user: UserId, secret: &[u8]) -> Result<bool> {
        let written = self.execute(
            "INSERT INTO second_factor (user_id, secret, last_step) VALUES ($1, $2, 0) \
             ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0 \
             WHERE second_factor.confirmed_at IS NULL",
            args![user, secret],
        )?;
        Ok(written == 1)
    }

    /// Uses a code up. `false` when it, or a newer one, was used before.
    ///
    /// # Errors
    /// As the database says.
    pub fn use_code(&mut self, user: UserId, step: i64) -> Result<bool> {
        let used = self.execute(
            "UPDATE second_factor SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
            args![user, step],
        )?;
        Ok(used == 1)
    }

    /// From now on the app is asked for. `false` when it is already, or there is none.
    ///
    /// # Errors
    /// As the database says.
    pub fn confirm_second_factor(&mut self, user: UserId, now: Timestamp) -> Result<bool> {
        let confirmed = self.execute(
            "UPDATE second_factor SET confirmed_at = $2 WHERE user_id = $1 AND confirmed_at IS NULL",
            args![user, now],
        )?;
        Ok(confirmed == 1)
    }

    /// Removes the app and the recovery codes. `false` when there was none.
    ///
    /// # Errors
    /// As the database says.
    pub fn remove_second_factor(&mut self, user: UserId) -> Result<bool> {
        self.execute("DELETE FROM recovery_code WHERE user_id = $1", args![user])?;
        Ok(self.execute("DELETE FROM second_factor WHERE user_id = $1", args![user])? == 1)
    }

    /// Whether a person has more than a password: an app that is in use, or a passkey.
    ///
    /// # Errors
    /// As the database says.
    pub fn has_second_factor(&mut self, user: UserId) -> Result<bool> {
        let factor = self.find_second_factor(user)?.filter(|factor| factor.confirmed_at.is_some());
        Ok(factor.is_some() || !self.list_passkeys(user)?.is_empty())
    }

    /// Takes away every second factor of a person: the app, its recovery codes, the passkeys; ends their
    /// sessions and forgets their browsers. Says what there was: whether an app, how many passkeys, how many
    /// sessions. The operator's act, with its reason, is put on record.
    ///
    /// # Errors
    /// As the database says.
    pub fn remove_second_factors(
        &mut self,
        user: UserId,
        reason: &str,
        now: Timestamp,
    ) -> Result<RemovedFactors> {
        let app = self.remove_second_factor(user)?;
        let passkeys = self.execute("DELETE FROM passkey WHERE user_id = $1", args![user])?;
        let sessions = self.end_sessions(user, None)?;
        self.forget_devices(user)?;
        self.execute(
            "INSERT INTO account_record (user_id, at, what, reason) VALUES ($1, $2, 'second_factors_removed', $3)",
            args![user, now, reason],
        )?;
        Ok(RemovedFactors { app, passkeys, sessions })
    }

    /// What an operator did to a person's account, oldest first: when, what, why.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_account_records(&mut self, user: UserId) -> Result<Vec<(Timestamp, String, String)>> {
        self.list(
            "SELECT at, what, reason FROM account_record WHERE user_id = $1 ORDER BY at, what",
            args![user],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    }

    /// Writes recovery codes instead of all earlier ones.
    ///
    /// # Errors
    /// As the database says.
    pub fn put_recovery_codes(&mut self, user: UserId, hashes: &[[u8; 32]]) -> Result<()> {
        self.execute("DELETE FROM recovery_code WHERE user_id = $1", args![user])?;
        for hash in hashes {
            self.execute(
                "INSERT INTO recovery_code (user_id, code_hash) VALUES ($1, $2)",
                args![user, hash[..]],
            )?;
        }
        Ok(())
    }

    /// Uses a recovery code up. `false` when there is no such code.
    ///
    /// # Errors
    /// As the database says.
    pub fn use_recovery_code(&mut self, user: UserId, hash: &[u8; 32]) -> Result<bool> {
        let used = self.execute(
            "DELETE FROM recovery_code WHERE user_id = $1 AND code_hash = $2",
            args![user, hash[..]],
        )?;
        Ok(used == 1)
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// As the database says.
    pub fn count_recovery_codes(&mut self, user: UserId) -> Result<i64> {
        self.get("SELECT count(*) FROM recovery_code WHERE user_id = $1", args![user], |row| row.get(0))
    }
}
