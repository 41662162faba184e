//! The configuration: a TOML file, overridden by environment variables `TISARA_SECTION__KEY`.
//!
//! Everything has a default. A key nobody knows is an error, not a surprise later; all that is wrong is
//! reported at once.

mod example;
mod secret;
mod section;
mod sections;
mod suggest;

pub use example::example;
pub use secret::Secret;
pub use section::Problem;
pub use sections::{Format, Journal, Logging, Mail, Meta, Policies, Secrets, Sending, Server, Storage};

use crate::exit::Failure;
use section::{Origin, Raw, RawSection, Section};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use tisara_domain::{Network, network::NetworkError};
use tisara_server::mail::{Mailer, Outbox, Smtp, SmtpError};

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "tisara.toml";

/// Everything Tisara can be told.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Config {
    /// Where it listens.
    pub server: Server,
    /// Where the data is.
    pub storage: Storage,
    /// Meta's side.
    pub meta: Meta,
    /// How it sends.
    pub sending: Sending,
    /// The log of webhooks.
    pub journal: Journal,
    /// The key of keys.
    pub secrets: Secrets,
    /// How e-mails leave.
    pub mail: Mail,
    /// What people agree to.
    pub policies: Policies,
    /// What is logged.
    pub logging: Logging,
}

/// A configuration that was read, with everything that is wrong with it.
#[derive(Debug)]
pub struct Loaded {
    /// The values; defaults stand in for wrong ones.
    pub config: Config,
    /// The file it came from, if there was one.
    pub file: Option<PathBuf>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// The configuration, if nothing is wrong with it.
    ///
    /// # Errors
    /// One failure that lists every problem.
    pub fn checked(self) -> Result<Config, Failure> {
        if self.problems.is_empty() {
            return Ok(self.config);
        }
        let from = match &self.file {
            Some(file) => format!("the configuration ({} and the environment)", file.display()),
            None => "the configuration (from the environment)".to_owned(),
        };
        let list: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        Err(Failure::usage(format!("{from} has mistakes:\n  {}", list.join("\n  ")))
            .todo("`tisara doctor --example` prints every setting with its default."))
    }
}

/// Reads the file (`named`, or `tisara.toml` if it is there) and the environment.
///
/// # Errors
/// When the named file cannot be read, or is no TOML.
pub fn load(
    named: Option<&Path>,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Failure> {
    let file = named
        .map(Path::to_path_buf)
        .or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|default| default.is_file()));
    let text = match &file {
        Some(path) => std::fs::read_to_string(path).map_err(|e| {
            Failure::usage(format!("the configuration file {} cannot be read: {e}", path.display()))
                .todo("Check the path given with --config or TISARA_CONFIG, and its permissions.")
        })?,
        None => String::new(),
    };
    let mut problems = Vec::new();
    let mut raw = parse_file(&text, file.as_deref(), &mut problems)?;
    add_env(&mut raw, env);
    let mut config = Config {
        server: take(&mut raw, &mut problems),
        storage: take(&mut raw, &mut problems),
        meta: take(&mut raw, &mut problems),
        sending: take(&mut raw, &mut problems),
        journal: take(&mut raw, &mut problems),
        secrets: take(&mut raw, &mut problems),
        mail: take(&mut raw, &mut problems),
        policies: take(&mut raw, &mut problems),
        logging: take(&mut raw, &mut problems),
    };
    for (section, mut rest) in raw {
        // A section nobody knows may be a known one that is misspelt.
        let hint = match suggest::nearest(&section, example::SECTIONS) {
            Some(known) => format!("unknown section; did you mean [{known}]?"),
            None => format!("unknown section; there are {}", example::SECTIONS.join(", ")),
        };
        let origin = rest.pop_first().map_or(Origin::File, |(_, raw)| raw.origin);
        let at = match origin {
            Origin::File => format!("[{section}]"),
            Origin::Env(name) => name,
        };
        problems.push(Problem { at, what: hint });
    }
    config.read_secret_files(&mut problems);
    config.check(&mut problems);
    Ok(Loaded { config, file, problems })
}

