//! Logs: to stderr, as text or JSON, filtered by RUST_LOG or the configuration.

use crate::config::{Format, Logging};
use std::io::IsTerminal as _;
use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt as _};

/// The filter that a level means.
///
/// # Errors
/// What is wrong with it, in one sentence.
pub fn filter(level: &str) -> Result<EnvFilter, String> {
    EnvFilter::builder().parse(level).map_err(|e| {
        format!("{e}; use error, warn, info, debug or trace, or parts as info,tisara_engine=debug")
    })
}

/// Starts logging for the process. RUST_LOG wins over the configured level.
pub fn start(logging: &Logging) {
    let level = std::env::var("RUST_LOG").ok().filter(|level| !level.is_empty());
    let chosen = level.as_deref().and_then(|level| filter(level).ok());
    let filter = chosen.or_else(|| filter(&logging.level).ok()).unwrap_or_else(|| EnvFilter::new("info"));
    let subscriber = fmt::Subscriber::builder().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = match logging.format {
        Format::Text => subscriber.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        Format::Json => subscriber.json().finish().try_init(),
    };
}
