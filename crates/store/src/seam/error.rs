//! What can go wrong in storage, told apart by what the caller can do.

/// A result of storage.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique key is taken: somebody else wrote the same thing first.
    #[error("this already exists ({constraint})")]
    Duplicate {
        /// The key, as the database names it.
        constraint: String,
    },
    /// The database cannot be reached or is starting up or shutting down. Nothing was written; the
    /// same call may be made again.
    #[error("the database is not reachable: {0}")]
    Unavailable(String),
    /// The connection broke while committing: it may have been written or not. Make the call again
    /// only if doing it twice does no harm.
    #[error("the connection to the database broke while it was committing")]
    CommitUnknown,
    /// No room on the disk. Nothing was written.
    #[error("the disk of the database is full: free some space; work goes on by itself")]
    DiskFull,
    /// A row does not hold what the code expects.
    #[error("column {column} does not hold {wanted}")]
    Decode {
        /// Position in the result, from 0.
        column: usize,
        /// The type that was expected.
        wanted: &'static str,
    },
    /// The database file or its schema is not ours, or from a newer release.
    #[error("{0}")]
    Schema(String),
    /// The address of the database makes no sense.
    #[error("{0}")]
    Url(String),
    /// The store is being closed.
    #[error("storage is shutting down")]
    Closed,
    /// A transaction's code panicked; its writes were undone.
    #[error("a storage operation failed inside; its writes were undone")]
    Panicked,
    /// Anything else the database says. A fault of ours.
    #[error("database: {0}")]
    Sql(String),
}

impl Error {
    /// Whether the same call may simply be made again later: nothing was written.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::DiskFull)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let text = e.to_string();
        match e.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Unavailable(text),
            Some(ErrorCode::ConstraintViolation)
                if text.contains("UNIQUE") || text.contains("PRIMARY KEY") =>
            {
                Self::Duplicate { constraint: text }
            }
            Some(ErrorCode::NotADatabase) => {
                Self::Schema("the database file is not a SQLite database".to_owned())
            }
            // A full disk also shows as a failed write of the log or of its index.
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Unavailable(text),
            _ => Self::Sql(text),
        }
    }
}

impl From<postgres::Error> for Error {
    fn from(e: postgres::Error) -> Self {
        use postgres::error::SqlState as S;
        let Some(db) = e.as_db_error() else {
            return if e.is_closed() || is_io(&e) {
                Self::Unavailable(chain(&e))
            } else {
                Self::Sql(chain(&e))
            };
        };
        let code = db.code();
        if *code == S::UNIQUE_VIOLATION {
            return Self::Duplicate { constraint: db.constraint().unwrap_or_default().to_owned() };
        }
        if *code == S::DISK_FULL {
            return Self::DiskFull;
        }
        // Class 08 connection, 53 resources, 57 shutdown; deadlock and serialization are run again.
        let class = code.code().get(..2).unwrap_or_default();
        if matches!(class, "08" | "53" | "57") || is_conflict(code) {
            return Self::Unavailable(db.message().to_owned());
        }
        Self::Sql(format!("{}: {}", code.code(), db.message()))
    }
}

/// Two transactions were in each other's way; running one again settles it.
fn is_conflict(code: &postgres::error::SqlState) -> bool {
    use postgres::error::SqlState as S;
    *code == S::T_R_DEADLOCK_DETECTED
        || *code == S::T_R_SERIALIZATION_FAILURE
        || *code == S::LOCK_NOT_AVAILABLE
}

fn is_io(e: &postgres::Error) -> bool {
    std::error::Error::source(e).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        || e.to_string().contains("connect")
}

fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut source = e.source();
    while let Some(s) = source {
        text.push_str(": ");
        text.push_str(&s.to_string());
        source = s.source();
    }
    text
}
