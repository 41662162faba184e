//! `tisara campaign`: started, followed and reported through the API of a running server.

mod definition;
mod report;
pub mod standing;
mod uncertain;

use crate::{
    cli::{Campaign, CampaignOne, CampaignResume, CampaignStart},
    exit::Failure,
    poll, progress,
    remote::Api,
    setup, stop, terminal,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use standing::Standing;
use tisara_domain::{Ambient, CampaignId, CampaignState};

/// Runs the command.
pub async fn run(command: &Campaign) -> anyhow::Result<()> {
    match command {
        Campaign::Start(args) => stop::unless_asked(run_start(args)).await,
        Campaign::Watch(args) => stop::unless_asked(run_watch(args)).await,
        Campaign::Report(args) => stop::unless_asked(report::run(args)).await,
        Campaign::Uncertain(args) => stop::unless_asked(uncertain::run(args)).await,
        Campaign::Resume(args) => stop::unless_asked(run_resume(args)).await,
    }
}

async fn run_start(args: &CampaignStart) -> anyhow::Result<()> {
    let ambient = setup::ambient()?;
    let api = Api::new(&args.remote)?;
    let definition = definition::of(&api, args).await?;
    let started = start(&api, &definition).await?;
    if args.watch {
        let standing = follow(&api, &ambient, &started.id, args.json).await?;
        return print(&standing, args.json);
    }
    if args.json {
        terminal::out(serde_json::to_string(&started)?);
    } else {
        terminal::out(format_args!("started {}", started.id));
        terminal::say(format_args!("Follow it with: tisara campaign watch {}", started.id));
    }
    Ok(())
}

async fn run_watch(args: &CampaignOne) -> anyhow::Result<()> {
    let ambient = setup::ambient()?;
    let (api, id) = (Api::new(&args.remote)?, checked(&args.campaign)?);
    let standing = follow(&api, &ambient, &id, args.json).await?;
    print(&standing, args.json)?;
    if standing.state == CampaignState::Paused {
        let why = standing.paused_reason.unwrap_or_else(|| "by hand".to_owned());
        return Err(Failure::failed(format!("the campaign is paused: {why}"))
            .todo("It goes on when it is resumed through the API; nothing is lost meanwhile.")
            .into());
    }
    Ok(())
}

/// What letting a restored campaign go does.
#[derive(Debug, Deserialize, Serialize)]
struct Released {
    #[serde(default, skip_serializing)]
    id: String,
    sends: u64,
    uncertain: u64,
    plans: bool,
}

#[derive(Debug, Deserialize)]
struct Restored {
    campaigns: Vec<Released>,
}

async fn run_resume(args: &CampaignResume) -> anyhow::Result<()> {
    let (api, id) = (Api::new(&args.one.remote)?, checked(&args.one.campaign)?);
    if !args.after_restore {
        let standing: Standing = api.post(&format!("{}/resume", path(&id)), &json!({})).await?;
        return print(&standing, args.one.json);
    }
    let released: Released = if args.dry_run {
        let held: Restored = api.get("/api/v1/restored").await?;
        let found = held.campaigns.into_iter().find(|c| c.id == id);
        found.ok_or_else(|| Failure::usage("this campaign is not held since a restore"))?
    } else {
        api.post(&format!("/api/v1/restored/campaigns/{id}/resume"), &json!({})).await?
    };
    if args.one.json {
        terminal::out(serde_json::to_string(&released)?);
        return Ok(());
    }
    let verb = if args.dry_run { "would send" } else { "sends" };
    terminal::out(format_args!("{verb} {} messages", terminal::grouped(released.sends)));
    if released.plans {
        terminal::out("and freezes its audience to the end first: there may be more");
    }
    if released.uncertain > 0 {
        terminal::out(format_args!(
            "{} recipients stay uncertain: they may have got it, and webhooks may still tell",
            terminal::grouped(released.uncertain)
        ));
    }
    Ok(())
}

fn print(standing: &Standing, json: bool) -> anyhow::Result<()> {
    if json {
        terminal::out(serde_json::to_string(standing)?);
    } else {
        terminal::out(standing.headline());
        terminal::out(standing.table());
    }
    Ok(())
}

fn checked(id: &str) -> Result<String, Failure> {
    match id.parse::<CampaignId>() {
        Ok(id) => Ok(id.to_string()),
        Err(e) => Err(Failure::usage(format!("{id}: {e}"))),
    }
}

fn path(id: &str) -> String {
    format!("/api/v1/campaigns/{id}")
}

/// Makes a campaign and starts it.
///
/// # Errors
/// When the server refuses.
pub async fn start(api: &Api, definition: &Value) -> Result<Standing, Failure> {
    let made: Standing = api.post("/api/v1/campaigns", definition).await?;
    api.post(&format!("{}/start", path(&made.id)), &json!({})).await
}

/// Follows a campaign with a bar, until everybody is decided or it stands still.
///
/// # Errors
/// When the server refuses, or is away for long.
pub async fn follow(api: &Api, ambient: &Ambient, id: &str, quiet: bool) -> Result<Standing, Failure> {
    let bar = progress::bar(0, progress::MESSAGES, quiet);
    bar.set_prefix("sending");
    let path = path(id);
    let end = poll::until(
        ambient,
        async || api.get::<Standing>(&path).await,
        |s| s.state.is_over() || s.state == CampaignState::Paused,
        |s| {
            if s.state == CampaignState::Planning {
                bar.set_prefix("planning");
                bar.set_message(terminal::grouped(s.progress.recipients));
                return;
            }
            bar.set_prefix("sending");
            bar.set_length(s.progress.to_send());
            bar.set_position(s.progress.decided());
            bar.set_message(s.progress.in_words());
        },
    )
    .await;
    bar.finish_and_clear();
    end
}
