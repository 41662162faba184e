//! Applying kept webhooks: in batches, each in one transaction with its mark, so that effects are had
//! once, whatever crashes in between.

use super::{
    inbound::{Inbound, Preference},
    statuses::{About, News},
};
use crate::{
    bus::Hint,
    lane::{Consequence, opt_out, pause, stop_number},
    parts::{Shared, in_the_way},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};
use tisara_cloud_api::webhook::{self, Envelope, Payload};
use tisara_domain::{
    Ambient, CampaignId, NumberId, OrgId, Rng, ThreadId, Timestamp, WabaId, watermark::Watermark,
};
use tisara_store::{
    Error, IsTransient, OrgTx, Result, Tx, inbox::Arrival, journal::Entry, ledger::statuses::Applied,
    numbers::Number,
};
use tokio_util::sync::CancellationToken;

const LEASE: &str = "journal";

/// Unreadable elements of an entry that are named one by one.
const MOST_NAMED: usize = 3;

/// What an entry says, freed from its bytes: ready to be applied, again if need be.
#[derive(Debug)]
struct Effects {
    entry: i64,
    parts: Vec<Part>,
    /// An error in reading it as a whole.
    unreadable: Option<String>,
    /// Elements that could not be read, beside others that could.
    malformed: Option<String>,
}

/// What concerns one number.
#[derive(Debug)]
struct Part {
    /// Meta's id of the number.
    number: String,
    news: News,
    inbound: Vec<Inbound>,
    preferences: Vec<Preference>,
    /// How far these news have come, by Meta's clock.
    watermark: Watermark,
}

/// What applying a batch touched, to tell listeners.
#[derive(Debug, Default)]
struct Touched {
    campaigns: Vec<(OrgId, CampaignId)>,
    threads: Vec<(OrgId, ThreadId)>,
    statuses: u64,
    inbound: u64,
    foreign: u64,
    doubled: u64,
    retries: bool,
}

#[derive(Debug, thiserror::Error)]
enum ApplyError {
    /// Another node has applied one of the entries.
    #[error("another node has applied it")]
    Raced,
    #[error(transparent)]
    Store(#[from] Error),
}

impl IsTransient for ApplyError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(e) if e.is_transient())
    }

    fn storage(&self) -> Option<&Error> {
        if let Self::Store(e) = self { Some(e) } else { None }
    }
}

/// Bytes of webhooks that one batch applies, about: some thousand statuses. Its transaction is short then,
/// and what it holds in memory is bounded whatever Meta puts into a webhook.
const BATCH_BYTES: u64 = 1 << 20;

/// Entries that were read.
type Batch = Vec<Arc<Effects>>;

/// Applies entries on hints and by itself, until told to stop.
///
/// While one batch is applied, the next one is read: one thread of the database works on the one, another on the other.
/// They are applied one after the other all the same.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ear = shared.bus.subscribe();
    let mut processor = Processor { shared: &shared, leased_until: Timestamp(0), next_look: Timestamp(0) };
    let mut batch = Batch::new();
    while !stop.is_cancelled() {
        match processor.step(batch).await {
            Ok(next) => batch = next,
            Err(e) => {
                in_the_way(&e, "the journal's processor");
                batch = Batch::new();
            }
        }
        if !batch.is_empty() {
            continue;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = ear.wait_for(|h| h == Hint::Journal) => {}
            () = shared.ambient.sleep(shared.settings.tick()) => {}
        }
    }
}

struct Processor<'a> {
    shared: &'a Shared,
    leased_until: Timestamp,
    /// Not before is the journal looked at again; see [`crate::Settings::gather_ms`].
    next_look: Timestamp,
}

