//! Pacing: first messages go out, the rest waits until what users say of them is known.
//!
//! Meta: templates are paced while they are new, unpaused or not GREEN: marketing always, utility within seven
//! days after a utility template of the account was paused. Portfolios are paced below 500,000 template
//! messages or under suspicion; after bad signals they create and send no templates until reviewed.

use super::{Category, Template, life};
use crate::{
    Inner,
    directory::{Directory, Number},
    messages::Recent,
    settings::Behaviour,
    sync::write,
    webhooks::{HeldBy, Plan, Task},
};
use std::sync::{Arc, atomic::Ordering};
use tisara_domain::{Duration, Timestamp};

const UTILITY_PACED_FOR_S: i64 = 7 * 86_400;

/// Counts a message of a template; says what holds it, if anything.
pub(crate) fn holds(
    behaviour: &Behaviour,
    directory: &Directory,
    number: &Number,
    t: &Template,
    now_s: i64,
) -> Option<HeldBy> {
    let rules = &behaviour.rules;
    let waba = directory.wabas.get(&number.waba);
    let concerned = match t.category {
        Category::Marketing => true,
        Category::Utility => {
            let paused_at = waba.map_or(0, |w| w.record.utility_paused_at);
            paused_at > 0 && now_s - paused_at < UTILITY_PACED_FOR_S
        }
        _ => false,
    };
    let count = t.count();
    let by_template =
        rules.pacing_after > 0 && concerned && t.quality != "GREEN" && count >= u64::from(rules.pacing_after);
    let portfolio = directory.portfolio_of(number.waba)?;
    let by_portfolio = portfolio.holds(rules.portfolio_pacing_after);
    if by_template {
        Some(HeldBy::Template(t.id))
    } else {
        by_portfolio.then_some(HeldBy::Portfolio(portfolio.id))
    }
}

/// What judges messages that are held.
pub(crate) fn judgement(by: HeldBy) -> Task {
    match by {
        HeldBy::Template(template) => Task::Release { template },
        HeldBy::Portfolio(portfolio) => Task::ReleaseBatch { portfolio },
    }
}

/// A template was judged: held messages go out, or fail with 132015 when quality is RED or the template
/// was paused meanwhile.
pub(crate) fn released(e: &Arc<Inner>, id: u64, now: Timestamp) {
    let good = {
        let mut d = write(&e.directory);
        match d.templates.get_mut(&id) {
            Some(t) if t.status == "APPROVED" && t.quality != "RED" => {
                t.quality = "GREEN".into();
                true
            }
            Some(t) => {
                let tell = t.status == "APPROVED";
                t.status = "PAUSED".into();
                t.revision += 1;
                life::remember_pause(&mut d, id, now);
                if let Some(t) = d.templates.get(&id).filter(|_| tell) {
                    life::tell_status(e, &d, t, "PAUSED", Some("RATE_LIMITING_PAUSE"), now);
                }
                false
            }
            None => false,
        }
    };
    let _ = release(e, HeldBy::Template(id), usize::MAX, good, now);
}

/// A portfolio was judged: a batch goes out, or all that is held fails and the portfolio is restricted.
pub(crate) fn released_batch(e: &Arc<Inner>, id: u64, now: Timestamp) {
    let rules = &e.behaviour().rules;
    let good = {
        let mut d = write(&e.directory);
        let Some(p) = d.portfolios.get_mut(&id) else { return };
        p.restricted |= p.bad_signals;
        p.in_batch.store(0, Ordering::Relaxed);
        !p.bad_signals
    };
    // Switched off meanwhile: everything goes.
    let batch = if rules.portfolio_pacing_after == 0 { u32::MAX } else { rules.portfolio_pacing_after };
    let most = if good { batch as usize } else { usize::MAX };
    if release(e, HeldBy::Portfolio(id), most, good, now) {
        if let Some(p) = write(&e.directory).portfolios.get(&id) {
            p.in_batch.store(batch, Ordering::Relaxed);
        }
        let at = now.plus(Duration::from_millis(rules.pacing_hold_ms));
        e.outbox.task(at, Task::ReleaseBatch { portfolio: id });
    }
}

/// True when more is held.
fn release(e: &Inner, by: HeldBy, most: usize, good: bool, now: Timestamp) -> bool {
    let failure = (!good).then(|| Plan::failure(132_015, 100));
    let released = e.outbox.lock().release_held(by, most, failure, now);
    let identity = &e.behaviour().identity;
    for held in &released.failed {
        e.ledger.failed_after_all(identity, held);
    }
    Recent::released(e, &released.serials, now, good);
    released.left
}
