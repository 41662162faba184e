//! Faults at work: which strike this call, by the seed or by count.

use crate::{
    chance::Draw,
    graph::GraphError,
    settings::{Fault, FaultKind, When},
    sync::lock,
};
use serde::{Deserialize, Serialize};
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};
use tisara_domain::Duration;

/// The faults that are set, with how much of each is left.
#[derive(Default)]
pub(crate) struct Faults {
    active: Mutex<Active>,
    any: AtomicBool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Active {
    faults: Vec<Fault>,
    draw: Draw,
}

impl Default for Active {
    fn default() -> Self {
        Self { faults: Vec::new(), draw: Draw::from(0x6661_756c_7473) }
    }
}

/// What strikes one send.
#[derive(Debug, Default)]
pub(crate) struct SendFaults {
    pub(crate) latency: Duration,
    pub(crate) refuse: Option<GraphError>,
    pub(crate) error_after: Option<u16>,
    pub(crate) hang_before: Option<Duration>,
    pub(crate) hang_after: Option<Duration>,
    pub(crate) reset_before: bool,
    pub(crate) reset_after: bool,
    pub(crate) status_first: bool,
    pub(crate) fail_later: Option<u32>,
}

/// What strikes one webhook update.
#[derive(Debug, Default)]
pub(crate) struct WebhookFault {
    pub(crate) duplicate: Option<Duration>,
    pub(crate) delay: Option<Duration>,
    pub(crate) lost: bool,
}

impl Faults {
    pub(crate) fn new(seed: u64, faults: &[Fault]) -> Self {
        let f = Self::default();
        lock(&f.active).draw = Draw::from(crate::chance::join(seed, 0x6661_756c_7473));
        f.set(faults);
        f
    }

    /// The faults, and where chance stands.
    pub(crate) fn save(&self) -> Active {
        lock(&self.active).clone()
    }

    pub(crate) fn load(&self, active: Active) {
        self.any.store(!active.faults.is_empty(), Ordering::Release);
        *lock(&self.active) = active;
    }

    /// Replaces all faults.
    pub(crate) fn set(&self, faults: &[Fault]) {
        let mut active = lock(&self.active);
        active.faults = faults.to_vec();
        self.any.store(!active.faults.is_empty(), Ordering::Release);
    }

    pub(crate) fn add(&self, fault: Fault) {
        lock(&self.active).faults.push(fault);
        self.any.store(true, Ordering::Release);
    }

    /// The faults with what is left of their counts.
    pub(crate) fn left(&self) -> Vec<Fault> {
        lock(&self.active).faults.clone()
    }

    fn strike(&self, concerns: impl Fn(&FaultKind) -> bool, mut hit: impl FnMut(&FaultKind)) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let mut guard = lock(&self.active);
        let Active { faults, draw } = &mut *guard;
        for fault in faults.iter_mut().filter(|f| concerns(&f.kind)) {
            let strikes = match &mut fault.when {
                When::Probability(p) => draw.chance(*p),
                When::Next(left) if *left > 0 => {
                    *left -= 1;
                    true
                }
                When::Next(_) => false,
            };
            if strikes {
                hit(&fault.kind);
            }
        }
    }

    /// Whether this call's token is to be treated as expired.
    pub(crate) fn token_expired(&self) -> bool {
        let mut expired = false;
        self.strike(|k| matches!(k, FaultKind::TokenExpired), |_| expired = true);
        expired
    }

    pub(crate) fn send(&self) -> SendFaults {
        use FaultKind as K;
        let mut s = SendFaults::default();
        let concerns = |k: &K| {
            !matches!(
                k,
                K::TokenExpired | K::WebhookDuplicate { .. } | K::WebhookDelay { .. } | K::WebhookLost
            )
        };
        self.strike(concerns, |kind| match kind {
            K::Latency { ms } => s.latency += Duration::from_millis(*ms),
            K::Refuse { code, status } => {
                let e = GraphError::new(*code).details("A fault set in the emulator refused this call.");
                s.refuse = Some(match status {
                    Some(status) => e.status(*status),
                    None => e,
                });
            }
            K::ErrorBeforeAccept { status } => s.refuse = Some(server_error(*status)),
            K::ErrorAfterAccept { status } => s.error_after = Some(*status),
            K::HangBeforeAccept { ms } => s.hang_before = Some(Duration::from_millis(*ms)),
            K::HangAfterAccept { ms } => s.hang_after = Some(Duration::from_millis(*ms)),
            K::ResetBeforeAccept => s.reset_before = true,
            K::ResetAfterAccept => s.reset_after = true,
            K::StatusBeforeAnswer => s.status_first = true,
            K::FailLater { code } => s.fail_later = u32::try_from(*code).ok(),
            K::TokenExpired | K::WebhookDuplicate { .. } | K::WebhookDelay { .. } | K::WebhookLost => {}
        });
        s
    }

    pub(crate) fn webhook(&self) -> WebhookFault {
        use FaultKind as K;
        let mut w = WebhookFault::default();
        let concerns =
            |k: &K| matches!(k, K::WebhookDuplicate { .. } | K::WebhookDelay { .. } | K::WebhookLost);
        self.strike(concerns, |kind| match kind {
            K::WebhookDuplicate { after_ms } => w.duplicate = Some(Duration::from_millis(*after_ms)),
            K::WebhookDelay { ms } => w.delay = Some(Duration::from_millis(*ms)),
            K::WebhookLost => w.lost = true,
            _ => {}
        });
        w
    }
}

/// Meta: code 131000 with 500, 131016 and 2 with 503 and their like.
pub(crate) fn server_error(status: u16) -> GraphError {
    let code = if status == 503 { 2 } else { 131_000 };
    GraphError::new(code).status(status).details("A fault set in the emulator failed this call.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_strikes_that_often() {
        let f = Faults::new(
            1,
            &[Fault { kind: FaultKind::ErrorAfterAccept { status: 500 }, when: When::Next(2) }],
        );
        let struck = (0..5).filter(|_| f.send().error_after.is_some()).count();
        assert_eq!(struck, 2);
        assert!(!f.webhook().lost && !f.token_expired());
    }

    #[test]
    fn a_fault_with_a_probability_follows_the_seed() {
        let fault = Fault { kind: FaultKind::WebhookLost, when: When::Probability(0.25) };
        let run = |seed| {
            let f = Faults::new(seed, std::slice::from_ref(&fault));
            (0..1_000).map(|_| f.webhook().lost).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let hits = run(3).iter().filter(|h| **h).count();
        assert!((180..320).contains(&hits), "{hits}");
    }
}
