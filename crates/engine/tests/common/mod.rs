//! A whole world for engine tests: a database, the emulator behind real HTTP, and an engine that
//! receives its webhooks.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and says its seed")]
#![allow(dead_code, reason = "no test file needs all of it")]
#![allow(clippy::allow_attributes, reason = "whether something is unused differs from file to file")]

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use std::{future::Future, sync::Arc};
use tisara_cloud_api::{Client, Graph, webhook::signature};
use tisara_domain::{
    Ambient, CampaignId, Duration, NumberId, OrgId, Phone, RecipientState, Region, Rng, TemplateId, WabaId,
    campaign::CampaignEvent, id::TypedId as _, seal::Key, settle::SettlePolicy,
};
use tisara_emulator::{
    Emulator, Settings as EmulatorSettings, World as MetaWorld,
    settings::{NumberSettings, ObjectId},
};
use tisara_engine::{Bus, Engine, Hint, Parts, Settings, Vault, waba_token_place};
use tisara_store::{
    Engine as Database, Error, Result, Tx,
    campaigns::{Audience, Binding, Campaign, Definition, NewCampaign, Place, Source},
    contacts::NewContact,
    numbers::Number,
    organizations::Organization,
    templates::PutTemplate,
    testing::TestStore,
    wabas::{TokenState, Waba},
};
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

/// The world. Its engine can be stopped, killed and started again; Meta goes on meanwhile.
pub(crate) struct World {
    pub(crate) test: TestStore,
    pub(crate) emulator: Emulator,
    pub(crate) ambient: Ambient,
    pub(crate) settings: Settings,
    engine: Arc<RwLock<Option<Engine>>>,
    client: Client,
    vault: Vault,
    pub(crate) org: OrgId,
    pub(crate) number: NumberId,
    template: TemplateId,
    stop: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

const SECOND_NUMBER: ObjectId = ObjectId(106_540_352_242_999);

/// A world in which the account has two numbers.
pub(crate) fn two_numbers() -> EmulatorSettings {
    let mut settings = EmulatorSettings::default();
    let second = NumberSettings {
        id: SECOND_NUMBER,
        phone: "+1 555-078-3882".to_owned(),
        ..NumberSettings::default()
    };
    settings.world.portfolios[0].wabas[0].numbers.push(second);
    settings
}

/// Quick statuses and retries, so that a test takes moments and not minutes.
pub(crate) fn quick(mut settings: EmulatorSettings) -> EmulatorSettings {
    let b = &mut settings.behaviour;
    b.pace.messages_per_second = tisara_emulator::settings::Throughput::Max;
    b.statuses.sent_ms = (1, 20);
    b.statuses.delivered_ms = (1, 30);
    b.statuses.read_ms = (1, 40);
    b.statuses.failed_ms = (1, 20);
    b.webhooks.retry_first_ms = 50;
    b.webhooks.retry_most_ms = 500;
    b.identity = tisara_emulator::settings::Identity::CallbackDataUpTo { separator: '.', parts: 2 };
    settings
}

impl World {
    pub(crate) async fn new(database: Database, seed: u64, emulator: EmulatorSettings) -> Self {
        println!("seed {seed}");
        // RUST_LOG=tisara_engine=debug shows what the engine did when a test fails.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ambient = Ambient::seeded(seed);
        let stop = CancellationToken::new();
        let emulator = Emulator::new(EmulatorSettings { seed, ..quick(emulator) }, ambient.clone());
        let graph = listen(emulator.router(), &stop).await;
        tokio::spawn(emulator.run_deliveries(stop.clone()));
        let engine: Arc<RwLock<Option<Engine>>> = Arc::default();
        let receiver = Router::new()
            .route("/webhooks", post(receive))
            .with_state((Arc::clone(&engine), ambient.clone()));
        let callback = format!("{}webhooks", listen(receiver, &stop).await);
        emulator.control().set_webhooks(None, Some(callback), None, None).unwrap();
        let vault = Vault::new(Key::generate(&Rng::seeded(seed)), Rng::seeded(seed + 1));
        let world = Self {
            test: TestStore::new(database).await,
            client: Client::new(Graph { request_timeout_ms: 3_000, ..Graph::at(graph.parse().unwrap()) })
                .unwrap(),
            org: OrgId::from_bytes([1; 16]),
            number: NumberId::from_bytes([2; 16]),
            template: TemplateId::from_bytes([3; 16]),
            settings: Settings {
                grace_ms: 4_000,
                tick_ms: 50,
                lease_ms: 3_000,
                pace_per_second: Some(100_000),
                ..Settings::default()
            },
            emulator,
            ambient,
            engine,
            vault,
            stop,
        };
        world.furnish().await;
        world
    }