impl Processor<'_> {
    /// Applies a batch and gives the next one; with an empty one, only that.
    async fn step(&mut self, batch: Batch) -> Result<Batch> {
        let shared = self.shared;
        // One node at a time, so that they do not do each other's work twice for nothing. What keeps the
        // effects single is the mark, not the lease.
        if !shared.holds_lease(LEASE, &mut self.leased_until).await? {
            return Ok(Batch::new());
        }
        let being_applied = match batch.as_slice() {
            [] => return self.next(None).await,
            [only] => only.entry..=only.entry,
            [first, .., last] => first.entry..=last.entry,
        };
        let (applied, next) = tokio::join!(apply_surely(shared, batch), self.next(Some(being_applied)));
        applied?;
        next
    }

    /// The oldest entries but for those that are being applied, read.
    async fn next(&mut self, being_applied: Option<RangeInclusive<i64>>) -> Result<Batch> {
        let shared = self.shared;
        let limit = shared.settings.journal_batch.max(1);
        shared.ambient.clock().sleep_until(self.next_look).await;
        let (now, ambient) = (shared.ambient.now(), shared.ambient.clone());
        let (batch, is_full) = shared
            .store
            .read(move |tx| {
                let entries = tx.list_journal_todo(being_applied.clone(), limit, BATCH_BYTES)?;
                let bytes: usize = entries.iter().map(|e| e.body.len()).sum();
                let is_full = entries.len() >= limit as usize || bytes as u64 >= BATCH_BYTES;
                // On the database's thread: many statuses take milliseconds, in which the runtime's would answer nobody.
                // Each body is given back as soon as it is read.
                let batch: Batch = entries.into_iter().map(|e| Arc::new(read(&e, ambient.rng()))).collect();
                Ok::<_, Error>((batch, is_full))
            })
            .await?;
        if !batch.is_empty() {
            self.next_look = if is_full { now } else { now.plus(shared.settings.gather()) };
        }
        Ok(batch)
    }
}

/// Applies a batch; where one entry spoils it, the others all the same.
async fn apply_surely(shared: &Shared, batch: Batch) -> Result<()> {
    match apply(shared, batch.clone()).await {
        Ok(()) | Err(ApplyError::Raced) => Ok(()),
        Err(ApplyError::Store(e)) if e.is_outage() => Err(e),
        Err(ApplyError::Store(e)) => {
            tracing::warn!(error = %e, "a batch of webhooks could not be applied; each is tried alone");
            one_by_one(shared, batch).await
        }
    }
}

/// Tries each entry alone and sets aside the ones at fault.
async fn one_by_one(shared: &Shared, effects: Batch) -> Result<()> {
    for one in effects {
        let entry = one.entry;
        match apply(shared, vec![one]).await {
            Ok(()) | Err(ApplyError::Raced) => {}
            Err(ApplyError::Store(e)) if e.is_outage() => return Err(e),
            Err(e) => {
                tracing::error!(journal.id = entry, error = %e, "a webhook could not be applied and was set aside");
                metrics::counter!("tisara_journal_failed_total").increment(1);
                let (error, now) = (e.to_string(), shared.ambient.now());
                shared.store.write(move |tx| tx.set_journal_entry_aside(entry, &error, now)).await?;
            }
        }
    }
    Ok(())
}

async fn apply(shared: &Shared, effects: Batch) -> Result<(), ApplyError> {
    let ambient = shared.ambient.clone();
    let touched = shared.store.write(move |tx| apply_batch(tx, &effects, &ambient)).await?;
    if touched.doubled > 0 {
        tracing::error!(n = touched.doubled, "people got a message twice");
    }
    metrics::counter!("tisara_doubled_total").increment(touched.doubled);
    metrics::counter!("tisara_statuses_total").increment(touched.statuses);
    metrics::counter!("tisara_inbound_total").increment(touched.inbound);
    metrics::counter!("tisara_foreign_statuses_total").increment(touched.foreign);
    for (org, campaign) in touched.campaigns {
        shared.touched(org, campaign);
    }
    for (org, thread) in touched.threads {
        shared.bus.publish(Hint::Thread(org, thread));
    }
    if touched.retries {
        shared.bus.publish(Hint::Work);
    }
    Ok(())
}

