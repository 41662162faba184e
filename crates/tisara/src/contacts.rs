//! `tisara contacts import`, through the API of a running server.

use crate::{
    cli::{Contacts, Import},
    exit::Failure,
    poll, progress,
    remote::Api,
    setup, stop,
    terminal::{self, grouped},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tisara_domain::Ambient;
use tisara_server::contacts::import::{ImportOptions, ImportProgress};

/// Runs the command.
pub async fn run(command: &Contacts) -> anyhow::Result<()> {
    match command {
        Contacts::Import(args) => stop::unless_asked(run_import(args)).await,
    }
}

async fn run_import(args: &Import) -> anyhow::Result<()> {
    let ambient = setup::ambient()?;
    let api = Api::new(&args.remote)?;
    let options = args.options();
    let done = import(&api, &ambient, &args.file, &options, args.json).await?;
    let counts = done.progress.counts;
    let errors = match counts.invalid_phone + counts.values_left_out {
        0 => None,
        _ => {
            let path = args.errors.clone().unwrap_or_else(|| args.file.with_extension("errors.csv"));
            Some(save_errors(&api, &done.id, &path).await?)
        }
    };
    let report = Report {
        imported: counts.unique_valid,
        inserted: done.progress.inserted,
        updated: done.progress.updated,
        unchanged: done.progress.unchanged,
        duplicate: counts.duplicate_valid,
        refused: counts.invalid_phone,
        values_left_out: counts.values_left_out,
        error_file: errors,
    };
    if args.json {
        terminal::out(serde_json::to_string(&report)?);
    } else {
        report.print();
    }
    Ok(())
}

impl Import {
    fn options(&self) -> ImportOptions {
        ImportOptions {
            columns: self.column.clone(),
            default_region: self.region.clone(),
            dry_run: self.dry_run,
            labels: self.label.clone(),
            consent: self.consent(),
            ..ImportOptions::default()
        }
    }

    fn consent(&self) -> Option<tisara_server::contacts::import::ConsentAssertion> {
        let source = self.consent_source.clone()?;
        Some(tisara_server::contacts::import::ConsentAssertion {
            everybody: self.everybody_agreed,
            wording: self.consent_wording.clone().unwrap_or_default(),
            source,
        })
    }
}

/// An import, as the API shows it.
#[derive(Debug, Deserialize)]
pub struct ImportJob {
    /// Its id.
    pub id: String,
    state: String,
    error: Option<String>,
    /// How far it is.
    pub progress: ImportProgress,
}

impl ImportJob {
    fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "done" | "failed" | "cancelled")
    }
}

/// Uploads a file and waits until its rows are contacts.
///
/// # Errors
/// When the file cannot be read or imported, or the server is away for long.
pub async fn import(
    api: &Api,
    ambient: &Ambient,
    file: &Path,
    options: &ImportOptions,
    quiet: bool,
) -> Result<ImportJob, Failure> {
    let begun: ImportJob = api.upload("/api/v1/contacts/imports", file, options).await?;
    let bar = progress::bar(begun.progress.bytes_total.max(1), progress::BYTES, quiet);
    bar.set_prefix("importing");
    let path = format!("/api/v1/contacts/imports/{}", begun.id);
    let mut told = None;
    let seen = |job: &ImportJob| {
        // Something is in the way (a full disk, say); it goes on by itself when that is gone.
        if job.error.is_some() && job.error != told && !job.is_over() {
            told.clone_from(&job.error);
            let why = told.as_deref().unwrap_or_default();
            bar.suspend(|| terminal::say(format_args!("the import waits: {why}")));
        }
        bar.set_position(job.progress.bytes_read);
        bar.set_message(format!("{} contacts", grouped(job.progress.counts.unique_valid)));
    };
    let ask = async || api.get::<ImportJob>(&path).await;
    let done = poll::until(ambient, ask, ImportJob::is_over, seen).await;
    bar.finish_and_clear();
    let done = done?;
    match done.state.as_str() {
        "done" => Ok(done),
        "cancelled" => Err(Failure::failed("the import was cancelled; what was imported until then stays")),
        _ => {
            let why = done.error.unwrap_or_else(|| "the server does not say why".to_owned());
            Err(Failure::failed(format!("the import failed: {}", why.trim_end_matches('.')))
                .todo("Rows until then were imported. Importing the file again does not double them."))
        }
    }
}

/// Fetches the list of what was left out, and why.
///
/// # Errors
/// When the server or the disk refuse.
pub async fn save_errors(api: &Api, import: &str, to: &Path) -> Result<PathBuf, Failure> {
    let bytes = api.download(&format!("/api/v1/contacts/imports/{import}/errors")).await?;
    std::fs::write(to, bytes).map_err(|e| {
        Failure::surroundings(format!("the error file {} cannot be written: {e}", to.display()))
            .todo("The contacts are imported. Name another place for the list with --errors.")
    })?;
    Ok(std::path::absolute(to).unwrap_or_else(|_| to.to_path_buf()))
}

/// What an import did.
#[derive(Debug, Serialize)]
struct Report {
    /// Rows with a valid number of their own.
    imported: u64,
    inserted: u64,
    updated: u64,
    unchanged: u64,
    duplicate: u64,
    refused: u64,
    values_left_out: u64,
    error_file: Option<PathBuf>,
}

impl Report {
    fn print(&self) {
        terminal::out(format_args!(
            "{} contacts: {} new, {} changed, {} as they were",
            grouped(self.imported),
            grouped(self.inserted),
            grouped(self.updated),
            grouped(self.unchanged)
        ));
        terminal::out(format_args!(
            "{} rows came twice, {} have no valid number, {} other values were left out",
            grouped(self.duplicate),
            grouped(self.refused),
            grouped(self.values_left_out)
        ));
        if let Some(path) = &self.error_file {
            terminal::out(format_args!("row, column and reason of each: {}", path.display()));
        }
    }
}
