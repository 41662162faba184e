//! `tisara demo`: everything on this machine, through the same API that users call, judged by the
//! emulator's own report.

mod account;
mod folder;
mod made;
mod result;
mod stage;

use crate::{
    campaign::{self, standing::Standing},
    cli::{Demo, Remote},
    config::{Format, Logging},
    contacts,
    exit::Failure,
    logging, poll, progress,
    remote::Api,
    setup, stop,
    terminal::{self, grouped},
};
use folder::Folder;
use result::Outcome;
use serde::Deserialize;
use serde_json::json;
use stage::Stage;
use std::path::{Path, PathBuf};
use tisara_domain::{Ambient, CampaignState};
use tisara_emulator::{Control, World};
use tisara_server::contacts::import::{ConsentAssertion, ImportOptions};
use url::Url;

/// The contacts that are sent to when no file is named.
const SAMPLE: &str = include_str!("../../../../samples/contacts.csv");
/// The emulator's marketing template with a header and three values.
const TEMPLATE: &str = "seasonal_sale";

/// Runs the command.
pub async fn run(args: &Demo) -> anyhow::Result<()> {
    logging::start(&Logging { level: "warn".to_owned(), format: Format::Text });
    let ambient = setup::ambient()?;
    let folder = Folder::open(args.data_dir.as_deref(), &ambient)?;
    if let Some(file) = &args.file {
        // Said before anything is started.
        std::fs::File::open(file).map_err(|e| {
            Failure::usage(format!("the file {} cannot be read: {e}", file.display()))
                .todo("Check the path and that this user may read it.")
        })?;
    }
    let stage = Stage::set(args, &folder, &ambient).await?;
    let played = stop::unless_asked(play(args, &stage, &folder, &ambient)).await;
    let kept = match played {
        Ok(kept) => kept,
        Err(error) => {
            stage.strike().await;
            return Err(error);
        }
    };
    if !args.once {
        where_next(&stage, args);
        stop::asked().await?;
    }
    stage.strike().await;
    if kept {
        Ok(())
    } else {
        Err(Failure::failed(
            "the numbers are not what was promised: see lost, doubled, uncertain and the sum",
        )
        .into())
    }
}

/// Imports, sends, waits, reports. True when the promise is kept.
async fn play(args: &Demo, stage: &Stage, folder: &Folder, ambient: &Ambient) -> anyhow::Result<bool> {
    let server = Url::parse(&format!("http://{}/", stage.server.address))?;
    let api = Api::new(&Remote { server, key: stage.account.key.clone() })?;
    if !args.json {
        terminal::say(format_args!(
            "server {}   emulator of Meta's API {}",
            stage.server.address, stage.emulator_address
        ));
    }
    let (number, template) = connect(&api, stage).await?;
    let file = contacts_file(args, folder)?;
    let import = contacts::import(&api, ambient, &file, &options(args), args.json).await?;
    let counts = import.progress.counts;
    let error_file = match counts.invalid_phone + counts.values_left_out {
        0 => None,
        _ => Some(contacts::save_errors(&api, &import.id, &folder.kept_file("errors.csv")).await?),
    };
    if !args.json {
        terminal::say(format_args!(
            "imported {} contacts, {} rows came twice, {} have no valid number",
            grouped(counts.unique_valid),
            grouped(counts.duplicate_valid),
            grouped(counts.invalid_phone)
        ));
        if let Some(path) = &error_file {
            terminal::say(format_args!("what was left out, with row, column and reason: {}", path.display()));
        }
    }

    let started = campaign::start(&api, &definition(&number, &template)).await?;
    let done = campaign::follow(&api, ambient, &started.id, args.json).await?;
    if done.state != CampaignState::Completed {
        let why = done.paused_reason.unwrap_or_default();
        return Err(Failure::failed(format!("the campaign stopped: it is {} {why}", done.state)).into());
    }
    settled(stage, ambient, args.json).await?;

    let end: Standing = api.get(&format!("/api/v1/campaigns/{}", done.id)).await?;
    let outcome = outcome(args, stage, &end, &import.progress, error_file);
    if args.json {
        terminal::out(serde_json::to_string(&outcome)?);
    } else {
        terminal::out(outcome.table(&end.progress));
        terminal::out(outcome.speed());
    }
    Ok(outcome.is_kept())
}

#[derive(Deserialize)]
struct WithId {
    id: String,
}

#[derive(Deserialize)]
struct Numbers {
    items: Vec<WithId>,
}

#[derive(Deserialize)]
struct Templates {
    items: Vec<Template>,
}

#[derive(Deserialize)]
struct Template {
    id: String,
    name: String,
    language: String,
}

/// Connects the emulator's account and takes over its templates; gives the ids of number and template.
async fn connect(api: &Api, stage: &Stage) -> anyhow::Result<(String, String)> {
    let account = json!({ "waba_id": stage.waba, "token": World::TOKEN });
    let numbers: Numbers = api.post("/api/v1/numbers/connect", &account).await?;
    let _: serde_json::Value = api.post("/api/v1/templates/sync", &json!({})).await?;
    let templates: Templates = api.get("/api/v1/templates?limit=200").await?;
    let number = numbers.items.into_iter().next();
    let template = templates.items.into_iter().find(|t| t.name == TEMPLATE && t.language == "en_US");
    match (number, template) {
        (Some(number), Some(template)) => Ok((number.id, template.id)),
        _ => Err(Failure::failed("the emulator's number or template was not taken over").into()),
    }
}

