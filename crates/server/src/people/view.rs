//! A person as the API shows them to themselves.

use serde::Serialize;
use tisara_domain::{Timestamp, UserId};
use tisara_store::users::{Acceptance, User};
use utoipa::ToSchema;

/// A person.
#[derive(Serialize, ToSchema)]
pub(super) struct UserView {
    #[schema(value_type = String)]
    id: UserId,
    email: String,
    name: String,
    phone: Option<String>,
    /// Two letters.
    country: String,
    #[schema(value_type = String, format = DateTime)]
    password_changed_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What was agreed to, and when.
    accepted: Vec<AcceptanceView>,
}

/// That a version of a policy was agreed to.
#[derive(Serialize, ToSchema)]
struct AcceptanceView {
    policy: String,
    version: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl UserView {
    pub(super) fn new(user: User, accepted: Vec<Acceptance>) -> Self {
        let accepted = accepted
            .into_iter()
            .map(|a| AcceptanceView { policy: a.policy, version: a.version, at: a.at })
            .collect();
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            phone: user.phone,
            country: user.country,
            password_changed_at: user.password_changed_at,
            created_at: user.created_at,
            accepted,
        }
    }
}
