//! E-mails that wait, sealed, and the loop that sends them.

use super::{Letter, MailError};
use crate::{app::App, edge::Result};
use std::time::Duration;
use tisara_domain::{Ambient, MailId};
use tisara_engine::{Vault, in_the_way};
use tisara_store::{Tx, mail::Mail};
use tokio_util::sync::CancellationToken;

/// An e-mail whose content nobody can read in the database.
#[derive(Clone)]
pub(crate) struct Sealed {
    id: MailId,
    content: Vec<u8>,
}

/// Longest time for one attempt; then somebody else may try.
const ATTEMPT_S: u64 = 120;
/// How long it is tried. Links in it do not last longer.
const TRIED_FOR: Duration = Duration::from_secs(24 * 3600);
const FIRST_WAIT_S: u64 = 15;
const LONGEST_WAIT_S: u64 = 3600;
const LOOK: Duration = Duration::from_secs(5);
const PURGE: Duration = Duration::from_secs(3600);

fn place(id: MailId) -> String {
    format!("mail.content/{id}")
}

impl Sealed {
    pub(crate) fn new(app: &App, letter: &Letter) -> Result<Self> {
        Self::with(&app.ambient, &app.vault, letter)
    }

    /// Where no server runs in this process.
    pub(crate) fn with(ambient: &Ambient, vault: &Vault, letter: &Letter) -> Result<Self> {
        let id = ambient.id::<MailId>();
        let plain = serde_json::to_vec(letter).map_err(crate::edge::ApiError::internal)?;
        let content = vault.seal_own(&place(id), &plain).map_err(crate::edge::ApiError::internal)?;
        Ok(Self { id, content })
    }

    /// Writes it down to be sent.
    pub(crate) fn queue(&self, tx: &mut Tx<'_>, now: tisara_domain::Timestamp) -> tisara_store::Result<()> {
        tx.queue_mail(self.id, &self.content, now)
    }
}

/// Sends what waits, and throws away what ran out, until told to stop.
pub(crate) async fn run(app: App, stop: CancellationToken) {
    let mut next_purge = app.ambient.now();
    while !stop.is_cancelled() {
        let now = app.ambient.now();
        if now >= next_purge {
            next_purge = now.plus(PURGE);
            if let Err(e) = app.store.write(move |tx| tx.purge_people(now)).await {
                tracing::warn!(error = %e, "what ran out could not be thrown away; it will be tried again");
            }
        }
        match send_next(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(e) => in_the_way(&e, "sending e-mails"),
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = app.mail_waits.notified() => {}
            () = app.ambient.sleep(LOOK) => {}
        }
    }
}

/// Sends the e-mail that is due longest. `false` when none is.
async fn send_next(app: &App) -> tisara_store::Result<bool> {
    if !app.mailer.works() {
        return Ok(false);
    }
    let now = app.ambient.now();
    let claimed = app.store.write(move |tx| tx.claim_mail(now, Duration::from_secs(ATTEMPT_S))).await?;
    let Some(mail) = claimed else { return Ok(false) };
    let id = mail.id;
    let Some(letter) = open(app, &mail) else {
        tracing::error!(%id, "an e-mail does not open with this installation's key and is thrown away");
        app.store.write(move |tx| tx.end_mail(id)).await?;
        return Ok(true);
    };
    let sent = tokio::select! {
        sent = app.mailer.deliver(&letter, now) => sent,
        () = app.ambient.sleep(Duration::from_secs(ATTEMPT_S / 2)) => Err(MailError::Later("it took too long".to_owned())),
    };
    let give_up = now.since(mail.created_at) >= TRIED_FOR;
    match sent {
        Err(MailError::Later(cause)) if !give_up => {
            let wait = FIRST_WAIT_S << mail.attempts.saturating_sub(1).min(8);
            let at = now.plus(Duration::from_secs(wait.min(LONGEST_WAIT_S)));
            tracing::warn!(%id, cause, attempts = mail.attempts, "an e-mail could not be sent; it will be tried again");
            app.store.write(move |tx| tx.retry_mail(id, at)).await?;
        }
        Err(e) => {
            tracing::error!(%id, error = %e, "an e-mail was given up");
            app.store.write(move |tx| tx.end_mail(id)).await?;
        }
        Ok(()) => app.store.write(move |tx| tx.end_mail(id)).await?,
    }
    Ok(true)
}

fn open(app: &App, mail: &Mail) -> Option<Letter> {
    let plain = app.vault.open_own(&place(mail.id), &mail.content).ok()?;
    serde_json::from_slice(&plain).ok()
}
