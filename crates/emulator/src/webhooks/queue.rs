//! The queues of the apps: batches out, answers in, failures again later.

use super::{
    moment::Timed,
    outbox::State,
    update::{Batch, Item, Message},
};
use crate::{directory::Directory, settings::WebhookSettings};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use tisara_domain::{Duration, Timestamp};

/// Meta: at most 1,000 updates and 3 MB a POST. Some room is left for the envelope.
const MOST_UPDATES: usize = 1_000;
const MOST_BYTES: usize = 2_800_000;

/// Updates for one app.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct AppQueue {
    pub(super) items: VecDeque<Item>,
    pub(super) retries: VecDeque<Box<Batch>>,
    pub(super) waiting_since: Timestamp,
    /// Posts that were not answered yet, by their number. Once loaded they are posted again, for nobody knows what
    /// became of them.
    #[serde(with = "flying")]
    pub(super) flying: BTreeMap<u64, Arc<Batch>>,
}

impl State {
    pub(super) fn enqueue(&mut self, app: u64, at: Timestamp, item: Item) {
        let queue = self.queues.entry(app).or_default();
        if queue.items.is_empty() {
            queue.waiting_since = at;
        }
        queue.items.push_back(item);
    }

    /// The next batch that may be posted.
    pub(crate) fn take_batch(
        &mut self,
        directory: &Directory,
        settings: &WebhookSettings,
        now: Timestamp,
    ) -> Option<Arc<Batch>> {
        if settings.held {
            return None;
        }
        let ready = |q: &AppQueue| {
            q.flying.len() < settings.parallel.max(1)
                && (!q.retries.is_empty()
                    || q.items.len() >= settings.batch.clamp(1, MOST_UPDATES)
                    || !q.items.is_empty()
                        && q.waiting_since.plus(Duration::from_millis(settings.linger_ms)) <= now)
        };
        loop {
            let (&app, queue) = self.queues.iter_mut().find(|(_, q)| ready(q))?;
            if let Some(batch) = queue.retries.pop_front() {
                return Some(self.fly(*batch));
            }
            let taken = self.gather(directory, settings, app, now);
            match taken {
                Ok(batch) => return Some(self.fly(batch)),
                Err(unrouted) => {
                    for item in unrouted {
                        self.told.unrouted += 1;
                        self.drop_item(&item);
                    }
                }
            }
        }
    }

    /// Updates of one app from the front of its queue that go to the same URL. `Err` with those
    /// that have nowhere to go.
    fn gather(
        &mut self,
        directory: &Directory,
        settings: &WebhookSettings,
        app: u64,
        now: Timestamp,
    ) -> Result<Batch, Vec<Item>> {
        let url = |messages: &[Option<Message>], item: &Item| -> Option<String> {
            let app = directory.apps.get(&app)?;
            let number = match item {
                Item::Status { message, .. } => messages.get(*message as usize)?.as_ref().map(|m| m.number),
                Item::Note { note, .. } => note.number,
            };
            let number = number.and_then(|n| directory.numbers.get(n as usize));
            // Meta: number override, then account override, then the app's; overrides apply to
            // message webhooks only.
            number
                .and_then(|n| n.override_url.clone())
                .or_else(|| {
                    directory.wabas.get(&number?.waba)?.subscriptions.get(&app.id)?.override_url.clone()
                })
                .or_else(|| app.callback_url.clone())
        };
        let mut items = Vec::new();
        let mut bytes = 0;
        let mut target: Option<Option<String>> = None;
        let Some(queue) = self.queues.get_mut(&app) else { return Err(items) };
        while let Some(next) = queue.items.front() {
            bytes += match next {
                Item::Note { note, .. } => note.value.len() + 200,
                Item::Status { message, .. } => {
                    let m = self.messages.get(*message as usize).and_then(Option::as_ref);
                    1_200 + m.and_then(|m| m.callback.as_ref()).map_or(0, |c| c.len() * 6)
                }
            };
            let to = url(&self.messages, next);
            let same = target.as_ref().is_none_or(|t| *t == to);
            if !same
                || items.len() >= settings.batch.clamp(1, MOST_UPDATES)
                || bytes > MOST_BYTES && !items.is_empty()
            {
                break;
            }
            target = Some(to);
            items.extend(queue.items.pop_front());
        }
        match target.flatten() {
            Some(url) => Ok(Batch { app, url, items, number: 0, tries: 0, first: now }),
            None => Err(items),
        }
    }

