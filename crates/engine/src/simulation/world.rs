//! One history: an organization, a few campaigns, and a seed that decides what happens next.

use super::{
    broken::judge_by_arrival,
    graph::{Backlog, Graph, NUMBER},
};
use crate::{Bus, Engine, Hint, Parts, Settings, Vault, waba_token_place};
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tisara_cloud_api::Client;
use tisara_domain::{
    Ambient, CampaignId, Clock as _, ContactId, Duration, ManualClock, NumberId, OrgId, Phone,
    RecipientState as State, Region, Rng, TemplateId, Timestamp, WabaId, campaign::CampaignEvent,
    id::TypedId as _, seal::Key, settle::SettlePolicy,
};
use tisara_store::{
    Error, Fate, Result, Store, Tx,
    campaigns::{Audience, Definition, NewCampaign},
    contacts::NewContact,
    ledger::statuses::testing::ignore_order,
    numbers::Number,
    organizations::Organization,
    templates::PutTemplate,
    wabas::{TokenState, Waba},
};

/// Messages a second.
const PACE: u32 = 40;
const GRACE: Duration = Duration::from_secs(60);
/// Steps after which a history must have come to its end.
const STEPS_MAX: u32 = 60_000;

/// The rule of the engine that is broken, to see that the simulation notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Nothing,
    /// What may have gone out is sent again at once.
    Settling,
    /// What was handed out is not written down before it is sent.
    IntentFirst,
    /// What arrives is taken for news of the present.
    Arrival,
    /// A later status overwrites an earlier one, whatever they say.
    StatusOrder,
}

pub(super) struct World {
    rng: Rng,
    clock: ManualClock,
    graph: Graph,
    store: Store,
    vault: Vault,
    client: Client,
    /// Set when the program has died at a commit; it is then started anew.
    died: Arc<AtomicBool>,
    /// Commits until the next death.
    fuse: Arc<Mutex<Option<u64>>>,
    broken: Broken,
    people: u32,
    campaigns: Vec<CampaignId>,
}

/// The program, while it lives.
struct Life {
    engine: Engine,
    // Dropped last: with it every task of the program is gone, in the middle of whatever it did.
    runtime: tokio::runtime::Runtime,
}

fn org() -> OrgId {
    OrgId::from_bytes([1; 16])
}

