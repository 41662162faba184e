//! The engine: planning, sending, settling, receiving, jobs.
//!
//! Each part is a loop over the database, woken by hints and looking by itself from time to time, so
//! that a lost hint, a crash or a restart costs time and never work:
//!
//! - [`planner`](self): freezes the audiences of started campaigns into the ledger;
//! - sender and lanes: one lane per number hands out, sends, writes down;
//! - settling: decides about what may or may not have gone out;
//! - [`Journal`] and its processor: webhooks are kept, then applied once;
//! - indexing: makes the words of messages searchable, some time after they are written;
//! - [`jobs`]: long tasks such as imports.
//!
//! The engine must never send without a committed intent, never treat silence as proof while it could
//! not hear, and never hold a transaction across a network call.

mod bus;
mod indexing;
pub mod jobs;
mod journal;
mod lane;
mod parts;
mod planner;
mod sender;
mod settings;
mod settling;
#[cfg(test)]
mod simulation;
mod upkeep;
mod vault;
mod wire;

pub use bus::{Bus, Ear, Hint};
pub use journal::{AppendError, Journal};
pub use parts::{Parts, in_the_way};
pub use settings::{Settings, StartError};
pub use vault::{Vault, waba_token_place};

use jobs::JobRunner;
use parts::Shared;
use std::sync::{Arc, Mutex, PoisonError};
use tisara_domain::Duration;
use tisara_store::Engine as Database;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The parts that run, by name.
type Loops = Vec<(&'static str, JoinHandle<()>)>;

/// A running engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    journal: Journal,
    shared: Arc<Shared>,
    stop: CancellationToken,
    loops: Arc<Mutex<Loops>>,
}

impl Engine {
    /// Starts every loop.
    ///
    /// # Errors
    /// When the settings will not do, or the database cannot be written.
    pub async fn start(parts: Parts, runners: Vec<Arc<dyn JobRunner>>) -> Result<Self, StartError> {
        let wire = Arc::new(parts.client.clone());
        Self::start_over(wire, parts, runners).await
    }

    /// As [`Engine::start`], over any way to Meta.
    async fn start_over(
        wire: Arc<dyn wire::Wire>,
        parts: Parts,
        runners: Vec<Arc<dyn JobRunner>>,
    ) -> Result<Self, StartError> {
        parts.settings.check()?;
        let shared = Arc::new(Shared::new(parts, wire));
        // SQLite has one process; whatever owned something before is dead and need not be waited for.
        if shared.store.engine() == Database::Sqlite {
            let now = shared.ambient.now();
            shared
                .store
                .write(move |tx| {
                    tx.end_all_leases()?;
                    tx.unlock_all_jobs()?;
                    tx.abandon_all_idempotent(now)
                })
                .await?;
        }
        let start = upkeep::Start::begin(&shared).await?;
        let stop = CancellationToken::new();
        let (journal, keeping) = Journal::open(Arc::clone(&shared), stop.clone());
        let loops = vec![
            ("journal", tokio::spawn(keeping)),
            ("processor", tokio::spawn(journal::run(Arc::clone(&shared), stop.clone()))),
            ("planner", tokio::spawn(planner::run(Arc::clone(&shared), stop.clone()))),
            ("sender", tokio::spawn(sender::run(Arc::clone(&shared), stop.clone()))),
            ("jobs", tokio::spawn(jobs::run(Arc::clone(&shared), runners, stop.clone()))),
            ("indexing", tokio::spawn(indexing::run(Arc::clone(&shared), stop.clone()))),
            ("upkeep", tokio::spawn(upkeep::run(Arc::clone(&shared), start, stop.clone()))),
        ];
        Ok(Self { journal, shared, stop, loops: Arc::new(Mutex::new(loops)) })
    }

    /// The way in for webhooks.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The hints.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.shared.bus
    }

    /// What was worked out of segments; shared by whoever reads them.
    #[must_use]
    pub fn sets(&self) -> &tisara_store::segments::Sets {
        &self.shared.sets
    }

    /// Whether every loop is alive.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        !self.stop.is_cancelled() && !loops.is_empty() && loops.iter().all(|(_, l)| !l.is_finished())
    }

    /// Stops taking up work, waits for what is on its way, writes it down and ends; at most `patience`.
    /// What is then still open is found at the next start. False when it took too long.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stop.cancel();
        let loops = std::mem::take(&mut *self.loops.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async {
            for (name, handle) in loops {
                if handle.await.is_err() {
                    tracing::error!(part = name, "a part of the engine had failed");
                }
            }
        };
        tokio::select! {
            biased;
            () = all => true,
            () = self.shared.ambient.sleep(patience) => false,
        }
    }
}
