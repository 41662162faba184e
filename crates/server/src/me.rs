//! Whom a key opens.

use crate::{
    app::App,
    auth::{Caller, Who},
    edge::{ApiError, Result, Routes, routes},
};
use axum::{Json, extract::State};
use serde::Serialize;
use tisara_domain::{ApiKeyId, OrgId, Permission, Timestamp, UserId};
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(get_me))
}

/// The organization of this request, and who makes it.
#[derive(Serialize, ToSchema)]
struct Me {
    organization: Organization,
    /// The key that was used, if a program asks.
    #[schema(value_type = Option<String>)]
    key: Option<ApiKeyId>,
    /// The person, if one asks.
    #[schema(value_type = Option<String>)]
    user: Option<UserId>,
    /// What may be done.
    permissions: Vec<&'static str>,
}

/// A business.
#[derive(Serialize, ToSchema)]
struct Organization {
    #[schema(value_type = String)]
    id: OrgId,
    name: String,
    /// The country of phone numbers that are written without `+`.
    default_region: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Who am I?
#[utoipa::path(get, path = "/me", tag = "me", responses((status = 200, body = Me)))]
async fn get_me(State(app): State<App>, caller: Caller) -> Result<Json<Me>> {
    let found = app.store.read(move |tx| tx.find_organization(caller.org)).await?;
    let org = found.ok_or(ApiError::NotFound("organization"))?;
    Ok(Json(Me {
        organization: Organization {
            id: org.id,
            name: org.name,
            default_region: org.default_region.to_string(),
            created_at: org.created_at,
        },
        key: if let Who::Key(key) = caller.who { Some(key) } else { None },
        user: if let Who::Person(person) = caller.who { Some(person.user) } else { None },
        permissions: caller.permissions.iter().map(Permission::as_str).collect(),
    }))
}
