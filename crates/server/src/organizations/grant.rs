//! Who may give which role to whom.

use crate::{
    auth::Caller,
    edge::{ApiError, Code, Result},
};
use tisara_domain::{Permissions, Role, RoleId};
use tisara_store::{
    OrgTx,
    members::{Member, RoleRef},
};

/// A role as requests name it: one of the five words, or the id of one of the organization's own.
pub(crate) type RoleInput = String;

fn too_much() -> ApiError {
    ApiError::refused(
        Code::Forbidden,
        "This role may do something that you may not, so you cannot give, change or take it.",
    )
}

/// Whether the caller may hand out or take away these permissions.
pub(super) fn require(caller: &Caller, permissions: Permissions) -> Result<()> {
    if caller.permissions.has_all(permissions) { Ok(()) } else { Err(too_much()) }
}

/// The role of a request, if the caller may hand it out.
pub(super) fn role(tx: &mut OrgTx<'_, '_>, caller: &Caller, input: &str) -> Result<RoleRef> {
    let unknown = || ApiError::field("role", "owner, admin, manager, agent, viewer or the id of a role");
    if let Some(role) = Role::find(input) {
        if role == Role::Owner && !caller.is_owner {
            return Err(too_much());
        }
        require(caller, role.permissions())?;
        return Ok(RoleRef::Standard(role));
    }
    let id: RoleId = input.parse().map_err(|_| unknown())?;
    let role = tx.find_role(id)?.ok_or_else(unknown)?;
    require(caller, role.permissions)?;
    Ok(RoleRef::Custom(id))
}

/// Whether the caller may change or remove this member.
pub(super) fn over(caller: &Caller, member: &Member) -> Result<()> {
    if member.is_owner() && !caller.is_owner {
        return Err(too_much());
    }
    require(caller, member.permissions)
}

/// Refuses what would leave the organization without an owner; `member` is about to stop being one.
pub(super) fn keep_an_owner(tx: &mut OrgTx<'_, '_>, member: &Member) -> Result<()> {
    if member.is_owner() && tx.count_owners()? <= 1 {
        return Err(ApiError::refused(
            Code::WrongState,
            "This is the last owner. Make somebody else an owner first.",
        ));
    }
    Ok(())
}
