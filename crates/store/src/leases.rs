//! Who owns what, until when.
//!
//! A lease has an end and a token that grows with every new owner. An owner that was stopped and comes
//! back late still holds the old token, and every write that needs the lease refuses it.

use crate::{
    args,
    seam::{Engine, Result, Tx},
};
use tisara_domain::Timestamp;

impl Tx<'_> {
    /// Takes the lease, or renews it if `owner` has it; `None` while somebody else does.
    ///
    /// # Errors
    /// As the database says.
    pub fn take_lease(
        &mut self,
        name: &str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<i64>> {
        self.find(
            "INSERT INTO lease (name, owner, token, until) VALUES ($1, $2, 1, $4) \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until, \
             token = CASE WHEN lease.owner = excluded.owner AND lease.until > $3 THEN lease.token ELSE lease.token + 1 END \
             WHERE lease.owner = excluded.owner OR lease.until <= $3 RETURNING token",
            args![name, owner, now, until],
            |r| r.get(0),
        )
    }

    /// Whether the lease still has this token and has not ended. On PostgreSQL the answer holds until
    /// the transaction ends: taking the lease over has to wait.
    ///
    /// # Errors
    /// As the database says.
    pub fn holds_lease(&mut self, name: &str, token: i64, now: Timestamp) -> Result<bool> {
        let sql = match self.engine() {
            Engine::Sqlite => "SELECT 1 FROM lease WHERE name = $1 AND token = $2 AND until > $3",
            Engine::Postgres => {
                "SELECT 1::bigint FROM lease WHERE name = $1 AND token = $2 AND until > $3 FOR SHARE"
            }
        };
        Ok(self.find(sql, args![name, token, now], |r| r.get::<i64>(0))?.is_some())
    }

    /// Gives the lease back before its end.
    ///
    /// # Errors
    /// As the database says.
    pub fn release_lease(&mut self, name: &str, token: i64) -> Result<()> {
        self.execute("UPDATE lease SET until = 0 WHERE name = $1 AND token = $2", args![name, token])?;
        Ok(())
    }

    /// Ends every lease: for the start of a program that is alone with its database.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_all_leases(&mut self) -> Result<()> {
        self.execute("UPDATE lease SET until = 0 WHERE until > 0", &[])?;
        Ok(())
    }
}