fn parse_file(
    text: &str,
    file: Option<&Path>,
    problems: &mut Vec<Problem>,
) -> Result<BTreeMap<String, RawSection>, Failure> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
        let name = file.map(|f| f.display().to_string()).unwrap_or_default();
        Failure::usage(format!(
            "{name} is not valid TOML:\n  {}",
            e.to_string().trim_end().replace('\n', "\n  ")
        ))
        .todo("Settings look like `listen = \"127.0.0.1:8080\"` below a line `[server]`.")
    })?;
    let mut raw = BTreeMap::new();
    for (section, value) in table {
        let toml::Value::Table(keys) = value else {
            problems.push(Problem {
                at: section.clone(),
                what: match example::sections_with_key(&section).as_slice() {
                    [] => "every setting belongs to a section, as in [server]".to_owned(),
                    known => format!("this setting belongs below [{}]", known.join("] or [")),
                },
            });
            continue;
        };
        let keys = keys.into_iter().map(|(key, value)| (key, Raw { value, origin: Origin::File }));
        raw.insert(section, keys.collect());
    }
    Ok(raw)
}

/// `TISARA_SERVER__LISTEN` is `server.listen`. Other variables of ours have no double underscore.
fn add_env(raw: &mut BTreeMap<String, RawSection>, env: impl IntoIterator<Item = (String, String)>) {
    for (name, value) in env {
        let Some((section, key)) = name.strip_prefix("TISARA_").and_then(|rest| rest.split_once("__")) else {
            continue;
        };
        let value = Raw { value: toml::Value::String(value), origin: Origin::Env(name.clone()) };
        raw.entry(section.to_lowercase()).or_default().insert(key.to_lowercase(), value);
    }
}

fn take<S: Section>(raw: &mut BTreeMap<String, RawSection>, problems: &mut Vec<Problem>) -> S {
    let mut own = raw.remove(S::NAME).unwrap_or_default();
    let section = S::read(&mut own, problems);
    for (key, value) in own {
        let keys = S::keys();
        let hint = match suggest::nearest(&key, keys.iter().map(|k| k.name)) {
            Some(known) => format!("unknown key; did you mean {known}?"),
            None => match example::sections_with_key(&key).as_slice() {
                [] => "unknown key".to_owned(),
                known => format!("unknown key here; it belongs below [{}]", known.join("] or [")),
            },
        };
        problems.push(Problem::of(S::NAME, &key, &value.origin, hint));
    }
    section
}

impl Config {
    /// Puts the contents of `*_file` where the secrets belong.
    fn read_secret_files(&mut self, problems: &mut Vec<Problem>) {
        let Self { storage, meta, mail, .. } = self;
        for (at, file, secret) in [
            ("storage.database_url", &storage.database_url_file, &mut storage.database_url),
            ("meta.app_secret", &meta.app_secret_file, &mut meta.app_secret),
            ("meta.verify_token", &meta.verify_token_file, &mut meta.verify_token),
            ("mail.smtp_url", &mail.smtp_url_file, &mut mail.smtp_url),
        ] {
            let Some(path) = file else { continue };
            let at = format!("{at}_file");
            if secret.is_some() {
                problems.push(Problem {
                    at,
                    what: "the value is also given directly; keep one of the two".into(),
                });
                continue;
            }
            let what = match std::fs::read_to_string(path).map(|text| text.trim_end().to_owned()) {
                Ok(text) if !text.is_empty() => {
                    *secret = Some(Secret::new(text));
                    continue;
                }
                Ok(_) => format!("{} is empty", path.display()),
                Err(e) => format!("{} cannot be read: {e}", path.display()),
            };
            problems.push(Problem { at, what });
        }
    }