fn apply_batch(tx: &mut Tx<'_>, effects: &[Arc<Effects>], ambient: &Ambient) -> Result<Touched, ApplyError> {
    let mut touched = Touched::default();
    let mut numbers: BTreeMap<&str, Option<(OrgId, Number, String)>> = BTreeMap::new();
    let mut heard: BTreeMap<(OrgId, WabaId), Watermark> = BTreeMap::new();
    let mut arrivals: BTreeMap<OrgId, Vec<Arrival>> = BTreeMap::new();
    let mut news: BTreeMap<(OrgId, NumberId), Vec<&News>> = BTreeMap::new();
    let readable: Vec<i64> = effects.iter().filter(|e| e.unreadable.is_none()).map(|e| e.entry).collect();
    if !tx.finish_journal_entries(&readable)? {
        return Err(ApplyError::Raced);
    }
    for entry in effects {
        if let Some(error) = &entry.unreadable {
            tx.set_journal_entry_aside(entry.entry, error, ambient.now())?;
            continue;
        }
        if let Some(error) = &entry.malformed {
            // What could be read has its effects; the row stays, to be looked at and replayed.
            tx.set_journal_entry_aside(entry.entry, error, ambient.now())?;
        }
        for part in &entry.parts {
            if !numbers.contains_key(part.number.as_str()) {
                numbers.insert(&part.number, tx.number_by_meta_id(&part.number)?);
            }
            let Some(Some((org, number, portfolio))) = numbers.get(part.number.as_str()) else {
                touched.foreign += part.news.len() as u64;
                continue;
            };
            heard.entry((*org, number.waba_id)).or_default().merge(&part.watermark);
            let number = number.id;
            if !part.inbound.is_empty() || !part.preferences.is_empty() {
                let arrivals = arrivals.entry(*org).or_default();
                arrivals.extend(part.inbound.iter().map(|m| m.arrival(number, portfolio, ambient)));
                arrivals.extend(part.preferences.iter().map(|p| p.arrival(number, portfolio, ambient)));
                touched.inbound += part.inbound.len() as u64;
            }
            news.entry((*org, number)).or_default().push(&part.news);
        }
    }
    for (org, arrivals) in &arrivals {
        let taken = tx.org(*org).take_in(arrivals, ambient.now())?;
        let threads: BTreeSet<ThreadId> = taken.into_iter().flatten().filter_map(|t| t.new_in).collect();
        touched.threads.extend(threads.into_iter().map(|thread| (*org, thread)));
    }
    for ((org, number), news) in &news {
        apply_news(&mut tx.org(*org), *org, *number, news, ambient, &mut touched)?;
    }
    for ((org, waba), watermark) in &heard {
        tx.org(*org).raise_watermark(*waba, watermark)?;
    }
    Ok(touched)
}

