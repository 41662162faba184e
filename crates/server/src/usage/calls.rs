//! Calls by API keys, counted in memory: a row that every call writes would be in the way of all.

use super::reached;
use crate::{app::App, edge::Result};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tisara_domain::{Day, Duration, OrgId, Timestamp};
use tisara_store::{
    Store,
    usage::{LimitState, UsageLimit},
};

/// For so long what the database said is believed: a new limit, and what other nodes counted, are known
/// after it.
const BELIEVED: Duration = Duration::from_secs(10);

/// What was counted and not yet written down, and what the database said.
#[derive(Default)]
pub(crate) struct Calls(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    counted: HashMap<(OrgId, Day), i64>,
    known: HashMap<OrgId, Known>,
}

/// What the database said of an organization.
#[derive(Clone, Copy)]
struct Known {
    day: Day,
    until: Timestamp,
    most: Option<i64>,
    written: i64,
}

/// Whether a call may be made.
enum Verdict {
    /// It may, and is counted.
    Yes,
    /// So many were made.
    No(LimitState),
    /// The database has to be asked first.
    Unknown,
}

impl Calls {
    /// Counts a call of an organization; refuses it when the day's are used up.
    pub(crate) async fn count(app: &App, org: OrgId) -> Result<()> {
        let now = app.ambient.now();
        let mut verdict = app.calls.take(org, now);
        if matches!(verdict, Verdict::Unknown) {
            let day = Day::of(now);
            let (most, written) = app
                .store
                .read(move |tx| {
                    let mut org = tx.org(org);
                    let most = org.find_limit(UsageLimit::ApiCallsPerDay)?;
                    // Without a limit it does not matter how many there were.
                    let written = if most.is_some() { org.count_api_calls(day)? } else { 0 };
                    Ok::<_, tisara_store::Error>((most, written))
                })
                .await?;
            let known = Known { day, until: now.plus(BELIEVED), most, written };
            app.calls.lock().known.insert(org, known);
            verdict = app.calls.take(org, now);
        }
        match verdict {
            Verdict::No(state) => Err(reached(&state, now)),
            Verdict::Yes | Verdict::Unknown => Ok(()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, org: OrgId, now: Timestamp) -> Verdict {
        let day = Day::of(now);
        let mut inner = self.lock();
        let Some(known) = inner.known.get(&org).copied().filter(|k| k.day == day && now < k.until) else {
            return Verdict::Unknown;
        };
        let counted = inner.counted.entry((org, day)).or_default();
        let state = LimitState {
            limit: UsageLimit::ApiCallsPerDay,
            most: known.most,
            used: known.written + *counted,
            frees_at: UsageLimit::ApiCallsPerDay.frees_at(now),
        };
        if state.is_reached() {
            return Verdict::No(state);
        }
        *counted += 1;
        Verdict::Yes
    }

    /// What was counted of a day and is not written down yet.
    pub(super) fn unwritten(&self, org: OrgId, day: Day) -> i64 {
        self.lock().counted.get(&(org, day)).copied().unwrap_or(0)
    }

    /// Writes down what was counted. What cannot be written is kept for the next time.
    pub(crate) async fn write_down(&self, store: &Store) -> tisara_store::Result<()> {
        let counted: Vec<_> = self.lock().counted.drain().filter(|(_, n)| *n > 0).collect();
        if counted.is_empty() {
            return Ok(());
        }
        let writing = counted.clone();
        let written = store
            .write(move |tx| {
                for ((org, day), n) in &writing {
                    tx.org(*org).add_api_calls(*day, *n)?;
                }
                Ok::<_, tisara_store::Error>(())
            })
            .await;
        let mut inner = self.lock();
        match written {
            // Whether it was done is not known: rather once too few than twice.
            Ok(()) | Err(tisara_store::Error::CommitUnknown) => {
                // What the database says from now on has these calls in it.
                inner.known.clear();
            }
            Err(_) => {
                for (key, n) in counted {
                    *inner.counted.entry(key).or_default() += n;
                }
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_domain::id::TypedId as _;

    #[test]
    fn calls_count_until_the_limit_and_anew_on_the_next_day() {
        let (calls, org) = (Calls::default(), OrgId::from_bytes([1; 16]));
        let now = "2026-11-22".parse::<Day>().unwrap().begins_at();
        let know = |at: Timestamp| {
            let known = Known { day: Day::of(at), until: at.plus(BELIEVED), most: Some(5), written: 3 };
            calls.lock().known.insert(org, known);
        };
        assert!(matches!(calls.take(org, now), Verdict::Unknown));
        know(now);
        assert!(matches!(calls.take(org, now), Verdict::Yes) && matches!(calls.take(org, now), Verdict::Yes));
        let Verdict::No(state) = calls.take(org, now) else { panic!("five were made") };
        assert_eq!((state.used, state.most, calls.unwritten(org, Day::of(now))), (5, Some(5), 2));
        assert!(matches!(calls.take(org, now.plus(BELIEVED)), Verdict::Unknown), "believed for a while only");
        let next = Day::of(now).plus(1).begins_at();
        know(next);
        assert!(matches!(calls.take(org, next), Verdict::Yes));
    }
}
