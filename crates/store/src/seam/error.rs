//! What can go wrong in storage, told apart by what the caller can do.

/// A result of storage.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What was waited for, longer than we wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Somebody else's transaction holds it.
    Lock,
    /// The end of a statement.
    Statement,
    /// A connection that is free.
    Connection,
}

impl Waited {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Lock => "somebody else holds a lock that is needed here",
            Self::Statement => "a statement took too long",
            Self::Connection => "all connections to it are busy",
        }
    }
}

/// What went wrong.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// Two transactions were in each other's way and this one had to give way. Nothing was written.
    #[error("somebody else was changing the same: {0}")]
    Conflict(String),
    /// It took longer than we wait. Nothing was written; the same call may be made again later.
    #[error("the database keeps us waiting: {}", .0.in_words())]
    TimedOut(Waited),
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
    pub(super) const UNAVAILABLE: &'static str = "unavailable";
    pub(super) const DISK_FULL: &'static str = "disk_full";
    pub(super) const TIMED_OUT: &'static str = "timed_out";

    /// Whether the same call may simply be made again later: nothing was written.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::DiskFull | Self::Conflict(_) | Self::TimedOut(_))
    }

    /// Whether the database is at fault and not what was asked of it: the same may be asked again once
    /// it works. Unlike with [`Error::is_transient`], it may have been written.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        self.is_transient() || matches!(self, Self::CommitUnknown | Self::Closed)
    }

    /// The kind of trouble with the database that this is a sign of, as the metrics name it.
    pub(super) const fn trouble(&self) -> Option<&'static str> {
        match self {
            Self::Unavailable(_) | Self::CommitUnknown => Some(Self::UNAVAILABLE),
            Self::DiskFull => Some(Self::DISK_FULL),
            Self::TimedOut(_) => Some(Self::TIMED_OUT),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let text = e.to_string();
        match e.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::TimedOut(Waited::Lock),
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
        if *code == S::LOCK_NOT_AVAILABLE {
            return Self::TimedOut(Waited::Lock);
        }
        if *code == S::QUERY_CANCELED {
            return Self::TimedOut(Waited::Statement);
        }
        if *code == S::T_R_DEADLOCK_DETECTED || *code == S::T_R_SERIALIZATION_FAILURE {
            return Self::Conflict(db.message().to_owned());
        }
        // Class 08 connection, 53 resources, 57 shutdown; 25P03 and 25P04 end the session.
        let class = code.code().get(..2).unwrap_or_default();
        if matches!(class, "08" | "53" | "57") || matches!(code.code(), "25P03" | "25P04") {
            return Self::Unavailable(db.message().to_owned());
        }
        Self::Sql(format!("{}: {}", code.code(), db.message()))
    }
}

fn is_io(e: &postgres::Error) -> bool {
    std::error::Error::source(e).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        || e.to_string().contains("connect")
}

pub(super) fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut source = e.source();
    while let Some(s) = source {
        text.push_str(": ");
        text.push_str(&s.to_string());
        source = s.source();
    }
    text
}