fn apply_news(
    tenant: &mut OrgTx<'_, '_>,
    org: OrgId,
    number: NumberId,
    news: &[&News],
    ambient: &Ambient,
    touched: &mut Touched,
) -> Result<()> {
    let recipients = || news.iter().flat_map(|n| &n.recipients);
    let Applied { unknown, doubled } = tenant.apply_statuses(number, recipients())?;
    touched.doubled += doubled;
    touched.foreign += unknown + news.iter().map(|n| n.foreign).sum::<u64>();
    touched.statuses += recipients().count() as u64 - unknown;
    touched.retries |= recipients().any(|n| n.retry_at.is_some());
    touched.campaigns.extend(recipients().map(|n| (org, n.about.campaign)));
    touched.campaigns.dedup();
    for message in news.iter().flat_map(|n| &n.messages) {
        if tenant.apply_message_news(message)? { touched.statuses += 1 } else { touched.foreign += 1 }
    }
    for (about, consequence) in news.iter().flat_map(|n| &n.consequences) {
        let now = ambient.now();
        match consequence {
            Consequence::None | Consequence::SlowDown | Consequence::Unreachable => {}
            Consequence::PauseCampaign(reason) => {
                if let About::Recipient(about) = about {
                    pause(tenant, about.campaign, reason, now)?;
                }
            }
            Consequence::StopNumber { reason, token_is_dead } => {
                stop_number(tenant, number, reason, *token_is_dead)?;
            }
            Consequence::OptOut | Consequence::Unreached => {
                let contact = match about {
                    About::Recipient(r) => tenant.find_recipient_contact(r.campaign, r.seq)?,
                    About::Message(id) => tenant.find_message_contact(*id)?,
                };
                let Some(contact) = contact else { continue };
                if *consequence == Consequence::OptOut {
                    tenant.record_consent(&opt_out(contact, ambient.id(), now))?;
                } else {
                    tenant.note_unreachable(contact, now)?;
                }
            }
        }
    }
    Ok(())
}

/// Reads an entry. What is not understood stays in the journal and harms nothing.
fn read(entry: &Entry, rng: &Rng) -> Effects {
    let mut effects = Effects { entry: entry.id, parts: Vec::new(), unreadable: None, malformed: None };
    let envelope = match webhook::parse(&entry.body) {
        Ok(envelope) => envelope,
        Err(e) => {
            effects.unreadable = Some(e.to_string());
            return effects;
        }
    };
    effects.malformed = note_malformed(entry.id, &envelope);
    for (_, change) in envelope.changes() {
        match &change.payload {
            Payload::Messages(value) => {
                let Some(metadata) = &value.metadata else { continue };
                let mut part = Part::of(metadata.phone_number_id.as_str());
                for status in &value.statuses {
                    part.news.add(status, entry.received_at, rng);
                    if let Some(at) = status.timestamp.micros() {
                        part.watermark.note_status(Timestamp(at), entry.received_at);
                    }
                }
                for at in value.messages.iter().filter_map(|m| m.timestamp?.micros()) {
                    part.watermark.note_message(Timestamp(at), entry.received_at);
                }
                part.inbound = value
                    .messages
                    .iter()
                    .map(|m| Inbound::read(m, &value.contacts, entry.received_at))
                    .collect();
                effects.parts.push(part);
            }
            Payload::UserPreferences(value) => {
                let Some(metadata) = &value.metadata else { continue };
                let mut part = Part::of(metadata.phone_number_id.as_str());
                part.preferences = value
                    .user_preferences
                    .iter()
                    .filter_map(|p| Preference::read(p, entry.received_at))
                    .collect();
                effects.parts.push(part);
            }
            _ => {}
        }
    }
    effects
}

/// Says which elements of an entry could not be read: where they stand and why, never what they hold.
fn note_malformed(entry: i64, envelope: &Envelope<'_>) -> Option<String> {
    let all = &envelope.malformed;
    if all.is_empty() {
        return None;
    }
    tracing::warn!(
        journal.id = entry,
        n = all.len(),
        part = all[0].part.as_str(),
        error = all[0].error,
        "parts of a webhook could not be read; the rest is applied and it is set aside"
    );
    metrics::counter!("tisara_journal_malformed_total").increment(all.len() as u64);
    let mut named: Vec<String> =
        all.iter().take(MOST_NAMED).map(|m| format!("{}: {}", m.part.as_str(), m.error)).collect();
    if all.len() > MOST_NAMED {
        named.push(format!("and {} more", all.len() - MOST_NAMED));
    }
    Some(format!("could not be read: {}", named.join("; ")))
}

impl Part {
    fn of(number: &str) -> Self {
        Self {
            number: number.to_owned(),
            news: News::default(),
            inbound: Vec::new(),
            preferences: Vec::new(),
            watermark: Watermark::default(),
        }
    }
}
