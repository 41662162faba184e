//! The sections of the configuration, each a struct with its documents, units and defaults.

use super::{secret::Secret, section::section};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};
use url::Url;

section! {
    /// Where Tisara listens and how it is reached.
    Server = "server" {
        /// Address and port to listen on. Keep it on the loopback behind a proxy that speaks TLS;
        /// 0.0.0.0:8080 listens on every interface.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080));
        /// How browsers and Meta reach this server. Without it: http:// and the address above.
        public_url: Option<Url> = None, example "https://crm.example.com/";
        /// How long a stop waits for calls and sends under way, in milliseconds. What has not ended by
        /// then is settled at the next start.
        stop_grace_ms: u64 = 1_700;
        /// The proxies before this server, as addresses or networks. What they say in X-Forwarded-For
        /// about the sender of a request is believed; nobody else's word is.
        trusted_proxies: Vec<String> = Vec::new();
        /// A database of addresses in MaxMind's format (MMDB), of cities or countries: with it people see where
        /// their sessions probably are. It is read at start.
        places_file: Option<PathBuf> = None, example "/var/lib/tisara/places.mmdb";
        /// Calls that one API key may make in a minute.
        key_calls_per_minute: u32 = 60_000;
    }
}

section! {
    /// Where the data is.
    Storage = "storage" {
        /// Folder of the database, the key and uploaded files. Made with mode 0700.
        data_dir: PathBuf = PathBuf::from("data");
        /// sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE. Without it: tisara.db in the
        /// data folder.
        database_url: Option<Secret> = None, example "postgres://tisara:secret@localhost/tisara";
        /// A file that holds the database's address, instead of database_url.
        database_url_file: Option<PathBuf> = None, example "/run/secrets/database_url";
        /// Reading connections of SQLite.
        sqlite_readers: usize = 3;
        /// Page cache of SQLite's writer, in MiB.
        sqlite_cache_mib: u32 = 32;
        /// Connections to PostgreSQL, half of them for reading.
        postgres_connections: usize = 8;
        /// Longest wait of a request for a free connection to the database, in milliseconds; then it is
        /// refused with 503.
        wait_ms: u64 = store().wait_ms;
        /// Longest wait for a lock that somebody else holds in PostgreSQL, in milliseconds.
        lock_wait_ms: u64 = store().lock_wait_ms;
        /// Longest time for one statement in PostgreSQL, in milliseconds.
        statement_ms: u64 = store().statement_ms;
    }
}

section! {
    /// Meta's Cloud API and the app it knows this installation by.
    Meta = "meta" {
        /// The app's secret (App Dashboard, Settings, Basic). It signs Meta's webhooks; without it
        /// every webhook is refused.
        app_secret: Option<Secret> = None, example "0123456789abcdef0123456789abcdef";
        /// A file that holds the app's secret, instead of app_secret.
        app_secret_file: Option<PathBuf> = None, example "/run/secrets/app_secret";
        /// A word of your choice, entered again in the App Dashboard beside the webhook's address
        /// PUBLIC_URL/webhooks/whatsapp.
        verify_token: Option<Secret> = None, example "choose-a-long-random-word";
        /// A file that holds that word, instead of verify_token.
        verify_token_file: Option<PathBuf> = None, example "/run/secrets/verify_token";
        /// Where the Graph API is. Only an emulator is elsewhere.
        graph_url: Url = graph().base_url;
        /// Version of the Graph API.
        graph_version: String = graph().version;
        /// Longest wait for a connection to Meta, in milliseconds.
        connect_timeout_ms: u64 = graph().connect_timeout_ms;
        /// Longest wait for an answer, in milliseconds. A send that ends here may have gone out: it is
        /// settled by its webhook, not sent again blindly.
        request_timeout_ms: u64 = graph().request_timeout_ms;
    }
}

section! {
    /// How campaigns and replies are sent.
    Sending = "sending" {
        /// Least time to wait for Meta's status before a message that may have gone out is sent again, in
        /// milliseconds. Longer is safer; the wait grows by itself when this server was deaf for a while.
        grace_ms: u64 = engine().grace_ms;
        /// Sends under way at once for one number.
        in_flight_max: usize = engine().in_flight_max;
        /// One pace for every number, in messages a second, instead of what Meta grants each.
        pace_per_second: Option<u32> = None, example 80;
        /// How long a node owns a number without renewing, in milliseconds. After a node has died, another
        /// takes over when this has gone by.
        lease_ms: u64 = engine().lease_ms;
    }
}

section! {
    /// The log of raw webhooks.
    Journal = "journal" {
        /// Days that entries are kept after they were applied.
        keep_days: u32 = engine().journal_keep_days;
    }
}

section! {
    /// The key that seals the stored access tokens.
    Secrets = "secrets" {
        /// The key file, made with mode 0600 at the first start. Without it: the file `key` in the data
        /// folder. Keep a copy of it elsewhere: without it the stored tokens cannot be opened.
        key_file: Option<PathBuf> = None, example "/etc/tisara/key";
    }
}

section! {
    /// How e-mails leave: links to confirm an address, to set a new password, to join an organization.
    /// Without a mail server nobody can sign up.
    Mail = "mail" {
        /// The mail server: smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required.
        smtp_url: Option<Secret> = None, example "smtps://tisara:secret@mail.example.com";
        /// A file that holds the mail server's address, instead of smtp_url.
        smtp_url_file: Option<PathBuf> = None, example "/run/secrets/smtp_url";
        /// Whom e-mails are from.
        from: String = "Tisara <no-reply@localhost>".to_owned();
        /// Without a mail server: keep e-mails in memory, where anyone who reaches the API can read them
        /// at /api/v1/outbox. For trying out on one machine only.
        outbox: bool = false;
    }
}

section! {
    /// The policies that people agree to when they sign up.
    Policies = "policies" {
        /// Version of the terms of use in force.
        terms_version: String = "1".to_owned();
        /// Version of the privacy policy in force.
        privacy_version: String = "1".to_owned();
    }
}

section! {
    /// What is logged. The environment variable RUST_LOG wins over `level`.
    Logging = "logging" {
        /// error, warn, info, debug or trace; also by part, as "info,tisara_engine=debug".
        level: String = "info".to_owned();
        /// text for people, json for log collectors.
        format: Format = Format::Text;
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn engine() -> tisara_engine::Settings {
    tisara_engine::Settings::default()
}

fn store() -> tisara_store::Options {
    tisara_store::Options::default()
}

fn graph() -> tisara_cloud_api::Graph {
    tisara_cloud_api::Graph::default()
}
