//! Members: who they are, what they may do, how they leave.

use super::{grant, grant::RoleInput, view::MemberView};
use crate::{
    app::App,
    auth::{Caller, Person},
    edge::{ApiError, Body, ById, Code, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use tisara_domain::{Role, UserId};
use tisara_store::members::RoleRef;
use utoipa::ToSchema;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_members))
        .routes(routes!(get_member, change_member, remove_member))
        .routes(routes!(leave_organization))
        .routes(routes!(transfer_organization))
}

/// The members.
#[utoipa::path(get, path = "/members", tag = "members", params(PageQuery),
    responses((status = 200, body = Page<MemberView>)))]
async fn list_members(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<MemberView>>> {
    let (limit, after) = (page.limit()?, page.after::<ById<UserId>>()?);
    let after = after.map(|ById(id)| id);
    let found = app.store.read(move |tx| tx.org(caller.org).list_members(after, limit)).await?;
    Ok(Json(Page::new(found, limit, |member| ById(member.user_id)).map(MemberView::from)))
}

/// One member.
#[utoipa::path(get, path = "/members/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 200, body = MemberView)))]
async fn get_member(State(app): State<App>, caller: Caller, Id(id): Id<UserId>) -> Result<Json<MemberView>> {
    let found = app.store.read(move |tx| tx.org(caller.org).find_member(id)).await?;
    Ok(Json(found.ok_or(ApiError::NotFound("member"))?.into()))
}

/// What a member is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberChange {
    /// `owner`, `admin`, `manager`, `agent`, `viewer` or the id of one of the organization's own roles.
    #[schema(value_type = String)]
    role: RoleInput,
}

/// Gives a member another role; it holds from the next request on.
#[utoipa::path(patch, path = "/members/{id}", tag = "members", params(("id" = String, Path)),
    request_body = MemberChange, responses((status = 200, body = MemberView)))]
async fn change_member(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    Body(change): Body<MemberChange>,
) -> Result<Json<MemberView>> {
    let changed = app
        .store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            tx.lock_owners()?;
            let member = tx.find_member(id)?.ok_or(ApiError::NotFound("member"))?;
            grant::over(&caller, &member)?;
            let role = grant::role(&mut tx, &caller, &change.role)?;
            if role != RoleRef::Standard(Role::Owner) {
                grant::keep_an_owner(&mut tx, &member)?;
            }
            tx.set_member_role(id, role)?;
            tx.find_member(id)?.ok_or(ApiError::NotFound("member"))
        })
        .await?;
    tracing::info!(org = %caller.org, user = %id, role = changed.role_name, "a member got another role");
    Ok(Json(changed.into()))
}

/// Removes a member. At once their sessions see nothing of the organization any more; keys they made and
/// invitations they sent open nothing.
#[utoipa::path(delete, path = "/members/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove_member(State(app): State<App>, caller: Caller, Id(id): Id<UserId>) -> Result<StatusCode> {
    let now = app.ambient.now();
    app.store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            tx.lock_owners()?;
            let member = tx.find_member(id)?.ok_or(ApiError::NotFound("member"))?;
            grant::over(&caller, &member)?;
            grant::keep_an_owner(&mut tx, &member)?;
            tx.remove_member(id, now)?;
            Ok::<_, ApiError>(())
        })
        .await?;
    app.keys.forget_all_of(caller.org);
    tracing::info!(org = %caller.org, user = %id, "a member was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Leaves the organization. Its last owner cannot.
#[utoipa::path(post, path = "/organization/leave", tag = "members", responses((status = 204)))]
async fn leave_organization(State(app): State<App>, caller: Caller, person: Person) -> Result<StatusCode> {
    let now = app.ambient.now();
    app.store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            tx.lock_owners()?;
            let member = tx.find_member(person.user)?.ok_or(ApiError::NotFound("member"))?;
            grant::keep_an_owner(&mut tx, &member)?;
            tx.remove_member(person.user, now)?;
            Ok::<_, ApiError>(())
        })
        .await?;
    app.keys.forget_all_of(caller.org);
    tracing::info!(org = %caller.org, user = %person.user, "a member left");
    Ok(StatusCode::NO_CONTENT)
}

/// To whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Transfer {
    /// A member.
    #[schema(value_type = String)]
    user: UserId,
}

/// Hands the organization over: that member owns it, you become an admin. Only an owner can, with a
/// password entered a moment ago.
#[utoipa::path(post, path = "/organization/transfer", tag = "members", request_body = Transfer,
    responses((status = 200, body = MemberView)))]
async fn transfer_organization(
    State(app): State<App>,
    caller: Caller,
    person: Person,
    Body(input): Body<Transfer>,
) -> Result<Json<MemberView>> {
    let owner = app
        .store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            tx.lock_owners()?;
            let me = tx.find_member(person.user)?.ok_or(ApiError::NotFound("member"))?;
            if !me.is_owner() {
                return Err(ApiError::refused(
                    Code::Forbidden,
                    "Only an owner can hand the organization over.",
                ));
            }
            if input.user == person.user {
                return Err(ApiError::field("user", "this is you; name another member"));
            }
            if !tx.set_member_role(input.user, RoleRef::Standard(Role::Owner))? {
                return Err(ApiError::field("user", "there is no such member"));
            }
            tx.set_member_role(person.user, RoleRef::Standard(Role::Admin))?;
            tx.find_member(input.user)?.ok_or(ApiError::NotFound("member"))
        })
        .await?;
    tracing::info!(org = %caller.org, from = %person.user, to = %input.user, "an organization was handed over");
    Ok(Json(owner.into()))
}