    /// A batch was answered with 200.
    pub(crate) fn delivered(&mut self, batch: &Batch) {
        if self.landed(batch).is_none() {
            return;
        }
        self.told.posted += 1;
        for item in &batch.items {
            if let Item::Status { message, status, .. } = item {
                self.told.delivered[*status as usize] += 1;
                if let Some(answer) = self.answers.remove(message) {
                    let _ = answer.send(());
                }
            }
            self.drop_item(item);
        }
    }

    /// A batch was not answered with 200: again later, or given up.
    pub(crate) fn refused(
        &mut self,
        directory: &Directory,
        batch: Arc<Batch>,
        settings: &WebhookSettings,
        now: Timestamp,
    ) {
        if self.landed(&batch).is_none() {
            return;
        }
        let mut batch = Arc::unwrap_or_clone(batch);
        self.told.refused += 1;
        if now.since(batch.first) >= Duration::from_millis(settings.retry_for_ms) {
            self.told.given_up += batch.items.len() as u64;
            for item in &batch.items {
                self.drop_item(item);
            }
            return;
        }
        let wait =
            settings.retry_first_ms.saturating_mul(1 << batch.tries.min(32)).min(settings.retry_most_ms);
        batch.tries += 1;
        let again = now.plus(Duration::from_millis(wait.max(1)));
        if settings.retry_to_all {
            self.repeat_to_others(directory, &batch, again);
        }
        self.retrying += batch.items.len();
        self.push(again, Timed::Retry(Box::new(batch)));
    }

    /// Meta: retries go to all apps that are subscribed, so that the others get it twice. What comes
    /// again to one of them and is refused there is repeated to that one alone, in its own time.
    fn repeat_to_others(&mut self, directory: &Directory, batch: &Batch, at: Timestamp) {
        for item in batch.items.iter().filter(|i| !i.is_again()) {
            for app in self.listeners(directory, item).into_iter().filter(|a| *a != batch.app) {
                self.told.duplicated += 1;
                self.retain(item);
                self.push(at, Timed::Late(Box::new((app, item.once_more()))));
            }
        }
    }

    fn fly(&mut self, mut batch: Batch) -> Arc<Batch> {
        self.posts += 1;
        batch.number = self.posts;
        let batch = Arc::new(batch);
        self.queues.entry(batch.app).or_default().flying.insert(batch.number, batch.clone());
        batch
    }

    /// A post was answered; `None` for one of before a state was loaded.
    fn landed(&mut self, batch: &Batch) -> Option<Arc<Batch>> {
        self.queues.get_mut(&batch.app)?.flying.remove(&batch.number)
    }

    /// What was read back is made whole: places that are free, and posts nobody waits for any more.
    pub(super) fn resume(&mut self) {
        for queue in self.queues.values_mut() {
            let again =
                std::mem::take(&mut queue.flying).into_values().map(|b| Box::new(Arc::unwrap_or_clone(b)));
            let rest = std::mem::take(&mut queue.retries);
            queue.retries = again.chain(rest).collect();
        }
        self.find_free_places();
    }

    pub(super) fn drop_item(&mut self, item: &Item) {
        if let Item::Status { message, .. } = item {
            self.release(*message);
        }
    }

    /// When something happens next without anybody calling.
    pub(crate) fn next_moment(&self, settings: &WebhookSettings) -> Option<Timestamp> {
        let linger = Duration::from_millis(settings.linger_ms);
        let full = settings.batch.clamp(1, MOST_UPDATES);
        let waiting = self
            .queues
            .values()
            .filter(|q| {
                !settings.held
                    && !q.items.is_empty()
                    && q.items.len() < full
                    && q.flying.len() < settings.parallel.max(1)
            })
            .map(|q| q.waiting_since.plus(linger))
            .min();
        self.moments.peek().map(|m| m.at).into_iter().chain(waiting).min()
    }
}

/// Posts under way as a list.
mod flying {
    use super::{Arc, BTreeMap, Batch};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(all: &BTreeMap<u64, Arc<Batch>>, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(all.values().map(|batch| &**batch))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BTreeMap<u64, Arc<Batch>>, D::Error> {
        let all = Vec::<Batch>::deserialize(d)?;
        Ok(all.into_iter().map(|batch| (batch.number, Arc::new(batch))).collect())
    }
}
