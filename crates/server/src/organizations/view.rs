//! Members and roles as the API shows them.

use serde::Serialize;
use tisara_domain::{OrgId, Permission, Permissions, Timestamp, UserId};
use tisara_store::{
    Result, Tx,
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
    /// Whether members must prove themselves by a passkey, or by a code beside the password.
    pub(super) second_factor_required: bool,
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Timestamp,
}

impl OrganizationView {
    pub(super) fn new(org: Organization, second_factor_required: bool) -> Self {
        Self {
            id: org.id,
            name: org.name,
            default_region: org.default_region.to_string(),
            second_factor_required,
            created_at: org.created_at,
        }
    }

    /// The organization of that id.
    pub(super) fn find(tx: &mut Tx<'_>, id: OrgId) -> Result<Option<Self>> {
        let Some(org) = tx.find_organization(id)? else { return Ok(None) };
        let required = tx.org(id).requires_second_factor()?;
        Ok(Some(Self::new(org, required)))
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
