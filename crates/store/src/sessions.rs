//! Sign-ins of people. The secret of a session is known here only as its SHA-256.

use crate::{Result, Tx, args, seam::Row};
use tisara_domain::{Duration, OrgId, SessionId, Timestamp, UserId};

/// One sign-in, on one browser or device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The organization it works in.
    pub org_id: Option<OrgId>,
    /// The address it was last used from.
    pub ip: String,
    /// What the browser calls itself.
    pub agent: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When the person last proved who they are.
    pub authenticated_at: Timestamp,
    /// When it was last used, give or take a minute.
    pub last_seen_at: Timestamp,
    /// When it ends even if it is used.
    pub ends_at: Timestamp,
    /// The device it is bound to; none for a browser.
    pub device: Option<Device>,
    /// Whether its person proved who they are by a passkey, or by a code beside the password.
    pub two_factors: bool,
}

/// A device that signs in with a key of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What its person calls it.
    pub name: String,
    /// Its Ed25519 public key.
    pub key: Vec<u8>,
}

const COLUMNS: &str = "id, user_id, org_id, ip, agent, created_at, authenticated_at, last_seen_at, ends_at, \
                       device, device_key, two_factors";

fn read(row: &Row<'_>) -> Result<Session> {
    Ok(Session {
        id: row.get(0)?,
        user_id: row.get(1)?,
        org_id: row.get(2)?,
        ip: row.get(3)?,
        agent: row.get(4)?,
        created_at: row.get(5)?,
        authenticated_at: row.get(6)?,
        last_seen_at: row.get(7)?,
        ends_at: row.get(8)?,
        device: match (row.get(9)?, row.get(10)?) {
            (Some(name), Some(key)) => Some(Device { name, key }),
            _ => None,
        },
        two_factors: row.get(11)?,
    })
}

