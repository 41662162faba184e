//! An import as a job: reading and writing at once, resumable, stoppable.
//!
//! Each batch is one transaction that also moves the job's progress. After a crash the file is read
//! again from its start, which finds the same windows of rows, duplicates and refusals again; what is
//! written already is passed over. So the counts in the end are the same, and nothing is done twice.

use super::{
    checking::CheckedRow,
    files::Files,
    mapping::KnownField,
    progress::{ImportInput, ImportProgress, KIND},
    reader::{self, Window},
    refusal::Refusal,
    table::Table,
    writer::Writer,
};
use futures::{FutureExt as _, future::BoxFuture};
use tisara_domain::{Duration, OrgId, Region};
use tisara_engine::jobs::{JobContext, JobEnd, JobRunner};
use tisara_store::{
    Error, OrgTx, Store,
    fields::Field,
    jobs::{Hold, Job},
};
use tokio::sync::mpsc;

/// When storage is in the way, how long to wait.
const RETRY: Duration = Duration::from_secs(10);
/// Windows that are read ahead of the writer.
const AHEAD: usize = 1;
/// Rows written in one transaction.
const BATCH_ROWS: usize = 4_000;

/// Runs imports.
#[derive(Clone, Debug)]
pub struct ImportRunner {
    files: Files,
}

impl ImportRunner {
    /// Runs imports of files that lie in this data folder.
    #[must_use]
    pub fn new(data_dir: &std::path::Path) -> Self {
        Self { files: Files::new(data_dir) }
    }
}

impl JobRunner for ImportRunner {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run<'a>(&'a self, job: Job, context: JobContext) -> BoxFuture<'a, JobEnd> {
        async move {
            let id = job.id;
            let end = match run(&self.files, job, &context).await {
                Ok(end) | Err(Stop::End(end)) => end,
                Err(Stop::Lost) => JobEnd::Interrupted,
                // A commit of unknown end too: work and progress are one, so reading on from what is
                // stored does nothing twice.
                Err(Stop::Store(e))
                    if e.is_transient() || matches!(e, Error::CommitUnknown | Error::Closed) =>
                {
                    JobEnd::RetryAt(context.ambient().now().plus(RETRY), e.to_string())
                }
                Err(Stop::Store(e)) => {
                    tracing::error!(job.id = %id, error = %e, "an import failed");
                    JobEnd::Failed(
                        "The import failed inside; ask the operator to look at the log.".to_owned(),
                        "{}".to_owned(),
                    )
                }
            };
            if !matches!(end, JobEnd::RetryAt(..) | JobEnd::Interrupted) {
                self.files.remove_upload(id).await;
                self.files.sweep(context.ambient().now()).await;
            }
            end
        }
        .boxed()
    }
}

/// Why the work stops early.
pub(super) enum Stop {
    /// The job has come to this end.
    End(JobEnd),
    /// Somebody else has the job now: nothing more may be written.
    Lost,
    /// Storage.
    Store(tisara_store::Error),
}

impl tisara_store::IsTransient for Stop {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(e) if e.is_transient())
    }

    fn storage(&self) -> Option<&tisara_store::Error> {
        if let Self::Store(e) = self { Some(e) } else { None }
    }
}

impl From<tisara_store::Error> for Stop {
    fn from(e: tisara_store::Error) -> Self {
        Self::Store(e)
    }
}

fn failed(refusal: &Refusal, progress: &ImportProgress) -> Stop {
    Stop::End(JobEnd::Failed(refusal.to_string(), json(progress)))
}

pub(super) fn json(progress: &ImportProgress) -> String {
    serde_json::to_string(progress).unwrap_or_default()
}

