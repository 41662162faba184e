//! What the engine's loops share.

use crate::{
    bus::{Bus, Hint},
    settings::Settings,
    vault::Vault,
    wire::Wire,
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tisara_cloud_api::Client;
use tisara_domain::{Ambient, CampaignId, Duration, OrgId, Timestamp};
use tisara_store::{Error, Result, Store, hearing::Hearing, segments::Sets};

/// Notes that `who` could not do something for now and will try again. The store itself says when the
/// database stops working and when it works again, once each.
pub fn in_the_way(error: &Error, who: &'static str) {
    if error.is_outage() {
        tracing::debug!(%error, who, "the database is in the way");
    } else {
        tracing::warn!(%error, who, "the database refused; it will be tried again");
    }
}

/// What an engine is made of. The binary picks the concrete parts.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The way to Meta.
    pub client: Client,
    /// Time and chance.
    pub ambient: Ambient,
    /// The installation's keys.
    pub vault: Vault,
    /// Hints.
    pub bus: Bus,
    /// How it works.
    pub settings: Settings,
}

/// The parts, and what the loops tell each other.
pub(crate) struct Shared {
    pub(crate) store: Store,
    /// Jobs wait in line with everybody else: an import shall not hold up what is sent and received.
    pub(crate) store_of_jobs: Store,
    pub(crate) wire: Arc<dyn Wire>,
    pub(crate) ambient: Ambient,
    pub(crate) vault: Vault,
    pub(crate) bus: Bus,
    pub(crate) settings: Settings,
    /// This run of this program; a lease names it.
    pub(crate) owner: String,
    /// What was worked out of segments.
    pub(crate) sets: Sets,
    hearing: Mutex<Hearing>,
    /// A webhook could not be kept since the last note that we hear.
    missed: AtomicBool,
    touched: Mutex<BTreeSet<(OrgId, CampaignId)>>,
}

impl Shared {
    pub(crate) fn new(parts: Parts, wire: Arc<dyn Wire>) -> Self {
        let owner: String = parts.ambient.rng().bytes::<8>().iter().map(|b| format!("{b:02x}")).collect();
        // Until the first note it is as if we had only just begun to listen.
        let hearing = Hearing { since: parts.ambient.now(), deaf_for: Duration::ZERO };
        Self {
            store: parts.store.for_engine(),
            store_of_jobs: parts.store,
            wire,
            ambient: parts.ambient,
            vault: parts.vault,
            bus: parts.bus,
            settings: parts.settings,
            owner,
            sets: Sets::default(),
            hearing: Mutex::new(hearing),
            missed: AtomicBool::new(false),
            touched: Mutex::default(),
        }
    }

    pub(crate) fn hearing(&self) -> Hearing {
        *self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_hearing(&self, hearing: Hearing) {
        *self.hearing.lock().unwrap_or_else(PoisonError::into_inner) = hearing;
    }

    /// Notes that Meta was told that a webhook could not be kept.
    pub(crate) fn missed_a_webhook(&self) {
        self.missed.store(true, Ordering::Relaxed);
    }

    /// Whether that was so since the last call.
    pub(crate) fn take_missed(&self) -> bool {
        self.missed.swap(false, Ordering::Relaxed)
    }

    /// Notes that a campaign's counts changed; told to listeners a few times a second, not per message.
    pub(crate) fn touched(&self, org: OrgId, campaign: CampaignId) {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).insert((org, campaign));
    }

    pub(crate) fn tell_touched(&self) {
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        for (org, campaign) in touched {
            self.bus.publish(Hint::Campaign(org, campaign));
        }
    }

    /// Whether this node does a task of which one node at a time is enough; takes the task's lease up to `leased_until`
    /// anew when half of it is gone.
    pub(crate) async fn holds_lease(&self, task: &'static str, leased_until: &mut Timestamp) -> Result<bool> {
        let (now, lease) = (self.ambient.now(), self.settings.lease());
        if now.plus(lease / 2) >= *leased_until {
            let owner = self.owner.clone();
            if self.store.write(move |tx| tx.take_lease(task, &owner, now, lease)).await?.is_none() {
                return Ok(false);
            }
            *leased_until = now.plus(lease);
        }
        Ok(true)
    }

    /// How long a stopping lane waits for answers.
    pub(crate) fn stop_patience(&self) -> Duration {
        Duration::from_millis(1_200)
    }

    /// The moment until which every webhook that has come is applied.
    pub(crate) async fn applied_until(&self) -> Result<Timestamp> {
        let now = self.ambient.now();
        Ok(self.store.read(|tx| tx.journal_waits_since()).await?.unwrap_or(now))
    }
}
