//! Bringing the database to this release's tables. Only ever forward.

use crate::seam::{Engine, Error, Result, Store, Tx, has_row_security, put_row_security};
use sha2::{Digest as _, Sha256};
use tisara_domain::Timestamp;

/// One step of the schema: the same number and name in both folders.
struct Migration {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal),* $(,)?) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }),*]
    };
}

const MIGRATIONS: &[Migration] = migrations![1 "0001_core", 2 "0002_search", 3 "0003_people", 4 "0004_news", 5 "0005_members", 6 "0006_segments", 7 "0007_second_factor", 8 "0008_tokens", 9 "0009_passkeys", 10 "0010_staff", 11 "0011_usage", 12 "0012_two_factors", 13 "0013_word_batches", 14 "0014_room_for_changes", 15 "0015_words_by_stretch", 16 "0016_under_way"];

/// The number is Tisara's own: "tisara" on a telephone's keys.
const POSTGRES_LOCK: i64 = 847_272;

/// What [`Store::migrate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The migrations that were applied now, in order.
    pub applied: Vec<&'static str>,
    /// The number of the newest one.
    pub version: i64,
}

impl Store {
    /// Applies what is missing, all in one transaction. Several nodes may call it at once.
    ///
    /// # Errors
    /// When the database is newer than this program, or a migration that was applied has since been
    /// changed, or the database refuses.
    pub async fn migrate(&self, now: Timestamp) -> Result<Migrated> {
        self.write(move |tx| up_to(tx, now, newest())).await
    }

    /// The number of the newest migration that was applied; 0 for an empty database.
    ///
    /// # Errors
    /// As the database says.
    pub async fn version(&self) -> Result<i64> {
        self.read(version).await
    }
}

/// The newest migration that this program knows.
#[must_use]
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.number)
}

/// As of [`Store::version`].
pub(crate) fn version(tx: &mut Tx<'_>) -> Result<i64> {
    Ok(applied(tx)?.last().map_or(0, |(number, _)| *number))
}

/// Applies what is missing up to a migration.
pub(crate) fn up_to(tx: &mut Tx<'_>, now: Timestamp, last: i64) -> Result<Migrated> {
    if tx.engine() == Engine::Postgres {
        // Changing large tables takes its time, and so may another node that is at it.
        tx.script("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", crate::args![POSTGRES_LOCK])?;
    }
    let done = applied(tx)?;
    if let Some((newest_applied, _)) = done.last()
        && *newest_applied > newest()
    {
        return Err(Error::Schema(format!(
            "the database has schema {newest_applied}, this program knows {}: start the newer release",
            newest()
        )));
    }
    if done.is_empty() {
        tx.script(
            "CREATE TABLE IF NOT EXISTS migration (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
             checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)",
        )?;
    }
    let mut fresh = Vec::new();
    for m in MIGRATIONS.iter().filter(|m| m.number <= last) {
        let sql = match tx.engine() {
            Engine::Sqlite => m.sqlite,
            Engine::Postgres => m.postgres,
        };
        let checksum = checksum(sql);
        match done.iter().find(|(number, _)| *number == m.number) {
            Some((_, known)) if *known != checksum => {
                return Err(Error::Schema(format!(
                    "migration {} was changed after it had been applied to this database",
                    m.name
                )));
            }
            Some(_) => {}
            None => {
                tx.script(sql)?;
                tx.execute(
                    "INSERT INTO migration (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
                    crate::args![m.number, m.name, checksum, now],
                )?;
                fresh.push(m.name);
            }
        }
    }
    if !fresh.is_empty() || !has_row_security(tx)? {
        put_row_security(tx)?;
    }
    if !fresh.is_empty() {
        crate::forks::planner_statistics::write(tx)?;
    }
    Ok(Migrated { applied: fresh, version: newest() })
}

fn applied(tx: &mut Tx<'_>) -> Result<Vec<(i64, String)>> {
    let exists = match tx.engine() {
        Engine::Sqlite => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migration'",
        Engine::Postgres => {
            "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migration'"
        }
    };
    if tx.get(exists, &[], |row| row.get::<i64>(0))? == 0 {
        return Ok(Vec::new());
    }
    tx.list("SELECT number, checksum FROM migration ORDER BY number", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

fn checksum(sql: &str) -> String {
    Sha256::digest(sql.as_bytes()).iter().take(8).map(|b| format!("{b:02x}")).collect()
}
