//! The WhatsApp Business Accounts that an organization connected.

use crate::{OrgTx, Result, args, seam::Row, words::words};
use tisara_domain::{OrgId, Timestamp, WabaId};

words! {
    /// Whether Meta takes a WABA's token.
    TokenState, "state of a token" {
        "Meta takes it, as far as is known." Working = "working",
        "Meta refused it; somebody has to connect the account again." Refused = "refused",
    }
}

/// A WhatsApp Business Account.
#[derive(Clone, PartialEq, Eq)]
pub struct Waba {
    /// Its id here.
    pub id: WabaId,
    /// Its id at Meta.
    pub meta_id: String,
    /// Meta's business portfolio it belongs to: limits and user ids hold within it.
    pub portfolio: String,
    /// As Meta has it.
    pub name: String,
    /// In which Meta bills it (ISO 4217), once known.
    pub currency: Option<String>,
    /// The token for Meta's API, sealed with the organization's key.
    pub token: Vec<u8>,
    /// Whether Meta takes the token.
    pub token_state: TokenState,
    /// When it was connected first.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Waba {
    /// Leaves the token out, sealed though it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waba")
            .field("id", &self.id)
            .field("meta_id", &self.meta_id)
            .field("portfolio", &self.portfolio)
            .field("token_state", &self.token_state)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str = "id, meta_id, portfolio, name, currency, token, token_state, created_at";

fn read(row: &Row<'_>) -> Result<Waba> {
    Ok(Waba {
        id: row.get(0)?,
        meta_id: row.get(1)?,
        portfolio: row.get(2)?,
        name: row.get(3)?,
        currency: row.get(4)?,
        token: row.get(5)?,
        token_state: row.get(6)?,
        created_at: row.get(7)?,
    })
}

impl crate::Tx<'_> {
    /// The account that Meta calls `meta_id`, and whose it is.
    ///
    /// # Errors
    /// As the database says.
    pub fn waba_by_meta_id(&mut self, meta_id: &str) -> Result<Option<(OrgId, Waba)>> {
        self.find(&format!("SELECT {COLUMNS}, org_id FROM waba WHERE meta_id = $1"), args![meta_id], |row| {
            Ok((row.get(8)?, read(row)?))
        })
    }
}

impl OrgTx<'_, '_> {
    /// Writes an account, or brings the one of the same `meta_id` up to date: everything but its id
    /// and `created_at` is replaced. Gives the id it has.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when another organization has connected it, or as the database
    /// says.
    pub fn put_waba(&mut self, waba: &Waba) -> Result<WabaId> {
        let org = self.org;
        self.put(
            (
                "INSERT INTO waba (org_id, id, meta_id, portfolio, name, currency, token, token_state, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (meta_id) DO NOTHING RETURNING id",
                args![
                    org,
                    waba.id,
                    waba.meta_id,
                    waba.portfolio,
                    waba.name,
                    waba.currency,
                    waba.token,
                    waba.token_state,
                    waba.created_at
                ],
            ),
            (
                "UPDATE waba SET portfolio = $3, name = $4, currency = $5, token = $6, token_state = $7 \
                 WHERE org_id = $1 AND meta_id = $2 RETURNING id",
                args![
                    org,
                    waba.meta_id,
                    waba.portfolio,
                    waba.name,
                    waba.currency,
                    waba.token,
                    waba.token_state
                ],
            ),
            "waba_meta_id",
        )
    }

    /// The account of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_waba(&mut self, id: WabaId) -> Result<Option<Waba>> {
        self.tx.find(
            &format!("SELECT {COLUMNS} FROM waba WHERE org_id = $1 AND id = $2"),
            args![self.org, id],
            read,
        )
    }

    /// Up to `limit` accounts in the order in which they were connected, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_wabas(&mut self, after: Option<WabaId>, limit: u32) -> Result<Vec<Waba>> {
        let after = after.unwrap_or(crate::keys::first());
        self.tx.list(
            &format!("SELECT {COLUMNS} FROM waba WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3"),
            args![self.org, after, limit],
            read,
        )
    }

    /// Notes whether Meta takes the token. `false` when nothing changed.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_token_state(&mut self, id: WabaId, state: TokenState) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE waba SET token_state = $3 WHERE org_id = $1 AND id = $2 AND token_state <> $3",
            args![self.org, id, state],
        )?;
        Ok(changed == 1)
    }
}
