//! What every handler is given.

use crate::{
    auth::{KeyCache, SigningKeys},
    edge::{Limit, Limits, Result},
    idempotency,
    mail::{self, Mailer},
    people::{Passwords, Policies, passkeys_of},
    sessions::Places,
    usage,
};
use axum::http::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::{fmt, path::PathBuf, sync::Arc};
use tisara_cloud_api::Client;
use tisara_domain::{Ambient, Network};
use tisara_engine::{Engine, Vault};
use tisara_store::{Store, Tx};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;
use webauthn_rs::Webauthn;

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
    /// How e-mails leave.
    pub mailer: Mailer,
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
    /// How e-mails leave.
    pub mailer: Mailer,
    pub(crate) keys: KeyCache,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) passwords: Passwords,
    pub(crate) passkeys: Option<Webauthn>,
    pub(crate) public_limits: Limits,
    pub(crate) key_limits: Limits,
    pub(crate) calls: usage::Calls,
    /// Says that an e-mail waits.
    pub(crate) mail_waits: Notify,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { store, engine, client, vault, ambient, mailer, metrics, settings } = parts;
        let passwords = Passwords::new(settings.passwords_at_once, ambient.rng().fork());
        let passkeys = passkeys_of(&settings.public_url);
        Self(Arc::new(Inner {
            store,
            engine,
            client,
            vault,
            ambient,
            metrics,
            settings,
            mailer,
            keys: KeyCache::default(),
            signing_keys: SigningKeys::default(),
            passwords,
            passkeys,
            public_limits: Limits::default(),
            key_limits: Limits::default(),
            calls: usage::Calls::default(),
            mail_waits: Notify::new(),
        }))
    }

    /// What has to go on beside the requests: sending e-mails, throwing away what ran out, writing down and
    /// measuring what is used. Ends when told to stop.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(mail::run(self.clone(), stop.clone()), usage::run(self, stop));
    }

    /// Writes down what is only in memory; when the last request has its answer.
    ///
    /// # Errors
    /// As the database says.
    pub async fn finish(&self) -> tisara_store::Result<()> {
        self.calls.write_down(&self.store).await
    }
}

impl App {
    /// Writes the effect of a request and keeps its answer with it; see `idempotency`.
    ///
    /// # Errors
    /// The body's, or the database's.
    pub(crate) async fn write<T, V, F>(&self, status: StatusCode, body: F) -> Result<V>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        V: From<T> + Serialize + Send + 'static,
    {
        idempotency::write(&self.store, status, body).await
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
    /// How often one API key may call.
    pub key_limit: Limit,
    /// The proxies whose word about the sender of a request is believed.
    pub trusted_proxies: Vec<Network>,
    /// Where addresses are, to show it with sessions.
    pub places: Option<Places>,
    /// The versions of the policies in force.
    pub policies: Policies,
    /// Passwords that are worked on at once; each takes 19 MiB and a core.
    pub passwords_at_once: usize,
    /// A session that was not used for so long is over, in seconds.
    pub session_idle_s: u64,
    /// The longest that a session lasts, in seconds.
    pub session_longest_s: u64,
    /// For so long an access token is good, in seconds.
    pub access_token_s: u64,
    /// For so long a key signs access tokens before another takes its place, in seconds.
    pub signing_key_s: u64,
    /// For so long a password counts as entered a moment ago, in seconds.
    pub recent_sign_in_s: u64,
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
            key_limit: Limit { burst: 60_000, window_s: 60 },
            trusted_proxies: Vec::new(),
            places: None,
            policies: Policies::default(),
            passwords_at_once: std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2)),
            session_idle_s: 3 * 24 * 3600,
            session_longest_s: 30 * 24 * 3600,
            access_token_s: 10 * 60,
            signing_key_s: 30 * 24 * 3600,
            recent_sign_in_s: 10 * 60,
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
