//! The business phone numbers of an organization.

use crate::{Error, OrgTx, Result, Tx, args, seam::Row};
use tisara_domain::{NumberId, OrgId, Timestamp, WabaId};

/// A business phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its id here.
    pub id: NumberId,
    /// The account it belongs to.
    pub waba_id: WabaId,
    /// Its `phone_number_id` at Meta.
    pub meta_id: String,
    /// As Meta writes it, for people.
    pub display_phone: String,
    /// The name that customers see.
    pub verified_name: String,
    /// Meta's word: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    pub quality: String,
    /// Meta's word: `CONNECTED`, `BANNED`, `FLAGGED`, …
    pub status: String,
    /// The most messages a second that it may send.
    pub pace_per_second: u32,
    /// Why nothing is sent from it, if so.
    pub stopped_reason: Option<String>,
    /// When Meta last told something about its account: read with the number, not written with it.
    pub last_webhook_at: Option<Timestamp>,
    /// When it was connected first.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "n.id, n.waba_id, n.meta_id, n.display_phone, n.verified_name, n.quality, n.status, \
                       n.pace_per_second, n.stopped_reason, f.heard_at, n.created_at";
const TABLES: &str = "number n LEFT JOIN watermark f ON f.org_id = n.org_id AND f.waba_id = n.waba_id";

fn read(row: &Row<'_>) -> Result<Number> {
    Ok(Number {
        id: row.get(0)?,
        waba_id: row.get(1)?,
        meta_id: row.get(2)?,
        display_phone: row.get(3)?,
        verified_name: row.get(4)?,
        quality: row.get(5)?,
        status: row.get(6)?,
        pace_per_second: row.get(7)?,
        stopped_reason: row.get(8)?,
        last_webhook_at: row.get(9)?,
        created_at: row.get(10)?,
    })
}

impl Tx<'_> {
    /// The number that Meta calls `meta_id`: whose it is, and in which portfolio.
    ///
    /// # Errors
    /// As the database says.
    pub fn number_by_meta_id(&mut self, meta_id: &str) -> Result<Option<(OrgId, Number, String)>> {
        self.find(
            &format!(
                "SELECT {COLUMNS}, n.org_id, w.portfolio FROM {TABLES} \
                 JOIN waba w ON w.org_id = n.org_id AND w.id = n.waba_id WHERE n.meta_id = $1"
            ),
            args![meta_id],
            |row| Ok((row.get(11)?, read(row)?, row.get(12)?)),
        )
    }
}

impl OrgTx<'_, '_> {
    /// Writes a number, or brings the one of the same `meta_id` up to date with what Meta says of it:
    /// its pace, whether it is stopped and its dates stay as they are. Gives the id it has.
    ///
    /// # Errors
    /// [`Duplicate`](Error::Duplicate) when another organization has connected it, or as the database
    /// says.
    pub fn put_number(&mut self, number: &Number) -> Result<NumberId> {
        let org = self.org;
        self.put(
            (
                "INSERT INTO number (org_id, id, waba_id, meta_id, display_phone, verified_name, quality, status, \
                 pace_per_second, stopped_reason, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (meta_id) DO NOTHING RETURNING id",
                args![
                    org,
                    number.id,
                    number.waba_id,
                    number.meta_id,
                    number.display_phone,
                    number.verified_name,
                    number.quality,
                    number.status,
                    number.pace_per_second,
                    number.stopped_reason,
                    number.created_at
                ],
            ),
            (
                "UPDATE number SET waba_id = $3, display_phone = $4, verified_name = $5, quality = $6, status = $7 \
                 WHERE org_id = $1 AND meta_id = $2 RETURNING id",
                args![
                    org,
                    number.meta_id,
                    number.waba_id,
                    number.display_phone,
                    number.verified_name,
                    number.quality,
                    number.status
                ],
            ),
            "number_meta_id",
        )
    }

    /// The number of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_number(&mut self, id: NumberId) -> Result<Option<Number>> {
        self.tx.find(
            &format!("SELECT {COLUMNS} FROM {TABLES} WHERE n.org_id = $1 AND n.id = $2"),
            args![self.org, id],
            read,
        )
    }

    /// The number of an id that something of this organization refers to.
    ///
    /// # Errors
    /// When it is not there after all, or as the database says.
    pub fn get_number(&mut self, id: NumberId) -> Result<Number> {
        self.find_number(id)?.ok_or_else(|| Error::Sql(format!("{id} is referred to but missing")))
    }

    /// The number that Meta calls `meta_id`, if it is this organization's.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_number_by_meta_id(&mut self, meta_id: &str) -> Result<Option<Number>> {
        self.tx.find(
            &format!("SELECT {COLUMNS} FROM {TABLES} WHERE n.meta_id = $2 AND n.org_id = $1"),
            args![self.org, meta_id],
            read,
        )
    }

    /// Up to `limit` numbers in the order in which they were connected, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_numbers(&mut self, after: Option<NumberId>, limit: u32) -> Result<Vec<Number>> {
        let after = after.unwrap_or(crate::keys::first());
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE n.org_id = $1 AND n.id > $2 ORDER BY n.id LIMIT $3"
            ),
            args![self.org, after, limit],
            read,
        )
    }

    /// Stops the sending from a number with a reason for its people, or lets it go on (`None`).
    /// `false` when there is no such number.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_number_stopped(&mut self, id: NumberId, reason: Option<&str>) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE number SET stopped_reason = $3 WHERE org_id = $1 AND id = $2",
            args![self.org, id, reason],
        )?;
        Ok(changed == 1)
    }

    /// Sets the most messages a second that a number may send. `false` when there is no such number.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_number_pace(&mut self, id: NumberId, per_second: u32) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE number SET pace_per_second = $3 WHERE org_id = $1 AND id = $2",
            args![self.org, id, per_second],
        )?;
        Ok(changed == 1)
    }

    /// Takes over what Meta says of a number: its quality, its status, or both.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_number_standing(
        &mut self,
        id: NumberId,
        quality: Option<&str>,
        status: Option<&str>,
    ) -> Result<()> {
        self.tx.execute(
            "UPDATE number SET quality = COALESCE($3, quality), status = COALESCE($4, status) \
             WHERE org_id = $1 AND id = $2",
            args![self.org, id, quality, status],
        )?;
        Ok(())
    }
}
