//! Hints between the parts of one process: "look, there is work", "this changed, show it".
//!
//! A hint carries no work and may be lost: every loop also looks by itself from time to time. Between
//! processes the same hints can travel over a message broker; losing that costs latency, never work.

use tisara_domain::{CampaignId, OrgId, ThreadId};
use tokio::sync::broadcast::{
    self,
    error::{RecvError, TryRecvError},
};

/// What may be worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A number may have something to send.
    Work,
    /// A campaign is to be planned or swept up.
    Plan,
    /// The journal has new entries.
    Journal,
    /// A job may be due.
    Jobs,
    /// A campaign's counts or state changed.
    Campaign(OrgId, CampaignId),
    /// Something happened in a thread.
    Thread(OrgId, ThreadId),
}

/// The way hints travel. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus(broadcast::Sender<Hint>);

/// Hints a slow listener may fall behind; then it only learns that it missed some.
const CAPACITY: usize = 1024;

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus {
    /// A bus without listeners.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::channel(CAPACITY).0)
    }

    /// Tells whoever listens.
    pub fn publish(&self, hint: Hint) {
        // Nobody listening is fine: the hint was only a hint.
        let _ = self.0.send(hint);
    }

    /// Listens from now on.
    #[must_use]
    pub fn subscribe(&self) -> Ear {
        Ear(self.0.subscribe())
    }
}

/// One listener's end.
#[derive(Debug)]
pub struct Ear(broadcast::Receiver<Hint>);

impl Ear {
    /// The next hint; `None` when some were missed (then anything may have happened) or the bus is gone.
    pub async fn next(&mut self) -> Option<Hint> {
        self.0.recv().await.ok()
    }

    /// Ends when a hint comes for which `wanted` says yes, or when hints were missed. The caller's look answers all that came
    /// until then: they are forgotten, and do not make it look once more each.
    pub async fn wait_for(&mut self, wanted: impl Fn(Hint) -> bool) {
        loop {
            match self.0.recv().await {
                Ok(hint) if !wanted(hint) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => break,
                // The process is ending; the caller's own stop signal will say so.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
        while let Ok(_) | Err(TryRecvError::Lagged(_)) = self.0.try_recv() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn hints_that_came_together_are_one_look() {
        let bus = Bus::new();
        let mut ear = bus.subscribe();
        let mut is_called = || ear.wait_for(|hint| hint == Hint::Work).now_or_never().is_some();
        assert!(!is_called());
        for hint in [Hint::Plan, Hint::Work, Hint::Journal, Hint::Work] {
            bus.publish(hint);
        }
        assert!(is_called());
        assert!(!is_called(), "what came before that look");
        bus.publish(Hint::Jobs);
        assert!(!is_called(), "what nobody waits for");
        for _ in 0..=CAPACITY {
            bus.publish(Hint::Jobs);
        }
        assert!(is_called(), "some were missed");
        assert!(!is_called());
        bus.publish(Hint::Work);
        assert!(is_called());
    }
}
