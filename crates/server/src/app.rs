//! What every handler is given.

use crate::auth::KeyCache;
use metrics_exporter_prometheus::PrometheusHandle;
use std::{fmt, path::PathBuf, sync::Arc};
use tisara_cloud_api::Client;
use tisara_domain::Ambient;
use tisara_engine::{Engine, Vault};
use tisara_store::Store;
use url::Url;

/// The running parts that the server stands on.
#[derive(Clone)]
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Sender, journal and jobs.
    pub engine: Engine,
    /// Meta's API.
    pub client: Client,
    /// The keys of secrets.
    pub vault: Vault,
    /// Time and chance.
    pub ambient: Ambient,
    /// Where the numbers for `/metrics` are; without it there is no such page.
    pub metrics: Option<PrometheusHandle>,
    /// How it works.
    pub settings: Settings,
}

/// The state of the HTTP server. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What [`App`] points at.
pub struct Inner {
    /// The database.
    pub store: Store,
    /// Sender, journal and jobs.
    pub engine: Engine,
    /// Meta's API.
    pub client: Client,
    /// The keys of secrets.
    pub vault: Vault,
    /// Time and chance.
    pub ambient: Ambient,
    /// Where the numbers for `/metrics` are.
    pub metrics: Option<PrometheusHandle>,
    /// How it works.
    pub settings: Settings,
    pub(crate) keys: KeyCache,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { store, engine, client, vault, ambient, metrics, settings } = parts;
        Self(Arc::new(Inner {
            store,
            engine,
            client,
            vault,
            ambient,
            metrics,
            settings,
            keys: KeyCache::default(),
        }))
    }
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// How the server works. Units are in the names.
#[derive(Clone)]
pub struct Settings {
    /// How browsers, programs and Meta reach this server.
    pub public_url: Url,
    /// Secret of the app at Meta: what webhooks are signed with. `None` refuses all webhooks.
    pub app_secret: Option<String>,
    /// The word that Meta says when a callback is set. `None` refuses the handshake.
    pub verify_token: Option<String>,
    /// Where uploaded files are kept while they are imported.
    pub data_dir: PathBuf,
    /// Longest time for one request, uploads and live events apart.
    pub request_timeout_ms: u64,
    /// Longest silence within an upload.
    pub upload_idle_ms: u64,
    /// Largest JSON body.
    pub json_max_bytes: usize,
    /// Largest webhook. Meta: up to 3 MB.
    pub webhook_max_bytes: usize,
    /// Largest file to import.
    pub import_max_bytes: u64,
    /// How long a key that was looked up is believed without looking again; so long may a revoked one
    /// still work.
    pub key_cache_ms: u64,
}

impl Settings {
    /// The defaults for a server at this address with this folder.
    #[must_use]
    pub fn new(public_url: Url, data_dir: PathBuf) -> Self {
        Self {
            public_url,
            app_secret: None,
            verify_token: None,
            data_dir,
            request_timeout_ms: 30_000,
            upload_idle_ms: 60_000,
            json_max_bytes: 1 << 20,
            webhook_max_bytes: 3 << 20,
            import_max_bytes: 5_000_000_000,
            key_cache_ms: 5_000,
        }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

impl fmt::Debug for Settings {
    /// Leaves the secrets out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("public_url", &self.public_url.as_str())
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}
