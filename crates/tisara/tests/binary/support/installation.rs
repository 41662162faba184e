//! An emulator and a server as processes of their own, with an organization, a number and contacts: what
//! is left is to start a campaign and be unkind.

use super::{Running, free_port, tisara};
use reqwest::multipart;
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// Longest wait for a server to answer, or for a campaign to end.
const PATIENCE: Duration = Duration::from_secs(240);
const POLL: Duration = Duration::from_millis(20);
/// Messages a second: slow enough to be killed in the middle, fast enough for a test.
const PACE: u32 = 1_000;

/// Everything that runs.
pub struct Installation {
    dir: tempfile::TempDir,
    database: Option<String>,
    http: reqwest::Client,
    server_port: u16,
    emulator_port: u16,
    _emulator: Running,
    server: Option<Running>,
    key: String,
    number: String,
    template: String,
}

impl Installation {
    /// Starts it all and imports so many contacts. Without a database it is SQLite.
    pub async fn with_contacts(count: u32, database: Option<String>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let (server_port, emulator_port) = (free_port(), free_port());
        let emulator = start_emulator(dir.path(), emulator_port, server_port);
        let mut this = Self {
            dir,
            database,
            http: reqwest::Client::new(),
            server_port,
            emulator_port,
            _emulator: emulator,
            server: None,
            key: String::new(),
            number: String::new(),
            template: String::new(),
        };
        let made = super::run(this.command().args(["org", "create", "Test", "--json"]));
        assert_eq!(made.code, 0, "{made:#?}");
        this.key = serde_json::from_str::<Value>(&made.out).unwrap()["key"].as_str().unwrap().to_owned();
        this.start_server();
        this.wait_until_ready().await;
        this.connect().await;
        this.import(count).await;
        this
    }

    /// `tisara` with this installation's configuration.
    fn command(&self) -> Command {
        let mut command = tisara(self.dir.path());
        for (name, value) in [
            ("SERVER__LISTEN", format!("127.0.0.1:{}", self.server_port)),
            ("META__GRAPH_URL", format!("http://127.0.0.1:{}/", self.emulator_port)),
            ("META__APP_SECRET", "emulator-app-secret".to_owned()),
            ("META__VERIFY_TOKEN", "emulator-verify-token".to_owned()),
            ("SENDING__PACE_PER_SECOND", PACE.to_string()),
            ("SENDING__GRACE_MS", "3000".to_owned()),
            ("SENDING__LEASE_MS", "5000".to_owned()),
            ("LOGGING__LEVEL", "warn".to_owned()),
        ] {
            command.env(format!("TISARA_{name}"), value);
        }
        if let Some(database) = &self.database {
            command.env("TISARA_STORAGE__DATABASE_URL", database);
        }
        command
    }

    /// Starts the server.
    pub fn start_server(&mut self) {
        self.server = Some(Running::start(self.command().arg("serve")));
    }

    /// SIGKILL: the server gets no chance to write anything more.
    pub fn kill_server(&mut self) {
        self.server.take().expect("the server runs").kill();
    }

    /// The running server.
    pub fn take_server(&mut self) -> Running {
        self.server.take().expect("the server runs")
    }

    /// SIGTERM, and waits for the end.
    pub fn stop_server(&mut self) {
        let server = self.take_server();
        server.signal("TERM");
        assert_eq!(server.wait().code, 0);
    }

    /// Runs a command with this installation's configuration.
    pub fn run(&self, args: &[&str]) -> super::Done {
        super::run(self.command().args(args))
    }

    /// Runs a command that speaks to the server.
    pub fn run_client(&self, args: &[&str]) -> super::Done {
        super::run(&mut self.client(args))
    }

    /// The data folder is gone, and the database another one from now on.
    pub fn lose_everything(&mut self, database: Option<String>) {
        std::fs::rename(self.dir.path().join("data"), self.dir.path().join("lost")).unwrap();
        self.database = database;
    }

