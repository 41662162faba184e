//! What runs for one engine: emulator, server, an organization with a number, and its contacts.

use crate::{cases::Engine, world};
use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use std::{
    ops::{Add, Sub},
    path::{Path, PathBuf},
};
use tisara_domain::{Ambient, Duration};
use tisara_emulator::World;
use tisara_stage::{Api, Meta, Server, Setup, Usage, count, free_address, text};

/// Faster than any machine sends: the machine is the limit then.
const NO_LIMIT: &str = "[sending]\npace_per_second = 1000000\n";
const POLL: Duration = Duration::from_millis(50);
/// Calls with one key in a minute: more than can be made.
const KEY_CALLS: u32 = 100_000_000;
/// Longest wait for anything to be done.
const PATIENCE: Duration = Duration::from_secs(900);

/// Emulator and server.
pub(crate) struct Rig {
    pub(crate) meta: Meta,
    pub(crate) server: Server,
    pub(crate) api: Api,
    /// Another organization, which has nothing yet.
    pub(crate) empty: Api,
    /// The organization's key.
    pub(crate) key: String,
    /// Our id of the number without a limit.
    pub(crate) number: String,
    /// Our id of the template that is sent.
    pub(crate) template: String,
    http: reqwest::Client,
    tisara: PathBuf,
    dir: PathBuf,
    database: Option<String>,
    database_pid: Option<u32>,
}

/// Processor time that was used so far, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) server_s: f64,
    pub(crate) emulator_s: f64,
    /// PostgreSQL with its connections, if it runs on this machine.
    pub(crate) database_s: Option<f64>,
    /// This program.
    pub(crate) bench_s: f64,
}

impl Add for Used {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            server_s: self.server_s + other.server_s,
            emulator_s: self.emulator_s + other.emulator_s,
            database_s: self.database_s.zip(other.database_s).map(|(one, other)| one + other),
            bench_s: self.bench_s + other.bench_s,
        }
    }
}

impl Sub for Used {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            server_s: self.server_s - before.server_s,
            emulator_s: self.emulator_s - before.emulator_s,
            database_s: self.database_s.zip(before.database_s).map(|(now, before)| now - before),
            bench_s: self.bench_s - before.bench_s,
        }
    }
}

impl Rig {
    /// Starts both on an empty database.
    pub(crate) async fn set(
        tisara: &Path,
        dir: &Path,
        engine: &Engine,
        ambient: &Ambient,
    ) -> anyhow::Result<Self> {
        let (database, database_pid) = match engine {
            Engine::Sqlite => (None, None),
            Engine::Postgres { url, pid } => (Some(url.as_str()), *pid),
        };
        let address = free_address()?;
        let callback = format!("http://{address}/webhooks/whatsapp");
        let meta = Meta::start(tisara, dir, &world::settings(&callback), ambient).await?;
        let setup = Setup { tisara, dir, database, meta: meta.address, address, more: NO_LIMIT };
        let mut server = server(&setup, ambient)?;
        let (_, made) = server.run(&["org", "create", "Bench", "--json"]).await?;
        let key = text(&made["key"])?;
        let api = Api::new(address, &key, ambient.clone())?;
        let (_, other) = server.run(&["org", "create", "Empty", "--json"]).await?;
        let empty = Api::new(address, &text(&other["key"])?, ambient.clone())?;
        server.start().await?;
        let mut rig = Self {
            meta,
            server,
            api,
            empty,
            key,
            number: String::new(),
            template: String::new(),
            http: reqwest::Client::new(),
            tisara: tisara.to_path_buf(),
            dir: dir.to_path_buf(),
            database: database.map(str::to_owned),
            database_pid,
        };
        let numbers = rig.connect(&World::WABA_ID.to_string()).await?;
        rig.number = numbers.into_iter().next().context("the account has no number")?;
        rig.template = rig.find_template(None).await?;
        Ok(rig)
    }

    /// Processor time of everybody so far.
    pub(crate) fn used(&self) -> Used {
        Used {
            server_s: self.server.usage().cpu_s,
            emulator_s: self.meta.usage().cpu_s,
            database_s: self.database_pid.map(Usage::cpu_s_with_children),
            bench_s: Usage::of(std::process::id()).cpu_s,
        }
    }

    /// Starts the server anew.
    pub(crate) async fn restart(&mut self, ambient: &Ambient) -> anyhow::Result<()> {
        self.restart_with(NO_LIMIT, ambient).await
    }

    /// Starts the server anew with other lines at the end of its configuration.
    pub(crate) async fn restart_with(&mut self, more: &str, ambient: &Ambient) -> anyhow::Result<()> {
        self.server.stop().await?;
        let setup = Setup {
            tisara: &self.tisara,
            dir: &self.dir,
            database: self.database.as_deref(),
            meta: self.meta.address,
            address: self.server.address,
            more,
        };
        self.server = server(&setup, ambient)?;
        self.server.start().await
    }

    /// Connects an account of Meta's; gives our ids of its numbers.
    pub(crate) async fn connect(&self, waba: &str) -> anyhow::Result<Vec<String>> {
        let connected =
            self.api.post("/numbers/connect", &json!({ "waba_id": waba, "token": World::TOKEN })).await?;
        let numbers = connected["items"].as_array().context("no numbers")?;
        numbers.iter().map(|number| text(&number["id"])).collect()
    }

    /// Our id of the marketing template; not the one that is named.
    pub(crate) async fn find_template(&self, but: Option<&str>) -> anyhow::Result<String> {
        self.api.post("/templates/sync", &json!({})).await?;
        let templates = self.api.list("/templates").await?;
        let is_it =
            |t: &&Value| t["name"] == "seasonal_sale" && t["language"] == "en_US" && t["id"].as_str() != but;
        text(&templates.iter().find(is_it).context("the template is missing")?["id"])
    }

