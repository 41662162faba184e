//! The whole server on a port of its own, an engine behind it, and the emulator as Meta.
#![allow(dead_code, unused_macros, reason = "no test file needs all of it")]
#![allow(clippy::allow_attributes, reason = "whether something is unused differs from file to file")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "all of this is test")]

pub(crate) mod authenticator;
pub(crate) mod device;
pub(crate) mod operations;
pub(crate) mod person;
pub(crate) mod places;
pub(crate) mod staff;
pub(crate) mod totp;

use axum::Router;
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap, multipart};
use serde_json::{Value, json};
use std::{future::Future, net::SocketAddr, sync::Arc};
use tisara_cloud_api::{Client, Graph};
use tisara_domain::{Ambient, ApiKeyId, Duration, OrgId, Region, Rng, seal::Key};
use tisara_emulator::{Emulator, Settings as EmulatorSettings, World};
use tisara_engine::{Bus, Engine, Parts as EngineParts, Settings as EngineSettings, Vault};
use tisara_server::{
    App, Parts, Settings,
    auth::NewKey,
    contacts::import::ImportRunner,
    mail::{Mailer, Outbox},
    router,
};
use tisara_store::{Engine as Database, api_keys::ApiKey, organizations::Organization, testing::TestStore};
use tokio_util::sync::CancellationToken;

