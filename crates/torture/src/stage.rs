//! All that runs: the emulator in this process, the server beside it, an organization with two numbers.

use crate::{
    api::{Api, text},
    script::Plan,
    server::Server,
    world,
};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::PathBuf};
use tisara_domain::{Ambient, Rng};
use tisara_emulator::{Control, Emulator, World};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Ports below those that the system gives to outgoing connections: while the server is down, nobody
/// else may come to sit on its port.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// What runs, and how to reach it.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) api: Api,
    pub(crate) emulator: Control,
    /// Our ids of the two numbers, in the order of [`world::NUMBERS`].
    pub(crate) numbers: Vec<String>,
    /// Our id of the template that is sent.
    pub(crate) template: String,
    folder: Folder,
    _emulator_runs: DropGuard,
}

impl Stage {
    /// Sets it up; the server is running then.
    pub(crate) async fn set(plan: &Plan, ambient: &Ambient) -> anyhow::Result<Self> {
        // A second call (in tests) is only refused.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = Folder::new(plan.dir.clone())?;
        let address = free_address()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let meta = listener.local_addr()?;

        let webhooks = format!("http://{address}/webhooks/whatsapp");
        let emulator = Emulator::new(world::settings(plan.seed, webhooks), ambient.clone());
        let control = emulator.control();
        let cancel = CancellationToken::new();
        tokio::spawn(emulator.run_deliveries(cancel.clone()));
        let serving = cancel.clone();
        tokio::spawn(async move { emulator.serve(listener, serving).await });

        let database = match plan.database.as_str() {
            "sqlite" => None,
            url if url.starts_with("postgres") => Some(url),
            other => bail!("the database is sqlite or postgres://…, not {other}"),
        };
        let tisara = std::path::absolute(&plan.tisara)?;
        let mut server = Server::new(tisara, &folder.path, database, meta, address, ambient.clone())?;
        let (_, made) = server.run(&["org", "create", "Torture", "--json"]).await?;
        let api = Api::new(address, &text(&made["key"])?, ambient.clone())?;
        server.start().await?;
        let (numbers, template) = connect(&api).await?;
        let _emulator_runs = cancel.drop_guard();
        Ok(Self { server, api, emulator: control, numbers, template, folder, _emulator_runs })
    }

    /// Keeps the data folder, and says where it is.
    pub(crate) fn keep_folder(&mut self) -> PathBuf {
        if let Some(dir) = self.folder.temporary.take() {
            let _ = dir.keep();
        }
        self.folder.path.clone()
    }
}

/// Connects the account; gives the ids of the numbers and of the template.
async fn connect(api: &Api) -> anyhow::Result<(Vec<String>, String)> {
    let account = json!({ "waba_id": World::WABA_ID.to_string(), "token": World::TOKEN });
    let connected = api.post("/numbers/connect", &account).await?;
    let find = |meta_id: String| {
        let items = connected["items"].as_array();
        let found = items.and_then(|all| all.iter().find(|n| n["meta_id"] == meta_id.as_str()));
        found.map_or_else(|| bail!("number {meta_id} is missing: {connected}"), |n| text(&n["id"]))
    };
    let numbers = world::NUMBERS.iter().map(|n| find(n.to_string())).collect::<Result<_, _>>()?;
    api.post("/templates/sync", &json!({})).await?;
    let templates = api.list("/templates").await?;
    let is_it = |t: &&Value| t["name"] == "seasonal_sale" && t["language"] == "en_US";
    let template = templates.iter().find(is_it).context("the template is missing")?;
    Ok((numbers, text(&template["id"])?))
}

/// A port of this machine that nobody listens on.
fn free_address() -> anyhow::Result<SocketAddr> {
    let rng = Rng::from_os()?;
    for _ in 0..100 {
        let port = PORTS.start + u16::try_from(rng.below(PORTS.len() as u64))?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if std::net::TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no free port between {} and {}", PORTS.start, PORTS.end)
}

struct Folder {
    path: PathBuf,
    temporary: Option<tempfile::TempDir>,
}

impl Folder {
    fn new(wanted: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(path) = wanted {
            std::fs::create_dir_all(&path)?;
            return Ok(Self { path: std::path::absolute(path)?, temporary: None });
        }
        let dir = tempfile::Builder::new().prefix("tisara-torture.").tempdir()?;
        Ok(Self { path: dir.path().to_path_buf(), temporary: Some(dir) })
    }
}
