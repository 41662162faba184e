//! E-mails by a mail server.

use super::{Letter, MailError};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use std::{fmt, time::Duration};

/// Longest wait for one answer of the mail server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The settings for the mail server make no sense.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The address of the server.
    #[error(
        "this is no mail server: write smtps://user:password@host or smtp://user:password@host?tls=required"
    )]
    Url,
    /// The address that e-mails come from.
    #[error("this is no sender: write name@example.org or Name <name@example.org>")]
    From,
}

/// A mail server, and whom e-mails are from.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// `url` is `smtps://user:password@host:465` or `smtp://…?tls=required` (port 587).
    ///
    /// # Errors
    /// When one of the two cannot be read. Nothing is connected yet.
    pub fn new(url: &str, from: &str) -> Result<Self, SmtpError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| SmtpError::Url)?;
        let from = from.parse().map_err(|_| SmtpError::From)?;
        Ok(Self { transport: transport.timeout(Some(TIMEOUT)).build(), from })
    }

    pub(super) async fn deliver(&self, letter: &Letter) -> Result<(), MailError> {
        let to = letter.to.parse().map_err(|_| MailError::Refused("this is no address".to_owned()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .map_err(|e| MailError::Refused(e.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            // The server's words may hold the address; its code says enough.
            Err(e) if e.is_permanent() => {
                Err(MailError::Refused(e.status().map(|code| code.to_string()).unwrap_or_default()))
            }
            Err(e) => Err(MailError::Later(
                e.status().map_or_else(|| "no answer".to_owned(), |code| code.to_string()),
            )),
        }
    }
}

impl fmt::Debug for Smtp {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("from", &self.from).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

    /// A mail server that says `answer` to the recipient, and gives what it was told.
    async fn server(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let heard = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let (mut heard, mut in_text) = (String::new(), false);
            stream.write_all(b"220 ready\r\n").await.unwrap();
            let mut line = String::new();
            while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
                heard.push_str(&line);
                let said = match line.split_whitespace().next().unwrap_or_default() {
                    "." => {
                        in_text = false;
                        "250 kept"
                    }
                    _ if in_text => "",
                    "DATA" => {
                        in_text = true;
                        "354 go on"
                    }
                    "RCPT" => answer,
                    "QUIT" => "221 bye",
                    _ => "250 yes",
                };
                if !said.is_empty() {
                    stream.write_all(format!("{said}\r\n").as_bytes()).await.unwrap();
                }
                line.clear();
            }
            heard
        });
        (url, heard)
    }

    fn letter() -> Letter {
        Letter {
            to: "a@example.org".to_owned(),
            subject: "Grüße".to_owned(),
            text: "Open this link".to_owned(),
        }
    }

    #[tokio::test]
    async fn an_email_reaches_the_mail_server() {
        let (url, heard) = server("250 yes").await;
        Smtp::new(&url, "Tisara <no-reply@example.org>").unwrap().deliver(&letter()).await.unwrap();
        let heard = heard.await.unwrap();
        assert!(heard.contains("RCPT TO:<a@example.org>") && heard.contains("Open this link"), "{heard}");
    }

    #[tokio::test]
    async fn a_refusal_is_final_and_a_delay_is_not() {
        for (answer, is_final) in [("550 no such person", true), ("451 try later", false)] {
            let (url, _) = server(answer).await;
            let failed =
                Smtp::new(&url, "no-reply@example.org").unwrap().deliver(&letter()).await.unwrap_err();
            assert_eq!(matches!(failed, MailError::Refused(_)), is_final, "{failed}");
            assert!(!failed.to_string().contains("such person"));
        }
        let nowhere = Smtp::new("smtp://127.0.0.1:1", "no-reply@example.org").unwrap();
        assert!(matches!(nowhere.deliver(&letter()).await, Err(MailError::Later(_))));
    }

    #[test]
    fn wrong_settings_are_refused_before_anything_is_sent() {
        assert!(matches!(Smtp::new("http://example.org", "a@example.org"), Err(SmtpError::Url)));
        assert!(matches!(Smtp::new("smtps://example.org", "nobody"), Err(SmtpError::From)));
        let smtp = Smtp::new("smtps://user:secret@example.org", "a@example.org").unwrap();
        assert!(!format!("{smtp:?}").contains("secret"));
    }
}