fn contacts_file(args: &Demo, folder: &Folder) -> Result<PathBuf, Failure> {
    if let Some(file) = &args.file {
        return Ok(file.clone());
    }
    let path = folder.path().join("contacts.csv");
    match args.contacts {
        Some(count) => made::write(&path, count, args.seed)?,
        None => write_sample(&path)?,
    }
    Ok(path)
}

fn write_sample(path: &Path) -> Result<(), Failure> {
    std::fs::write(path, SAMPLE).map_err(|e| {
        Failure::surroundings(format!("the sample cannot be written to {}: {e}", path.display()))
            .todo("Free some space there, or choose another folder with --data-dir.")
    })
}

fn options(args: &Demo) -> ImportOptions {
    ImportOptions {
        default_region: Some(args.region.clone()),
        consent: Some(ConsentAssertion {
            everybody: false,
            source: "tisara demo".to_owned(),
            wording: "The column of the file says that they agreed.".to_owned(),
        }),
        ..ImportOptions::default()
    }
}

fn definition(number: &str, template: &str) -> serde_json::Value {
    let text = |place: &str, name: &str, text: &str| json!({ "place": place, "name": name, "source": { "kind": "text", "text": text } });
    json!({
        "name": "Demo: summer sale",
        "number": number,
        "template": template,
        "audience": { "kind": "all" },
        "bindings": [
            text("header", "1", "Summer Sale"),
            { "place": "body", "name": "1", "source": { "kind": "name" }, "fallback": "friend" },
            text("body", "2", "SUMMER25"),
            text("body", "3", "25%"),
        ],
    })
}

/// Waits until the emulator has nothing more to tell and everything it told is applied.
async fn settled(stage: &Stage, ambient: &Ambient, quiet: bool) -> anyhow::Result<()> {
    let bar = progress::bar(1, "{prefix:10} {msg}", quiet);
    bar.set_prefix("waiting");
    let store = &stage.server.store;
    let ask = async || {
        let told = stage.emulator.is_settled();
        let waits =
            store.read(|tx| tx.journal_waits_since()).await.map_err(|e| Failure::failed(e.to_string()))?;
        Ok(told && waits.is_none() && stage.emulator.is_settled())
    };
    let done = poll::until(
        ambient,
        ask,
        |settled| *settled,
        |_| {
            bar.set_message(format!(
                "for the last statuses: {} on their way",
                stage.emulator.report().under_way
            ));
        },
    )
    .await;
    bar.finish_and_clear();
    done?;
    Ok(())
}

fn outcome(
    args: &Demo,
    stage: &Stage,
    end: &Standing,
    import: &tisara_server::contacts::import::ImportProgress,
    error_file: Option<PathBuf>,
) -> Outcome {
    let p = &end.progress;
    let report = stage.emulator.report();
    let should_have_reached = p.recipients - p.skipped.min(p.recipients) - p.failed.min(p.recipients);
    let seconds = match (end.started_at, end.finished_at) {
        (Some(from), Some(to)) => to.since(from).as_secs_f64(),
        _ => 0.0,
    };
    let out = p.decided();
    Outcome {
        planned: p.recipients,
        skipped: p.skipped,
        accepted: p.accepted,
        sent: p.sent,
        delivered: p.delivered,
        read: p.read,
        failed: p.failed,
        uncertain: p.uncertain,
        lost: should_have_reached.saturating_sub(reached(&stage.emulator)),
        // By our id, and by sender, person and content: the second needs nothing from us.
        doubled: report.doubled.max(report.doubled_contents),
        seconds: (seconds * 1_000.0).round() / 1_000.0,
        messages_per_second: if seconds > 0.0 { (out as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 },
        peak_rss_mb: result::peak_rss_mb(),
        imported: import.counts.unique_valid,
        duplicate: import.counts.duplicate_valid,
        refused: import.counts.invalid_phone,
        error_file,
        database: stage.server.store.engine().as_str(),
        seed: args.seed,
    }
}

/// Messages that reached their person at least once, by the emulator's report.
fn reached(emulator: &Control) -> u64 {
    #[derive(Deserialize)]
    struct Line {
        reached: u64,
    }
    let count = |part: String| {
        part.lines().filter(|line| serde_json::from_str::<Line>(line).is_ok_and(|l| l.reached > 0)).count()
            as u64
    };
    emulator.report_ids().map(count).sum()
}

fn where_next(stage: &Stage, args: &Demo) {
    let server = stage.server.address;
    terminal::say(format_args!("\nStill serving. Where to look next:"));
    terminal::say(format_args!(
        "  sign in          {}   password {}",
        stage.account.email, stage.account.password
    ));
    terminal::say(format_args!("  e-mails          http://{server}/api/v1/outbox"));
    terminal::say(format_args!("  API key          {}", stage.account.key));
    terminal::say(format_args!(
        "  campaigns        curl -H 'Authorization: Bearer {}' http://{server}/api/v1/campaigns",
        stage.account.key
    ));
    terminal::say(format_args!("  API description  http://{server}/openapi.json"));
    terminal::say(format_args!("  what Meta saw    http://{}/_emulator/report", stage.emulator_address));
    if args.data_dir.is_none() && args.database.is_none() {
        terminal::say("  the data is temporary: --data-dir DIR keeps it");
    }
    terminal::say("Ctrl-C ends it.");
}
