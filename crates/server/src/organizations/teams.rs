//! Teams: members who see each other's threads.

use super::name;
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, Code, Id, Result, Routes, TwoIds, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{TeamId, UserId};
use tisara_store::members::Team;
use utoipa::ToSchema;

/// Teams of one organization.
const TEAMS_MAX: usize = 200;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_teams, create_team))
        .routes(routes!(delete_team))
        .routes(routes!(join_team, leave_team))
}

/// A team.
#[derive(Serialize, ToSchema)]
struct TeamView {
    #[schema(value_type = String)]
    id: TeamId,
    name: String,
    #[schema(value_type = Vec<String>)]
    members: Vec<UserId>,
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        Self { id: team.id, name: team.name, members: team.members }
    }
}

/// All teams.
#[derive(Serialize, ToSchema)]
struct TeamList {
    items: Vec<TeamView>,
}

/// All teams, by name.
#[utoipa::path(get, path = "/teams", tag = "members", responses((status = 200, body = TeamList)))]
async fn list_teams(State(app): State<App>, caller: Caller) -> Result<Json<TeamList>> {
    let teams = app.store.read(move |tx| tx.org(caller.org).list_teams()).await?;
    Ok(Json(TeamList { items: teams.into_iter().map(TeamView::from).collect() }))
}

/// A team that begins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TeamInput {
    name: String,
}

/// Makes a team.
#[utoipa::path(post, path = "/teams", tag = "members", request_body = TeamInput,
    responses((status = 201, body = TeamView)))]
async fn create_team(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<TeamInput>,
) -> Result<(StatusCode, Json<TeamView>)> {
    let (id, now, name) = (app.ambient.id::<TeamId>(), app.ambient.now(), name(&input.name)?);
    let kept = name.clone();
    app.store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            if tx.list_teams()?.len() >= TEAMS_MAX {
                return Err(ApiError::refused(
                    Code::WrongState,
                    format!("There are {TEAMS_MAX} teams already."),
                ));
            }
            if tx.create_team(id, &kept, now)? {
                return Ok(());
            }
            Err(ApiError::refused(Code::AlreadyExists, "There is a team of this name already."))
        })
        .await?;
    Ok((StatusCode::CREATED, Json(TeamView { id, name, members: Vec::new() })))
}

/// Deletes a team; its members stay members.
#[utoipa::path(delete, path = "/teams/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_team(State(app): State<App>, caller: Caller, Id(id): Id<TeamId>) -> Result<StatusCode> {
    let deleted = app.store.write(move |tx| tx.org(caller.org).delete_team(id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("team")) }
}

/// Puts a member into a team.
#[utoipa::path(put, path = "/teams/{id}/members/{user}", tag = "members",
    params(("id" = String, Path), ("user" = String, Path)), responses((status = 204)))]
async fn join_team(
    State(app): State<App>,
    caller: Caller,
    TwoIds(team, user): TwoIds<TeamId, UserId>,
) -> Result<StatusCode> {
    app.store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            if !tx.has_team(team)? {
                return Err(ApiError::NotFound("team"));
            }
            tx.find_member(user)?.ok_or(ApiError::NotFound("member"))?;
            Ok(tx.join_team(team, user)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a member out of a team.
#[utoipa::path(delete, path = "/teams/{id}/members/{user}", tag = "members",
    params(("id" = String, Path), ("user" = String, Path)), responses((status = 204)))]
async fn leave_team(
    State(app): State<App>,
    caller: Caller,
    TwoIds(team, user): TwoIds<TeamId, UserId>,
) -> Result<StatusCode> {
    let left = app.store.write(move |tx| tx.org(caller.org).leave_team(team, user)).await?;
    if left { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("member")) }
}