    /// Where the server takes webhooks.
    pub(crate) fn callback(&self) -> String {
        format!("http://{}/webhooks/whatsapp", self.server.address)
    }

    /// Sends the emulator's webhooks elsewhere.
    pub(crate) async fn webhooks_to(&self, url: &str) -> anyhow::Result<()> {
        self.meta.post("webhooks", &json!({ "callback_url": url, "verify": false })).await?;
        Ok(())
    }

    /// Waits until the emulator has told everything it has to tell.
    pub(crate) async fn meta_is_quiet(&self, ambient: &Ambient) -> anyhow::Result<()> {
        let until = ambient.now().plus(PATIENCE);
        loop {
            let report = self.meta.get("report").await?;
            if report["under_way"] == 0 && report["pending_webhooks"] == 0 {
                return Ok(());
            }
            ensure!(ambient.now() < until, "the emulator's webhooks do not come to an end");
            // A report goes through all messages: it must not take the machine from what is measured.
            ambient.sleep(POLL * 10).await;
        }
    }

    /// Imports a list with a label for everybody in it; gives the seconds it took, upload included.
    pub(crate) async fn import(&self, csv: String, label: &str, ambient: &Ambient) -> anyhow::Result<f64> {
        let consent = json!({ "source": "bench", "wording": "I agree." });
        let options = json!({ "labels": [label], "consent": consent, "default_region": "LK" });
        self.import_into(&self.api, csv, &options, ambient).await
    }

    /// Imports a list into an organization; gives the seconds it took, upload included.
    pub(crate) async fn import_into(
        &self,
        api: &Api,
        csv: String,
        options: &Value,
        ambient: &Ambient,
    ) -> anyhow::Result<f64> {
        let began_at = ambient.now();
        let import = api.import(csv, options).await?;
        let path = format!("/contacts/imports/{}", text(&import["id"])?);
        self.wait(ambient, || async {
            let import = api.get(&path).await?;
            match import["state"].as_str() {
                Some("done") => Ok(Some(())),
                Some("failed" | "cancelled") => bail!("the import failed: {import}"),
                _ => Ok(None),
            }
        })
        .await?;
        Ok(ambient.now().since(began_at).as_secs_f64())
    }

    /// Our id of what has this name in a list: `/labels`, `/fields`.
    pub(crate) async fn id(&self, list: &str, name: &str) -> anyhow::Result<String> {
        let all = self.api.list(list).await?;
        let missing = || format!("{list} has no {name}");
        text(&all.iter().find(|one| one["name"] == name).with_context(missing)?["id"])
    }

    /// Makes a campaign; nothing is planned yet.
    pub(crate) async fn campaign(
        &self,
        number: &str,
        template: &str,
        audience: &Value,
    ) -> anyhow::Result<String> {
        let value = |place: &str, name: &str, source: Value| json!({ "place": place, "name": name, "source": source });
        let fixed = |text: &str| json!({ "kind": "text", "text": text });
        let campaign = json!({
            "name": "Bench", "number": number, "template": template, "audience": audience,
            "bindings": [
                value("header", "1", fixed("Sale")),
                value("body", "1", json!({ "kind": "name" })),
                value("body", "2", fixed("CODE")),
                value("body", "3", fixed("25%")),
            ],
        });
        text(&self.api.post("/campaigns", &campaign).await?["id"])
    }

    /// Starts a campaign.
    pub(crate) async fn start(&self, campaign: &str) -> anyhow::Result<()> {
        self.api.post(&format!("/campaigns/{campaign}/start"), &json!({})).await?;
        Ok(())
    }

    /// Waits until a campaign is so far; gives what its progress says then.
    pub(crate) async fn until(
        &self,
        campaign: &str,
        ambient: &Ambient,
        is_so_far: impl Fn(&Value) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Value> {
        let path = format!("/campaigns/{campaign}");
        self.wait(ambient, || async {
            let view = self.api.get(&path).await?;
            ensure!(view["state"] != "paused", "the campaign paused: {view}");
            Ok(is_so_far(&view)?.then_some(view))
        })
        .await
    }

    /// Looks again and again until there is something to give.
    pub(crate) async fn wait<T, F: Future<Output = anyhow::Result<Option<T>>>>(
        &self,
        ambient: &Ambient,
        look: impl Fn() -> F,
    ) -> anyhow::Result<T> {
        let until = ambient.now().plus(PATIENCE);
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            ensure!(ambient.now() < until, "it does not come to an end");
            ambient.sleep(POLL).await;
        }
    }

    /// A number of `/metrics`, summed over its labels.
    pub(crate) async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let url = format!("http://{}/metrics", self.server.address);
        let text = self.http.get(url).send().await?.error_for_status()?.text().await?;
        let values = text
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        Ok(values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }
}

fn server(setup: &Setup<'_>, ambient: &Ambient) -> anyhow::Result<Server> {
    Ok(Server::new(setup, ambient.clone())?.with("server.key_calls_per_minute", KEY_CALLS))
}

/// Recipients that were not skipped, by the progress of a campaign.
pub(crate) fn sent_of(view: &Value) -> anyhow::Result<u64> {
    let progress = &view["progress"];
    Ok(count(&progress["recipients"])? - count(&progress["skipped"])?)
}

/// Recipients in one of these states.
pub(crate) fn in_states(view: &Value, states: &[&str]) -> anyhow::Result<u64> {
    states.iter().map(|state| count(&view["progress"][*state])).sum()
}
