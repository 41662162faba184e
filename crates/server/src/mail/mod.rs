//! E-mails to people: what they say, how they wait, how they leave.
//!
//! An e-mail is written down, sealed, in the transaction that calls for it, and sent by a loop that
//! tries again for a day. It may arrive twice; it is never lost, nor sent for what did not happen.

mod letters;
mod outbox;
mod queue;
mod smtp;

pub use outbox::{Outbox, Sent};
pub use smtp::{Smtp, SmtpError};

pub(crate) use letters::{Letter, Letters};
pub(crate) use outbox::routes;
pub(crate) use queue::{Sealed, run};

/// How e-mails leave.
#[derive(Clone, Debug)]
pub enum Mailer {
    /// They cannot: whatever needs one is refused.
    None,
    /// By a mail server.
    Smtp(Box<Smtp>),
    /// Into a list in memory that the API shows: for trying out, never for real people.
    Outbox(Outbox),
}

/// Why an e-mail did not leave.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    /// It never will.
    #[error("the mail server refused it: {0}")]
    Refused(String),
    /// It may later.
    #[error("the mail server could not be reached or put it off: {0}")]
    Later(String),
}

impl Mailer {
    /// Whether e-mails can leave at all.
    pub(crate) const fn works(&self) -> bool {
        !matches!(self, Self::None)
    }

    async fn deliver(&self, letter: &Letter, now: tisara_domain::Timestamp) -> Result<(), MailError> {
        match self {
            Self::None => Err(MailError::Later("no mail server is set".to_owned())),
            Self::Smtp(smtp) => smtp.deliver(letter).await,
            Self::Outbox(outbox) => {
                outbox.add(letter, now);
                Ok(())
            }
        }
    }
}