    /// The same world in which a number sends so many messages a second: slow enough to act in the middle.
    pub(crate) fn at_pace(mut self, per_second: u32) -> Self {
        self.settings.pace_per_second = Some(per_second);
        self
    }

    /// An organization with the emulator's number and its `order_update`-like template.
    async fn furnish(&self) {
        let (org, number, template, waba) =
            (self.org, self.number, self.template, WabaId::from_bytes([4; 16]));
        let data_key = self.vault.new_data_key().unwrap();
        let token =
            self.vault.seal(&data_key, &waba_token_place(org, waba), MetaWorld::TOKEN.as_bytes()).unwrap();
        let now = self.ambient.now();
        self.write(move |tx| {
            tx.create_organization(&Organization {
                id: org,
                name: "Ceylon Tea".to_owned(),
                default_region: Region::LK,
                data_key: data_key.clone(),
                created_at: now,
            })?;
            let mut tenant = tx.org(org);
            tenant.put_waba(&Waba {
                id: waba,
                meta_id: MetaWorld::WABA_ID.to_string(),
                portfolio: MetaWorld::PORTFOLIO_ID.to_string(),
                name: "Account".to_owned(),
                currency: None,
                token: token.clone(),
                token_state: TokenState::Working,
                created_at: now,
            })?;
            tenant.put_number(&Number {
                id: number,
                waba_id: waba,
                meta_id: MetaWorld::NUMBER_ID.to_string(),
                display_phone: "+1 555-078-3881".to_owned(),
                verified_name: "Tea".to_owned(),
                quality: "GREEN".to_owned(),
                status: "CONNECTED".to_owned(),
                pace_per_second: 80,
                stopped_reason: None,
                last_webhook_at: None,
                created_at: now,
            })?;
            tenant.put_template(
                &PutTemplate {
                    id: template,
                    waba_id: waba,
                    meta_id: "7".to_owned(),
                    name: "coupon".to_owned(),
                    language: "en_US".to_owned(),
                    category: "UTILITY".to_owned(),
                    status: "APPROVED".to_owned(),
                    quality: "GREEN".to_owned(),
                    rejected_reason: None,
                    parameter_format: "POSITIONAL".to_owned(),
                    components: r#"[{"type":"BODY","text":"Only for you, {{1}}"},{"type":"BUTTONS","buttons":[{"type":"COPY_CODE"}]}]"#.to_owned(),
                },
                now,
            )?;
            Ok(())
        })
        .await;
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        body: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.test.store.write(body).await.unwrap()
    }

    pub(crate) async fn people(&self, n: u32) {
        let (org, now) = (self.org, self.ambient.now());
        self.write(move |tx| {
            for i in 1..=n {
                let mut id = [0; 16];
                id[12..].copy_from_slice(&i.to_be_bytes());
                tx.org(org).create_contact(
                    &NewContact {
                        id: tisara_domain::ContactId::from_bytes(id),
                        phone: phone(i),
                        name: format!("Person {i}"),
                        email: None,
                        language: None,
                        fields: vec![],
                    },
                    now,
                )?;
            }
            Ok(())
        })
        .await;
    }

    /// Connects the second number of [`two_numbers`].
    pub(crate) async fn second_number(&self) -> NumberId {
        let (org, first, second) = (self.org, self.number, NumberId::from_bytes([5; 16]));
        self.write(move |tx| {
            let mut tenant = tx.org(org);
            let like = tenant.get_number(first)?;
            tenant.put_number(&Number { id: second, meta_id: SECOND_NUMBER.to_string(), ..like })
        })
        .await;
        second
    }

    pub(crate) async fn start_campaign(&self, n: u8) -> CampaignId {
        self.start_campaign_from(self.number, n).await
    }

