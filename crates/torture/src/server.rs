//! The server as a process: started, killed, stopped, asked to recount.

use crate::world::{GRACE_MS, PACE_PER_SECOND, REQUEST_TIMEOUT_MS};
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::{
    fs::{File, OpenOptions},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tisara_domain::{Ambient, Duration};
use tisara_emulator::World;

/// Longest wait for a start or a polite stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait for one answer to whether it is ready.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// The server: its files, and its process while it runs.
pub(crate) struct Server {
    tisara: PathBuf,
    dir: PathBuf,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    ambient: Ambient,
    http: reqwest::Client,
    child: Option<Child>,
}

impl Server {
    /// Writes the configuration; nothing runs yet.
    pub(crate) fn new(
        tisara: PathBuf,
        dir: &Path,
        database: Option<&str>,
        meta: SocketAddr,
        address: SocketAddr,
        ambient: Ambient,
    ) -> anyhow::Result<Self> {
        ensure!(
            tisara.is_file(),
            "there is no {}: build it (cargo build --package tisara) or give --tisara",
            tisara.display()
        );
        let text = |s: &str| Value::from(s).to_string();
        let database = database.map_or_else(String::new, |url| format!("database_url = {}\n", text(url)));
        let data = text(&dir.join("data").to_string_lossy());
        let config = format!(
            "[server]\nlisten = \"{address}\"\n\
             [storage]\ndata_dir = {data}\n{database}\
             [meta]\ngraph_url = \"http://{meta}/\"\napp_secret = \"{}\"\nverify_token = \"{}\"\n\
             request_timeout_ms = {REQUEST_TIMEOUT_MS}\n\
             [sending]\ngrace_ms = {GRACE_MS}\nlease_ms = 5000\npace_per_second = {PACE_PER_SECOND}\n\
             [logging]\nlevel = \"warn,tisara=info\"\n",
            World::APP_SECRET,
            World::VERIFY_TOKEN,
        );
        std::fs::write(dir.join("tisara.toml"), config)?;
        let http = reqwest::Client::builder().timeout(ANSWER_PATIENCE).build()?;
        Ok(Self { tisara, dir: dir.to_path_buf(), address, ambient, http, child: None })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.tisara);
        for (name, _) in std::env::vars() {
            if name.starts_with("TISARA_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.arg("--config").arg(self.dir.join("tisara.toml")).current_dir(&self.dir);
        command.stdin(Stdio::null());
        command
    }

    fn log(&self) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).open(self.log_file())
    }

    /// What all its lives have logged.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    /// Runs a command to its end; gives its exit code and the JSON it printed.
    pub(crate) async fn run(&self, args: &[&str]) -> anyhow::Result<(i32, Value)> {
        let mut command = self.command();
        command.args(args);
        let done = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = String::from_utf8_lossy(&done.stderr);
        let printed = serde_json::from_slice(&done.stdout)
            .with_context(|| format!("tisara {}: {} {said}", args.join(" "), done.status))?;
        Ok((done.status.code().unwrap_or(-1), printed))
    }

    /// Starts it and waits until it can work.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        let child = self.command().arg("serve").stdout(self.log()?).stderr(self.log()?).spawn()?;
        let child = self.child.insert(child);
        let url = format!("http://{}/readyz", self.address);
        let until = self.ambient.now().plus(PATIENCE);
        loop {
            if let Ok(answer) = self.http.get(&url).send().await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if let Some(status) = child.try_wait()? {
                bail!("the server ended by itself ({status}); see {}", self.log_file().display());
            }
            ensure!(self.ambient.now() < until, "the server does not get ready");
            self.ambient.sleep(POLL).await;
        }
    }

    /// SIGKILL: it gets no chance to do anything more.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the server does not run")?;
        if let Some(status) = child.try_wait()? {
            bail!("the server had ended by itself ({status}); see {}", self.log_file().display());
        }
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// SIGTERM, as an operator would.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let child = self.child.as_mut().context("the server does not run")?;
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
        ensure!(asked.success(), "the server could not be asked to stop");
        let until = self.ambient.now().plus(PATIENCE);
        loop {
            if let Some(status) = child.try_wait()? {
                self.child = None;
                ensure!(status.success(), "the server did not stop well: {status}");
                return Ok(());
            }
            ensure!(self.ambient.now() < until, "the server does not stop");
            self.ambient.sleep(POLL).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
