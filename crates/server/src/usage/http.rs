//! Usage by day, and the limits.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Params, Result, Routes, routes},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tisara_domain::{Day, Timestamp};
use tisara_store::usage::{LimitState, UsageLimit, Used, kind};
use utoipa::{IntoParams, ToSchema};

/// Days of one answer at most.
const DAYS_MAX: i64 = 366;
/// Days of an answer when nothing is said.
const DAYS: i64 = 30;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(get_usage))
}

/// Which days.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
struct UsageQuery {
    /// The first day, as `2026-11-01`; 30 days up to the last one when absent.
    #[param(format = Date)]
    from: Option<String>,
    /// The last day; today when absent. At most 366 days at once.
    #[param(format = Date)]
    to: Option<String>,
}

/// What was used, and what may be.
#[derive(Serialize, ToSchema)]
struct UsageView {
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    to: String,
    /// The days on which something was used, oldest first. A day begins and ends in UTC.
    days: Vec<DayView>,
    /// What may be limited, and how much of it is used now.
    limits: Vec<LimitView>,
}

/// What was used on one day.
#[derive(Default, Serialize, ToSchema)]
struct DayView {
    #[schema(format = Date)]
    day: String,
    messages: MessagesView,
    /// How Meta priced messages, on the day on which it said so.
    billed: Vec<BilledView>,
    /// Calls by API keys; those of another node may be missing for ten seconds.
    api_calls: i64,
    /// What was stored when it was last counted that day; it is counted every hour.
    storage: Option<StorageView>,
    /// Members at that time.
    seats: Option<i64>,
}

/// Messages of one day. Outgoing ones count when Meta has them for certain.
#[derive(Default, Serialize, ToSchema)]
struct MessagesView {
    /// Came in.
    inbound: i64,
    /// Single messages, templates apart.
    replies: i64,
    /// Single messages made of a template.
    templates: i64,
    /// Messages of campaigns.
    campaigns: i64,
    /// Of those three: what Meta had and failed on this day. One that is then sent again counts again.
    failed_later: i64,
}

/// Messages that Meta priced alike.
#[derive(Serialize, ToSchema)]
struct BilledView {
    /// Meta's word, as `marketing`.
    category: String,
    /// Meta's word, as `regular`.
    #[serde(rename = "type")]
    kind: String,
    messages: i64,
}

/// What is stored, in rows.
#[derive(Default, Serialize, ToSchema)]
struct StorageView {
    contacts: i64,
    /// Single messages, in and out.
    messages: i64,
    /// Recipients of campaigns.
    recipients: i64,
}

/// A limit.
#[derive(Serialize, ToSchema)]
struct LimitView {
    /// `messages_per_month`, `api_calls_per_day` or `seats`.
    limit: &'static str,
    /// At most; absent without a limit.
    most: Option<i64>,
    /// So far.
    used: i64,
    /// When it begins anew; absent for what is freed only by using less.
    #[schema(value_type = Option<String>, format = DateTime)]
    frees_at: Option<Timestamp>,
}

impl From<LimitState> for LimitView {
    fn from(s: LimitState) -> Self {
        Self { limit: s.limit.as_str(), most: s.most, used: s.used, frees_at: s.frees_at }
    }
}

impl DayView {
    fn add(&mut self, used: &Used) {
        let (messages, n) = (&mut self.messages, used.n);
        match used.kind.as_str() {
            kind::INBOUND => messages.inbound = n,
            kind::REPLY => messages.replies = n,
            kind::TEMPLATE => messages.templates = n,
            kind::CAMPAIGN => messages.campaigns = n,
            kind::REPLY_FAILED | kind::TEMPLATE_FAILED | kind::CAMPAIGN_FAILED => messages.failed_later += n,
            kind::API_CALLS => self.api_calls = n,
            kind::CONTACTS => self.storage.get_or_insert_default().contacts = n,
            kind::MESSAGES => self.storage.get_or_insert_default().messages = n,
            kind::RECIPIENTS => self.storage.get_or_insert_default().recipients = n,
            kind::SEATS => self.seats = Some(n),
            other => {
                if let Some((category, kind)) =
                    other.strip_prefix(kind::BILLED).and_then(|b| b.split_once('/'))
                {
                    let (category, kind) = (category.to_owned(), kind.to_owned());
                    self.billed.push(BilledView { category, kind, messages: n });
                }
            }
        }
    }
}

/// The days that are asked for.
fn days(query: &UsageQuery, today: Day) -> Result<(Day, Day)> {
    let read = |field: &str, text: &Option<String>| {
        let day = text.as_deref().map(str::parse::<Day>).transpose();
        day.map_err(|e| ApiError::field(field, e.to_string()))
    };
    let to = read("to", &query.to)?.unwrap_or(today);
    let from = read("from", &query.from)?.unwrap_or(to.plus(1 - DAYS));
    if from > to {
        return Err(ApiError::field("from", "must not be after to"));
    }
    if to.0 - from.0 >= DAYS_MAX {
        return Err(ApiError::field("from", format!("at most {DAYS_MAX} days at once")));
    }
    Ok((from, to))
}

/// What the organization used, by day, and how much of its limits.
#[utoipa::path(get, path = "/usage", tag = "usage", params(UsageQuery),
    responses((status = 200, body = UsageView)))]
async fn get_usage(
    State(app): State<App>,
    caller: Caller,
    Params(query): Params<UsageQuery>,
) -> Result<Json<UsageView>> {
    let now = app.ambient.now();
    let today = Day::of(now);
    let (from, to) = days(&query, today)?;
    let (used, mut limits) = app
        .store
        .read(move |tx| {
            let mut org = tx.org(caller.org);
            Ok::<_, ApiError>((org.list_usage(from, to)?, org.list_limit_states(now)?))
        })
        .await?;
    // Read last: what is written down in between is missing for a moment, and never there twice.
    let unwritten = app.calls.unwritten(caller.org, today);
    let mut days: BTreeMap<Day, DayView> = BTreeMap::new();
    for used in &used {
        days.entry(used.day).or_default().add(used);
    }
    if unwritten > 0 && (from..=to).contains(&today) {
        days.entry(today).or_default().api_calls += unwritten;
    }
    for state in limits.iter_mut().filter(|state| state.limit == UsageLimit::ApiCallsPerDay) {
        state.used += unwritten;
    }
    Ok(Json(UsageView {
        from: from.to_string(),
        to: to.to_string(),
        days: days.into_iter().map(|(day, view)| DayView { day: day.to_string(), ..view }).collect(),
        limits: limits.into_iter().map(LimitView::from).collect(),
    }))
}
