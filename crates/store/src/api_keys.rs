//! Keys by which programs call the API. Only a key's SHA-256 is kept.

use crate::{OrgTx, Result, Tx, args, seam::Row};
use tisara_domain::{ApiKeyId, Duration, Network, OrgId, Permissions, Timestamp, UserId};

/// A key, without what would let anyone use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose data it opens.
    pub org_id: OrgId,
    /// Its id.
    pub id: ApiKeyId,
    /// What its people call it.
    pub name: String,
    /// Its first characters, by which people tell it from others.
    pub hint: String,
    /// What it may do.
    pub permissions: Permissions,
    /// From where it may be used; empty: from anywhere.
    pub networks: Vec<Network>,
    /// The member who made it; `None` when the operator did.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it opens anything.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, give or take some minutes.
    pub last_used_at: Option<Timestamp>,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<Timestamp>,
}

/// A key to be written; the same words as [`ApiKey`].
pub type NewApiKey = ApiKey;

impl ApiKey {
    /// A key for everything, from everywhere, without end.
    #[must_use]
    pub fn unbounded(org_id: OrgId, id: ApiKeyId, name: &str, now: Timestamp) -> Self {
        Self {
            org_id,
            id,
            name: name.to_owned(),
            hint: String::new(),
            permissions: Permissions::all(),
            networks: Vec::new(),
            created_by: None,
            created_at: now,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }
}

const COLUMNS: &str = "org_id, id, name, hint, permissions, networks, created_by, created_at, expires_at, \
                       last_used_at, revoked_at";

fn read(row: &Row<'_>) -> Result<ApiKey> {
    let networks: &str = row.get(5)?;
    let parsed: Vec<Network> = networks.split_whitespace().filter_map(|text| text.parse().ok()).collect();
    let permissions = Permissions::from_words(row.get(4)?);
    Ok(ApiKey {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        hint: row.get(3)?,
        // A list that cannot be read must not become "from anywhere".
        permissions: if parsed.is_empty() && !networks.trim().is_empty() {
            Permissions::NONE
        } else {
            permissions
        },
        networks: parsed,
        created_by: row.get(6)?,
        created_at: row.get(7)?,
        expires_at: row.get(8)?,
        last_used_at: row.get(9)?,
        revoked_at: row.get(10)?,
    })
}

/// Everything is kept as `*`, so that it holds for what later releases add.
fn words(permissions: Permissions) -> String {
    if permissions == Permissions::all() { "*".to_owned() } else { permissions.to_words() }
}

impl Tx<'_> {
    /// The key whose secret has this SHA-256, unless it was revoked or ran out.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_api_key(&mut self, hash: &[u8; 32], now: Timestamp) -> Result<Option<ApiKey>> {
        self.find(
            &format!(
                "SELECT {COLUMNS} FROM api_key WHERE hash = $1 AND revoked_at IS NULL \
                 AND (expires_at IS NULL OR expires_at > $2)"
            ),
            args![hash[..], now],
            read,
        )
    }
}

impl OrgTx<'_, '_> {
    /// Writes a new key; `hash` is the SHA-256 of its secret.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when the id or secret is taken, or as the database says.
    pub fn create_api_key(&mut self, new: &NewApiKey, hash: &[u8; 32]) -> Result<()> {
        let networks: Vec<String> = new.networks.iter().map(ToString::to_string).collect();
        self.tx.execute(
            "INSERT INTO api_key (org_id, id, name, hint, permissions, networks, created_by, created_at, \
             expires_at, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            args![
                self.org,
                new.id,
                new.name,
                new.hint,
                words(new.permissions),
                networks.join(" "),
                new.created_by,
                new.created_at,
                new.expires_at,
                hash[..]
            ],
        )?;
        Ok(())
    }

    /// The key of that id, revoked or not.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_key(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>> {
        self.tx.find(
            &format!("SELECT {COLUMNS} FROM api_key WHERE org_id = $1 AND id = $2"),
            args![self.org, id],
            read,
        )
    }

    /// Notes that a key was used, unless that was noted within `every`.
    ///
    /// # Errors
    /// As the database says.
    pub fn touch_api_key(&mut self, id: ApiKeyId, now: Timestamp, every: Duration) -> Result<()> {
        self.tx.execute(
            "UPDATE api_key SET last_used_at = $3 WHERE org_id = $1 AND id = $2 \
             AND (last_used_at IS NULL OR last_used_at <= $4)",
            args![self.org, id, now, now.minus(every)],
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
