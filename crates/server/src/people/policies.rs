//! The policies that people agree to, by version.

use crate::{
    app::App,
    edge::{FieldProblem, Result, Routes, routes},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tisara_domain::Timestamp;
use tisara_store::users::Acceptance;
use utoipa::ToSchema;

/// The versions in force. The operator sets them; a sign-up names the ones that were shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// Version of the terms of use.
    pub terms: String,
    /// Version of the privacy policy.
    pub privacy: String,
}

impl Default for Policies {
    fn default() -> Self {
        Self { terms: "1".to_owned(), privacy: "1".to_owned() }
    }
}

impl Policies {
    /// What is wrong with an agreement to `accepted`.
    pub(super) fn check(&self, accepted: &Self, problems: &mut Vec<FieldProblem>) {
        for (name, now, seen) in
            [("terms", &self.terms, &accepted.terms), ("privacy", &self.privacy, &accepted.privacy)]
        {
            if now != seen {
                problems.push(FieldProblem::new(
                    format!("accepted.{name}"),
                    format!("version {now} is in force; show that one and ask again"),
                ));
            }
        }
    }

    /// The entries for the ledger of agreements.
    pub(super) fn acceptances(&self, at: Timestamp, ip: &str) -> [Acceptance; 2] {
        [("terms", &self.terms), ("privacy", &self.privacy)].map(|(policy, version)| Acceptance {
            policy: policy.to_owned(),
            version: version.clone(),
            at,
            ip: ip.to_owned(),
        })
    }
}

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(get_policies))
}

/// The versions of the policies in force.
#[utoipa::path(get, path = "/policies", tag = "sign-in", responses((status = 200, body = Policies)))]
async fn get_policies(State(app): State<App>) -> Result<Json<Policies>> {
    Ok(Json(app.settings.policies.clone()))
}
