//! Answers to writes that carried an `Idempotency-Key`, so that the same request again gets the same
//! answer and no second effect.
//!
//! The answer is written in the transaction that has the effect ([`OrgTx::answer_idempotent`]), so the two
//! are there together or not at all. A key that was begun and never answered is free again after
//! [`ABANDONED_AFTER`], and at once when a program starts that is alone with its database; should its
//! request come back all the same, it finds that it is no longer the one and is undone.

use crate::{OrgTx, Result, Tx, args};
use tisara_domain::{Duration, Timestamp};

/// After so long a request without an answer is thought dead: longer than a living one may take (uploads aside, which
/// lose nothing by being taken over), and short enough for a client that asks again while its node is gone.
pub const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// What is known of a request's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: go on, then finish it.
    New,
    /// It was answered so.
    Replay {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// It came with another request.
    Different,
    /// The same request is being worked on.
    InProgress,
}

impl OrgTx<'_, '_> {
    /// Takes a key for a request, whose method, path and body are hashed in `request_hash`.
    ///
    /// # Errors
    /// As the database says.
    pub fn begin_idempotent(&mut self, key: &str, request_hash: &[u8; 32], now: Timestamp) -> Result<Begun> {
        let taken = self.tx.execute(
            "INSERT INTO idempotency (org_id, key, request_hash, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (org_id, key) DO UPDATE SET created_at = excluded.created_at \
             WHERE idempotency.status IS NULL AND idempotency.created_at <= $5 \
             AND idempotency.request_hash = excluded.request_hash",
            args![self.org, key, request_hash[..], now, now.minus(ABANDONED_AFTER)],
        )?;
        if taken == 1 {
            return Ok(Begun::New);
        }
        self.tx.get(
            "SELECT request_hash, status, body FROM idempotency WHERE org_id = $1 AND key = $2",
            args![self.org, key],
            |row| {
                if row.get::<Vec<u8>>(0)? != request_hash {
                    return Ok(Begun::Different);
                }
                Ok(match row.get::<Option<u16>>(1)? {
                    Some(status) => {
                        Begun::Replay { status, body: row.get::<Option<Vec<u8>>>(2)?.unwrap_or_default() }
                    }
                    None => Begun::InProgress,
                })
            },
        )
    }

    /// Keeps the answer for the request that took the key at `began_at`; false when that request is no longer
    /// the one. In the transaction of its effect, that must then be undone.
    ///
    /// # Errors
    /// As the database says.
    pub fn answer_idempotent(
        &mut self,
        key: &str,
        began_at: Timestamp,
        status: u16,
        body: &[u8],
    ) -> Result<bool> {
        let kept = self.tx.execute(
            "UPDATE idempotency SET status = $4, body = $5 \
             WHERE org_id = $1 AND key = $2 AND created_at = $3 AND status IS NULL",
            args![self.org, key, began_at, status, body],
        )?;
        Ok(kept == 1)
    }

    /// Frees a key that was taken at `began_at` and whose request came to nothing, so that it may be made again.
    ///
    /// # Errors
    /// As the database says.
    pub fn abandon_idempotent(&mut self, key: &str, began_at: Timestamp) -> Result<()> {
        self.tx.execute(
            "DELETE FROM idempotency WHERE org_id = $1 AND key = $2 AND created_at = $3 AND status IS NULL",
            args![self.org, key, began_at],
        )?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Frees the keys that were begun within [`ABANDONED_AFTER`] and have no answer: for the start of a program
    /// that is alone with its database, whose requests are all dead.
    ///
    /// # Errors
    /// As the database says.
    pub fn abandon_all_idempotent(&mut self, now: Timestamp) -> Result<u64> {
        self.execute(
            "DELETE FROM idempotency WHERE created_at >= $1 AND status IS NULL",
            args![now.minus(ABANDONED_AFTER)],
        )
    }

    /// Forgets the keys that were begun before a moment. Says how many.
    ///
    /// # Errors
    /// As the database says.
    pub fn purge_idempotent(&mut self, before: Timestamp) -> Result<u64> {
        self.execute("DELETE FROM idempotency WHERE created_at < $1", args![before])
    }
}
