//! All that runs: the emulator in this process, the server beside it, an organization with two numbers.

use crate::{
    harm::{Harm, LEASE_MS},
    script::Plan,
    world::{self, GRACE_MS, REQUEST_TIMEOUT_MS},
};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::path::PathBuf;
use tisara_domain::Ambient;
use tisara_emulator::{Control, Emulator, World};
use tisara_stage::{Api, Front, Server, Setup, free_address, text};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What runs, and how to reach it.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) api: Api,
    pub(crate) emulator: Control,
    /// Our ids of the two numbers, in the order of [`world::NUMBERS`].
    pub(crate) numbers: Vec<String>,
    /// Our id of the template that is sent.
    pub(crate) template: String,
    /// The second node, where there are two.
    pub(crate) second: Option<Server>,
    /// What stands before two nodes.
    pub(crate) front: Option<Front>,
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

        let front = match plan.harm {
            Harm::Nodes => Some(Front::start(address).await?),
            _ => None,
        };
        let before = front.as_ref().map_or(address, |front| front.address);
        let webhooks = format!("http://{before}/webhooks/whatsapp");
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
        let more = format!(
            "request_timeout_ms = {REQUEST_TIMEOUT_MS}\n\
             [sending]\ngrace_ms = {GRACE_MS}\nlease_ms = {LEASE_MS}\npace_per_second = {}\n",
            plan.harm.pace_per_second()
        );
        let setup = Setup { tisara: &plan.tisara, dir: &folder.path, database, meta, address, more: &more };
        // Short waits, and just enough connections for the engine to have some of its own.
        let hurried = |server: Server| match plan.harm.is_to_the_database() {
            true => server
                .with("storage.wait_ms", 3_000)
                .with("storage.lock_wait_ms", 2_000)
                .with("storage.postgres_connections", 4),
            false => server,
        };
        let mut server = hurried(Server::new(&setup, ambient.clone())?);
        let (_, made) = server.run(&["org", "create", "Torture", "--json"]).await?;
        let api = Api::new(before, &text(&made["key"])?, ambient.clone())?;
        server.start().await?;
        let second = match &front {
            Some(_) => Some(second_node(&setup, ambient).await?),
            None => None,
        };
        let (numbers, template) = connect(&api).await?;
        let _emulator_runs = cancel.drop_guard();
        Ok(Self { server, api, emulator: control, numbers, template, second, front, folder, _emulator_runs })
    }

    /// Keeps the data folder, and says where it is.
    pub(crate) fn keep_folder(&mut self) -> PathBuf {
        if let Some(dir) = self.folder.temporary.take() {
            let _ = dir.keep();
        }
        self.folder.path.clone()
    }
}

/// A node more on the same database, with the same key.
async fn second_node(first: &Setup<'_>, ambient: &Ambient) -> anyhow::Result<Server> {
    let dir = first.dir.join("second");
    std::fs::create_dir_all(dir.join("data"))?;
    std::fs::copy(first.dir.join("data/key"), dir.join("data/key"))?;
    let setup = Setup { dir: &dir, address: free_address()?, ..first.clone() };
    let mut server = Server::new(&setup, ambient.clone())?;
    server.start().await?;
    Ok(server)
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
