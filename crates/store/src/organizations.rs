//! The businesses of this installation.

use crate::{OrgTx, Result, Tx, args, seam::Row};
use tisara_domain::{OrgId, Region, Timestamp};

/// A business. Everything else hangs off its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id, the first part of every key.
    pub id: OrgId,
    /// As its people write it.
    pub name: String,
    /// The country of phone numbers that are written without `+`.
    pub default_region: Region,
    /// The key that its secrets are sealed with, itself sealed by the installation's key.
    pub data_key: Vec<u8>,
    /// When it signed up.
    pub created_at: Timestamp,
}

/// A business that signs up; the same words as [`Organization`].
pub type NewOrganization = Organization;

const COLUMNS: &str = "id, name, default_region, data_key, created_at";

fn read(row: &Row<'_>) -> Result<Organization> {
    Ok(Organization {
        id: row.get(0)?,
        name: row.get(1)?,
        default_region: row.get(2)?,
        data_key: row.get(3)?,
        created_at: row.get(4)?,
    })
}

impl Tx<'_> {
    /// Writes a new organization.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when the id is taken, or as the database says.
    pub fn create_organization(&mut self, new: &NewOrganization) -> Result<()> {
        self.execute(
            &format!("INSERT INTO organization ({COLUMNS}) VALUES ($1, $2, $3, $4, $5)"),
            args![new.id, new.name, new.default_region, new.data_key, new.created_at],
        )?;
        Ok(())
    }

    /// The organization of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_organization(&mut self, id: OrgId) -> Result<Option<Organization>> {
        self.find(&format!("SELECT {COLUMNS} FROM organization WHERE id = $1"), args![id], read)
    }

    /// Up to `limit` organizations, oldest first, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_organizations(&mut self, after: Option<OrgId>, limit: u32) -> Result<Vec<Organization>> {
        let after = after.unwrap_or(crate::keys::first());
        self.list(
            &format!("SELECT {COLUMNS} FROM organization WHERE id > $1 ORDER BY id LIMIT $2"),
            args![after, limit],
            read,
        )
    }
}

impl OrgTx<'_, '_> {
    /// Writes the organization's name and country.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_organization(&mut self, name: &str, default_region: Region) -> Result<()> {
        self.tx.execute(
            "UPDATE organization SET name = $2, default_region = $3 WHERE id = $1",
            args![self.org, name, default_region],
        )?;
        Ok(())
    }

    /// Whether members must prove themselves by a second factor.
    ///
    /// # Errors
    /// As the database says.
    pub fn requires_second_factor(&mut self) -> Result<bool> {
        let found = self.tx.find(
            "SELECT second_factor_required FROM organization WHERE id = $1",
            args![self.org],
            |row| row.get(0),
        )?;
        Ok(found.unwrap_or(false))
    }

    /// Says whether they must.
    ///
    /// # Errors
    /// As the database says.
    pub fn require_second_factor(&mut self, required: bool) -> Result<()> {
        self.tx.execute(
            "UPDATE organization SET second_factor_required = $2 WHERE id = $1",
            args![self.org, required],
        )?;
        Ok(())
    }

    /// The billing address, JSON.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_billing_address(&mut self) -> Result<Option<String>> {
        self.tx
            .find("SELECT address FROM billing_address WHERE org_id = $1", args![self.org], |row| row.get(0))
    }

    /// Writes the billing address, JSON.
    ///
    /// # Errors
    /// As the database says.
    pub fn put_billing_address(&mut self, address: &str, now: Timestamp) -> Result<()> {
        self.tx.execute(
            "INSERT INTO billing_address (org_id, address, changed_at) VALUES ($1, $2, $3) \
             ON CONFLICT (org_id) DO UPDATE SET address = excluded.address, changed_at = excluded.changed_at",
            args![self.org, address, now],
        )?;
        Ok(())
    }
}
