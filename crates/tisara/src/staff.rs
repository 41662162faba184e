//! `tisara staff`: the operator's own people, straight in the database of this installation. Over the API
//! nobody can make anyone staff.

use crate::{cli::Place, exit::Failure, org, org::storage, terminal};
use clap::{Args, Subcommand};
use std::path::Path;
use tisara_server::folded_email;
use tisara_store::users::User;

/// `tisara staff …`.
#[derive(Debug, Subcommand)]
pub enum Staff {
    /// Let a person who has signed up, and belongs to no organization, visit organizations.
    ///
    /// Each visit has a reason and an end, and the organization sees it. Example: tisara staff add anna@example.com
    Add(StaffMember),
    /// Take a person off the staff; their visits are over at once.
    Remove(StaffMember),
    /// Print the staff.
    List(StaffList),
}

/// One person.
#[derive(Debug, Args)]
pub struct StaffMember {
    /// The e-mail address of their account.
    pub email: String,

    #[command(flatten)]
    pub place: Place,
}

/// `tisara staff list`.
#[derive(Debug, Args)]
pub struct StaffList {
    #[command(flatten)]
    pub place: Place,
}

/// Runs the command.
pub async fn run(file: Option<&Path>, command: &Staff) -> anyhow::Result<()> {
    match command {
        Staff::Add(args) => change(file, args, true).await,
        Staff::Remove(args) => change(file, args, false).await,
        Staff::List(args) => list(file, args).await,
    }
}

async fn change(file: Option<&Path>, args: &StaffMember, add: bool) -> anyhow::Result<()> {
    let (config, ambient, store, _) = org::open(file, &args.place).await?;
    let (email, now) = (folded_email(&args.email), ambient.now());
    let done = store.write(move |tx| {
        let Some(User { id, .. }) = tx.find_user_by_email(&email)? else {
            return Ok(Err("nobody signed up with that address"));
        };
        if !add {
            return Ok(if tx.remove_staff(id, now)? {
                Ok(())
            } else {
                Err("this person is not of the staff")
            });
        }
        if !tx.list_memberships(id)?.is_empty() {
            return Ok(Err("this person belongs to an organization; staff need an account of their own"));
        }
        Ok(if tx.add_staff(id, now)? { Ok(()) } else { Err("this person is of the staff already") })
    });
    match done.await.map_err(|e: tisara_store::Error| storage(&config, &e))? {
        Ok(()) => {
            terminal::say(if add { "added to the staff" } else { "taken off the staff" });
            Ok(())
        }
        Err(why) => Err(Failure::usage(format!("{}: {why}", args.email)).into()),
    }
}

async fn list(file: Option<&Path>, args: &StaffList) -> anyhow::Result<()> {
    let (config, _, store, _) = org::open(file, &args.place).await?;
    let staff = store.read(|tx| tx.list_staff()).await.map_err(|e| storage(&config, &e))?;
    for person in staff {
        terminal::out(format_args!("{}  {}", person.email, person.name));
    }
    Ok(())
}
