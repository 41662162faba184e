//! Visits as the organization sees them.

use super::VisitView;
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, ById, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use tisara_domain::{Timestamp, VisitId};
use utoipa::ToSchema;

/// A visit looks at fewer things than that.
const LOOKS_MAX: u32 = 2_000;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list_visits)).routes(routes!(get_visit, end_visit))
}

/// Visits of the operator's staff to the organization, newest first.
#[utoipa::path(get, path = "/visits", tag = "visits", params(PageQuery),
    responses((status = 200, body = Page<VisitView>)))]
async fn list_visits(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<VisitView>>> {
    let (limit, after) = (page.limit()?, page.after_id::<VisitId>()?);
    let found = app.store.read(move |tx| tx.org(caller.org).list_visits(after, limit)).await?;
    Ok(Json(Page::new(found, limit, |seen| ById(seen.visit.id)).map(VisitView::from)))
}

/// Something that was looked at.
#[derive(Serialize, ToSchema)]
struct LookView {
    /// The address that was read.
    path: String,
    times: i64,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
}

/// A visit, and what was looked at in it.
#[derive(Serialize, ToSchema)]
struct VisitLooks {
    visit: VisitView,
    looks: Vec<LookView>,
}

/// One visit, and everything that was looked at in it.
#[utoipa::path(get, path = "/visits/{id}", tag = "visits", params(("id" = String, Path)),
    responses((status = 200, body = VisitLooks)))]
async fn get_visit(State(app): State<App>, caller: Caller, Id(id): Id<VisitId>) -> Result<Json<VisitLooks>> {
    let (visit, looks) = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let visit = tx.find_visit(id)?.ok_or(ApiError::NotFound("visit"))?;
            Ok::<_, ApiError>((visit, tx.list_looks(id, LOOKS_MAX)?))
        })
        .await?;
    let looks =
        looks.into_iter().map(|look| LookView { path: look.path, times: look.times, last_at: look.last_at });
    Ok(Json(VisitLooks { visit: visit.into(), looks: looks.collect() }))
}

/// Ends a visit at once.
#[utoipa::path(delete, path = "/visits/{id}", tag = "visits", params(("id" = String, Path)),
    responses((status = 204)))]
async fn end_visit(State(app): State<App>, caller: Caller, Id(id): Id<VisitId>) -> Result<StatusCode> {
    let now = app.ambient.now();
    if !app.store.write(move |tx| tx.org(caller.org).end_visit(id, now)).await? {
        return Err(ApiError::NotFound("visit"));
    }
    tracing::info!(org = %caller.org, visit = %id, "a visit was ended by the organization");
    Ok(StatusCode::NO_CONTENT)
}
