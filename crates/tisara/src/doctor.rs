//! `tisara doctor`: looks at everything a server needs and says, line by line, what is well and what to
//! do about the rest. It changes nothing but a probe file that it takes away again.

use crate::{
    cli::Doctor,
    config::{self, Config},
    data_dir,
    exit::{self, Code, Failure},
    setup, terminal,
};
use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};
use tisara_store::{Store, Url};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Clone, Debug)]
struct Finding {
    mark: Mark,
    what: String,
    todo: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Ok => "ok  ",
            Mark::Warn => "warn",
            Mark::Fail => "fail",
        };
        write!(f, "{mark}  {}", self.what.replace('\n', "\n      "))?;
        match &self.todo {
            Some(todo) => write!(f, "\n      {}", todo.replace('\n', "\n      ")),
            None => Ok(()),
        }
    }
}

fn ok(what: impl Into<String>) -> Finding {
    Finding { mark: Mark::Ok, what: what.into(), todo: None }
}

fn warn(what: impl Into<String>, todo: &str) -> Finding {
    Finding { mark: Mark::Warn, what: what.into(), todo: Some(todo.to_owned()) }
}

fn fail(what: impl Into<String>, todo: &str) -> Finding {
    Finding { mark: Mark::Fail, what: what.into(), todo: Some(todo.to_owned()) }
}

fn failed(failure: &Failure) -> Finding {
    Finding { mark: Mark::Fail, what: failure.to_string(), todo: None }
}

/// Runs the command.
pub async fn run(file: Option<&Path>, args: &Doctor) -> anyhow::Result<()> {
    if args.example {
        terminal::out(config::example().trim_end());
        return Ok(());
    }
    let loaded = config::load(file, std::env::vars())?;
    let mistakes = loaded.problems.len();
    for problem in &loaded.problems {
        terminal::out(fail(
            problem.to_string(),
            "`tisara doctor --example` prints every setting with its default.",
        ));
    }
    if mistakes == 0 {
        terminal::out(ok(match &loaded.file {
            Some(file) => format!("configuration: {}", file.display()),
            None => "configuration: defaults and environment (there is no tisara.toml)".to_owned(),
        }));
    }
    let mut config = loaded.config;
    setup::apply(&mut config, &args.place)?;

    let mut findings = folder(&config);
    findings.push(key(&config));
    findings.push(database(&config).await);
    findings.push(port(&config));
    findings.push(address(&config));
    findings.extend(meta(&config));
    findings.extend(open_files());
    if !args.offline {
        findings.push(graph(&config).await);
    }
    for finding in &findings {
        terminal::out(finding);
    }
    let failures = findings.iter().filter(|f| f.mark == Mark::Fail).count();
    let warnings = findings.iter().filter(|f| f.mark == Mark::Warn).count();
    match (mistakes, failures) {
        (0, 0) if warnings == 0 => terminal::out("\nEverything is ready: `tisara serve`"),
        (0, 0) => terminal::out(format_args!("\nReady, with {warnings} to look at: `tisara serve`")),
        (0, n) => {
            return Err(Failure::new(Code::Surroundings, format!("{n} of the checks failed")).into());
        }
        (n, _) => {
            return Err(Failure::new(Code::Usage, format!("the configuration has {n} mistake(s)")).into());
        }
    }
    Ok(())
}

fn folder(config: &Config) -> Vec<Finding> {
    let dir = &config.storage.data_dir;
    let shown = dir.display();
    if !dir.exists() {
        // `serve` would make it: whether it can is seen at the nearest folder that is there.
        let parent =
            dir.ancestors().skip(1).find(|p| p.is_dir()).map_or(PathBuf::from("."), Path::to_path_buf);
        let parent = if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent };
        return vec![match probe(&parent) {
            Ok(()) => ok(format!("data folder {shown}: will be made at the first start")),
            Err(e) => fail(
                format!("data folder {shown} is not there and cannot be made in {}: {e}", parent.display()),
                "Make it and give it to this user (chown), or choose another with storage.data_dir.",
            ),
        }];
    }
    let mut findings = vec![match probe(dir) {
        Ok(()) => ok(format!("data folder {shown}: writable")),
        Err(e) => fail(
            format!("data folder {shown} cannot be written: {e}"),
            "Give it to this user (chown), free some space, or choose another with storage.data_dir.",
        ),
    }];
    if readable_by_others(dir) {
        findings.push(warn(
            format!("data folder {shown} is open to other users of this machine"),
            &format!("chmod 700 {shown}"),
        ));
    }
    findings
}