async fn run(files: &Files, job: Job, context: &JobContext) -> Result<JobEnd, Stop> {
    let mut progress: ImportProgress = serde_json::from_str(&job.progress).unwrap_or_default();
    let input: ImportInput = serde_json::from_str(&job.input).map_err(|_| {
        Stop::End(JobEnd::Failed("The job does not say what to import.".to_owned(), json(&progress)))
    })?;
    let (org, store) = (job.org_id, context.store().clone());
    let (region, known) = surroundings(&store, org, &input).await?;

    let (path, options) = (files.upload(job.id), input.options.clone());
    let known_fields: Vec<KnownField> =
        known.iter().map(|f| KnownField { name: f.name.clone(), kind: f.kind.into() }).collect();
    let table = blocking(move || Table::open(path, &options, &known_fields, region))
        .await
        .map_err(|refusal| failed(&refusal, &progress))?;
    progress.form = table.form();
    progress.columns.clone_from(&table.columns);
    progress.bytes_total = table.bytes;

    let already_written = progress.last_row;
    let mut writer = Writer::new(org, &input, &table.columns, known);
    if !input.options.dry_run {
        writer.make_fields_and_labels(&store, context.ambient(), &input.options.labels).await?;
    }
    let (sender, mut windows) = mpsc::channel::<Window>(AHEAD);
    let errors = files.errors(job.id);
    let reading = tokio::task::spawn_blocking(move || reader::read(&table, region, &errors, &sender));
    loop {
        let window = tokio::select! {
            window = windows.recv() => window,
            () = context.stop().cancelled() => return Ok(JobEnd::Interrupted),
        };
        let Some(window) = window else { break };
        progress.counts = window.counts;
        progress.bytes_read = window.bytes_read;
        let held = if input.options.dry_run || window.last_row <= already_written {
            // Rows that are written already are only read again; the claim must not run out meanwhile.
            hold(context, &progress).await?
        } else {
            write_window(&mut writer, context, window, already_written, &mut progress).await?
        };
        if held == Hold::Cancelling {
            return Ok(JobEnd::Cancelled(json(&progress)));
        }
    }
    match reading.await {
        Ok(Ok(())) => Ok(JobEnd::Done(json(&progress))),
        Ok(Err(Refusal::File(e))) => {
            tracing::warn!(job.id = %job.id, error = %e, "a file of an import is in the way");
            Ok(JobEnd::RetryAt(context.ambient().now().plus(RETRY), e.to_string()))
        }
        Ok(Err(refusal)) => Err(failed(&refusal, &progress)),
        Err(e) => {
            tracing::error!(job.id = %job.id, error = %e, "reading an import failed");
            Ok(JobEnd::Failed("The file could not be read.".to_owned(), json(&progress)))
        }
    }
}

/// Writes what is not written yet of a window, batch by batch.
async fn write_window(
    writer: &mut Writer,
    context: &JobContext,
    window: Window,
    already_written: u64,
    progress: &mut ImportProgress,
) -> Result<Hold, Stop> {
    let behind = usize::try_from(progress.written_behind).unwrap_or(usize::MAX);
    let mut rows = window.rows.into_iter().filter(|(row, _)| *row > already_written).skip(behind).peekable();
    loop {
        let batch: Vec<CheckedRow> = rows.by_ref().take(BATCH_ROWS).map(|(_, row)| row).collect();
        let done = if rows.peek().is_none() {
            ImportProgress { last_row: window.last_row, written_behind: 0, ..progress.clone() }
        } else {
            ImportProgress {
                written_behind: progress.written_behind + batch.len() as u64,
                ..progress.clone()
            }
        };
        let held = writer.write(context, batch, done, progress).await?;
        if held == Hold::Cancelling || rows.peek().is_none() {
            return Ok(held);
        }
        if context.stop().is_cancelled() {
            return Err(Stop::End(JobEnd::Interrupted));
        }
    }
}

/// Saves the progress and keeps the claim.
async fn hold(context: &JobContext, progress: &ImportProgress) -> Result<Hold, Stop> {
    let (text, keeper) = (json(progress), context.clone());
    let hold = context.store().write(move |tx| keeper.hold(&mut tx.org(keeper.org()), &text)).await?;
    if hold == Hold::Lost { Err(Stop::Lost) } else { Ok(hold) }
}

/// The country of bare numbers, and the fields there are.
pub(super) async fn surroundings(
    store: &Store,
    org: OrgId,
    input: &ImportInput,
) -> Result<(Region, Vec<Field>), tisara_store::Error> {
    let named = input.options.default_region.as_deref().and_then(|r| r.parse().ok());
    store
        .read(move |tx| {
            let home = tx.find_organization(org)?.map_or(Region::LK, |o| o.default_region);
            let region = named.unwrap_or(home);
            Ok((region, all_fields(&mut tx.org(org))?))
        })
        .await
}

/// All fields of an organization; there are some dozens.
fn all_fields(tx: &mut OrgTx<'_, '_>) -> tisara_store::Result<Vec<Field>> {
    let mut fields: Vec<Field> = Vec::new();
    loop {
        let page = tx.list_fields(fields.last().map(|f| f.name.clone()).as_deref(), 500)?;
        let full = page.len() == 500;
        fields.extend(page);
        if !full {
            return Ok(fields);
        }
    }
}

/// Runs what would hold up other tasks on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|e| Err(Refusal::File(std::io::Error::other(e.to_string()))))
}
