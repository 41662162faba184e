//! A whole database in one file, and back.
//!
//! The file is read in one snapshot, so it is consistent whatever is written meanwhile, and needs no tool
//! of either database. It holds rows and no engine's own form of them: what was SQLite can become
//! PostgreSQL. [`format`](self) says how it looks; `hold` makes a restored copy harmless.
//!
//! A restored copy must never send by itself what was waiting when the backup was made: it may have been
//! sent since. `hold` sees to that in the same transaction that writes the rows.

mod format;
mod hold;
mod released;

pub use format::Header;
pub use hold::Held;
pub(crate) use hold::NEVER;
pub(crate) use released::is_restored;
pub use released::{Released, RestoredCampaign};

use crate::{
    forks, migrate,
    seam::{Engine, Error, IsTransient, Store, Tx},
};
use format::{Item, Reader, Writer};
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};
use tisara_domain::Timestamp;

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// The file is no whole backup.
    #[error("{path} is no whole backup: {what}")]
    Damaged {
        /// Which.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// The backup does not fit here; nothing was changed.
    #[error("{0}")]
    Unfit(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

impl IsTransient for BackupError {}

type Result<T, E = BackupError> = std::result::Result<T, E>;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How it begins.
    pub header: Header,
    /// Tables with the number of their rows.
    pub tables: Vec<(String, u64)>,
    /// The key-encryption key, when it was put in.
    pub key: Option<Vec<u8>>,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

impl Summary {
    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }
}

/// Names a key-encryption key without giving it away: to tell later whether it is the one.
#[must_use]
pub fn key_id(key: &[u8]) -> String {
    let hash = Sha256::new().chain_update(b"tisara key id").chain_update(key).finalize();
    hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// What a backup is to say of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// Now.
    pub now: Timestamp,
    /// The program's version.
    pub version: &'static str,
    /// Names the key that opens the secrets in it.
    pub key_id: String,
    /// The key itself, if it is to be put in.
    pub key: Option<Vec<u8>>,
}

impl Store {
    /// Writes everything to a new file, as it is at one moment. The server may go on working.
    ///
    /// # Errors
    /// When there is such a file, it cannot be written, or the database breaks off.
    pub async fn back_up(&self, to: &Path, about: About) -> Result<Summary> {
        // Written beside and renamed: a file of that name is a whole backup.
        let draft = PathBuf::from(format!("{}.part", to.display()));
        if to.exists() {
            let error = io::Error::new(io::ErrorKind::AlreadyExists, "there is such a file");
            return Err(file_error(to)(error));
        }
        let path = draft.clone();
        let written = self.read(move |tx| write_all(tx, &path, &about)).await;
        let kept = written.and_then(|summary| {
            std::fs::rename(&draft, to).map_err(file_error(to))?;
            if let Some(folder) = to.parent().filter(|p| !p.as_os_str().is_empty()) {
                File::open(folder).and_then(|f| f.sync_all()).map_err(file_error(to))?;
            }
            Ok(summary)
        });
        if kept.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        kept
    }

    /// Puts a backup into this database, which has no tables yet, or tables of the same release without rows
    /// (with `replace`: whose rows are thrown away), and brings it to this release. What was waiting is held,
    /// see [`Held`]. All of it or nothing.
    ///
    /// # Errors
    /// When the file is damaged, the database is not empty, or either is of another release.
    pub async fn restore(&self, from: &Path, replace: bool, now: Timestamp) -> Result<(Summary, Held)> {
        let path = from.to_path_buf();
        let summary =
            tokio::task::spawn_blocking(move || inspect(&path)).await.map_err(|_| Error::Panicked)??;
        let (path, checked) = (from.to_path_buf(), summary.clone());
        let held = self.write(move |tx| restore(tx, &path, &checked, replace, now)).await?;
        Ok((summary, held))
    }
}

/// Reads a backup from beginning to end and checks that it is whole.
///
/// # Errors
/// When it is not.
pub fn inspect(path: &Path) -> Result<Summary> {
    read(path, |_, _, _| Ok(()))
}

fn file_error(path: &Path) -> impl Fn(io::Error) -> BackupError {
    let path = path.display().to_string();
    move |error| BackupError::File { path: path.clone(), error }
}

fn write_all(tx: &mut Tx<'_>, path: &Path, about: &About) -> Result<Summary> {
    let wrong = file_error(path);
    // Reading a large table takes as long as it takes.
    if tx.engine() == Engine::Postgres {
        tx.script("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")?;
        // With row-level security a role that may not see all rows is told so, instead of seeing some.
        tx.script("SET LOCAL row_security = off")?;
    }
    let header = Header {
        format: format::FORMAT,
        schema: migrate::version(tx)?,
        made_at: about.now,
        engine: tx.engine().as_str().to_owned(),
        version: about.version.to_owned(),
        key_id: about.key_id.clone(),
    };
    let mut file = Writer::create(path).map_err(&wrong)?;
    file.header(&header).map_err(&wrong)?;
    if let Some(key) = &about.key {
        file.key(key).map_err(&wrong)?;
    }
    let mut tables = Vec::new();
    for (table, columns) in forks::tables(tx)? {
        file.table(&table, &columns).map_err(&wrong)?;
        let mut rows = 0;
        forks::for_each_row(tx, &table, &columns, |row| {
            rows += 1;
            file.row(row, columns.len()).map_err(&wrong)
        })?;
        tables.push((table, rows));
    }
    let sha256 = file.finish().map_err(&wrong)?;
    Ok(Summary { header, tables, key: about.key.clone(), sha256 })
}

/// Reads a file; `each` gets table, columns and cells of every row.
fn read(
    path: &Path,
    mut each: impl FnMut(&str, &[String], Vec<format::Value>) -> Result<()>,
) -> Result<Summary> {
    let damaged = |what: String| BackupError::Damaged { path: path.display().to_string(), what };
    let mut reader = Reader::open(path).map_err(file_error(path))?;
    let header = reader.header().map_err(|e| damaged(e.to_string()))?;
    if header.format > format::FORMAT {
        return Err(BackupError::Unfit(format!(
            "the backup was made by a newer release ({}): use that one",
            header.version
        )));
    }
    let mut summary = Summary { header, tables: Vec::new(), key: None, sha256: String::new() };
    let mut columns = Vec::new();
    loop {
        match reader.next().map_err(|e| damaged(e.to_string()))? {
            Item::Key(key) => summary.key = Some(key),
            Item::Table(name, names) => {
                columns = names;
                summary.tables.push((name, 0));
            }
            Item::Row(row) => {
                let Some((table, rows)) = summary.tables.last_mut() else {
                    return Err(damaged("a row stands before its table".to_owned()));
                };
                if row.len() != columns.len() {
                    return Err(damaged(format!("a row of {table} is not of its columns")));
                }
                *rows += 1;
                each(table, &columns, row)?;
            }
            Item::End(sha256) => {
                summary.sha256 = sha256;
                return Ok(summary);
            }
        }
    }
}

fn restore(tx: &mut Tx<'_>, path: &Path, checked: &Summary, replace: bool, now: Timestamp) -> Result<Held> {
    let schema = checked.header.schema;
    if schema > migrate::newest() {
        return Err(BackupError::Unfit(format!(
            "the backup has schema {schema}, this program knows {}: use the newer release",
            migrate::newest()
        )));
    }
    match migrate::version(tx)? {
        0 => {}
        version if version != schema => {
            return Err(BackupError::Unfit(format!(
                "the database has schema {version} and the backup {schema}: name a database without tables"
            )));
        }
        _ => {}
    }
    migrate::up_to(tx, now, schema)?;
    let tables = forks::tables(tx)?;
    for (table, _) in &tables {
        if replace {
            forks::delete_all(tx, table)?;
        } else if !forks::is_empty(tx, table)? {
            return Err(BackupError::Unfit(format!(
                "the database is not empty (there are rows in {table}): name an empty one, or throw its rows \
                 away with --replace"
            )));
        }
    }
    let mut load = forks::Load::default();
    let summary = read(path, |table, columns, row| {
        let Some((_, known)) = tables.iter().find(|(name, _)| name == table) else {
            return Err(BackupError::Unfit(format!("this release has no table {table}")));
        };
        if let Some(column) = columns.iter().find(|c| !known.contains(c)) {
            return Err(BackupError::Unfit(format!("this release has no column {table}.{column}")));
        }
        Ok(load.add(tx, table, columns, row)?)
    })?;
    load.finish(tx)?;
    if summary.sha256 != checked.sha256 {
        return Err(BackupError::Unfit("the backup was changed while it was read".to_owned()));
    }
    forks::move_sequences_on(tx)?;
    migrate::up_to(tx, now, migrate::newest())?;
    forks::make_derived(tx)?;
    Ok(hold::everything(tx, now)?)
}
