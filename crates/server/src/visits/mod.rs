//! Visits: the operator's staff look into an organization for a time and a reason. They read and change
//! nothing; whatever they look at is noted before they see it, and the organization sees all of it, hears
//! of each visit by e-mail, and may end it.
//!
//! Staff are made on the machine (`tisara staff add`), never over the API, and belong to no organization.

mod staff;
mod tenant;

use crate::{
    app::App,
    edge::{Result, Routes},
};
use serde::Serialize;
use tisara_domain::{OrgId, Permission, Permissions, Timestamp, VisitId};
use tisara_store::visits::Visit;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(staff::routes()).merge(tenant::routes())
}

/// What a visitor may do: see, nothing else.
pub(crate) fn permissions() -> Permissions {
    Permission::ALL.iter().copied().filter(|permission| permission.as_str().ends_with(".read")).collect()
}

/// Notes what is about to be looked at. Nothing is shown that could not be noted.
pub(crate) async fn note_look(app: &App, org: OrgId, visit: VisitId, path: &str) -> Result<()> {
    const LONGEST: usize = 300;
    let path: String = path.chars().take(LONGEST).collect();
    let now = app.ambient.now();
    Ok(app.store.write(move |tx| tx.org(org).note_look(visit, &path, now)).await?)
}

/// A visit of the operator's staff.
#[derive(Serialize, ToSchema)]
struct VisitView {
    #[schema(value_type = String)]
    id: VisitId,
    #[schema(value_type = String)]
    organization: OrgId,
    /// Who looks.
    name: String,
    email: String,
    /// Why, in their words.
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    begins_at: Timestamp,
    /// When it ends, or was ended.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

impl From<Visit> for VisitView {
    fn from(seen: Visit) -> Self {
        Self {
            id: seen.visit.id,
            organization: seen.org_id,
            name: seen.name,
            email: seen.email,
            reason: seen.visit.reason,
            begins_at: seen.visit.begins_at,
            ends_at: seen.visit.ends_at,
        }
    }
}
