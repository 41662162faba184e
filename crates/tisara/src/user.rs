//! `tisara user`: accounts of people, straight in the database of this installation, for what nobody can do over
//! the API.

use crate::{
    cli::Place,
    exit::Failure,
    org::{self, storage},
    terminal,
};
use clap::{Args, Subcommand};
use std::path::Path;
use tisara_server::{Removal, edge::ApiError, folded_email, remove_second_factors};
use url::Url;

/// The shortest reason that says something, in characters.
const REASON_MIN: usize = 10;
/// The longest.
const REASON_MAX: usize = 500;

/// `tisara user …`.
#[derive(Debug, Subcommand)]
pub enum User {
    /// For somebody who lost their app and the recovery codes, or their passkeys: take all of them away.
    ///
    /// From then on the password alone signs them in. All their sessions end, on browsers and devices; they are told by
    /// e-mail, with the reason; it is put on record. Make sure that it is really the person who asks.
    ///
    /// Example: tisara user remove-second-factors anna@example.com --reason "lost phone, seen in person"
    #[command(verbatim_doc_comment)]
    RemoveSecondFactors(RemoveSecondFactors),
    /// Print what is on record of a person's account: what operators did to it, when and why.
    Records(Records),
}

/// `tisara user remove-second-factors`.
#[derive(Debug, Args)]
pub struct RemoveSecondFactors {
    /// The e-mail address of their account.
    pub email: String,

    /// Why, and how you know that it is they, in 10 to 500 characters; the person reads it.
    #[arg(long)]
    pub reason: String,

    #[command(flatten)]
    pub place: Place,
}

/// `tisara user records`.
#[derive(Debug, Args)]
pub struct Records {
    /// The e-mail address of their account.
    pub email: String,

    #[command(flatten)]
    pub place: Place,
}

/// Runs the command.
pub async fn run(file: Option<&Path>, command: &User) -> anyhow::Result<()> {
    match command {
        User::RemoveSecondFactors(args) => run_remove(file, args).await,
        User::Records(args) => run_records(file, args).await,
    }
}

fn nobody(email: &str) -> Failure {
    Failure::usage(format!("{email}: nobody signed up with that address"))
}

async fn run_remove(file: Option<&Path>, args: &RemoveSecondFactors) -> anyhow::Result<()> {
    let reason = args.reason.trim().to_owned();
    let length = reason.chars().count();
    if !(REASON_MIN..=REASON_MAX).contains(&length) || reason.chars().any(char::is_control) {
        return Err(Failure::usage(format!("--reason takes {REASON_MIN} to {REASON_MAX} characters")).into());
    }
    let (config, ambient, store, vault) = org::open(file, &args.place).await?;
    let public_url = match &config.server.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{}/", config.server.listen))?,
    };
    let removal = Removal { email: args.email.clone(), reason, public_url };
    let removed = remove_second_factors(&store, &ambient, &vault, removal).await.map_err(|e| match e {
        ApiError::Storage(e) => storage(&config, &e),
        e => Failure::failed(e.to_string()),
    })?;
    let removed = removed.ok_or_else(|| nobody(&args.email))?;
    let app = if removed.app { "the app" } else { "no app" };
    terminal::say(format_args!(
        "removed {app} and {} passkeys, ended {} sessions; the person is told by e-mail",
        removed.passkeys, removed.sessions
    ));
    if config.mail.smtp_url.is_none() && !config.mail.outbox {
        terminal::say("No mail server is set (mail.smtp_url): tell the person yourself.");
    }
    Ok(())
}

async fn run_records(file: Option<&Path>, args: &Records) -> anyhow::Result<()> {
    let (config, _, store, _) = org::open(file, &args.place).await?;
    let email = folded_email(&args.email);
    let found = store.read(move |tx| match tx.find_user_by_email(&email)? {
        Some(user) => tx.list_account_records(user.id).map(Some),
        None => Ok(None),
    });
    let records = found.await.map_err(|e| storage(&config, &e))?.ok_or_else(|| nobody(&args.email))?;
    for (at, what, reason) in records {
        terminal::out(format_args!("{at}  {what}  {reason}"));
    }
    Ok(())
}
