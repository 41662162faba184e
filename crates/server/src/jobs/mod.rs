//! Long tasks of this organization.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, ById, Code, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use serde_json::Value;
use tisara_domain::{JobId, Timestamp};
use tisara_engine::Hint;
use tisara_store::jobs::Job;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_jobs)).routes(routes!(get_job)).routes(routes!(cancel_job))
}

/// A long task.
#[derive(Serialize, ToSchema)]
struct JobView {
    #[schema(value_type = String)]
    id: JobId,
    /// What is done: `contacts_import`.
    kind: String,
    /// `queued`, `running`, `cancelling`, `done`, `failed` or `cancelled`.
    state: String,
    /// How far it is; what is in it depends on the kind.
    #[schema(value_type = Object)]
    progress: Value,
    /// What went wrong, in words for a person.
    error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            state: job.state.as_str().to_owned(),
            progress: serde_json::from_str(&job.progress).unwrap_or_default(),
            kind: job.kind,
            error: job.error,
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}

/// Long tasks, newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(PageQuery), responses((status = 200, body = Page<JobView>)))]
async fn list_jobs(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<JobView>>> {
    let (limit, after) = (page.limit()?, page.after_id::<JobId>()?);
    let found = app.store.read(move |tx| tx.org(caller.org).list_jobs(after, limit)).await?;
    Ok(Json(Page::new(found, limit, |j| ById(j.id)).map(JobView::from)))
}

/// How far a long task is.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path)), responses((status = 200, body = JobView)))]
async fn get_job(State(app): State<App>, caller: Caller, Id(id): Id<JobId>) -> Result<Json<JobView>> {
    let found = app.store.read(move |tx| tx.org(caller.org).find_job(id)).await?;
    Ok(Json(found.ok_or(ApiError::NotFound("job"))?.into()))
}

/// Stops a long task. What it has done stays done.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "jobs", params(("id" = String, Path)), responses((status = 200, body = JobView)))]
async fn cancel_job(State(app): State<App>, caller: Caller, Id(id): Id<JobId>) -> Result<Json<JobView>> {
    let now = app.ambient.now();
    let job = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            let asked = tx.cancel_job(id, now)?;
            let job = tx.find_job(id)?.ok_or(ApiError::NotFound("job"))?;
            if asked { Ok(job) } else { Err(over(&job)) }
        })
        .await?;
    app.engine.bus().publish(Hint::Jobs);
    Ok(Json(job))
}

fn over(job: &Job) -> ApiError {
    ApiError::refused(Code::WrongState, format!("This job is over already: it is {}.", job.state.as_str()))
}
