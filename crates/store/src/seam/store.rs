//! The store: where it is, how it is opened, and the two ways in.

use super::{
    error::{Error, Result},
    postgres::Postgres,
    sqlite::Sqlite,
    tx::{Engine, Tx},
    work::{IsTransient, Job, Work},
};
use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Url {
    /// `sqlite:path/to/file.db`.
    Sqlite(PathBuf),
    /// `postgres://user:password@host:port/database`.
    Postgres(String),
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        if s.starts_with("postgres://") || s.starts_with("postgresql://") {
            return Ok(Self::Postgres(s.to_owned()));
        }
        match s.strip_prefix("sqlite:").map(|p| p.strip_prefix("//").unwrap_or(p)) {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(Error::Url(
                "the database address must begin with sqlite: or postgres://, as sqlite:data/tisara.db or \
                 postgres://user:password@localhost/tisara"
                    .to_owned(),
            )),
        }
    }
}

impl Url {
    /// Which engine it names.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }
}

impl fmt::Debug for Url {
    /// Never shows the password that an address may hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => write!(f, "postgres://…@{}", url.rsplit('@').next().unwrap_or_default()),
        }
    }
}

/// How much of the machine the store may use.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Reading connections of SQLite.
    pub sqlite_readers: usize,
    /// Page cache of SQLite's writer, in MiB.
    pub sqlite_cache_mib: u32,
    /// Connections to PostgreSQL, half of them for reading.
    pub postgres_connections: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { sqlite_readers: 3, sqlite_cache_mib: 32, postgres_connections: 8 }
    }
}

/// A handle to the database. Cheap to clone; the last one dropped closes it.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
    #[cfg(feature = "testing")]
    Inline(super::inline::Inline),
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.engine().as_str())
    }
}

impl Store {
    /// Opens the database; the tables may still be missing (see [`Store::migrate`]).
    ///
    /// # Errors
    /// When it cannot be opened or reached.
    pub fn open(url: &Url, options: Options) -> Result<Self> {
        let backend = match url {
            Url::Sqlite(path) => {
                Backend::Sqlite(Sqlite::open(path, options.sqlite_readers, options.sqlite_cache_mib)?)
            }
            Url::Postgres(url) => Backend::Postgres(Postgres::open(url, options.postgres_connections)?),
        };
        Ok(Self(Arc::new(backend)))
    }

    /// Which database this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match *self.0 {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
            #[cfg(feature = "testing")]
            Backend::Inline(_) => Engine::Sqlite,
        }
    }

    /// An empty database in memory that works on the caller's thread and dies when `fate` says so.
    ///
    /// # Errors
    /// As the database says.
    #[cfg(feature = "testing")]
    pub fn open_inline(fate: super::inline::Fate) -> Result<Self> {
        Ok(Self(Arc::new(Backend::Inline(super::inline::Inline::open(fate)?))))
    }

    /// Runs `body` in a transaction and commits it; when this returns `Ok`, it is on disk. An `Err`
    /// of the body undoes its writes. The body may be run more than once (a deadlock, a broken group),
    /// so it must not carry anything out of the transaction but its result.
    ///
    /// # Errors
    /// The body's, or the database's.
    pub async fn write<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + IsTransient + Send + 'static,
    {
        let (work, answer) = Job::queue(body);
        self.queue(work, true).await?;
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// Runs `body` over one unchanging view of the data; writing is refused.
    ///
    /// # Errors
    /// The body's, or the database's.
    pub async fn read<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + IsTransient + Send + 'static,
    {
        let (work, answer) = Job::queue(body);
        self.queue(work, false).await?;
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    async fn queue(&self, work: Box<dyn Work>, write: bool) -> Result<()> {
        match (&*self.0, write) {
            (Backend::Sqlite(s), true) => s.write(work).await,
            (Backend::Sqlite(s), false) => s.read(work).await,
            (Backend::Postgres(p), true) => p.write(work).await,
            (Backend::Postgres(p), false) => p.read(work).await,
            #[cfg(feature = "testing")]
            (Backend::Inline(i), write) => {
                if !i.run(work, write) {
                    // The program is dead: nothing happens in it any more.
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
        }
    }
}
