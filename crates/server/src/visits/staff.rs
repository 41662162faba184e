//! Visits as the operator's staff make them.

use super::VisitView;
use crate::{
    app::App,
    auth::Person,
    edge::{ApiError, Body, ById, Code, FieldProblem, Id, Page, PageQuery, Params, Result, Routes, routes},
    mail::{Letters, Sealed},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{Duration, OrgId, Timestamp, VisitId};
use tisara_store::{organizations::Organization, visits::NewVisit};
use utoipa::ToSchema;

const MINUTES: std::ops::RangeInclusive<u32> = 5..=480;
const REASON_LEN: std::ops::RangeInclusive<usize> = 10..=500;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_visited))
        .routes(routes!(list_own_visits, begin_visit))
        .routes(routes!(end_own_visit))
}

/// An organization, as staff see it without a visit.
#[derive(Serialize, ToSchema)]
struct Visited {
    #[schema(value_type = String)]
    id: OrgId,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Organization> for Visited {
    fn from(org: Organization) -> Self {
        Self { id: org.id, name: org.name, created_at: org.created_at }
    }
}

/// The organizations of this installation, for its operator's staff.
#[utoipa::path(get, path = "/staff/organizations", tag = "staff", params(PageQuery),
    responses((status = 200, body = Page<Visited>)))]
async fn list_visited(
    State(app): State<App>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<Visited>>> {
    let (limit, after) = (page.limit()?, page.after_id::<OrgId>()?);
    let found = app.store.read(move |tx| tx.list_organizations(after, limit)).await?;
    Ok(Json(Page::new(found, limit, |org| ById(org.id)).map(Visited::from)))
}

/// Your visits, newest first.
#[utoipa::path(get, path = "/staff/visits", tag = "staff", params(PageQuery),
    responses((status = 200, body = Page<VisitView>)))]
async fn list_own_visits(
    State(app): State<App>,
    person: Person,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<VisitView>>> {
    let (limit, after) = (page.limit()?, page.after_id::<VisitId>()?);
    let found = app.store.read(move |tx| tx.list_visits_of(person.user, after, limit)).await?;
    Ok(Json(Page::new(found, limit, |seen| ById(seen.visit.id)).map(VisitView::from)))
}

/// A visit to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitInput {
    #[schema(value_type = String)]
    organization: OrgId,
    /// Why, in 10 to 500 characters; the organization reads it.
    reason: String,
    /// How long it lasts, 5 to 480.
    minutes: u32,
}

impl VisitInput {
    fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        let is_text = !self.reason.chars().any(|c| c.is_control() && c != '\n');
        if !REASON_LEN.contains(&self.reason.trim().chars().count()) || !is_text {
            problems.push(FieldProblem::new("reason", "10 to 500 characters that say why"));
        }
        if !MINUTES.contains(&self.minutes) {
            problems.push(FieldProblem::new("minutes", "5 to 480"));
        }
        if problems.is_empty() { Ok(()) } else { Err(ApiError::Invalid(problems)) }
    }
}

/// Begins a visit: until it ends, name the organization in the header `Tisara-Organization` to read what its
/// members can read. Its owners get an e-mail. Needs a password entered a moment ago, and an account with a
/// second factor or a passkey.
#[utoipa::path(post, path = "/staff/visits", tag = "staff", request_body = VisitInput,
    responses((status = 201, body = VisitView)))]
async fn begin_visit(
    State(app): State<App>,
    person: Person,
    Body(input): Body<VisitInput>,
) -> Result<(StatusCode, Json<VisitView>)> {
    input.check()?;
    let now = app.ambient.now();
    let visit = NewVisit {
        id: app.ambient.id::<VisitId>(),
        user_id: person.user,
        reason: input.reason.trim().to_owned(),
        begins_at: now,
        ends_at: now.plus(Duration::from_secs(u64::from(input.minutes) * 60)),
    };
    let (org, id, writing) = (input.organization, visit.id, app.clone());
    let begun = app
        .store
        .write(move |tx| {
            if !tx.has_second_factor(person.user)? {
                return Err(ApiError::refused(
                    Code::WrongState,
                    "Switch on a second factor or add a passkey to your account first.",
                ));
            }
            let found = tx.find_organization(org)?;
            let found =
                found.ok_or_else(|| ApiError::field("organization", "there is no such organization"))?;
            let visitor = tx.find_user(person.user)?.ok_or(ApiError::NotFound("user"))?;
            let mut tenant = tx.org(org);
            tenant.begin_visit(&visit)?;
            let owners = tenant.list_owner_emails()?;
            let begun = tenant.find_visit(visit.id)?.ok_or(ApiError::NotFound("visit"))?;
            drop(tenant);
            for owner in owners {
                let letter = Letters(&writing.settings.public_url).visited(
                    &owner,
                    &found.name,
                    &visitor.name,
                    &visit.reason,
                    input.minutes,
                );
                Sealed::new(&writing, &letter)?.queue(tx, now)?;
            }
            Ok(begun)
        })
        .await?;
    app.mail_waits.notify_one();
    tracing::info!(user = %person.user, %org, visit = %id, minutes = input.minutes, "a visit began");
    Ok((StatusCode::CREATED, Json(begun.into())))
}

/// Ends a visit of yours before its time.
#[utoipa::path(delete, path = "/staff/visits/{id}", tag = "staff", params(("id" = String, Path)),
    responses((status = 204)))]
async fn end_own_visit(State(app): State<App>, person: Person, Id(id): Id<VisitId>) -> Result<StatusCode> {
    let now = app.ambient.now();
    if !app.store.write(move |tx| tx.end_visit_of(person.user, id, now)).await? {
        return Err(ApiError::NotFound("visit"));
    }
    tracing::info!(user = %person.user, visit = %id, "a visit was ended");
    Ok(StatusCode::NO_CONTENT)
}
