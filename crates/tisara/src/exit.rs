//! How a command ends badly: what happened, what to do about it, and a code a script can branch on.

use std::fmt;

/// The exit codes, as `tisara --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The command was understood and failed, or its result is not what was promised.
    Failed = 1,
    /// The command line, the configuration or a given file makes no sense.
    Usage = 2,
    /// The machine or a neighbour is not ready: database, port, folder, disk, server.
    Surroundings = 3,
    /// Stopped by Ctrl-C before the work was done. What was done is kept.
    Interrupted = 130,
}

/// An error as the person at the terminal sees it.
#[derive(Debug)]
pub struct Failure {
    /// Becomes the exit code.
    pub code: Code,
    /// What happened, without a full stop.
    what: String,
    /// What to do about it.
    todo: Option<String>,
}

impl Failure {
    /// An error of a kind.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), todo: None }
    }

    /// A mistake in the command line, the configuration or a file.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Code::Usage, what)
    }

    /// Something around us is not ready.
    pub fn surroundings(what: impl Into<String>) -> Self {
        Self::new(Code::Surroundings, what)
    }

    /// The command failed.
    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(Code::Failed, what)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn todo(mut self, todo: impl Into<String>) -> Self {
        self.todo = Some(todo.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.todo {
            Some(todo) => write!(f, "\n  {}", todo.replace('\n', "\n  ")),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// The code and the text of any error: ours if there is one in the chain, else the whole chain.
#[must_use]
pub fn describe(error: &anyhow::Error) -> (Code, String) {
    match error.downcast_ref::<Failure>() {
        Some(failure) => (failure.code, failure.to_string()),
        None => (Code::Failed, format!("{error:#}")),
    }
}

/// What a storage error means at the terminal. `at` is the database's address without its password.
#[must_use]
pub fn storage(error: &tisara_store::Error, at: &tisara_store::Url) -> Failure {
    use tisara_store::{Error as E, Url};
    let todo = match (error, at) {
        (E::Unavailable(_) | E::Sql(_), Url::Postgres(_)) => {
            "Is PostgreSQL running, and are host, port, user, password and database in the address right?\n\
             Try the address with psql. Nothing was changed."
        }
        (E::Unavailable(_) | E::Sql(_), Url::Sqlite(_)) => {
            "Is the folder there, is it writable by this user, and is there room on its disk?\n\
             `tisara doctor` checks it. Nothing was changed."
        }
        (E::DiskFull, _) => {
            "Free some space on that disk and start again. Nothing that was answered is lost."
        }
        (E::Schema(_), _) => {
            "Nothing was changed. Start the release that wrote this database (or a newer one), or name \
             another database."
        }
        (E::Url(_), _) => "Set storage.database_url, or give --database.",
        _ => "This is a fault of Tisara's: please report it with the log.",
    };
    let code = if matches!(error, E::Url(_)) { Code::Usage } else { Code::Surroundings };
    Failure::new(code, format!("{at:?}: {error}")).todo(todo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn the_code_of_a_failure_survives_added_context() {
        let error = Err::<(), _>(Failure::surroundings("port 80 is taken").todo("Use another."))
            .context("while starting")
            .unwrap_err();
        assert_eq!(describe(&error), (Code::Surroundings, "port 80 is taken\n  Use another.".to_owned()));
    }

    #[test]
    fn an_unforeseen_error_shows_its_whole_chain() {
        let error = anyhow::anyhow!("inner").context("outer");
        assert_eq!(describe(&error), (Code::Failed, "outer: inner".to_owned()));
    }
}
