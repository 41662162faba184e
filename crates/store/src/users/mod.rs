//! People who sign in. They stand beside the organizations: one person may be a member of several.
//!
//! Secrets that people hold (links, cookies) are known here only as SHA-256 hashes.

mod links;
mod passkeys;
mod second_factor;
mod sign_ups;
mod throttle;

pub use links::{Link, Purpose};
pub use passkeys::Passkey;
pub use second_factor::{RemovedFactors, SecondFactor};
pub use sign_ups::SignUp;

use crate::{Result, Tx, args, seam::Row};
use tisara_domain::{Timestamp, UserId};

/// A person whose e-mail address is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The address as they write it.
    pub email: String,
    /// The address in the form in which all its spellings are one; unique.
    pub email_fold: String,
    /// What they are called.
    pub name: String,
    /// Their phone in E.164.
    pub phone: Option<String>,
    /// Their country in two letters.
    pub country: String,
    /// Argon2id, as a PHC string.
    pub password_hash: String,
    /// When they set the password.
    pub password_changed_at: Timestamp,
    /// When they signed up.
    pub created_at: Timestamp,
}

/// That a person agreed to a version of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Which policy, such as `terms`.
    pub policy: String,
    /// Which version of it.
    pub version: String,
    /// When.
    pub at: Timestamp,
    /// From which address.
    pub ip: String,
}

const COLUMNS: &str =
    "id, email, email_fold, name, phone, country, password_hash, password_changed_at, created_at";

fn read(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: row.get(0)?,
        email: row.get(1)?,
        email_fold: row.get(2)?,
        name: row.get(3)?,
        phone: row.get(4)?,
        country: row.get(5)?,
        password_hash: row.get(6)?,
        password_changed_at: row.get(7)?,
        created_at: row.get(8)?,
    })
}

impl Tx<'_> {
    /// Writes a new person. `false` when the address is taken: nothing was written then.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_user(&mut self, user: &User) -> Result<bool> {
        let written = self.execute(
            &format!(
                "INSERT INTO user_account ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 ON CONFLICT (email_fold) DO NOTHING"
            ),
            args![
                user.id,
                user.email,
                user.email_fold,
                user.name,
                user.phone.as_deref(),
                user.country,
                user.password_hash,
                user.password_changed_at,
                user.created_at
            ],
        )?;
        Ok(written == 1)
    }

    /// The person of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_user(&mut self, id: UserId) -> Result<Option<User>> {
        self.find(&format!("SELECT {COLUMNS} FROM user_account WHERE id = $1"), args![id], read)
    }

    /// The person of that address, in its folded form.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_user_by_email(&mut self, email_fold: &str) -> Result<Option<User>> {
        self.find(
            &format!("SELECT {COLUMNS} FROM user_account WHERE email_fold = $1"),
            args![email_fold],
            read,
        )
    }

    /// Writes what a person may change of themselves at any time.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_user_profile(
        &mut self,
        id: UserId,
        name: &str,
        phone: Option<&str>,
        country: &str,
    ) -> Result<()> {
        self.execute(
            "UPDATE user_account SET name = $2, phone = $3, country = $4 WHERE id = $1",
            args![id, name, phone, country],
        )?;
        Ok(())
    }

    /// Writes a new password.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_password(&mut self, id: UserId, hash: &str, now: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE user_account SET password_hash = $2, password_changed_at = $3 WHERE id = $1",
            args![id, hash, now],
        )?;
        Ok(())
    }

    /// Writes a new address. `false` when somebody else has it: nothing was written then.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_user_email(&mut self, id: UserId, email: &str, email_fold: &str) -> Result<bool> {
        let changed = self.execute(
            "UPDATE user_account SET email = $2, email_fold = $3 WHERE id = $1 \
             AND NOT EXISTS (SELECT 1 FROM user_account o WHERE o.email_fold = $3 AND o.id <> $1)",
            args![id, email, email_fold],
        )?;
        Ok(changed == 1)
    }

    /// Notes that a person agreed to a policy. The first time stays.
    ///
    /// # Errors
    /// As the database says.
    pub fn accept_policy(&mut self, user: UserId, acceptance: &Acceptance) -> Result<()> {
        self.execute(
            "INSERT INTO policy_acceptance (user_id, policy, version, accepted_at, ip) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, policy, version) DO NOTHING",
            args![user, acceptance.policy, acceptance.version, acceptance.at, acceptance.ip],
        )?;
        Ok(())
    }

    /// What a person agreed to, by policy and version.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_acceptances(&mut self, user: UserId) -> Result<Vec<Acceptance>> {
        self.list(
            "SELECT policy, version, accepted_at, ip FROM policy_acceptance WHERE user_id = $1 \
             ORDER BY policy, version",
            args![user],
            |row| {
                Ok(Acceptance { policy: row.get(0)?, version: row.get(1)?, at: row.get(2)?, ip: row.get(3)? })
            },
        )
    }

    /// Notes that a person signed in on a browser, whose secret has this hash.
    ///
    /// # Errors
    /// As the database says.
    pub fn remember_device(&mut self, user: UserId, hash: &[u8; 32], now: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO known_device (user_id, token_hash, seen_at) VALUES ($1, $2, $3) \
             ON CONFLICT (user_id, token_hash) DO UPDATE SET seen_at = excluded.seen_at",
            args![user, hash[..], now],
        )?;
        Ok(())
    }

    /// Whether a person has signed in on the browser whose secret has this hash.
    ///
    /// # Errors
    /// As the database says.
    pub fn knows_device(&mut self, user: UserId, hash: &[u8; 32]) -> Result<bool> {
        let found = self.find(
            "SELECT 1 FROM known_device WHERE user_id = $1 AND token_hash = $2",
            args![user, hash[..]],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Forgets the browsers of a person: after a reset nobody is trusted.
    ///
    /// # Errors
    /// As the database says.
    pub fn forget_devices(&mut self, user: UserId) -> Result<()> {
        self.execute("DELETE FROM known_device WHERE user_id = $1", args![user])?;
        Ok(())
    }

    /// Throws away what has run out: sessions, links, sign-ups; guesses of more than a day ago; browsers
    /// not seen for a year.
    ///
    /// # Errors
    /// As the database says.
    pub fn purge_people(&mut self, now: Timestamp) -> Result<()> {
        const DAY_S: u64 = 24 * 3600;
        let ago = |days: u64| now.minus(tisara_domain::Duration::from_secs(days * DAY_S));
        self.execute("DELETE FROM session WHERE ends_at <= $1", args![now])?;
        self.execute("DELETE FROM spent_token WHERE ends_at <= $1", args![now])?;
        self.execute("DELETE FROM signing_key WHERE ends_at <= $1", args![now])?;
        self.execute("DELETE FROM passkey_question WHERE expires_at <= $1", args![now])?;
        self.execute("DELETE FROM mailed_link WHERE expires_at <= $1", args![now])?;
        self.execute("DELETE FROM sign_up WHERE expires_at <= $1", args![now])?;
        self.execute("DELETE FROM throttle WHERE last_at <= $1", args![ago(1)])?;
        self.execute("DELETE FROM known_device WHERE seen_at <= $1", args![ago(365)])?;
        Ok(())
    }
}
