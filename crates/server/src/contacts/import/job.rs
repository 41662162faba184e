//! The writing side of an import, as a job.
//!
//! Each batch is one transaction that also moves the job's progress. After a crash the file is read
//! again from its start, which finds the same rows, duplicates and refusals again; batches that are
//! written already are passed over. So the counts in the end are the same, and nothing is done twice.

use super::{
    checking::CheckedRow,
    files::Files,
    mapping::{KnownField, MappedColumn},
    options::{ConsentAssertion, ExistingRows, Target},
    progress::{ImportInput, ImportProgress, KIND},
    reader::{self, Batch},
    refusal::Refusal,
    table::Table,
};
use crate::contacts::default_region;
use futures::{FutureExt as _, future::BoxFuture};
use std::{collections::HashMap, sync::Arc};
use tisara_domain::{Ambient, Duration, FieldId, LabelId, OrgId, Region, consent::ConsentState};
use tisara_engine::jobs::{JobContext, JobEnd, JobRunner};
use tisara_store::{
    OrgTx, Store,
    contacts::{Existing, ImportRow, ImportedConsent},
    fields::Field,
    jobs::{Hold, Job},
    labels::Label,
};
use tokio::sync::mpsc;

/// When storage is in the way, how long to wait.
const RETRY: Duration = Duration::from_secs(10);
/// Batches between reader and writer.
const AHEAD: usize = 2;
/// A column with more different labels than this holds something else.
const MAX_LABELS: usize = 1_000;

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
                Err(Stop::Store(e)) if e.is_transient() => {
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
enum Stop {
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
}

impl From<tisara_store::Error> for Stop {
    fn from(e: tisara_store::Error) -> Self {
        Self::Store(e)
    }
}

fn failed(refusal: &Refusal, progress: &ImportProgress) -> Stop {
    Stop::End(JobEnd::Failed(refusal.to_string(), json(progress)))
}

fn json(progress: &ImportProgress) -> String {
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
    let (sender, mut batches) = mpsc::channel::<Batch>(AHEAD);
    let errors = files.errors(job.id);
    let reading = tokio::task::spawn_blocking(move || reader::read(&table, region, &errors, &sender));
    loop {
        let batch = tokio::select! {
            batch = batches.recv() => batch,
            () = context.stop().cancelled() => return Ok(JobEnd::Interrupted),
        };
        let Some(batch) = batch else { break };
        progress.counts = batch.counts;
        progress.bytes_read = batch.bytes_read;
        let hold = if input.options.dry_run {
            hold(context, &progress).await?
        } else {
            writer.write(context, batch, already_written, &mut progress).await?
        };
        if hold == Hold::Cancelling {
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
            let region = match named {
                Some(region) => region,
                None => default_region(tx, org).unwrap_or(Region::LK),
            };
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

/// Writes batches of one import.
struct Writer {
    org: OrgId,
    columns: Vec<MappedColumn>,
    existing: Existing,
    /// The field of each column that holds one.
    fields: Vec<Option<FieldId>>,
    known: Vec<Field>,
    labels_for_all: Vec<LabelId>,
    labels: HashMap<String, LabelId>,
    everybody_agreed: bool,
    source: Arc<str>,
    said_yes: Arc<str>,
    said_no: Arc<str>,
}

impl Writer {
    fn new(org: OrgId, input: &ImportInput, columns: &[MappedColumn], known: Vec<Field>) -> Self {
        let ConsentAssertion { everybody, source, wording } =
            input.options.consent.clone().unwrap_or_default();
        let column = columns.iter().find(|c| c.to == Target::Consent).map_or("", |c| c.column.as_str());
        let says =
            |what: &str| format!("The column “{column}” of the file “{}” says {what}.", input.file_name);
        Self {
            org,
            columns: columns.to_vec(),
            existing: match input.options.existing {
                ExistingRows::Update => Existing::Update,
                ExistingRows::Skip => Existing::Skip,
            },
            fields: vec![None; columns.len()],
            known,
            labels_for_all: Vec::new(),
            labels: HashMap::new(),
            everybody_agreed: everybody,
            source: if source.trim().is_empty() { "import".into() } else { source.trim().into() },
            said_yes: if wording.trim().is_empty() { says("yes").into() } else { wording.trim().into() },
            said_no: says("no").into(),
        }
    }

    async fn make_fields_and_labels(
        &mut self,
        store: &Store,
        ambient: &Ambient,
        labels: &[String],
    ) -> Result<(), Stop> {
        for (i, column) in self.columns.iter().enumerate() {
            let Some(name) = column.field.as_deref().filter(|_| column.to == Target::Field) else { continue };
            if let Some(known) = self.known.iter().find(|f| f.name == name) {
                self.fields[i] = Some(known.id);
                continue;
            }
            let field = Field {
                id: ambient.id(),
                name: name.to_owned(),
                kind: column.kind.unwrap_or_default().into(),
                created_at: ambient.now(),
            };
            let org = self.org;
            let id = store
                .write(move |tx| {
                    let mut tx = tx.org(org);
                    if let Some(there) = tx.find_field_by_name(&field.name)? {
                        return Ok::<_, tisara_store::Error>(there.id);
                    }
                    tx.create_field(&field)?;
                    Ok(field.id)
                })
                .await?;
            self.fields[i] = Some(id);
        }
        self.know_labels(store, ambient, labels).await?;
        self.labels_for_all = labels.iter().filter_map(|name| self.labels.get(name).copied()).collect();
        Ok(())
    }

    /// Finds or makes the labels of these names.
    async fn know_labels(&mut self, store: &Store, ambient: &Ambient, names: &[String]) -> Result<(), Stop> {
        let mut missing: Vec<Label> = Vec::new();
        for name in names {
            if !self.labels.contains_key(name) && !missing.iter().any(|l| l.name == *name) {
                missing.push(Label { id: ambient.id(), name: name.clone(), created_at: ambient.now() });
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        if self.labels.len() + missing.len() > MAX_LABELS {
            let reason = "The file has more than 1,000 different labels. Is that column really one of labels? Map it to \
                          a field, or to ignore.";
            return Err(Stop::End(JobEnd::Failed(reason.to_owned(), "{}".to_owned())));
        }
        let org = self.org;
        let found = store
            .write(move |tx| {
                let mut tx = tx.org(org);
                let mut found = Vec::with_capacity(missing.len());
                for label in &missing {
                    let id = match tx.find_label_by_name(&label.name)? {
                        Some(there) => there.id,
                        None => {
                            tx.create_label(label)?;
                            label.id
                        }
                    };
                    found.push((label.name.clone(), id));
                }
                Ok::<_, tisara_store::Error>(found)
            })
            .await?;
        self.labels.extend(found);
        Ok(())
    }

    /// Writes a batch and the progress together.
    async fn write(
        &mut self,
        context: &JobContext,
        batch: Batch,
        already_written: u64,
        progress: &mut ImportProgress,
    ) -> Result<Hold, Stop> {
        if batch.last_row <= already_written {
            // Rows that are written already are only read again; the claim must not run out meanwhile.
            return hold(context, progress).await;
        }
        let (store, ambient) = (context.store(), context.ambient());
        let fresh: Vec<CheckedRow> =
            batch.rows.into_iter().filter(|(row, _)| *row > already_written).map(|(_, row)| row).collect();
        let mut names: Vec<String> = fresh.iter().flat_map(|r| r.labels.iter().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        self.know_labels(store, ambient, &names).await?;
        let rows: Vec<ImportRow> = fresh.into_iter().map(|row| self.import_row(ambient, row)).collect();
        let (org, existing, now) = (self.org, self.existing, ambient.now());
        progress.last_row = batch.last_row;
        let (before, context) = (progress.clone(), context.clone());
        let (after, hold) = store
            .write(move |tx| {
                let mut tx = tx.org(org);
                let done = tx.import_contacts(&rows, existing, now)?;
                let mut after = before.clone();
                after.inserted += done.inserted;
                after.updated += done.updated;
                after.unchanged += done.unchanged;
                after.kept_opt_outs += done.rows.iter().filter(|r| r.kept_opt_out).count() as u64;
                match context.hold(&mut tx, &json(&after))? {
                    Hold::Lost => Err(Stop::Lost),
                    hold => Ok((after, hold)),
                }
            })
            .await?;
        *progress = after;
        Ok(hold)
    }

    fn import_row(&self, ambient: &Ambient, row: CheckedRow) -> ImportRow {
        let agreed = match row.consent {
            Some(true) => Some(ConsentState::OptedIn),
            Some(false) => Some(ConsentState::OptedOut),
            None => self.everybody_agreed.then_some(ConsentState::OptedIn),
        };
        let mut labels = self.labels_for_all.clone();
        for id in row.labels.iter().filter_map(|name| self.labels.get(name)) {
            if !labels.contains(id) {
                labels.push(*id);
            }
        }
        ImportRow {
            id: ambient.id(),
            phone: row.phone,
            name: row.name,
            email: row.email,
            language: row.language,
            fields: row
                .fields
                .into_iter()
                .filter_map(|(column, value)| Some((self.fields.get(column).copied().flatten()?, value)))
                .collect(),
            labels,
            consent: agreed.map(|state| ImportedConsent {
                id: ambient.id(),
                state,
                source: Arc::clone(&self.source),
                wording: Arc::clone(if state == ConsentState::OptedIn {
                    &self.said_yes
                } else {
                    &self.said_no
                }),
            }),
        }
    }
}