    fn check(&self, problems: &mut Vec<Problem>) {
        let mut wrong = |at: &str, what: String| problems.push(Problem { at: at.to_owned(), what });
        if let Some(url) = &self.server.public_url
            && !matches!(url.scheme(), "http" | "https")
        {
            wrong("server.public_url", "must begin with https:// (or http:// while trying out)".to_owned());
        }
        if !matches!(self.meta.graph_url.scheme(), "http" | "https") {
            wrong("meta.graph_url", "must begin with https://".to_owned());
        }
        for (at, n) in [
            ("storage.sqlite_readers", self.storage.sqlite_readers),
            ("storage.postgres_connections", self.storage.postgres_connections),
        ] {
            if !(1..=1_000).contains(&n) {
                wrong(at, "must be between 1 and 1000".to_owned());
            }
        }
        for (at, ms) in [
            ("storage.wait_ms", self.storage.wait_ms),
            ("storage.lock_wait_ms", self.storage.lock_wait_ms),
            ("storage.statement_ms", self.storage.statement_ms),
        ] {
            if !(100..=3_600_000).contains(&ms) {
                wrong(at, "must be between 100 and 3600000".to_owned());
            }
        }
        if !(1..=10_000).contains(&self.sending.in_flight_max) {
            wrong("sending.in_flight_max", "must be between 1 and 10000".to_owned());
        }
        if self.sending.pace_per_second == Some(0) {
            wrong(
                "sending.pace_per_second",
                "must be at least 1; leave it out for each number's own".to_owned(),
            );
        }
        if self.sending.lease_ms < 5_000 {
            wrong("sending.lease_ms", "must be at least 5000".to_owned());
        }
        if self.server.key_calls_per_minute == 0 {
            wrong("server.key_calls_per_minute", "must be at least 1".to_owned());
        }
        if let Err(e) = self.trusted_proxies() {
            wrong("server.trusted_proxies", e.to_string());
        }
        if let Err(e) = self.mailer() {
            wrong("mail", e.to_string());
        }
        if self.mail.outbox && self.mail.smtp_url.is_some() {
            wrong("mail.outbox", "a mail server is set too; keep one of the two".to_owned());
        }
        if let Err(e) = self.database_url() {
            wrong("storage.database_url", e.to_string());
        }
        if let Err(e) = crate::logging::filter(&self.logging.level) {
            wrong("logging.level", e);
        }
    }

    /// The proxies that are believed.
    ///
    /// # Errors
    /// When one of them is no address and no network.
    pub fn trusted_proxies(&self) -> Result<Vec<Network>, NetworkError> {
        self.server.trusted_proxies.iter().map(|text| text.parse()).collect()
    }

    /// How e-mails leave.
    ///
    /// # Errors
    /// When the mail server or the sender make no sense.
    pub fn mailer(&self) -> Result<Mailer, SmtpError> {
        match &self.mail.smtp_url {
            Some(url) => Smtp::new(url.reveal(), &self.mail.from).map(|smtp| Mailer::Smtp(Box::new(smtp))),
            None if self.mail.outbox => Ok(Mailer::Outbox(Outbox::default())),
            None => Ok(Mailer::None),
        }
    }

    /// Where the database is.
    ///
    /// # Errors
    /// When the address makes no sense.
    pub fn database_url(&self) -> Result<tisara_store::Url, tisara_store::Error> {
        match &self.storage.database_url {
            Some(url) => url.reveal().parse(),
            None => Ok(tisara_store::Url::Sqlite(self.storage.data_dir.join("tisara.db"))),
        }
    }

    /// How browsers and Meta reach this server.
    #[must_use]
    pub fn public_url(&self) -> String {
        match &self.server.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.server.listen),
        }
    }

    /// Where the key file is.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.secrets.key_file.clone().unwrap_or_else(|| self.storage.data_dir.join("key"))
    }

    /// How much of the machine the store may use.
    #[must_use]
    pub fn store_options(&self) -> tisara_store::Options {
        tisara_store::Options {
            sqlite_readers: self.storage.sqlite_readers,
            sqlite_cache_mib: self.storage.sqlite_cache_mib,
            postgres_connections: self.storage.postgres_connections,
            wait_ms: self.storage.wait_ms,
            lock_wait_ms: self.storage.lock_wait_ms,
            statement_ms: self.storage.statement_ms,
        }
    }

    /// Where the Graph API is and how patient to be with it.
    #[must_use]
    pub fn graph(&self) -> tisara_cloud_api::Graph {
        let usual = tisara_cloud_api::Graph::at(self.meta.graph_url.clone());
        tisara_cloud_api::Graph {
            version: self.meta.graph_version.clone(),
            connect_timeout_ms: self.meta.connect_timeout_ms,
            request_timeout_ms: self.meta.request_timeout_ms,
            pool_idle_max: usual.pool_idle_max.max(self.sending.in_flight_max),
            ..usual
        }
    }

    /// How the engine works.
    #[must_use]
    pub fn engine(&self) -> tisara_engine::Settings {
        tisara_engine::Settings {
            grace_ms: self.sending.grace_ms,
            in_flight_max: self.sending.in_flight_max,
            pace_per_second: self.sending.pace_per_second,
            lease_ms: self.sending.lease_ms,
            journal_keep_days: self.journal.keep_days,
            ..tisara_engine::Settings::default()
        }
    }

    /// The configuration as it is in force, secrets hidden, as TOML.
    #[must_use]
    pub fn in_force(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|e| format!("# {e}"))
    }
}

#[cfg(test)]
mod tests;
