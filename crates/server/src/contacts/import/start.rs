//! Beginning an import: the file is in its place, and is one that can be read.

use super::{
    files::Files,
    http::ImportView,
    job::{blocking, surroundings},
    mapping::{KnownField, MappedColumn},
    options::ImportOptions,
    progress::{ImportInput, ImportProgress, KIND},
    refusal::Refusal,
    table::Table,
};
use crate::{
    contacts::{import::checking::Checker, import::checking::RowCounts, values},
    edge::{ApiError, FieldProblem, Result},
    idempotency,
};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::{ops::ControlFlow, path::Path};
use tisara_domain::{Ambient, JobId, OrgId, Region};
use tisara_store::{Store, jobs::NewJob};
use tokio::io::AsyncWriteExt as _;
use utoipa::ToSchema;

/// Starts the import of a file of this machine, for the command line: it is copied, checked, and a job
/// is made, which any running engine with an [`ImportRunner`](super::ImportRunner) takes up.
///
/// # Errors
/// When the options or the file will not do, or storage or disk fail.
pub async fn start(
    store: &Store,
    ambient: &Ambient,
    data_dir: &Path,
    org: OrgId,
    path: &Path,
    options: ImportOptions,
) -> Result<JobId> {
    check(&options)?;
    let files = Files::new(data_dir);
    let job: JobId = ambient.id();
    let mut to = files.create_upload(job).await?;
    let copied = async {
        let mut from = tokio::fs::File::open(path).await?;
        tokio::io::copy(&mut from, &mut to).await?;
        to.flush().await?;
        to.sync_all().await
    };
    if let Err(e) = copied.await {
        files.remove_upload(job).await;
        return Err(e.into());
    }
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    begin(store, ambient, &files, org, job, ImportInput { file_name: name, options }).await?;
    Ok(job)
}

/// Whether the options make sense by themselves.
pub(super) fn check(options: &ImportOptions) -> Result<()> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: &str| problems.push(FieldProblem::new(field, message));
    if let Some(region) = &options.default_region
        && let Err(e) = region.parse::<Region>()
    {
        wrong("options.default_region", &e.to_string());
    }
    if let Some(consent) = &options.consent {
        let text = |text: &str, max: usize| !text.trim().is_empty() && text.chars().count() <= max;
        if !text(&consent.source, 200) {
            wrong("options.consent.source", "say in 1 to 200 characters where these people agreed");
        }
        if !text(&consent.wording, 2_000) {
            wrong("options.consent.wording", "give the words they agreed to, in 1 to 2,000 characters");
        }
    }
    if options.labels.len() > 20 {
        wrong("options.labels", "must be at most 20");
    }
    if options.labels.iter().any(|l| l.trim().is_empty() || l.chars().count() > 60) {
        wrong("options.labels", "each must have 1 to 60 characters");
    }
    if problems.is_empty() { Ok(()) } else { Err(ApiError::Invalid(problems)) }
}

/// Makes the job, unless the file cannot be imported at all; then it is removed.
pub(super) async fn begin(
    store: &Store,
    ambient: &Ambient,
    files: &Files,
    org: OrgId,
    job: JobId,
    mut input: ImportInput,
) -> Result<ImportProgress> {
    input.file_name = values::line(&input.file_name, 200);
    for label in &mut input.options.labels {
        *label = values::line(label.trim(), 60);
    }
    let begun = async {
        let table = open(store, files, org, job, &input).await?.0;
        let progress = ImportProgress {
            form: table.form(),
            columns: table.columns.clone(),
            bytes_total: table.bytes,
            ..ImportProgress::default()
        };
        let new = NewJob {
            id: job,
            kind: KIND.to_owned(),
            input: serde_json::to_string(&input).map_err(ApiError::internal)?,
            now: ambient.now(),
        };
        // The answer is kept with the job: a repeated request must not begin a second import.
        let _: ImportView = idempotency::write(store, StatusCode::ACCEPTED, move |tx| {
            let mut tx = tx.org(org);
            tx.create_job(&new)?;
            tx.find_job(job)?.ok_or(ApiError::NotFound("import"))
        })
        .await?;
        Ok(progress)
    };
    let begun = begun.await;
    if begun.is_err() {
        files.remove_upload(job).await;
    }
    begun
}

async fn open(
    store: &Store,
    files: &Files,
    org: OrgId,
    job: JobId,
    input: &ImportInput,
) -> Result<(Table, Region)> {
    let (region, known) = surroundings(store, org, input).await?;
    let known: Vec<KnownField> =
        known.into_iter().map(|f| KnownField { name: f.name, kind: f.kind.into() }).collect();
    let (path, options) = (files.upload(job), input.options.clone());
    Ok((blocking(move || Table::open(path, &options, &known, region)).await?, region))
}

/// What an import of this file would begin with.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// What the file turned out to be: `CSV, commas, UTF-8`.
    pub form: String,
    /// What each column would be taken for.
    pub columns: Vec<MappedColumn>,
    /// The first 20 rows as they stand in the file.
    pub rows: Vec<PreviewRow>,
    /// What was found in the first rows, at most 10,000.
    pub counts: RowCounts,
    /// Whether these were all rows.
    pub complete: bool,
}

/// A row of a preview.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PreviewRow {
    /// Its number, as a spreadsheet shows it.
    pub row: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// What would be left out, and why.
    pub problems: Vec<String>,
}

const PREVIEW_ROWS: usize = 20;
const PREVIEW_COUNTED: u64 = 10_000;

/// Looks at an upload without importing it, and removes it.
pub(super) async fn preview(
    store: &Store,
    files: &Files,
    org: OrgId,
    job: JobId,
    options: ImportOptions,
) -> Result<Preview> {
    let input = ImportInput { file_name: String::new(), options };
    let looked = async {
        let (table, region) = open(store, files, org, job, &input).await?;
        Ok(blocking(move || look(&table, region)).await?)
    };
    let looked = looked.await;
    files.remove_upload(job).await;
    looked
}

fn look(table: &Table, region: Region) -> Result<Preview, Refusal> {
    let mut checker = Checker::new(table.columns.clone(), region);
    let mut rows = Vec::new();
    let cut = table.rows(|record, _| {
        if checker.counts.rows == PREVIEW_COUNTED {
            return ControlFlow::Break(());
        }
        checker.check(record);
        if rows.len() < PREVIEW_ROWS {
            rows.push(PreviewRow {
                row: record.row,
                cells: record.cells().map(|c| values::line(c, 200)).collect(),
                problems: checker
                    .complaints
                    .iter()
                    .map(|c| format!("{}: {}", table.columns[c.column].column, c.reason))
                    .collect(),
            });
        }
        ControlFlow::Continue(())
    })?;
    Ok(Preview {
        form: table.form(),
        columns: table.columns.clone(),
        rows,
        counts: checker.counts,
        complete: cut.is_none(),
    })
}