impl Tx<'_> {
    /// Writes a new session; `hash` is the SHA-256 of its secret.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_session(&mut self, session: &Session, hash: &[u8; 32]) -> Result<()> {
        self.execute(
            &format!(
                "INSERT INTO session ({COLUMNS}, token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
                 $10, $11, $12, $13)"
            ),
            args![
                session.id,
                session.user_id,
                session.org_id,
                session.ip,
                session.agent,
                session.created_at,
                session.authenticated_at,
                session.last_seen_at,
                session.ends_at,
                session.device.as_ref().map(|device| device.name.as_str()),
                session.device.as_ref().map(|device| device.key.clone()),
                session.two_factors,
                hash[..]
            ],
        )?;
        Ok(())
    }

    /// The session whose secret has this hash, unless it has ended or lain idle for too long.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_session(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
        idle: Duration,
    ) -> Result<Option<Session>> {
        self.find(
            &format!(
                "SELECT {COLUMNS} FROM session WHERE token_hash = $1 AND ends_at > $2 AND last_seen_at > $3"
            ),
            args![hash[..], now, now.minus(idle)],
            read,
        )
    }

    /// The session of this id, unless it has ended or lain idle for too long.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_session_by_id(
        &mut self,
        id: SessionId,
        now: Timestamp,
        idle: Duration,
    ) -> Result<Option<Session>> {
        self.find(
            &format!("SELECT {COLUMNS} FROM session WHERE id = $1 AND ends_at > $2 AND last_seen_at > $3"),
            args![id, now, now.minus(idle)],
            read,
        )
    }

    /// Changes the refresh token of a session, which must be `old`, for `new`; the old one is kept to be known
    /// again. `false` when it was changed already: nothing was written then.
    ///
    /// # Errors
    /// As the database says.
    pub fn spend_token(
        &mut self,
        session: &Session,
        old: &[u8; 32],
        new: &[u8; 32],
        ip: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let changed = self.execute(
            "UPDATE session SET token_hash = $3, last_seen_at = $4, ip = $5 WHERE id = $1 AND token_hash = $2",
            args![session.id, old[..], new[..], now, ip],
        )?;
        if changed == 1 {
            self.execute(
                "INSERT INTO spent_token (token_hash, session_id, ends_at) VALUES ($1, $2, $3)",
                args![old[..], session.id, session.ends_at],
            )?;
        }
        Ok(changed == 1)
    }

    /// The session that a used refresh token was of. It may have ended since.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_spent_token(&mut self, hash: &[u8; 32], now: Timestamp) -> Result<Option<SessionId>> {
        self.find(
            "SELECT session_id FROM spent_token WHERE token_hash = $1 AND ends_at > $2",
            args![hash[..], now],
            |row| row.get(0),
        )
    }

    /// Ends a session, whoever's it is, and gives it.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_session_by_id(&mut self, id: SessionId) -> Result<Option<Session>> {
        self.find(&format!("DELETE FROM session WHERE id = $1 RETURNING {COLUMNS}"), args![id], read)
    }

    /// Notes that the person of a session has just proven who they are. `false` when it has ended.
    ///
    /// # Errors
    /// As the database says.
    pub fn confirm_session(&mut self, id: SessionId, now: Timestamp) -> Result<bool> {
        let changed =
            self.execute("UPDATE session SET authenticated_at = $2 WHERE id = $1", args![id, now])?;
        Ok(changed == 1)
    }

    /// Notes that a session was proven by a second factor.
    ///
    /// # Errors
    /// As the database says.
    pub fn note_two_factors(&mut self, id: SessionId) -> Result<()> {
        self.execute("UPDATE session SET two_factors = 1 WHERE id = $1", args![id])?;
        Ok(())
    }

    /// Believes no session of a person any more to be proven by a second factor: one was removed.
    ///
    /// # Errors
    /// As the database says.
    pub fn forget_two_factors(&mut self, user: UserId) -> Result<()> {
        self.execute("UPDATE session SET two_factors = 0 WHERE user_id = $1", args![user])?;
        Ok(())
    }

    /// Notes that a session was used, and from where.
    ///
    /// # Errors
    /// As the database says.
    pub fn touch_session(&mut self, id: SessionId, ip: &str, now: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE session SET last_seen_at = $2, ip = $3 WHERE id = $1 AND last_seen_at < $2",
            args![id, now, ip],
        )?;
        Ok(())
    }

    /// Gives a session a new secret; the old one opens nothing from then on.
    ///
    /// # Errors
    /// As the database says.
    pub fn rotate_session(
        &mut self,
        id: SessionId,
        hash: &[u8; 32],
        authenticated_at: Timestamp,
    ) -> Result<bool> {
        let changed = self.execute(
            "UPDATE session SET token_hash = $2, authenticated_at = $3 WHERE id = $1",
            args![id, hash[..], authenticated_at],
        )?;
        Ok(changed == 1)
    }

    /// Notes the organization that a session works in.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_session_organization(&mut self, id: SessionId, org: OrgId) -> Result<()> {
        self.execute("UPDATE session SET org_id = $2 WHERE id = $1", args![id, org])?;
        Ok(())
    }

    /// A person's sessions that have not ended, newest first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_sessions(&mut self, user: UserId, now: Timestamp, idle: Duration) -> Result<Vec<Session>> {
        self.list(
            &format!(
                "SELECT {COLUMNS} FROM session WHERE user_id = $1 AND ends_at > $2 AND last_seen_at > $3 \
                 ORDER BY id DESC"
            ),
            args![user, now, now.minus(idle)],
            read,
        )
    }

    /// Ends one session of a person. `false` when they have no such session.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_session(&mut self, user: UserId, id: SessionId) -> Result<bool> {
        let ended = self.execute("DELETE FROM session WHERE id = $1 AND user_id = $2", args![id, user])?;
        Ok(ended == 1)
    }

    /// Ends the session whose secret has this hash, whoever's it is.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_session_of(&mut self, hash: &[u8; 32]) -> Result<()> {
        self.execute("DELETE FROM session WHERE token_hash = $1", args![hash[..]])?;
        Ok(())
    }

    /// Ends all sessions of a person but one. Says how many.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_sessions(&mut self, user: UserId, but: Option<SessionId>) -> Result<u64> {
        match but {
            Some(but) => {
                self.execute("DELETE FROM session WHERE user_id = $1 AND id <> $2", args![user, but])
            }
            None => self.execute("DELETE FROM session WHERE user_id = $1", args![user]),
        }
    }
}
