//! Whom a key opens.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Result},
};
use axum::{Json, extract::State};
use serde::Serialize;
use tisara_domain::{ApiKeyId, OrgId, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_me))
}

/// The organization and the key of this request.
#[derive(Serialize, ToSchema)]
struct Me {
    organization: Organization,
    /// The key that was used.
    #[schema(value_type = String)]
    key: ApiKeyId,
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
        key: caller.key,
    }))
}