/// Runs a test on both databases.
macro_rules! on_both {
    ($(#[doc = $doc:literal])* async fn $name:ident($app:ident) $body:block) => {
        $(#[doc = $doc])*
        mod $name {
            use super::*;
            async fn run($app: &TestApp) $body

            #[tokio::test]
            async fn sqlite() {
                run(&TestApp::on(tisara_store::Engine::Sqlite).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                run(&TestApp::on(tisara_store::Engine::Postgres).await).await;
            }
        }
    };
}

/// The world. What it started ends when it is dropped.
pub(crate) struct TestApp {
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    pub(crate) app: App,
    pub(crate) emulator: Emulator,
    pub(crate) ambient: Ambient,
    pub(crate) org: OrgId,
    pub(crate) key: String,
    pub(crate) test: TestStore,
    pub(crate) data: tempfile::TempDir,
    pub(crate) outbox: Outbox,
    stop: CancellationToken,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Answer {
    /// The answer, which must be a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.json
    }

    /// Checks that this is the document of a refusal, and gives it.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.json["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["type"], format!("urn:tisara:problem:{code}"));
        assert!(self.json["request_id"].as_str().is_some_and(|id| id.starts_with("req_")));
        assert!(self.json["detail"].as_str().is_some_and(|d| d.len() > 10), "{}", self.text);
        self.json
    }

    /// The fields that a refusal names.
    #[track_caller]
    pub(crate) fn invalid(self) -> Vec<String> {
        let problem = self.problem(422, "invalid");
        problem["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["field"].as_str().unwrap().to_owned())
            .collect()
    }
}

const SEED: u64 = 11;

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::on(Database::Sqlite).await
    }

    pub(crate) async fn on(database: Database) -> Self {
        Self::with(database, |_| ()).await
    }

    /// As [`TestApp::on`], with settings of its own.
    pub(crate) async fn with(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        println!("seed {SEED}");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (ambient, stop) = (Ambient::seeded(SEED), CancellationToken::new());
        let emulator = Emulator::new(quick(), ambient.clone());
        let graph = listen(emulator.router(), &stop).await;
        tokio::spawn(emulator.run_deliveries(stop.clone()));
        let (test, data) = (TestStore::new(database).await, tempfile::tempdir().unwrap());
        let client =
            Client::new(Graph { request_timeout_ms: 3_000, ..Graph::at(graph.parse().unwrap()) }).unwrap();
        let vault = Vault::new(Key::generate(&Rng::seeded(SEED)), Rng::seeded(SEED + 1));
        let parts = EngineParts {
            store: test.store.clone(),
            client: client.clone(),
            ambient: ambient.clone(),
            vault: vault.clone(),
            bus: Bus::new(),
            settings: EngineSettings { tick_ms: 50, grace_ms: 4_000, ..EngineSettings::default() },
        };
        let engine = Engine::start(parts, vec![Arc::new(ImportRunner::new(data.path()))]).await.unwrap();
        let mut settings = Settings::new("https://tisara.example/".parse().unwrap(), data.path().to_owned());
        settings.app_secret = Some(World::APP_SECRET.to_owned());
        settings.verify_token = Some(World::VERIFY_TOKEN.to_owned());
        settings.import_max_bytes = 20_000_000;
        settings.key_cache_ms = 0;
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        change(&mut settings);
        let outbox = Outbox::default();
        let app = App::new(Parts {
            store: test.store.clone(),
            engine,
            client,
            vault,
            ambient: ambient.clone(),
            mailer: Mailer::Outbox(outbox.clone()),
            metrics: None,
            settings,
        });
        tokio::spawn(app.clone().run(stop.clone()));
        let base = listen(router(app.clone()), &stop).await;
        emulator.control().set_webhooks(None, Some(format!("{base}webhooks/whatsapp")), None, None).unwrap();
        let mut this = Self {
            base,
            http: reqwest::Client::new(),
            app,
            emulator,
            ambient,
            org: OrgId::from_bytes([0; 16]),
            key: String::new(),
            test,
            data,
            outbox,
            stop,
        };
        (this.org, this.key) = this.organization("Ceylon Tea").await;
        this
    }

    /// Another organization, with a key of its own.
    pub(crate) async fn organization(&self, name: &str) -> (OrgId, String) {
        let (id, key_id) = (self.ambient.id::<OrgId>(), self.ambient.id::<ApiKeyId>());
        let (now, key) = (self.ambient.now(), NewKey::generate(self.ambient.rng(), false));
        let organization = Organization {
            id,
            name: name.to_owned(),
            default_region: Region::LK,
            data_key: self.app.vault.new_data_key().unwrap(),
            created_at: now,
        };
        let hash = key.hash;
        self.test
            .store
            .write(move |tx| {
                tx.create_organization(&organization)?;
                tx.org(id).create_api_key(&ApiKey::unbounded(id, key_id, "test", now), &hash)
            })
            .await
            .unwrap();
        (id, key.token)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{}", self.base, path.trim_start_matches('/')))
    }

    /// A request with the key, below `/api/v1`.
    pub(crate) fn api(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &format!("/api/v1{path}")).bearer_auth(&self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.api(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.api(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.api(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.api(Method::DELETE, path)).await
    }

    /// Uploads a file to import or to preview.
    pub(crate) async fn upload(&self, path: &str, file: &[u8], options: Value) -> Answer {
        let part = multipart::Part::bytes(file.to_vec()).file_name("list.csv");
        let form = multipart::Form::new().text("options", options.to_string()).part("file", part);
        answer(self.api(Method::POST, path).multipart(form)).await
    }

    /// Imports a file and waits for its end; gives the import.
    pub(crate) async fn import(&self, file: &[u8], options: Value) -> Value {
        let begun = self.upload("/contacts/imports", file, options).await.ok();
        self.import_ended(begun["id"].as_str().unwrap()).await
    }

    pub(crate) async fn import_ended(&self, id: &str) -> Value {
        let path = format!("/contacts/imports/{id}");
        until("the import is over", async || {
            let import = self.get(&path).await.ok();
            matches!(import["state"].as_str(), Some("done" | "failed" | "cancelled")).then_some(import)
        })
        .await
    }

    /// Connects the emulator's account and takes over its templates; gives the number's id.
    pub(crate) async fn connect(&self) -> String {
        let input = json!({ "waba_id": World::WABA_ID.to_string(), "token": World::TOKEN });
        let connected = self.post("/numbers/connect", input).await.ok();
        let number = connected["items"][0]["id"].as_str().unwrap().to_owned();
        self.post("/templates/sync", json!({})).await.ok();
        number
    }

    /// The id of a template in English.
    pub(crate) async fn template(&self, name: &str) -> String {
        let page = self.get("/templates?limit=200").await.ok();
        let templates = page["items"].as_array().unwrap();
        let found = templates
            .iter()
            .find(|t| t["name"] == name && t["language"].as_str().is_some_and(|l| l.starts_with("en")));
        found.unwrap_or_else(|| panic!("no template {name} in {page}"))["id"].as_str().unwrap().to_owned()
    }

    /// Makes a contact; gives its id.
    pub(crate) async fn contact(&self, phone: &str, name: &str) -> String {
        let made = self.post("/contacts", json!({ "phone": phone, "name": name })).await.ok();
        made["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("the answer comes whole");
    Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
}

/// Waits until something is there, at most half a minute.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let clock = Ambient::seeded(0);
    for _ in 0..600 {
        if let Some(found) = look().await {
            return found;
        }
        clock.sleep(Duration::from_millis(50)).await;
    }
    panic!("waited for half a minute in vain: {what}");
}

/// Quick statuses, so that a test takes moments.
fn quick() -> EmulatorSettings {
    let mut settings = EmulatorSettings { seed: SEED, ..EmulatorSettings::default() };
    let b = &mut settings.behaviour;
    b.pace.messages_per_second = tisara_emulator::settings::Throughput::Max;
    b.statuses.sent_ms = (1, 20);
    b.statuses.delivered_ms = (1, 30);
    b.statuses.read_ms = (1, 40);
    b.statuses.failed_ms = (1, 20);
    settings
}

async fn listen(router: Router, stop: &CancellationToken) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stopped = stop.clone().cancelled_owned();
    tokio::spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stopped)
            .await
    });
    format!("http://{address}/")
}

use tisara_domain::id::TypedId as _;
