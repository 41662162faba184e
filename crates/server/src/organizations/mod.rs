//! Organizations and the people in them: members, invitations, roles, teams.
//!
//! Nobody gives what they do not have: a role can be handed out, changed or taken away only by somebody
//! who may do all that it may. Owners are made and unmade by owners, and the last one stays.

mod grant;
mod http;
mod invitations;
mod members;
mod roles;
mod teams;
mod view;

pub(crate) use roles::permissions;

use crate::{auth::Person, edge::Routes};
use tisara_store::Tx;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .merge(http::routes())
        .merge(members::routes())
        .merge(invitations::routes())
        .merge(roles::routes())
        .merge(teams::routes())
}

/// The operator's staff belong to no organization: what they see of one is a visit.
fn keep_staff_apart(tx: &mut Tx<'_>, person: Person) -> crate::edge::Result<()> {
    if !tx.is_staff(person.user)? {
        return Ok(());
    }
    Err(crate::edge::ApiError::refused(
        crate::edge::Code::WrongState,
        "Staff of the operator belong to no organization. Use an account of your own for that.",
    ))
}

/// A name as it is kept; reports what is wrong with it.
fn name(text: &str) -> crate::edge::Result<String> {
    const MAX: usize = 200;
    let name = text.trim();
    if name.is_empty() || name.chars().count() > MAX || name.chars().any(char::is_control) {
        return Err(crate::edge::ApiError::field("name", format!("1 to {MAX} characters")));
    }
    Ok(name.to_owned())
}