    pub(crate) async fn start_campaign_from(&self, number: NumberId, n: u8) -> CampaignId {
        let campaign = CampaignId::from_bytes([n; 16]);
        let (org, template, now) = (self.org, self.template, self.ambient.now());
        let value = |place, source| Binding { place, name: "1".to_owned(), source, fallback: None };
        let definition = Definition {
            audience: Audience::All,
            bindings: vec![
                value(Place::Body, Source::Name),
                value(Place::Button { index: 0 }, Source::Text { text: "TEA10".to_owned() }),
            ],
            header_media: None,
            require_consent: false,
            frequency_cap_hours: None,
            settle: SettlePolicy::Resend,
        };
        self.write(move |tx| {
            let mut tenant = tx.org(org);
            tenant.create_campaign(&NewCampaign {
                id: campaign,
                name: "Avurudu".to_owned(),
                number_id: number,
                template_id: template,
                template_version: 1,
                definition: definition.clone(),
                created_at: now,
            })?;
            tenant.move_campaign(campaign, CampaignEvent::Start, now).unwrap();
            Ok(())
        })
        .await;
        self.hint(Hint::Plan).await;
        campaign
    }

    pub(crate) async fn move_campaign(&self, campaign: CampaignId, event: CampaignEvent) {
        let (org, now) = (self.org, self.ambient.now());
        self.write(move |tx| {
            tx.org(org).move_campaign(campaign, event, now).unwrap();
            Ok(())
        })
        .await;
        self.hint(Hint::Work).await;
        self.hint(Hint::Plan).await;
    }

    pub(crate) async fn hint(&self, hint: Hint) {
        if let Some(engine) = &*self.engine.read().await {
            engine.bus().publish(hint);
        }
    }

    pub(crate) async fn start(&self) {
        let parts = Parts {
            store: self.test.store.clone(),
            client: self.client.clone(),
            ambient: self.ambient.clone(),
            vault: self.vault.clone(),
            bus: Bus::new(),
            settings: self.settings.clone(),
        };
        *self.engine.write().await = Some(Engine::start(parts, vec![]).await.unwrap());
    }

    /// Ends the engine as a clean stop would.
    pub(crate) async fn stop(&self) {
        let engine = self.engine.write().await.take();
        assert!(engine.unwrap().stop(Duration::from_secs(5)).await, "the engine stops in time");
    }

    /// `(state, reason) -> n`, after proving that the counters say what the rows say.
    pub(crate) async fn count(&self, campaign: CampaignId, state: RecipientState) -> i64 {
        let org = self.org;
        self.test
            .store
            .read(move |tx| {
                let mut tenant = tx.org(org);
                assert_eq!(tenant.recount_campaign(campaign)?, vec![]);
                Ok::<_, Error>(
                    tenant.campaign_counts(campaign)?.iter().filter(|c| c.state == state).map(|c| c.n).sum(),
                )
            })
            .await
            .unwrap()
    }

    pub(crate) async fn out(&self, campaign: CampaignId) -> i64 {
        let mut n = 0;
        for state in RecipientState::ALL.into_iter().filter(|s| s.is_out()) {
            n += self.count(campaign, state).await;
        }
        n
    }

    pub(crate) async fn find_campaign(&self, campaign: CampaignId) -> Campaign {
        let org = self.org;
        let found = self.test.store.read(move |tx| tx.org(org).find_campaign(campaign)).await.unwrap();
        found.unwrap()
    }

    pub(crate) async fn is_completed(&self, campaign: CampaignId) -> bool {
        self.find_campaign(campaign).await.state == tisara_domain::CampaignState::Completed
    }

    /// Waits until every webhook was delivered and applied.
    pub(crate) async fn settle(&self) {
        until("Meta has told everything", async || self.emulator.control().is_settled()).await;
        until("everything is applied", async || {
            self.test.store.read(|tx| tx.journal_waits_since()).await.unwrap().is_none()
        })
        .await;
    }
}

pub(crate) fn phone(n: u32) -> Phone {
    Phone::parse(&format!("077{n:07}"), Region::LK).unwrap()
}

/// Waits for a condition, not for a time.
#[expect(clippy::disallowed_methods, reason = "a test polls in real time")]
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(60), waiting).await.is_ok(),
        "waited in vain until {what}"
    );
}

async fn listen(router: Router, stop: &CancellationToken) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = stop.clone();
    tokio::spawn(async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await
            .unwrap();
    });
    format!("http://{address}/")
}

type Receiver = (Arc<RwLock<Option<Engine>>>, Ambient);

async fn receive(
    State((engine, ambient)): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    let signature = headers.get("x-hub-signature-256").and_then(|v| v.to_str().ok());
    if signature::verify(MetaWorld::APP_SECRET.as_bytes(), &body, signature).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let Some(engine) = engine.read().await.clone() else { return StatusCode::BAD_GATEWAY };
    match engine.journal().append(body, ambient.now()).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
