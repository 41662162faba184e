//! The server as a process: started, killed, stopped, asked to recount.

use crate::process::{self, POLL, Usage};
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

/// Longest wait for a start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait for one answer to whether it is ready.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// The server: its files, and its process while it runs.
#[derive(Debug)]
pub struct Server {
    tisara: PathBuf,
    dir: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    ambient: Ambient,
    http: reqwest::Client,
    child: Option<Child>,
    env: Vec<(String, String)>,
}

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    /// The `tisara` binary.
    pub tisara: &'a Path,
    /// Its folder: configuration, data, log.
    pub dir: &'a Path,
    /// `postgres://…`; SQLite in the folder without it.
    pub database: Option<&'a str>,
    /// Where Meta's API is.
    pub meta: SocketAddr,
    /// Where it shall listen.
    pub address: SocketAddr,
    /// More of the configuration: lines of `[meta]`, then other sections.
    pub more: &'a str,
}

impl Server {
    /// Writes the configuration; nothing runs yet.
    ///
    /// # Errors
    /// When there is no such binary, or the folder cannot be written.
    pub fn new(setup: &Setup<'_>, ambient: Ambient) -> anyhow::Result<Self> {
        let Setup { tisara, dir, database, meta, address, more } = *setup;
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
             [logging]\nlevel = \"warn,tisara=info\"\n\
             [meta]\ngraph_url = \"http://{meta}/\"\napp_secret = \"{}\"\nverify_token = \"{}\"\n{more}",
            World::APP_SECRET,
            World::VERIFY_TOKEN,
        );
        std::fs::write(dir.join("tisara.toml"), config)?;
        let http = reqwest::Client::builder().timeout(ANSWER_PATIENCE).build()?;
        let tisara = std::path::absolute(tisara)?;
        Ok(Self { tisara, dir: dir.to_path_buf(), address, ambient, http, child: None, env: Vec::new() })
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
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A setting more, from the next start on: `storage.wait_ms` and its value.
    #[must_use]
    pub fn with(mut self, setting: &str, value: impl ToString) -> Self {
        let name = format!("TISARA_{}", setting.replace('.', "__").to_uppercase());
        self.env.push((name, value.to_string()));
        self
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Sends it a signal by name: STOP, CONT.
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.pid().context("the server does not run")?.to_string()])
            .status()?;
        ensure!(sent.success(), "the server could not be sent {name}");
        Ok(())
    }

    /// Status and text of one of its pages: `/readyz`, `/metrics`.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn page(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let answer = self.http.get(format!("http://{}{path}", self.address)).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// One of its metrics, without labels or with those it is written with; 0 when there is none.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let (_, page) = self.page("/metrics").await?;
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        Ok(line.unwrap_or_default())
    }

    fn log(&self) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).open(self.log_file())
    }

    /// What all its lives have logged.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    /// Runs a command to its end; gives its exit code and the JSON it printed.
    ///
    /// # Errors
    /// When it prints something else.
    pub async fn run(&self, args: &[&str]) -> anyhow::Result<(i32, Value)> {
        let mut command = self.command();
        command.args(args);
        let done = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = String::from_utf8_lossy(&done.stderr);
        let printed = serde_json::from_slice(&done.stdout)
            .with_context(|| format!("tisara {}: {} {said}", args.join(" "), done.status))?;
        Ok((done.status.code().unwrap_or(-1), printed))
    }

    /// Starts it and waits until it can work.
    ///
    /// # Errors
    /// When it ends by itself, or does not get ready.
    pub async fn start(&mut self) -> anyhow::Result<()> {
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
    ///
    /// # Errors
    /// When it had ended by itself.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the server does not run")?;
        if let Some(status) = child.try_wait()? {
            bail!("the server had ended by itself ({status}); see {}", self.log_file().display());
        }
        process::kill(&mut child)
    }

    /// SIGTERM, as an operator would.
    ///
    /// # Errors
    /// When it does not end well.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the server does not run")?;
        let stopped = process::stop(&mut child, &self.ambient).await;
        if stopped.is_err() {
            let _ = process::kill(&mut child);
        }
        stopped
    }

    /// The number of its process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// What it uses of the machine; nothing while it does not run.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.pid().map_or_else(Usage::default, Usage::of)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = process::kill(child);
        }
    }
}
