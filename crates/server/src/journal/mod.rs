//! The journal of webhooks, as far as it concerns this organization's accounts.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tisara_domain::Timestamp;
use tisara_engine::Hint;
use tisara_store::journal::EntryLine;
use utoipa::{IntoParams, ToSchema};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_journal)).routes(routes!(get_entry)).routes(routes!(replay_entry))
}

/// A webhook as it was kept.
#[derive(Serialize, ToSchema)]
struct EntryView {
    /// Its number; later ones are higher.
    id: i64,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// Size of the body.
    bytes: i64,
    state: EntryState,
    /// Why it was set aside.
    error: Option<String>,
}

/// What became of an entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EntryState {
    /// Its effects are still to come.
    Waiting,
    /// Its effects are had.
    Applied,
    /// It could not be applied and was set aside.
    Failed,
}

impl From<EntryLine> for EntryView {
    fn from(e: EntryLine) -> Self {
        let state = match (&e.error, e.waiting) {
            (_, true) => EntryState::Waiting,
            (Some(_), false) => EntryState::Failed,
            (None, false) => EntryState::Applied,
        };
        Self { id: e.id, received_at: e.received_at, bytes: e.bytes, state, error: e.error }
    }
}

/// An entry with what Meta sent.
#[derive(Serialize, ToSchema)]
struct EntryDetails {
    #[serde(flatten)]
    entry: EntryView,
    /// The body as JSON, or as text where it is none.
    body: Value,
}

/// Which entries.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct Which {
    /// Only those that were set aside.
    failed: bool,
}

/// The webhooks that came for this organization's accounts, newest first.
#[utoipa::path(get, path = "/journal", tag = "journal", params(Which, PageQuery),
    responses((status = 200, body = Page<EntryView>)))]
async fn list_journal(
    State(app): State<App>,
    caller: Caller,
    Params(which): Params<Which>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<EntryView>>> {
    let (limit, before) = (page.limit()?, page.after::<i64>()?);
    let found =
        app.store.read(move |tx| tx.org(caller.org).list_journal(which.failed, before, limit)).await?;
    Ok(Json(Page::new(found, limit, |e| e.id).map(EntryView::from)))
}

/// A webhook with its body.
#[utoipa::path(get, path = "/journal/{id}", tag = "journal", params(("id" = i64, Path)),
    responses((status = 200, body = EntryDetails)))]
async fn get_entry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<EntryDetails>> {
    let id = number(&id)?;
    let found = app.store.read(move |tx| tx.org(caller.org).find_journal_entry(id)).await?;
    let (line, body) = found.ok_or(ApiError::NotFound("journal entry"))?;
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    Ok(Json(EntryDetails { entry: line.into(), body }))
}

/// Applies an entry once more. Effects that were had are not had twice.
#[utoipa::path(post, path = "/journal/{id}/replay", tag = "journal", params(("id" = i64, Path)),
    responses((status = 202)))]
async fn replay_entry(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    let id = number(&id)?;
    if !app.store.write(move |tx| tx.org(caller.org).replay_journal_entry(id)).await? {
        return Err(ApiError::NotFound("journal entry"));
    }
    app.engine.bus().publish(Hint::Journal);
    Ok(StatusCode::ACCEPTED)
}

fn number(text: &str) -> Result<i64> {
    text.parse().map_err(|_| ApiError::NotFound("journal entry"))
}
