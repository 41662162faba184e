//! Who makes a request, as handlers see it.

use crate::{edge::ApiError, visits};
use axum::{extract::FromRequestParts, http::request::Parts};
use tisara_domain::{ApiKeyId, OrgId, Permissions, SessionId, Timestamp, UserId, Visibility};
use tisara_store::{api_keys::ApiKey, inbox::Seer, members::Member};

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
    /// Whether it is an owner of the organization.
    pub is_owner: bool,
}

/// How a person shows that they are signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A browser, by its cookie.
    Cookie,
    /// A device, by an access token.
    Token,
}

/// A person who is signed in, in whatever organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// By which sign-in.
    pub session: SessionId,
    /// What was shown.
    pub way: Way,
    /// The organization that the session works in.
    pub org: Option<OrgId>,
    /// When the person last proved who they are.
    pub authenticated_at: Timestamp,
    /// Whether they did by a passkey, or by a code beside the password, in this session.
    pub two_factors: bool,
}

impl Caller {
    /// A program, by its key.
    pub(crate) fn program(key: &ApiKey) -> Self {
        Self {
            org: key.org_id,
            who: Who::Key(key.id),
            permissions: key.permissions,
            visibility: Visibility::All,
            is_owner: false,
        }
    }

    /// A person, as what they are in an organization.
    pub(crate) fn member(person: Person, member: &Member) -> Self {
        Self {
            org: member.org_id,
            who: Who::Person(person),
            permissions: member.permissions,
            visibility: member.visibility,
            is_owner: member.is_owner(),
        }
    }

    /// Somebody of the operator's staff, during a visit.
    pub(crate) fn visitor(person: Person, org: OrgId) -> Self {
        Self {
            org,
            who: Who::Person(person),
            permissions: visits::permissions(),
            visibility: Visibility::All,
            is_owner: false,
        }
    }

    /// Who looks at threads, and how far they see; `None` for programs, which see all.
    pub(crate) fn seer(&self) -> Option<Seer> {
        match self.who {
            Who::Key(_) => None,
            Who::Person(person) => Some(Seer { user: person.user, visibility: self.visibility }),
        }
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
