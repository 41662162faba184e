//! A whole server in this process: database, engine, HTTP. `serve` and `demo` start the same one.

use crate::{
    config::Config,
    data_dir::{self, DataDir},
    exit::{self, Failure},
    setup,
};
use axum::serve::ListenerExt as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{net::SocketAddr, path::Path, sync::Arc};
use tisara_cloud_api::Client;
use tisara_domain::{Ambient, Duration};
use tisara_engine::{Bus, Engine, StartError, Vault, jobs::JobRunner};
use tisara_server::{App, contacts::import::ImportRunner};
use tisara_store::Store;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

/// How often old samples of the metrics are thrown away.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// Longest wait of a stop for calls under way; streams of live events never end by themselves.
const CALLS_GRACE: Duration = Duration::from_millis(300);

/// A server that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its database.
    pub store: Store,
    /// Its engine.
    pub engine: Engine,
    ambient: Ambient,
    http: JoinHandle<std::io::Result<()>>,
    app: App,
    stop: CancellationToken,
    grace: Duration,
    _data_dir: DataDir,
}

/// Starts a server on a listener that is already taken.
///
/// # Errors
/// When folder, key, database or Meta's address will not do.
pub async fn start(
    config: &Config,
    ambient: Ambient,
    listener: TcpListener,
    metrics: Option<PrometheusHandle>,
) -> anyhow::Result<Running> {
    let address = listener.local_addr()?;
    let data_dir = DataDir::open(&config.storage.data_dir)?;
    let key = data_dir::open_key(&config.key_file(), ambient.rng())?;
    let vault = Vault::new(key, ambient.rng().clone());
    let (store, url) = setup::open_migrated(config, &ambient).await?;
    let client = Client::new(config.graph())
        .map_err(|e| Failure::usage(format!("meta.graph_url {}: {e}", config.meta.graph_url)))?;
    let parts = tisara_engine::Parts {
        store: store.clone(),
        client: client.clone(),
        ambient: ambient.clone(),
        vault: vault.clone(),
        bus: Bus::new(),
        settings: config.engine(),
    };
    let settings = server_settings(config, address, data_dir.path())?;
    let runners: Vec<Arc<dyn JobRunner>> = vec![Arc::new(ImportRunner::new(data_dir.path()))];
    let engine = Engine::start(parts, runners).await.map_err(|e| match e {
        StartError::Store(e) => exit::storage(&e, &url),
        StartError::LeaseTooShort { .. } => Failure::usage(e.to_string()),
    })?;
    let app = App::new(tisara_server::Parts {
        store: store.clone(),
        engine: engine.clone(),
        client,
        vault,
        ambient: ambient.clone(),
        mailer: config.mailer().map_err(|e| Failure::usage(format!("mail: {e}")))?,
        metrics,
        settings,
    });
    let stop = CancellationToken::new();
    tokio::spawn(app.clone().run(stop.clone()));
    // Answers are small and come at once: they must not wait for more to fill a packet.
    let listener = listener.tap_io(|tcp| {
        let _ = tcp.set_nodelay(true);
    });
    let router = tisara_server::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let serve = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    Ok(Running {
        address,
        store,
        engine,
        ambient,
        http: tokio::spawn(serve.into_future()),
        app,
        stop,
        grace: Duration::from_millis(config.server.stop_grace_ms),
        _data_dir: data_dir,
    })
}

fn server_settings(
    config: &Config,
    address: SocketAddr,
    data_dir: &Path,
) -> Result<tisara_server::Settings, Failure> {
    let public_url = match &config.server.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{address}/")).map_err(|e| Failure::usage(e.to_string()))?,
    };
    let text = |secret: &Option<crate::config::Secret>| secret.as_ref().map(|s| s.reveal().to_owned());
    Ok(tisara_server::Settings {
        app_secret: text(&config.meta.app_secret),
        verify_token: text(&config.meta.verify_token),
        trusted_proxies: config.trusted_proxies().map_err(|e| Failure::usage(e.to_string()))?,
        key_limit: tisara_server::edge::Limit { burst: config.server.key_calls_per_minute, window_s: 60 },
        places: places(config)?,
        policies: tisara_server::Policies {
            terms: config.policies.terms_version.clone(),
            privacy: config.policies.privacy_version.clone(),
        },
        ..tisara_server::Settings::new(public_url, data_dir.to_path_buf())
    })
}

fn places(config: &Config) -> Result<Option<tisara_server::Places>, Failure> {
    let Some(file) = &config.server.places_file else { return Ok(None) };
    let places = tisara_server::Places::open(file);
    places.map(Some).map_err(|e| Failure::usage(format!("server.places_file {}: {e}", file.display())))
}

impl Running {
    /// Takes no more calls, waits a moment for what is under way, writes it down. What is then still
    /// open is found and settled at the next start. False when something took too long.
    pub async fn stop(self) -> bool {
        self.stop.cancel();
        let mut http = self.http;
        // Calls end first: a webhook that came in is kept as long as the engine lives.
        let calls_end = tokio::select! {
            _ = &mut http => true,
            () = self.ambient.sleep(self.grace.min(CALLS_GRACE)) => {
                http.abort();
                false
            }
        };
        if let Err(e) = self.app.finish().await {
            tracing::warn!(error = %e, "calls of the API of the last seconds could not be written down");
        }
        calls_end & self.engine.stop(self.grace.saturating_sub(CALLS_GRACE)).await
    }

    /// Ends when the server ends by itself, which it should not.
    pub async fn ended(&mut self) -> Failure {
        match (&mut self.http).await {
            Ok(Err(e)) => Failure::failed(format!("the server stopped: {e}")),
            _ => Failure::failed("the server stopped by itself"),
        }
    }
}

/// Collects the metrics of this process; once a process.
///
/// # Errors
/// When they are collected already.
pub fn collect_metrics(ambient: &Ambient) -> Result<PrometheusHandle, Failure> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|e| Failure::failed(format!("metrics cannot be collected: {e}")))?;
    let (kept, ambient) = (handle.clone(), ambient.clone());
    tokio::spawn(async move {
        loop {
            ambient.sleep(METRICS_UPKEEP).await;
            kept.run_upkeep();
        }
    });
    Ok(handle)
}
