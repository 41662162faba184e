//! `/segments`.

use crate::{
    app::App,
    auth::Caller,
    contacts::view::ContactView,
    edge::{ApiError, Body, ById, Code, FieldProblem, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{ContactId, SegmentId, Timestamp};
use tisara_store::{
    OrgTx,
    segments::{Rule, Segment, SegmentChange},
};
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_segments, create_segment))
        .routes(routes!(get_segment, update_segment, delete_segment))
        .routes(routes!(count_segment))
        .routes(routes!(preview_rule))
}

/// A segment.
#[derive(Serialize, ToSchema)]
struct SegmentView {
    #[schema(value_type = String)]
    id: SegmentId,
    name: String,
    #[schema(value_type = Object)]
    rule: Rule,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Segment> for SegmentView {
    fn from(s: Segment) -> Self {
        Self { id: s.id, name: s.name, rule: s.rule, created_at: s.created_at, updated_at: s.updated_at }
    }
}

/// A segment to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SegmentInput {
    /// 1 to 60 characters.
    name: String,
    /// Whom it means: `{"kind": …}` with `all` and `any` (`rules`), `not` (`rule`), `label` (`label`), `field` (`field`,
    /// `compare`: `is`, `less`, `at_most`, `greater`, `at_least`, `starts_with`, `contains`, `present`; `value`),
    /// `consent` (`state`), `language`, `region`, `created` and `last_inbound` (`within_days`), or `campaign`
    /// (`campaign`, `did`: `planned`, `sent`, `delivered`, `read`, `not_read`, `failed`, `replied`; `within_days`).
    #[schema(value_type = Object)]
    rule: Rule,
}

/// What to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SegmentPatch {
    name: Option<String>,
    #[schema(value_type = Option<Object>)]
    rule: Option<Rule>,
}

/// A rule to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleInput {
    /// As a segment's.
    #[schema(value_type = Object)]
    rule: Rule,
}

/// How many contacts are meant.
#[derive(Serialize, ToSchema)]
struct CountView {
    count: u64,
}

/// How many contacts are meant, and the newest of them.
#[derive(Serialize, ToSchema)]
struct PreviewView {
    count: u64,
    items: Vec<ContactView>,
}

/// Contacts that a preview shows.
const PREVIEW: u32 = 20;

fn check(tx: &mut OrgTx<'_, '_>, rule: &Rule) -> Result<()> {
    let problems = tx.check_rule(rule)?;
    if problems.is_empty() {
        return Ok(());
    }
    let at = |path: String| if path.is_empty() { "rule".to_owned() } else { format!("rule.{path}") };
    Err(ApiError::Invalid(problems.into_iter().map(|p| FieldProblem::new(at(p.at), p.message)).collect()))
}

fn free_name(tx: &mut OrgTx<'_, '_>, name: &str, but: Option<SegmentId>) -> Result<()> {
    match tx.find_segment_by_name(name)?.filter(|other| Some(other.id) != but) {
        Some(other) => Err(ApiError::refused(
            Code::AlreadyExists,
            format!("There is a segment of this name: {}.", other.id),
        )),
        None => Ok(()),
    }
}

/// Segments, newest first.
#[utoipa::path(get, path = "/segments", tag = "segments", params(PageQuery),
    responses((status = 200, body = Page<SegmentView>)))]
async fn list_segments(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<SegmentView>>> {
    let (limit, after) = (page.limit()?, page.after_id::<SegmentId>()?);
    let found = app.store.read(move |tx| tx.org(caller.org).list_segments(after, limit)).await?;
    Ok(Json(Page::new(found, limit, |s| ById(s.id)).map(SegmentView::from)))
}

/// Makes a segment.
#[utoipa::path(post, path = "/segments", tag = "segments", request_body = SegmentInput,
    responses((status = 201, body = SegmentView)))]
async fn create_segment(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<SegmentInput>,
) -> Result<(StatusCode, Json<SegmentView>)> {
    let (name, now) = (crate::contacts::name(&input.name)?, app.ambient.now());
    let segment = Segment { id: app.ambient.id(), name, rule: input.rule, created_at: now, updated_at: now };
    let made = app
        .store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            check(&mut tx, &segment.rule)?;
            free_name(&mut tx, &segment.name, None)?;
            tx.create_segment(&segment)?;
            Ok::<_, ApiError>(segment.clone())
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// One segment.
#[utoipa::path(get, path = "/segments/{id}", tag = "segments", params(("id" = String, Path)),
    responses((status = 200, body = SegmentView)))]
async fn get_segment(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SegmentId>,
) -> Result<Json<SegmentView>> {
    let found = app.store.read(move |tx| tx.org(caller.org).find_segment(id)).await?;
    Ok(Json(found.ok_or(ApiError::NotFound("segment"))?.into()))
}

/// Changes a segment. Campaigns that were started with it keep the rule of that moment.
#[utoipa::path(patch, path = "/segments/{id}", tag = "segments", params(("id" = String, Path)),
    request_body = SegmentPatch, responses((status = 200, body = SegmentView)))]
async fn update_segment(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SegmentId>,
    Body(patch): Body<SegmentPatch>,
) -> Result<Json<SegmentView>> {
    let now = app.ambient.now();
    let name = patch.name.as_deref().map(crate::contacts::name).transpose()?;
    let change = SegmentChange { name, rule: patch.rule };
    let changed = app
        .store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            if let Some(rule) = &change.rule {
                check(&mut tx, rule)?;
            }
            if let Some(name) = &change.name {
                free_name(&mut tx, name, Some(id))?;
            }
            tx.update_segment(id, &change, now)?;
            tx.find_segment(id)?.ok_or(ApiError::NotFound("segment"))
        })
        .await?;
    Ok(Json(changed.into()))
}

/// Removes a segment; its contacts stay.
#[utoipa::path(delete, path = "/segments/{id}", tag = "segments", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_segment(State(app): State<App>, caller: Caller, Id(id): Id<SegmentId>) -> Result<StatusCode> {
    let deleted = app.store.write(move |tx| tx.org(caller.org).delete_segment(id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("segment")) }
}

/// How many contacts a segment means at this moment. Who they are: `/contacts?segment=…`.
#[utoipa::path(get, path = "/segments/{id}/count", tag = "segments", params(("id" = String, Path)),
    responses((status = 200, body = CountView)))]
async fn count_segment(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SegmentId>,
) -> Result<Json<CountView>> {
    let (sets, now) = (app.engine.sets().clone(), app.ambient.now());
    let count = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let segment = tx.find_segment(id)?.ok_or(ApiError::NotFound("segment"))?;
            Ok::<_, ApiError>(tx.find_by_rule(&segment.rule, &sets, now)?.len() as u64)
        })
        .await?;
    Ok(Json(CountView { count }))
}

/// How many contacts a rule means, and the newest of them, without saving it.
#[utoipa::path(post, path = "/segments/preview", tag = "segments", request_body = RuleInput,
    responses((status = 200, body = PreviewView)))]
async fn preview_rule(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<RuleInput>,
) -> Result<Json<PreviewView>> {
    let (sets, now) = (app.engine.sets().clone(), app.ambient.now());
    let (count, contacts) = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            check(&mut tx, &input.rule)?;
            let found = tx.find_by_rule(&input.rule, &sets, now)?;
            let newest: Vec<ContactId> = found.newest(None, PREVIEW);
            Ok::<_, ApiError>((found.len() as u64, tx.get_contacts(&newest)?))
        })
        .await?;
    Ok(Json(PreviewView { count, items: contacts.into_iter().map(ContactView::from).collect() }))
}
