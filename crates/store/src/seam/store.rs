//! The store: where it is, how it is opened, and the two ways in.

use super::{
    error::{Error, Result, Waited},
    health::Health,
    postgres::Postgres,
    sqlite::Sqlite,
    tx::{Engine, Tx},
    work::{IsTransient, Job, Queued},
};
use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

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
    /// Longest wait of a caller for a connection, in milliseconds.
    pub wait_ms: u64,
    /// Longest wait for a lock that somebody else holds, in milliseconds. PostgreSQL only.
    pub lock_wait_ms: u64,
    /// Longest time for one statement, in milliseconds. PostgreSQL only.
    pub statement_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sqlite_readers: 3,
            sqlite_cache_mib: 32,
            postgres_connections: 8,
            wait_ms: 5_000,
            lock_wait_ms: 3_000,
            statement_ms: 60_000,
        }
    }
}

/// A handle to the database. Cheap to clone; the last one dropped closes it.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    health: Health,
    wait: Duration,
    is_engines: bool,
}

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
        let health = Health::default();
        let backend = match url {
            Url::Sqlite(path) => Backend::Sqlite(Sqlite::open(path, options, &health)?),
            Url::Postgres(url) => Backend::Postgres(Postgres::open(url, options, &health)?),
        };
        health.begin();
        Ok(Self::over(backend, health, options))
    }

    fn over(backend: Backend, health: Health, options: Options) -> Self {
        let wait = Duration::from_millis(options.wait_ms.max(1));
        Self { backend: Arc::new(backend), health, wait, is_engines: false }
    }

    /// The same database for the engine: its work goes before everybody else's, on a connection of its
    /// own if there are enough, so that a pile of slow requests does not stop it.
    #[must_use]
    pub fn for_engine(&self) -> Self {
        Self { is_engines: true, ..self.clone() }
    }

    /// What is wrong with the database at present, in words for an operator; `None` while it works.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.health.trouble()
    }

    /// Which database this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match *self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
            #[cfg(feature = "testing")]
            Backend::Inline(ref i) => i.engine(),
        }
    }

    /// An empty database in memory that works on the caller's thread and dies when `fate` says so.
    ///
    /// # Errors
    /// As the database says.
    #[cfg(feature = "testing")]
    pub fn open_inline(fate: super::inline::Fate) -> Result<Self> {
        let backend = Backend::Inline(super::inline::Inline::sqlite(fate)?);
        Ok(Self::over(backend, Health::default(), Options::default()))
    }

    /// The same over PostgreSQL, in the schema that the address names, which then takes the simulated time
    /// for its own.
    ///
    /// # Errors
    /// As the database says.
    #[cfg(feature = "testing")]
    pub fn open_inline_postgres(
        url: &str,
        clock: super::inline::SimulatedClock,
        fate: super::inline::Fate,
    ) -> Result<Self> {
        let backend = Backend::Inline(super::inline::Inline::postgres(url, clock, fate)?);
        Ok(Self::over(backend, Health::default(), Options::default()))
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
        self.run(Job::queue(body), true).await
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
        self.run(Job::queue(body), false).await
    }

    async fn run<T, E: From<Error>>(&self, queued: Queued<T, E>, write: bool) -> Result<T, E> {
        let (work, mut answer, claim) = queued;
        let closed = |_| Err(Error::Closed.into());
        let queue = match &*self.backend {
            Backend::Sqlite(s) => s.queue(write),
            Backend::Postgres(p) => p.queue(write),
            #[cfg(feature = "testing")]
            Backend::Inline(i) => {
                if !i.run(work, write) {
                    // The program is dead: nothing happens in it any more.
                    std::future::pending::<()>().await;
                }
                return answer.await.unwrap_or_else(closed);
            }
        };
        queue.push(work, self.is_engines).inspect_err(|e| self.health.note(&Err(e.clone())))?;
        tokio::select! {
            biased;
            answered = &mut answer => return answered.unwrap_or_else(closed),
            () = wait(self.wait) => {}
        }
        if claim.give_up() {
            let busy = Error::TimedOut(Waited::Connection);
            self.health.note(&Err(busy.clone()));
            return Err(busy.into());
        }
        // It has begun: only its end tells whether it was written. Statements and locks have limits.
        answer.await.unwrap_or_else(closed)
    }
}

#[expect(clippy::disallowed_methods, reason = "threads of a database are waited for in real time")]
async fn wait(for_: Duration) {
    tokio::time::sleep(for_).await;
}
