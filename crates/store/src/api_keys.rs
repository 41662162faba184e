//! Keys by which programs call the API. Only a key's SHA-256 is kept.

use crate::{OrgTx, Result, Tx, args, seam::Row};
use tisara_domain::{ApiKeyId, OrgId, Timestamp};

/// A key, without what would let anyone use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose data it opens.
    pub org_id: OrgId,
    /// Its id.
    pub id: ApiKeyId,
    /// What its people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<Timestamp>,
}

const COLUMNS: &str = "org_id, id, name, created_at, revoked_at";

fn read(row: &Row<'_>) -> Result<ApiKey> {
    Ok(ApiKey {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        created_at: row.get(3)?,
        revoked_at: row.get(4)?,
    })
}

impl Tx<'_> {
    /// The key whose secret has this SHA-256, unless it was revoked.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_api_key(&mut self, hash: &[u8; 32]) -> Result<Option<ApiKey>> {
        self.find(
            &format!("SELECT {COLUMNS} FROM api_key WHERE hash = $1 AND revoked_at IS NULL"),
            args![hash[..]],
            read,
        )
    }
}

impl OrgTx<'_, '_> {
    /// Writes a new key; `hash` is the SHA-256 of its secret.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when the id or secret is taken, or as the database says.
    pub fn create_api_key(
        &mut self,
        id: ApiKeyId,
        name: &str,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<()> {
        self.tx.execute(
            "INSERT INTO api_key (org_id, id, name, hash, created_at) VALUES ($1, $2, $3, $4, $5)",
            args![self.org, id, name, hash[..], now],
        )?;
        Ok(())
    }

    /// Ends a key for good. `false` when there is no such key or it was revoked before.
    ///
    /// # Errors
    /// As the database says.
    pub fn revoke_api_key(&mut self, id: ApiKeyId, now: Timestamp) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE api_key SET revoked_at = $3 WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL",
            args![self.org, id, now],
        )?;
        Ok(changed == 1)
    }

    /// Up to `limit` keys, newest first, revoked ones too, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_api_keys(&mut self, after: Option<ApiKeyId>, limit: u32) -> Result<Vec<ApiKey>> {
        let before = after.unwrap_or(crate::keys::last());
        self.tx.list(
            &format!("SELECT {COLUMNS} FROM api_key WHERE org_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"),
            args![self.org, before, limit],
            read,
        )
    }
}