    /// Waits until the database has served so many transactions that every part has looked again and again.
    pub async fn wait_until_it_has_looked_for_work(&self) {
        let url = format!("http://127.0.0.1:{}/metrics", self.server_port);
        let transactions = async || -> Result<u64, String> {
            let page = self.http.get(&url).send().await.map_err(|e| e.to_string())?;
            let page = page.text().await.map_err(|e| e.to_string())?;
            let line = page.lines().find_map(|l| l.strip_prefix("tisara_database_wait_seconds_count "));
            line.and_then(|n| n.parse().ok()).ok_or_else(|| "no such metric".to_owned())
        };
        let begin = poll("the metrics", &transactions).await;
        poll("the server to look for work", async || match transactions().await? {
            n if n > begin + 50 => Ok(()),
            n => Err(format!("{n} transactions since {begin}")),
        })
        .await;
    }

    /// Waits until the server says that it can work.
    pub async fn wait_until_ready(&mut self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.server_port);
        let http = self.http.clone();
        let mut server = self.server.take().expect("the server was started");
        poll("the server to be ready", async || {
            assert!(!server.has_ended(), "the server ended: {}", server.err());
            let answer = http.get(&url).send().await.map_err(|e| e.to_string())?;
            if answer.status().is_success() { Ok(()) } else { Err(answer.text().await.unwrap_or_default()) }
        })
        .await;
        self.server = Some(server);
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/api/v1{path}", self.server_port)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.http.post(self.url(path)).bearer_auth(&self.key).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// `GET`; while the server is away, why there is no answer.
    async fn try_get(&self, path: &str) -> Result<Value, String> {
        let answer =
            self.http.get(self.url(path)).bearer_auth(&self.key).send().await.map_err(|e| e.to_string())?;
        let text =
            answer.error_for_status().map_err(|e| e.to_string())?.text().await.map_err(|e| e.to_string())?;
        serde_json::from_str(&text).map_err(|e| e.to_string())
    }

    /// `GET`, once the answer is as wanted.
    pub async fn get_when(&self, what: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        poll(what, async || {
            let answer = self.try_get(path).await?;
            if wanted(&answer) { Ok(answer) } else { Err(answer.to_string()) }
        })
        .await
    }

    async fn connect(&mut self) {
        let account = json!({ "waba_id": "102290129340398", "token": "EAAemulator" });
        let connected = self.post("/numbers/connect", account).await;
        self.number = text(&connected["items"][0]["id"]);
        self.post("/templates/sync", json!({})).await;
        let templates = self.try_get("/templates?limit=200").await.unwrap();
        let found = templates["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|t| t["name"] == "seasonal_sale" && t["language"] == "en_US");
        self.template = text(&found.unwrap()["id"]);
    }

    async fn import(&self, count: u32) {
        let mut csv = String::from("Name,Phone\n");
        for i in 0..count {
            csv.push_str(&format!("Person {i},+9477{i:07}\n"));
        }
        let consent = json!({ "everybody": true, "source": "test", "wording": "I agree." });
        let form = multipart::Form::new()
            .text("options", json!({ "consent": consent }).to_string())
            .part("file", multipart::Part::text(csv).file_name("contacts.csv"));
        let answer = self
            .http
            .post(self.url("/contacts/imports"))
            .bearer_auth(&self.key)
            .multipart(form)
            .send()
            .await
            .unwrap();
        let import: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let path = format!("/contacts/imports/{}", text(&import["id"]));
        let done = self.get_when("the import", &path, |i| i["state"] == "done").await;
        assert_eq!(done["progress"]["inserted"], count, "{done}");
    }

    /// A command that speaks to the server.
    pub fn client(&self, args: &[&str]) -> Command {
        let mut command = tisara(self.dir.path());
        command.args(args).env("TISARA_KEY", &self.key);
        command.env("TISARA_SERVER", format!("http://127.0.0.1:{}", self.server_port));
        command
    }

    /// A file for such a command.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// Reads a file that such a command has written.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap()
    }