/// Writes a little, durably, and takes it away again.
fn probe(dir: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    let path = dir.join(format!(".tisara-probe-{}", std::process::id()));
    let written = (|| {
        let mut file = std::fs::File::create(&path)?;
        file.write_all(&[0; 64 * 1024])?;
        file.sync_all()
    })();
    let _ = std::fs::remove_file(&path);
    written
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> bool {
    false
}

fn key(config: &Config) -> Finding {
    let path = config.key_file();
    let shown = path.display();
    if !path.exists() {
        return ok(format!("key file {shown}: will be made at the first start; keep a copy elsewhere then"));
    }
    // Never makes one here: the file is there.
    let read = setup::ambient().and_then(|ambient| data_dir::open_key(&path, ambient.rng()));
    match read {
        Err(failure) => failed(&failure),
        Ok(_) if readable_by_others(&path) => warn(
            format!("key file {shown} is open to other users of this machine"),
            &format!("chmod 600 {shown}"),
        ),
        Ok(_) => ok(format!("key file {shown}: readable")),
    }
}

async fn database(config: &Config) -> Finding {
    let url = match config.database_url() {
        Ok(url) => url,
        Err(e) => return fail(e.to_string(), "Set storage.database_url."),
    };
    if let Url::Sqlite(path) = &url
        && !path.exists()
    {
        return ok(format!("database {url:?}: will be made at the first start"));
    }
    let newest = tisara_store::migrate::newest();
    let version = match Store::open(&url, config.store_options()) {
        Ok(store) => store.version().await,
        Err(e) => Err(e),
    };
    match version {
        Ok(v) if v == newest => ok(format!("database {url:?}: reachable, schema {v}")),
        Ok(v) if v < newest => {
            ok(format!("database {url:?}: reachable, schema {v}; `serve` brings it to {newest}"))
        }
        Ok(v) => fail(
            format!("database {url:?} has schema {v}, this program knows {newest}"),
            "Start the release that wrote it, or a newer one.",
        ),
        Err(e) => failed(&exit::storage(&e, &url)),
    }
}

fn port(config: &Config) -> Finding {
    let listen = config.server.listen;
    match std::net::TcpListener::bind(listen) {
        Ok(_) => ok(format!("address {listen}: free")),
        Err(_) if data_dir::is_held(&config.storage.data_dir) => {
            ok(format!("address {listen}: in use; a Tisara is running on this data folder"))
        }
        Err(e) => failed(&crate::listen::refused(listen, &e)),
    }
}

fn address(config: &Config) -> Finding {
    match &config.server.public_url {
        None => warn(
            format!("public address: not set, so {} is assumed", config.public_url()),
            "Set server.public_url to the https address under which Meta reaches this server.",
        ),
        Some(url) if url.scheme() != "https" => warn(
            format!("public address {url} is not https"),
            "Meta sends webhooks to https only: put a proxy with TLS before this server.",
        ),
        Some(url) => ok(format!(
            "public address {url}: Meta's webhook goes to {}/webhooks/whatsapp",
            config.public_url()
        )),
    }
}

fn meta(config: &Config) -> [Finding; 2] {
    let app_secret = match &config.meta.app_secret {
        Some(_) => ok("Meta app secret: set"),
        None => warn(
            "Meta app secret: not set, so every webhook is refused",
            "Set meta.app_secret (App Dashboard, Settings, Basic), or put it in a file: meta.app_secret_file.",
        ),
    };
    let verify_token = match &config.meta.verify_token {
        Some(_) => ok("Meta verify token: set"),
        None => warn(
            "Meta verify token: not set, so Meta cannot confirm the webhook's address",
            "Choose a long random word, set it as meta.verify_token and enter it in the App Dashboard.",
        ),
    };
    [app_secret, verify_token]
}

/// Every message under way and every caller holds a file; the usual 1024 is tight.
fn open_files() -> Option<Finding> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    let soft: u64 = line.split_whitespace().nth(3)?.parse().ok()?;
    Some(if soft < 4_096 {
        warn(
            format!("open files: at most {soft}"),
            "Raise it for a busy server: `ulimit -n 65536`, or LimitNOFILE=65536 in the systemd unit.",
        )
    } else {
        ok(format!("open files: up to {soft}"))
    })
}

async fn graph(config: &Config) -> Finding {
    let url = &config.meta.graph_url;
    let client = match reqwest::Client::builder()
        .timeout(Duration::from_millis(config.meta.connect_timeout_ms))
        .redirect(reqwest::redirect::Policy::none())
        .build()
    {
        Ok(client) => client,
        Err(e) => {
            return fail(format!("Meta's API: {e}"), "Install the system's certificates (ca-certificates).");
        }
    };
    // Any answer proves the way there; nothing is asked.
    match client.get(url.clone()).send().await {
        Ok(_) => ok(format!("Meta's API {url}: reachable")),
        Err(e) => fail(
            format!("Meta's API {url} is not reachable: {:#}", anyhow::Error::from(e)),
            "Check DNS, the firewall (port 443 outwards) and the system's clock and certificates.",
        ),
    }
}