impl World {
    /// On SQLite in memory, or in this empty schema of PostgreSQL.
    pub(super) fn new(seed: u64, broken: Broken, postgres: Option<&str>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let rng = Rng::seeded(seed);
        let clock = ManualClock::at(Timestamp::from_seconds(1_790_000_000));
        let (died, fuse) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None::<u64>)));
        let fate: Fate = {
            let (died, fuse) = (Arc::clone(&died), Arc::clone(&fuse));
            Box::new(move |_| {
                if died.load(Ordering::Relaxed) {
                    return true;
                }
                let mut fuse = fuse.lock().unwrap_or_else(PoisonError::into_inner);
                let dies = *fuse == Some(0);
                *fuse = if dies { None } else { fuse.map(|n| n - 1) };
                died.store(dies, Ordering::Relaxed);
                dies
            })
        };
        let store = match postgres {
            None => Store::open_inline(fate),
            Some(url) => {
                let clock = clock.clone();
                Store::open_inline_postgres(url, Box::new(move || clock.now()), fate)
            }
        };
        let store = store.unwrap();
        let now = {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        };
        // Half of the histories have a time in which news come later than the grace time allows for.
        let backlog = rng.chance(0.5).then(|| {
            let from = clock.now().plus(Duration::from_millis(rng.below(20_000)));
            let until = from.plus(Duration::from_secs(5 + rng.below(30)));
            Backlog { from, until, slowness: 2 + rng.below(8) as u32 }
        });
        Self {
            graph: Graph::new(rng.fork(), now, backlog),
            vault: Vault::new(Key::generate(&rng), rng.fork()),
            client: client(),
            people: 20 + rng.below(120) as u32,
            campaigns: (1..=1 + rng.below(2) as u8).map(|n| CampaignId::from_bytes([n; 16])).collect(),
            rng,
            clock,
            store,
            died,
            fuse,
            broken,
        }
    }

    /// Lives the history to its end; gives a fingerprint of it, or the violation.
    pub(super) fn run(self) -> std::result::Result<String, String> {
        ignore_order(self.broken == Broken::StatusOrder);
        judge_by_arrival(self.broken == Broken::Arrival);
        let outcome = self.live();
        ignore_order(false);
        judge_by_arrival(false);
        outcome
    }

    fn live(&self) -> std::result::Result<String, String> {
        let mut life = Some(self.start(true));
        let mut deaths_left = self.rng.below(5);
        let mut steps = 0;
        loop {
            steps += 1;
            if steps > STEPS_MAX {
                return Err(format!("it does not come to an end: {}", self.counts()));
            }
            if self.died.load(Ordering::Relaxed) {
                drop(life.take());
                self.graph.cut_off();
                self.died.store(false, Ordering::Relaxed);
                self.clock.advance(Duration::from_millis(self.rng.below(20_000)));
                self.break_a_rule();
            }
            let alive = life.get_or_insert_with(|| self.start(false));
            if deaths_left > 0 && self.rng.chance(0.01) {
                deaths_left -= 1;
                *self.fuse.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.rng.below(6));
            }
            self.step(alive);
            if steps % 50 == 0 && !self.died.load(Ordering::Relaxed) {
                self.ended_campaigns_have_ended()?;
            }
            if steps % 50 == 0 && !self.died.load(Ordering::Relaxed) && self.is_over() {
                break;
            }
        }
        *self.fuse.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.judge()
    }

    /// Something happens: a send ends, a webhook comes, time goes by.
    fn step(&self, life: &Life) {
        // Meta tells soon, or of nothing soon: what has waited for long comes first. (The engine's grace
        // rests on that.)
        let now = self.clock.now();
        let sends = self.graph.pending();
        let (webhooks, is_late) = {
            let state = self.graph.lock();
            let due = || state.webhooks.iter().filter(|w| w.due <= now);
            (due().count(), due().any(|w| now.since(w.due) > GRACE / 4))
        };
        match self.rng.below(10) {
            _ if is_late => self.deliver(life),
            0..=4 if sends > 0 => self.graph.end_one(),
            5..=7 if webhooks > 0 => self.deliver(life),
            // A customer writes now and then: without any word from Meta, silence would prove nothing.
            8 if self.graph.lock().webhooks.is_empty() && self.rng.chance(0.05) => {
                self.graph.somebody_writes();
            }
            _ => self
                .clock
                .advance(Duration::from_millis(1 + self.rng.below(if sends > 0 { 100 } else { 2_000 }))),
        }
        self.let_work(life);
    }

    fn deliver(&self, life: &Life) {
        let webhook = {
            let (mut state, now) = (self.graph.lock(), self.clock.now());
            let due: Vec<usize> =
                (0..state.webhooks.len()).filter(|i| state.webhooks[*i].due <= now).collect();
            let at = if self.rng.chance(0.5) {
                due[self.rng.below(due.len() as u64) as usize]
            } else {
                due.into_iter().min_by_key(|i| state.webhooks[*i].due).unwrap_or(0)
            };
            state.webhooks.remove(at)
        };
        let (journal, body, now) = (life.engine.journal().clone(), webhook.body.clone(), self.clock.now());
        let kept = life.runtime.spawn(async move { journal.append(body, now).await.is_ok() });
        self.let_work(life);
        let kept = kept.is_finished() && life.runtime.block_on(kept).unwrap_or(false);
        if !kept {
            // Not answered with 200: Meta sends it again.
            self.graph.lock().webhooks.push(webhook);
        }
    }

    /// Lets the program do what it can before the next thing happens.
    fn let_work(&self, life: &Life) {
        life.runtime.block_on(async {
            for _ in 0..40 {
                tokio::task::yield_now().await;
            }
        });
    }

    fn start(&self, first: bool) -> Life {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ambient = Ambient::new(Arc::new(self.clock.clone()), self.rng.fork());
        let bus = Bus::new();
        let parts = Parts {
            store: self.store.clone(),
            client: self.client.clone(),
            ambient,
            vault: self.vault.clone(),
            bus: bus.clone(),
            settings: Settings {
                grace_ms: GRACE.as_millis() as u64,
                in_flight_max: 1 + self.rng.below(30) as usize,
                pace_per_second: Some(PACE),
                ..Settings::default()
            },
        };
        if first {
            runtime.block_on(self.furnish()).unwrap();
        }
        let engine =
            runtime.block_on(Engine::start_over(Arc::new(self.graph.clone()), parts, vec![])).unwrap();
        bus.publish(Hint::Plan);
        Life { engine, runtime }
    }

    async fn furnish(&self) -> Result<()> {
        let now = self.clock.now();
        self.store.migrate(now).await?;
        let waba = WabaId::from_bytes([4; 16]);
        let data_key = self.vault.new_data_key().unwrap();
        let token = self.vault.seal(&data_key, &waba_token_place(org(), waba), b"EAAJ").unwrap();
        let (people, campaigns) = (self.people, self.campaigns.clone());
        self.store
            .write(move |tx| {
                tx.create_organization(&Organization {
                    id: org(),
                    name: "Tea".to_owned(),
                    default_region: Region::LK,
                    data_key: data_key.clone(),
                    created_at: now,
                })?;
                let mut tenant = tx.org(org());
                tenant.put_waba(&Waba {
                    id: waba,
                    meta_id: "101".to_owned(),
                    portfolio: "p".to_owned(),
                    name: "A".to_owned(),
                    currency: None,
                    token: token.clone(),
                    token_state: TokenState::Working,
                    created_at: now,
                })?;
                tenant.put_number(&number(waba, now))?;
                tenant.put_template(&template(waba), now)?;
                for n in 1..=people {
                    tenant.create_contact(&person(n), now)?;
                }
                for id in &campaigns {
                    tenant.create_campaign(&campaign(*id, now))?;
                    tenant
                        .move_campaign(*id, CampaignEvent::Start, now)
                        .map_err(|e| Error::Sql(e.to_string()))?;
                }
                Ok(())
            })
            .await
    }

    /// What a program with a rule broken would have left behind.
    fn break_a_rule(&self) {
        let sql: &[&str] = match self.broken {
            Broken::Settling => &[
                "UPDATE recipient SET state = 0 WHERE state = 2 OR state = 0 AND attempt > 0",
                "UPDATE follow_up SET kind = 1, due_at = 0",
                "UPDATE chunk SET state = 0, next_seq = leased_from WHERE state = 1",
            ],
            Broken::IntentFirst => &["UPDATE chunk SET state = 0, next_seq = leased_from WHERE state = 1"],
            Broken::Nothing | Broken::Arrival | Broken::StatusOrder => return,
        };
        let sql = sql.to_vec();
        self.now(move |tx| sql.iter().try_for_each(|s| tx.execute(s, &[]).map(|_| ())));
    }

    /// Runs a body at once, beside the program.
    fn now<T: Send + 'static>(&self, body: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.store.write(body)).unwrap()
    }

    /// Whether everything has happened that will.
    fn is_over(&self) -> bool {
        if self.graph.pending() > 0 || !self.graph.lock().webhooks.is_empty() {
            return false;
        }
        let campaigns = self.campaigns.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let over = runtime.block_on(self.store.read(move |tx| {
            let mut over = tx.journal_waits_since()?.is_none();
            for id in &campaigns {
                let mut tenant = tx.org(org());
                over &= tenant.find_campaign(*id)?.is_some_and(|c| c.state.is_over());
            }
            Ok::<_, Error>(over)
        }));
        over.unwrap()
    }

    /// At every moment: of a campaign that is over nothing waits.
    fn ended_campaigns_have_ended(&self) -> std::result::Result<(), String> {
        let campaigns = self.campaigns.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let waiting = runtime.block_on(self.store.read(move |tx| {
            let mut waiting = Vec::new();
            for id in &campaigns {
                let mut tenant = tx.org(org());
                if tenant.find_campaign(*id)?.is_some_and(|c| c.state.is_over()) {
                    let counts = tenant.campaign_counts(*id)?;
                    waiting.extend(counts.into_iter().filter(|c| c.state <= State::Uncertain && c.n > 0));
                }
            }
            Ok::<_, Error>(waiting)
        }));
        let waiting = waiting.unwrap();
        if waiting.is_empty() {
            Ok(())
        } else {
            Err(format!("a campaign is over, and there wait {waiting:?}"))
        }
    }

    fn judge(&self) -> std::result::Result<String, String> {
        let state = self.graph.lock();
        for (row, n) in &state.reached {
            if *n > 1 {
                return Err(format!("row {row:?} reached its person {n} times"));
            }
        }
        let most = most_within_a_second(&state.began);
        // A tenth of a second's burst, at the start of each life of the program.
        if most > (PACE + 2 * PACE / 10) as usize {
            return Err(format!("{most} sends within a second at a pace of {PACE}"));
        }
        let (reached, failed) = (state.reached.clone(), state.failed.clone());
        drop(state);
        let campaigns = self.campaigns.clone();
        let (differences, rows) = self.now(move |tx| {
            let (mut differences, mut rows) = (Vec::new(), Vec::new());
            for id in &campaigns {
                differences.extend(tx.org(org()).recount_campaign(*id)?);
                let id_text = id.to_string();
                let listed = tx.org(org()).list_recipients(*id, None, None, None, 10_000)?;
                rows.extend(listed.into_iter().map(|row| ((id_text.clone(), row.seq), row)));
            }
            Ok((differences, rows))
        });
        if !differences.is_empty() {
            return Err(format!("the counters are wrong: {differences:?}"));
        }
        if rows.len() != self.campaigns.len() * self.people as usize {
            return Err(format!("{} rows", rows.len()));
        }
        for (key, row) in &rows {
            let is_told = matches!(row.state, State::Delivered | State::Read) && reached.contains_key(key);
            // The third attempt that ends in a fault of Meta's own is the last.
            let has_faults = failed.contains_key(key) && !reached.contains_key(key);
            let is_given_up = row.state == State::Failed && row.attempt >= 3 && has_faults;
            if !(is_told || is_given_up) {
                return Err(format!("lost: {row:?}"));
            }
        }
        let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
        if let Some(row) = rows.iter().find(|r| r.read_at.is_some() && r.state != State::Read) {
            return Err(format!("a row went back: {row:?}"));
        }
        Ok(format!(
            "{} {:?}",
            self.clock.now(),
            rows.iter().map(|r| (r.attempt, r.state)).collect::<Vec<_>>()
        ))
    }

    fn counts(&self) -> String {
        let campaigns = self.campaigns.clone();
        let counts = self.now(move |tx| {
            campaigns.iter().map(|id| tx.org(org()).campaign_counts(*id)).collect::<Result<Vec<_>>>()
        });
        format!("{counts:?}")
    }
}