    /// Starts a campaign to everybody and gives its id.
    pub async fn start_campaign(&self) -> String {
        let value = |place: &str, name: &str, text: &str| json!({ "place": place, "name": name, "source": { "kind": "text", "text": text } });
        let made = self
            .post(
                "/campaigns",
                json!({
                    "name": "Test", "number": self.number, "template": self.template,
                    "audience": { "kind": "all" },
                    "bindings": [
                        value("header", "1", "Sale"),
                        { "place": "body", "name": "1", "source": { "kind": "name" } },
                        value("body", "2", "CODE"), value("body", "3", "25%"),
                    ],
                }),
            )
            .await;
        let id = text(&made["id"]);
        self.post(&format!("/campaigns/{id}/start"), json!({})).await;
        id
    }

    /// Waits until so many messages are out, and gives the counts.
    pub async fn wait_until_out(&self, campaign: &str, wanted: u64) -> Value {
        let path = format!("/campaigns/{campaign}");
        self.get_when("messages to be out", &path, |c| out(c) >= wanted).await
    }

    /// Waits until the campaign has completed by itself and every status was told and applied.
    pub async fn wait_until_settled(&self, campaign: &str) -> Value {
        let path = format!("/campaigns/{campaign}");
        self.get_when("the campaign to complete", &path, |c| c["state"] == "completed").await;
        poll("the emulator to have told everything", async || {
            let report = self.emulator_report().await;
            let is_told = report["pending_webhooks"] == 0 && report["under_way"] == 0;
            if is_told { Ok(()) } else { Err(report.to_string()) }
        })
        .await;
        // Told is not yet applied: nobody may be left who has it and of whom nothing more was heard.
        self.get_when("the statuses to be applied", &path, |c| {
            c["progress"]["accepted"] == 0 && c["progress"]["sent"] == 0
        })
        .await
    }

    /// What the emulator says happened.
    pub async fn emulator_report(&self) -> Value {
        serde_json::from_str(&self.emulator("/report").await).unwrap()
    }

    /// Messages that reached their person, by the emulator's report.
    pub async fn reached(&self) -> u64 {
        let lines = self.emulator("/report/ids").await;
        let reached = lines.lines().filter(|l| serde_json::from_str::<Value>(l).unwrap()["reached"] != 0);
        reached.count() as u64
    }

    async fn emulator(&self, path: &str) -> String {
        let url = format!("http://127.0.0.1:{}/_emulator{path}", self.emulator_port);
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }
}

fn start_emulator(dir: &Path, port: u16, server_port: u16) -> Running {
    let printed = super::run(tisara(dir).args(["emulate", "--print-settings"]));
    let mut settings: Value = serde_json::from_str(&printed.out).unwrap();
    let behaviour = &mut settings["behaviour"];
    behaviour["statuses"]["sent_ms"] = json!([5, 50]);
    behaviour["statuses"]["delivered_ms"] = json!([5, 100]);
    // Some look at their phone only later, as people do: webhooks go on for a while after the last send.
    behaviour["statuses"]["read_ms"] = json!([100, 10_000]);
    // Attempts at one recipient are one message.
    behaviour["identity"] = json!({ "callback_data_up_to": { "separator": ".", "parts": 2 } });
    behaviour["webhooks"]["retry_first_ms"] = json!(100);
    behaviour["webhooks"]["retry_most_ms"] = json!(1_000);
    let path = dir.join("emulator.json");
    std::fs::write(&path, settings.to_string()).unwrap();
    let webhooks = format!("http://127.0.0.1:{server_port}/webhooks/whatsapp");
    let mut command = tisara(dir);
    command.args(["emulate", "--pace", "max", "--port", &port.to_string(), "--webhook-url", &webhooks]);
    command.arg("--settings").arg(&path).stdout(Stdio::null());
    let emulator = Running::start(&mut command);
    super::wait_for("the emulator", || std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(|_| ()));
    emulator
}

/// Messages that are out, or failed.
pub fn out(campaign: &Value) -> u64 {
    ["accepted", "sent", "delivered", "read", "failed"]
        .iter()
        .map(|state| campaign["progress"][state].as_u64().unwrap())
        .sum()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Asks until there is an answer.
#[expect(clippy::disallowed_methods, reason = "a test of real processes waits in real time")]
async fn poll<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let start = std::time::Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(last) => {
                assert!(start.elapsed() < PATIENCE, "waited too long for {what}; the last was: {last}");
            }
        }
        tokio::time::sleep(POLL).await;
    }
}
