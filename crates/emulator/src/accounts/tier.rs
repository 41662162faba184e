//! Messaging limits of portfolios and how they grow.
//!
//! Meta: 250 → 2,000 → 10,000 → 100,000 → unlimited, when at least half of the present limit was
//! used and quality is high; applied within six hours.

use crate::{
    Inner,
    directory::Portfolio,
    settings::Behaviour,
    sync::{lock, write},
    webhooks::{Note, Task, to_json},
};
use serde_json::json;
use std::sync::atomic::Ordering;
use tisara_domain::{Duration, Timestamp};

const APPLIED_AFTER: Duration = Duration::from_secs(6 * 3_600);

/// Counts a user reached outside windows; false when the limit is used up. Half of it used brings
/// the next one.
pub(crate) fn grow(e: &Inner, behaviour: &Behaviour, p: &Portfolio, user: u64, now: Timestamp) -> bool {
    let (admitted, used) = {
        let mut reached = lock(&p.reached);
        (reached.admit(user, now.seconds(), p.limit), reached.count())
    };
    if behaviour.rules.limit_upgrades
        && used * 2 >= p.limit as usize
        && !p.growing.swap(true, Ordering::Relaxed)
    {
        e.outbox.task(now.plus(APPLIED_AFTER), Task::Upgrade { portfolio: p.id });
    }
    admitted
}

/// The next limit applies, and every account of the portfolio is told.
pub(crate) fn upgrade(e: &Inner, portfolio: u64, now: Timestamp) {
    let mut d = write(&e.directory);
    let healthy = d
        .numbers
        .iter()
        .all(|n| n.quality != "RED" || d.wabas.get(&n.waba).is_none_or(|w| w.portfolio != portfolio));
    let Some(p) = d.portfolios.get_mut(&portfolio) else { return };
    p.growing.store(false, Ordering::Relaxed);
    if !healthy {
        return;
    }
    p.limit = match p.limit {
        0 => return,
        1..=250 => 2_000,
        251..=2_000 => 10_000,
        2_001..=10_000 => 100_000,
        _ => 0,
    };
    let value = json!({"max_daily_conversations_per_business": p.tier(), "max_phone_numbers_per_business": 20, "max_phone_numbers_per_waba": 25});
    let value = to_json(&value);
    let wabas: Vec<u64> = d.wabas.values().filter(|w| w.portfolio == portfolio).map(|w| w.id).collect();
    for waba in wabas {
        e.outbox.note(&d, Note::account(waba, "business_capability_update", value.clone(), now.seconds()));
    }
}
