//! What an organization uses and may use: shown, limited, measured.
//!
//! Messages are counted by the store with their rows. Calls by API keys are counted here in memory and
//! written down every ten seconds and at a stop: a kill loses what was counted since. Whoever is over a limit
//! gets `limit_reached` with the limit, what was used and when it begins anew.

mod calls;
mod http;

pub(crate) use calls::Calls;
pub(crate) use http::routes;

use crate::{
    app::App,
    edge::{ApiError, ReachedLimit, Result},
};
use tisara_domain::{Day, Duration, OrgId, Timestamp};
use tisara_engine::in_the_way;
use tisara_store::{
    OrgTx,
    usage::{LimitState, UsageLimit},
};
use tokio_util::sync::CancellationToken;

/// How often counted calls are written down.
const WRITE: Duration = Duration::from_secs(10);
/// How often it is counted what is stored.
const MEASURE: Duration = Duration::from_secs(3600);
/// Organizations of one page.
const PAGE: u32 = 100;

/// Writes down what was counted and measures what is stored, until told to stop.
pub(crate) async fn run(app: App, stop: CancellationToken) {
    let mut next_measure = app.ambient.now();
    while !stop.is_cancelled() {
        let now = app.ambient.now();
        if now >= next_measure {
            next_measure = now.plus(MEASURE);
            if let Err(e) = measure(&app, now, &stop).await {
                in_the_way(&e, "measuring what is stored");
            }
        }
        if let Err(e) = app.calls.write_down(&app.store).await {
            in_the_way(&e, "writing down calls of the API");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = app.ambient.sleep(WRITE) => {}
        }
    }
}

/// Counts what each organization stores, and its members, for its usage of this day.
async fn measure(app: &App, now: Timestamp, stop: &CancellationToken) -> tisara_store::Result<()> {
    let mut after: Option<OrgId> = None;
    while !stop.is_cancelled() {
        let page = app.store.read(move |tx| tx.list_organizations(after, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for org in page.iter().map(|org| org.id) {
            // The counting may take a while; it must not hold the writer up.
            let measured = app.store.read(move |tx| tx.org(org).measure_storage()).await?;
            app.store.write(move |tx| tx.org(org).put_storage(Day::of(now), &measured)).await?;
        }
    }
    Ok(())
}

/// Refuses when the month's messages are used up.
pub(crate) fn require_messages(org: &mut OrgTx<'_, '_>, now: Timestamp) -> Result<()> {
    match org.find_limit_state(UsageLimit::MessagesPerMonth, now)? {
        Some(state) if state.is_reached() => Err(reached(&state, now)),
        _ => Ok(()),
    }
}

/// Refuses when more seats are taken than there are; to be asked after one was taken, in the transaction that
/// takes it. [`OrgTx::lock_owners`] comes first.
pub(crate) fn require_seat(org: &mut OrgTx<'_, '_>, now: Timestamp) -> Result<()> {
    match org.find_limit_state(UsageLimit::Seats, now)? {
        Some(state) if state.most.is_some_and(|most| state.used > most) => {
            Err(reached(&LimitState { used: state.used - 1, ..state }, now))
        }
        _ => Ok(()),
    }
}

/// The refusal.
fn reached(state: &LimitState, now: Timestamp) -> ApiError {
    let (most, used) = (state.most.unwrap_or_default(), state.used);
    let what = match state.limit {
        UsageLimit::MessagesPerMonth => format!("{most} messages a month"),
        UsageLimit::ApiCallsPerDay => format!("{most} calls of the API a day"),
        UsageLimit::Seats => format!("{most} members, people who are invited among them"),
    };
    let anew = match state.frees_at {
        Some(at) => format!("It begins anew at {at}."),
        None => "Remove members or end invitations first.".to_owned(),
    };
    ApiError::Limited {
        detail: format!(
            "This organization may have {what}, and has {used}. {anew} Whoever runs this installation sets the limit."
        ),
        limit: ReachedLimit { limit: state.limit.as_str().to_owned(), most, used, frees_at: state.frees_at },
        retry_after_s: state
            .frees_at
            .map(|at| u32::try_from(at.since(now).as_secs() + 1).unwrap_or(u32::MAX)),
    }
}
