//! Turning judged rows into contacts: fields and labels by name, consent with its evidence, one
//! transaction a batch.

use super::{
    checking::CheckedRow,
    job::{Stop, json},
    mapping::MappedColumn,
    options::{ConsentAssertion, ExistingRows, Target},
    progress::{ImportInput, ImportProgress},
};
use std::{collections::HashMap, sync::Arc};
use tisara_domain::{Ambient, FieldId, LabelId, OrgId, consent::ConsentState};
use tisara_engine::jobs::{JobContext, JobEnd};
use tisara_store::{
    Store,
    contacts::{Existing, ImportRow, ImportedConsent},
    fields::Field,
    jobs::Hold,
    labels::Label,
};

/// A column with more different labels than this holds something else.
const MAX_LABELS: usize = 1_000;

/// Writes batches of one import.
pub(super) struct Writer {
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
    pub(super) fn new(org: OrgId, input: &ImportInput, columns: &[MappedColumn], known: Vec<Field>) -> Self {
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

    pub(super) async fn make_fields_and_labels(
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

    /// Writes a batch and the progress together; `done` is the progress but for what became of the rows.
    pub(super) async fn write(
        &mut self,
        context: &JobContext,
        fresh: Vec<CheckedRow>,
        done: ImportProgress,
        progress: &mut ImportProgress,
    ) -> Result<Hold, Stop> {
        let (store, ambient) = (context.store(), context.ambient());
        let mut names: Vec<String> = fresh.iter().flat_map(|r| r.labels.iter().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        self.know_labels(store, ambient, &names).await?;
        let rows: Vec<ImportRow> = fresh.into_iter().map(|row| self.import_row(ambient, row)).collect();
        let (org, existing, now) = (self.org, self.existing, ambient.now());
        let context = context.clone();
        let (after, hold) = store
            .write(move |tx| {
                let mut tx = tx.org(org);
                let became = tx.import_contacts(&rows, existing, now)?;
                let mut after = done.clone();
                after.inserted += became.inserted;
                after.updated += became.updated;
                after.unchanged += became.unchanged;
                after.kept_opt_outs += became.rows.iter().filter(|r| r.kept_opt_out).count() as u64;
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
