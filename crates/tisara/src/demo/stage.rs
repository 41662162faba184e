//! The stage of the demo: a stand-in for Meta and a server, both on this machine.

use super::{
    account::{self, Account},
    folder::Folder,
};
use crate::{
    cli::{Demo, Pace},
    config::{Config, Secret},
    emulate,
    exit::{self, Failure},
    listen, org, running,
    running::Running,
    setup,
};
use std::net::SocketAddr;
use tisara_domain::Ambient;
use tisara_emulator::{
    Control, Emulator, Settings,
    settings::{Behaviour, Identity, ObjectId, Population, StatusSettings, World},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

/// The name that marks an organization as a demo's.
const NAME: &str = "Tisara demo";
const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";
/// Faster than any machine sends: the machine is the limit then.
const NO_LIMIT_PER_SECOND: u32 = 1_000_000;

/// Emulator and server, running.
pub struct Stage {
    /// The server.
    pub server: Running,
    /// Drives the emulator and reads its report.
    pub emulator: Control,
    /// Where the emulator listens.
    pub emulator_address: SocketAddr,
    /// Meta's id of the account to connect.
    pub waba: String,
    /// Who signed up, with the key of their organization.
    pub account: Account,
    deliveries: JoinHandle<()>,
    serving: JoinHandle<std::io::Result<()>>,
    cancel: CancellationToken,
}

impl Stage {
    /// Starts both, signs somebody up who makes an organization, and tells the emulator where webhooks go.
    ///
    /// # Errors
    /// When database, folder or ports will not do.
    pub async fn set(args: &Demo, folder: &Folder, ambient: &Ambient) -> anyhow::Result<Self> {
        let region = org::region(&args.region)?;
        let listener = server_listener(args.listen).await?;
        let meta = listen::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let (address, emulator_address) = (listener.local_addr()?, meta.local_addr()?);

        let (world, waba) = world(ambient);
        let settings =
            Settings { seed: args.seed, world, behaviour: behaviour(args.pace), ..Settings::default() };
        let emulator = Emulator::new(settings, ambient.clone());
        let control = emulator.control();
        let callback = format!("http://{address}/webhooks/whatsapp");
        control.set_webhooks(None, Some(callback), None, None)?;
        let cancel = CancellationToken::new();
        let deliveries = tokio::spawn(emulator.run_deliveries(cancel.clone()));
        let serving = {
            let cancel = cancel.clone();
            tokio::spawn(async move { emulator.serve(meta, cancel).await })
        };

        let config = config(args, folder, address, emulator_address)?;
        refuse_real_database(&config).await?;
        let server = running::start(&config, ambient.clone(), listener, None).await?;
        let account = account::make(ambient, address, NAME, region).await?;
        Ok(Self { server, emulator: control, emulator_address, waba, account, deliveries, serving, cancel })
    }

    /// Stops the server, then the emulator, so that what was under way is still answered.
    pub async fn strike(self) -> bool {
        let clean = self.server.stop().await;
        self.cancel.cancel();
        let _ = self.deliveries.await;
        let _ = self.serving.await;
        clean
    }
}

/// The address that was asked for; else the usual one, or any when that is taken.
async fn server_listener(wanted: Option<SocketAddr>) -> Result<TcpListener, Failure> {
    if let Some(address) = wanted {
        return listen::bind(address).await;
    }
    match TcpListener::bind(DEFAULT_ADDRESS).await {
        Ok(listener) => Ok(listener),
        Err(_) => listen::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await,
    }
}

/// The emulator's own world, with ids of this run: a database may remember earlier demos.
fn world(ambient: &Ambient) -> (World, String) {
    let fresh = |id: ObjectId| ObjectId(id.0 + ambient.rng().below(1_000_000_000_000));
    let mut world = World::default();
    let mut connected = World::WABA_ID;
    for waba in world.portfolios.iter_mut().flat_map(|p| &mut p.wabas) {
        waba.id = fresh(waba.id);
        connected = waba.id;
        for number in &mut waba.numbers {
            number.id = fresh(number.id);
        }
    }
    (world, connected.to_string())
}

/// People who get, read and sometimes answer their messages within seconds; a few have no WhatsApp.
fn behaviour(pace: Pace) -> Behaviour {
    let mut behaviour = Behaviour {
        population: Population { not_on_whatsapp: 0.005, reads: 0.6, replies: 0.01, ..Population::default() },
        statuses: StatusSettings {
            sent_ms: (20, 150),
            delivered_ms: (50, 400),
            read_ms: (100, 1_500),
            failed_ms: (50, 300),
            failed_after_sent: 0.0,
        },
        // Attempts at one recipient are one message: campaign, row, attempt.
        identity: Identity::CallbackDataUpTo { separator: '.', parts: 2 },
        ..Behaviour::default()
    };
    behaviour.pace.messages_per_second = emulate::throughput(pace);
    behaviour
}

fn config(args: &Demo, folder: &Folder, address: SocketAddr, meta: SocketAddr) -> anyhow::Result<Config> {
    let mut config = Config::default();
    config.server.listen = address;
    config.server.public_url = Some(Url::parse(&format!("http://{address}/"))?);
    config.storage.data_dir = folder.path().to_path_buf();
    config.storage.database_url = args.database.as_deref().map(Secret::new);
    config.meta.graph_url = Url::parse(&format!("http://{meta}/"))?;
    config.meta.app_secret = Some(Secret::new(World::APP_SECRET));
    config.meta.verify_token = Some(Secret::new(World::VERIFY_TOKEN));
    config.mail.outbox = true;
    config.sending.pace_per_second = Some(match args.pace {
        Pace::PerSecond(n) => n,
        Pace::Max => NO_LIMIT_PER_SECOND,
    });
    Ok(config)
}

/// The demo's server would send the campaigns of a real organization to nowhere.
async fn refuse_real_database(config: &Config) -> anyhow::Result<()> {
    let (store, url) = setup::open_store(config)?;
    let check = async {
        // A database without tables has no organizations; a newer one is refused when it is brought up to date.
        if store.version().await? == 0 {
            return Ok(false);
        }
        let found = store.read(|tx| tx.list_organizations(None, 1_000)).await?;
        Ok(found.iter().any(|org| org.name != NAME))
    };
    let is_real = check.await.map_err(|e: tisara_store::Error| exit::storage(&e, &url))?;
    if is_real {
        return Err(Failure::usage(format!("{url:?} holds organizations that are not a demo's"))
            .todo("Give the demo a database of its own: it would send their campaigns into the void.")
            .into());
    }
    Ok(())
}
