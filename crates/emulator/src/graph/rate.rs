//! How often an app may call: in all (4), and about one account (80007).
//!
//! Meta: management calls have 200 an hour for each app and account, 5,000 for an account with a registered
//! number. Sends have their own pace.

use super::error::{GraphError, Outcome};
use crate::{
    Inner,
    sync::{lock, read},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Mutex};
use tisara_domain::Timestamp;

const HOUR_S: i64 = 3_600;
const RESTING: u64 = 200;
const ACTIVE: u64 = 5_000;

/// Calls of the present hour, by app and account (0: all of the app's).
#[derive(Default)]
pub(crate) struct CallRates(Mutex<BTreeMap<(u64, u64), Hour>>);

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Hour {
    began_s: i64,
    calls: u64,
}

/// What an answer's header tells of a budget.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Of the hourly budget; 100 and more is throttled.
    pub(crate) percent: u64,
    /// Until calls are taken again; 0 while they are.
    pub(crate) minutes: i64,
}

impl CallRates {
    pub(crate) fn save(&self) -> Vec<((u64, u64), Hour)> {
        lock(&self.0).iter().map(|(who, hour)| (*who, *hour)).collect()
    }

    pub(crate) fn load(&self, hours: Vec<((u64, u64), Hour)>) {
        *lock(&self.0) = hours.into_iter().collect();
    }

    fn take(&self, app: u64, waba: u64, most: u64, now: Timestamp) -> Usage {
        let now_s = now.seconds();
        let mut all = lock(&self.0);
        let hour = all.entry((app, waba)).or_insert(Hour { began_s: now_s, calls: 0 });
        if now_s - hour.began_s >= HOUR_S {
            *hour = Hour { began_s: now_s, calls: 0 };
        }
        hour.calls += 1;
        let over = hour.calls > most;
        let minutes = if over { (HOUR_S - (now_s - hour.began_s) + 59) / 60 } else { 0 };
        Usage { percent: hour.calls.saturating_mul(100) / most.max(1), minutes }
    }
}

/// Counts a call of `app`; 4 above the rule's number.
pub(super) fn app(e: &Inner, app: u64) -> Outcome<Option<u64>> {
    let most = e.behaviour().rules.app_calls_per_hour;
    if most == 0 {
        return Ok(None);
    }
    let usage = e.call_rates.take(app, 0, most, e.ambient.now());
    if usage.minutes > 0 {
        return Err(GraphError::new(4).details(format!(
            "The app has made its {most} calls of this hour; calls are taken again in {} minutes.",
            usage.minutes
        )));
    }
    Ok(Some(usage.percent))
}

/// Counts a management call about `waba`; the error is 80007.
pub(super) fn management(e: &Inner, app: u64, waba: u64) -> (Usage, Outcome<()>) {
    if !e.behaviour().rules.management_rate {
        return (Usage::default(), Ok(()));
    }
    let active = read(&e.directory).numbers_of(waba).any(|n| n.registered);
    let most = if active { ACTIVE } else { RESTING };
    let usage = e.call_rates.take(app, waba, most, e.ambient.now());
    let refusal = || {
        GraphError::new(80_007).details(format!(
            "More than {most} management calls were made for this account within an hour; calls are taken again in {} minutes.",
            usage.minutes
        ))
    };
    (usage, if usage.minutes > 0 { Err(refusal()) } else { Ok(()) })
}
