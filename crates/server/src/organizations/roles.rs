//! Roles: the five that every organization has, and its own.

use super::{grant, name, view::words};
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, Code, Id, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{Permission, Permissions, Role, RoleId, Visibility};
use tisara_store::members::CustomRole;
use utoipa::ToSchema;

/// Own roles of one organization.
const ROLES_MAX: usize = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_permissions))
        .routes(routes!(list_roles, create_role))
        .routes(routes!(change_role, delete_role))
}

/// A permission.
#[derive(Serialize, ToSchema)]
struct PermissionView {
    /// Its word.
    permission: &'static str,
    /// What it allows.
    what: &'static str,
}

/// Everything that can be allowed.
#[derive(Serialize, ToSchema)]
struct PermissionList {
    items: Vec<PermissionView>,
}

/// Everything that can be allowed to a role or a key.
#[utoipa::path(get, path = "/permissions", tag = "members", responses((status = 200, body = PermissionList)))]
async fn list_permissions() -> Json<PermissionList> {
    let items = Permission::ALL.iter().map(|p| PermissionView { permission: p.as_str(), what: p.what() });
    Json(PermissionList { items: items.collect() })
}

/// A role.
#[derive(Serialize, ToSchema)]
struct RoleView {
    /// A word for the five that every organization has, an id for the organization's own.
    id: String,
    name: String,
    permissions: Vec<&'static str>,
    /// Whose threads it sees: `own`, `team` or `all`.
    visibility: &'static str,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            id: role.as_str().to_owned(),
            name: role.as_str().to_owned(),
            permissions: words(role.permissions()),
            visibility: role.visibility().as_str(),
        }
    }
}

impl From<CustomRole> for RoleView {
    fn from(role: CustomRole) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name,
            permissions: words(role.permissions),
            visibility: role.visibility.as_str(),
        }
    }
}

/// All roles.
#[derive(Serialize, ToSchema)]
struct RoleList {
    items: Vec<RoleView>,
}

/// All roles: the five, then the organization's own by name.
#[utoipa::path(get, path = "/roles", tag = "members", responses((status = 200, body = RoleList)))]
async fn list_roles(State(app): State<App>, caller: Caller) -> Result<Json<RoleList>> {
    let own = app.store.read(move |tx| tx.org(caller.org).list_roles()).await?;
    let items = Role::ALL.into_iter().map(RoleView::from).chain(own.into_iter().map(RoleView::from));
    Ok(Json(RoleList { items: items.collect() }))
}

/// A role as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleForm {
    name: String,
    /// Words of `GET /permissions`.
    permissions: Vec<String>,
    /// Whose threads it sees.
    visibility: VisibilityInput,
}

/// Whose threads somebody sees.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum VisibilityInput {
    /// Those that are assigned to them.
    Own,
    /// Those, those that nobody has yet, and those of people who share a team with them.
    Team,
    /// All.
    All,
}

/// Reads permissions by their words.
pub(crate) fn permissions(field: &str, input: &[String]) -> Result<Permissions> {
    let read = |(n, word): (usize, &String)| {
        word.parse::<Permission>().map_err(|e| ApiError::field(format!("{field}[{n}]"), e.to_string()))
    };
    input.iter().enumerate().map(read).collect()
}

impl RoleForm {
    fn read(&self, id: RoleId, created_at: tisara_domain::Timestamp) -> Result<CustomRole> {
        let name = name(&self.name)?;
        if Role::find(&name.to_lowercase()).is_some() {
            return Err(ApiError::field(
                "name",
                "every organization has a role of this name; choose another",
            ));
        }
        Ok(CustomRole {
            id,
            name,
            permissions: permissions("permissions", &self.permissions)?,
            visibility: match self.visibility {
                VisibilityInput::Own => Visibility::Own,
                VisibilityInput::Team => Visibility::Team,
                VisibilityInput::All => Visibility::All,
            },
            created_at,
        })
    }
}

fn taken() -> ApiError {
    ApiError::refused(Code::AlreadyExists, "There is a role of this name already.")
}

/// Makes a role. It can hold only what you may do yourself.
#[utoipa::path(post, path = "/roles", tag = "members", request_body = RoleForm,
    responses((status = 201, body = RoleView)))]
async fn create_role(
    State(app): State<App>,
    caller: Caller,
    Body(form): Body<RoleForm>,
) -> Result<(StatusCode, Json<RoleView>)> {
    let role = form.read(app.ambient.id::<RoleId>(), app.ambient.now())?;
    grant::require(&caller, role.permissions)?;
    let made = app
        .store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            if tx.list_roles()?.len() >= ROLES_MAX {
                return Err(ApiError::refused(
                    Code::WrongState,
                    format!("There are {ROLES_MAX} roles already."),
                ));
            }
            if tx.create_role(&role)? { Ok(role.clone()) } else { Err(taken()) }
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Changes a role; it holds for its members from the next request on.
#[utoipa::path(put, path = "/roles/{id}", tag = "members", params(("id" = String, Path)), request_body = RoleForm,
    responses((status = 200, body = RoleView)))]
async fn change_role(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RoleId>,
    Body(form): Body<RoleForm>,
) -> Result<Json<RoleView>> {
    let changed = app
        .store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            let before = tx.find_role(id)?.ok_or(ApiError::NotFound("role"))?;
            let role = form.read(id, before.created_at)?;
            grant::require(&caller, before.permissions)?;
            grant::require(&caller, role.permissions)?;
            if tx.change_role(&role)? { Ok(role) } else { Err(taken()) }
        })
        .await?;
    tracing::info!(org = %caller.org, role = %id, "a role was changed");
    Ok(Json(changed.into()))
}

/// Deletes a role that nobody has.
#[utoipa::path(delete, path = "/roles/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_role(State(app): State<App>, caller: Caller, Id(id): Id<RoleId>) -> Result<StatusCode> {
    app.store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            let role = tx.find_role(id)?.ok_or(ApiError::NotFound("role"))?;
            grant::require(&caller, role.permissions)?;
            if tx.role_is_used(id)? {
                return Err(ApiError::refused(
                    Code::WrongState,
                    "Members or invitations have this role. Give them another one first.",
                ));
            }
            tx.delete_role(id)?;
            Ok::<_, ApiError>(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
