//! Who makes a request, as handlers see it.

use crate::edge::ApiError;
use axum::{extract::FromRequestParts, http::request::Parts};
use tisara_domain::{ApiKeyId, OrgId, Permissions, SessionId, Timestamp, UserId, Visibility};

/// By what somebody is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A program, by its key.
    Key(ApiKeyId),
    /// A person, signed in.
    Person(Person),
}

/// Somebody who works in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose data it may see.
    pub org: OrgId,
    /// Who it is.
    pub who: Who,
    /// What it may do there.
    pub permissions: Permissions,
    /// Whose threads it sees.
    pub visibility: Visibility,
}

/// A person who is signed in, in whatever organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// By which sign-in.
    pub session: SessionId,
    /// The organization that the session works in.
    pub org: Option<OrgId>,
    /// When the person last proved who they are.
    pub authenticated_at: Timestamp,
}

impl Caller {
    /// A program with a key that may do everything.
    pub(crate) fn key(org: OrgId, key: ApiKeyId) -> Self {
        Self { org, who: Who::Key(key), permissions: Permissions::all(), visibility: Visibility::All }
    }

    /// Bytes that are this caller's alone.
    pub(crate) fn mark(&self) -> [u8; 16] {
        use tisara_domain::id::TypedId as _;
        match self.who {
            Who::Key(key) => key.to_bytes(),
            Who::Person(person) => person.user.to_bytes(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    /// A route outside the fence has no caller, and refuses.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .copied()
            .ok_or(ApiError::Unauthorized("Sign in, or send your API key."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = ApiError;

    /// A route that is not for people has none, and refuses.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().copied().ok_or(ApiError::Unauthorized("Sign in first."))
    }
}