/// Never called, and dear to make: one for all histories.
fn client() -> Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| Client::new(tisara_cloud_api::Graph::default()).unwrap()).clone()
}

fn most_within_a_second(began: &[Timestamp]) -> usize {
    let mut most = 0;
    let mut first = 0;
    for (i, at) in began.iter().enumerate() {
        while at.since(began[first]) >= Duration::from_secs(1) {
            first += 1;
        }
        most = most.max(i + 1 - first);
    }
    most
}

fn number(waba: WabaId, now: Timestamp) -> Number {
    Number {
        id: NumberId::from_bytes([2; 16]),
        waba_id: waba,
        meta_id: NUMBER.to_owned(),
        display_phone: "+1 555".to_owned(),
        verified_name: "Tea".to_owned(),
        quality: "GREEN".to_owned(),
        status: "CONNECTED".to_owned(),
        pace_per_second: PACE,
        stopped_reason: None,
        last_webhook_at: None,
        created_at: now,
    }
}

fn template(waba: WabaId) -> PutTemplate {
    PutTemplate {
        id: TemplateId::from_bytes([3; 16]),
        waba_id: waba,
        meta_id: "7".to_owned(),
        name: "hello".to_owned(),
        language: "en".to_owned(),
        category: "UTILITY".to_owned(),
        status: "APPROVED".to_owned(),
        quality: "GREEN".to_owned(),
        rejected_reason: None,
        parameter_format: "POSITIONAL".to_owned(),
        components: r#"[{"type":"BODY","text":"Hello"}]"#.to_owned(),
    }
}

fn person(n: u32) -> NewContact {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&n.to_be_bytes());
    NewContact {
        id: ContactId::from_bytes(id),
        phone: Phone::parse(&format!("077{n:07}"), Region::LK).unwrap(),
        name: format!("Person {n}"),
        email: None,
        language: None,
        fields: vec![],
    }
}

fn campaign(id: CampaignId, now: Timestamp) -> NewCampaign {
    NewCampaign {
        id,
        name: "Avurudu".to_owned(),
        number_id: NumberId::from_bytes([2; 16]),
        template_id: TemplateId::from_bytes([3; 16]),
        template_version: 1,
        definition: Definition {
            audience: Audience::All,
            bindings: vec![],
            header_media: None,
            require_consent: false,
            frequency_cap_hours: None,
            settle: SettlePolicy::Resend,
        },
        created_at: now,
    }
}
