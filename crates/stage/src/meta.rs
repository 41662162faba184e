//! The emulator as a process: `tisara emulate`.

use crate::process::{self, POLL, Usage};
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::{
    fs::File,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};
use tisara_domain::{Ambient, Duration};
use tisara_emulator::Settings;

/// Longest wait for its start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stand-in for Meta that runs until it is dropped.
#[derive(Debug)]
pub struct Meta {
    /// Where it listens.
    pub address: SocketAddr,
    http: reqwest::Client,
    child: Child,
}

impl Meta {
    /// Starts it with these settings and waits until it answers. Settings and log are kept in `dir`.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(
        tisara: &Path,
        dir: &Path,
        settings: &Settings,
        ambient: &Ambient,
    ) -> anyhow::Result<Self> {
        let address = crate::free_address()?;
        let file = dir.join("emulator.json");
        std::fs::write(&file, serde_json::to_string(settings)?)?;
        let log = File::create(dir.join("emulator.log"))?;
        let child = Command::new(tisara)
            .args(["emulate", "--host", &address.ip().to_string(), "--port", &address.port().to_string()])
            .arg("--settings")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| tisara.display().to_string())?;
        let mut meta = Self { address, http: reqwest::Client::new(), child };
        let until = ambient.now().plus(PATIENCE);
        while meta.get("clock").await.is_err() {
            if let Some(status) = meta.child.try_wait()? {
                bail!("the emulator ended by itself ({status}); see {}", dir.join("emulator.log").display());
            }
            ensure!(ambient.now() < until, "the emulator does not start");
            ambient.sleep(POLL).await;
        }
        Ok(meta)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/_emulator/{path}", self.address)
    }

    /// What it says at `/_emulator/{path}`.
    ///
    /// # Errors
    /// When it does not answer with JSON.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.http.get(self.url(path)).send().await?.error_for_status()?.json().await?)
    }

    /// Tells it something at `/_emulator/{path}`.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.http.post(self.url(path)).json(body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "the emulator refused {path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// What it uses of the machine.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        let _ = process::kill(&mut self.child);
    }
}
