//! A PostgreSQL of one's own, to be stopped, started again and kept from working.

use crate::process::POLL;
use anyhow::{Context as _, ensure};
use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};
use tempfile::TempDir;
use tisara_domain::Ambient;

/// A server with its data in a temporary folder; stopped and removed when dropped.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    dir: TempDir,
    address: SocketAddr,
    /// Further settings, as on its command line.
    settings: String,
}

impl Postgres {
    /// Makes a cluster and starts it, on a port of its own.
    ///
    /// # Errors
    /// When PostgreSQL is not installed on this machine, or does not start.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with("", |_| Ok(()))
    }

    /// As [`Postgres::start`], with further settings (`-c ssl=on`), after `prepare` has worked on its data
    /// folder.
    ///
    /// # Errors
    /// As [`Postgres::start`], or as `prepare` says.
    pub fn start_with(
        settings: &str,
        prepare: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let bin = find_programs()?;
        let dir = tempfile::Builder::new().prefix("tisara-postgres.").tempdir()?;
        let this = Self { bin, dir, address: crate::free_address()?, settings: settings.to_owned() };
        if is_root() {
            // The server refuses to run as root.
            run(Command::new("chown").arg("postgres").arg(this.dir.path()))?;
        }
        let data = this.data();
        run(this.program("initdb").arg("-D").arg(&data).args([
            "-U",
            "tisara",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]))?;
        prepare(&data)?;
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(&data))?;
        }
        this.start_again()?;
        Ok(this)
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// One of PostgreSQL's programs, run as a user it accepts.
    fn program(&self, name: &str) -> Command {
        let path = self.bin.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        // That user may not be able to read the present folder.
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://tisara@{}/postgres", self.address)
    }

    /// Stops it as a crash would: nobody is waited for, nothing is tidied up.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop_at_once(&self) -> anyhow::Result<()> {
        run(self.program("pg_ctl").arg("-D").arg(self.data()).args(["-m", "immediate", "-w", "stop"]))
    }

    /// Starts it where it stopped, and waits until it takes connections.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&self) -> anyhow::Result<()> {
        let settings = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories= {}",
            self.address.port(),
            self.settings
        );
        let mut command = self.program("pg_ctl");
        command.arg("-D").arg(self.data()).arg("-l").arg(self.dir.path().join("server.log"));
        // What it starts would keep our pipes open.
        command.args(["-w", "-o", &settings, "start"]).stdout(Stdio::null()).stderr(Stdio::null());
        ensure!(command.status()?.success(), "PostgreSQL did not start; see {}", self.dir.path().display());
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.stop_at_once();
    }
}

/// Has a database clean up what was written into it, as it would by itself sooner or later (up to a minute later).
///
/// # Errors
/// When PostgreSQL's `psql` is missing or refuses.
pub async fn vacuum(url: &str) -> anyhow::Result<()> {
    tell(url, "VACUUM (ANALYZE)").await
}

/// Has a database write what it holds changed into its files, as it would by itself at the latest five minutes or
/// `max_wal_size` later.
///
/// # Errors
/// When PostgreSQL's `psql` is missing or refuses.
pub async fn checkpoint(url: &str) -> anyhow::Result<()> {
    tell(url, "CHECKPOINT").await
}

async fn tell(url: &str, statement: &'static str) -> anyhow::Result<()> {
    let mut psql = Command::new(find_programs()?.join("psql"));
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, url]).current_dir("/");
    tokio::task::spawn_blocking(move || run(&mut psql)).await?
}

/// Somebody else at the same database, who has begun a transaction and does nothing more in it. Ends when
/// dropped.
#[derive(Debug)]
pub struct Bystander {
    psql: Child,
    input: Option<ChildStdin>,
}

impl Bystander {
    /// Begins a transaction at this address, runs the statement in it, and waits until that is done.
    ///
    /// # Errors
    /// When PostgreSQL's `psql` is missing or refuses.
    pub async fn begin(url: &str, statement: &str, ambient: &Ambient) -> anyhow::Result<Self> {
        let mut psql = Command::new(find_programs()?.join("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", url])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("psql")?;
        let mut input = psql.stdin.take().context("psql has no input")?;
        writeln!(input, "BEGIN; {statement};\n\\echo held")?;
        input.flush()?;
        let mut output = psql.stdout.take().context("psql has no output")?;
        let held = tokio::task::spawn_blocking(move || {
            let mut said = [0; 4];
            std::io::Read::read_exact(&mut output, &mut said).map(|()| said == *b"held")
        });
        while !held.is_finished() {
            ambient.sleep(POLL).await;
        }
        ensure!(matches!(held.await?, Ok(true)), "psql could not run {statement}");
        Ok(Self { psql, input: Some(input) })
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let done = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// Where PostgreSQL's own programs are: Debian keeps them by version, others on the path.
fn find_programs() -> anyhow::Result<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    found.sort();
    if let Some(newest) = found.pop() {
        return Ok(newest);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(|dir| dir.join("initdb").is_file()).context(
        "this needs PostgreSQL's programs (initdb, pg_ctl, psql): scripts/with-postgres installs them on Debian",
    )
}
