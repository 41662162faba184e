//! Members and roles as the API shows them.

use serde::Serialize;
use tisara_domain::{OrgId, Permission, Permissions, Timestamp, UserId};
use tisara_store::{
    members::{Member, RoleRef},
    organizations::Organization,
};
use utoipa::ToSchema;

/// The words of a set of permissions.
pub(super) fn words(permissions: Permissions) -> Vec<&'static str> {
    permissions.iter().map(Permission::as_str).collect()
}

/// A business.
#[derive(Serialize, ToSchema)]
pub(super) struct OrganizationView {
    #[schema(value_type = String)]
    pub(super) id: OrgId,
    pub(super) name: String,
    /// The country of phone numbers that are written without `+`.
    pub(super) default_region: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Timestamp,
}

impl From<Organization> for OrganizationView {
    fn from(org: Organization) -> Self {
        Self {
            id: org.id,
            name: org.name,
            default_region: org.default_region.to_string(),
            created_at: org.created_at,
        }
    }
}

/// A role: one of the five words, or the id of one of the organization's own.
pub(super) fn role_word(role: RoleRef) -> String {
    match role {
        RoleRef::Standard(role) => role.as_str().to_owned(),
        RoleRef::Custom(id) => id.to_string(),
    }
}

/// Somebody who works in the organization.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberView {
    #[schema(value_type = String)]
    user: UserId,
    name: String,
    email: String,
    /// One of the five words, or the id of one of the organization's own roles.
    role: String,
    role_name: String,
    permissions: Vec<&'static str>,
    /// Whose threads they see: `own`, `team` or `all`.
    visibility: &'static str,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            role: role_word(member.role),
            user: member.user_id,
            name: member.name,
            email: member.email,
            role_name: member.role_name,
            permissions: words(member.permissions),
            visibility: member.visibility.as_str(),
            joined_at: member.joined_at,
        }
    }
}
