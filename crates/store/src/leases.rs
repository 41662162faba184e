//! Who owns what, until when.
//!
//! A lease has an end and a token that grows with every new owner. An owner that was stopped and comes
//! back late still holds the old token, and every write that needs the lease refuses it.

use crate::{
    args,
    seam::{Engine, Result, Tx},
};
use tisara_domain::{Duration, Timestamp};

/// PostgreSQL's own clock, in our unit.
const POSTGRES_NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

impl Tx<'_> {
    /// Takes the lease for so long, or renews it if `owner` has it; `None` while somebody else does.
    ///
    /// Where several nodes share a database, its clock decides and `now` counts for nothing: their own may
    /// differ. The lease then ends no earlier than this long after the call was made.
    ///
    /// # Errors
    /// As the database says.
    pub fn take_lease(
        &mut self,
        name: &str,
        owner: &str,
        now: Timestamp,
        for_: Duration,
    ) -> Result<Option<i64>> {
        let now = match self.engine() {
            Engine::Sqlite => now,
            Engine::Postgres => self.get(&format!("SELECT {POSTGRES_NOW}"), &[], |r| r.get(0))?,
        };
        self.find(
            "INSERT INTO lease (name, owner, token, until) VALUES ($1, $2, 1, $4) \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until, \
             token = CASE WHEN lease.owner = excluded.owner AND lease.until > $3 THEN lease.token ELSE lease.token + 1 END \
             WHERE lease.owner = excluded.owner OR lease.until <= $3 RETURNING token",
            args![name, owner, now, now.plus(for_)],
            |r| r.get(0),
        )
    }

    /// Whether the lease still has this token and has not ended. On PostgreSQL the answer holds until
    /// the transaction ends: taking the lease over has to wait.
    ///
    /// # Errors
    /// As the database says.
    pub fn holds_lease(&mut self, name: &str, token: i64, now: Timestamp) -> Result<bool> {
        let held = match self.engine() {
            Engine::Sqlite => self.find(
                "SELECT 1 FROM lease WHERE name = $1 AND token = $2 AND until > $3",
                args![name, token, now],
                |r| r.get::<i64>(0),
            )?,
            Engine::Postgres => self.find(
                &format!(
                    "SELECT 1::bigint FROM lease WHERE name = $1 AND token = $2 AND until > {POSTGRES_NOW} FOR SHARE"
                ),
                args![name, token],
                |r| r.get::<i64>(0),
            )?,
        };
        Ok(held.is_some())
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
