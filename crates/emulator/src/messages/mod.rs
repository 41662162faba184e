//! `POST /{phone_number_id}/messages`: from a body to an accepted message.

mod accept;
mod body;
mod free_form;
mod group;
mod interactive;
mod products;
mod recipient;
mod send;
mod sent;
mod template;
pub(crate) mod wamid;

pub(crate) use group::{pinned, tell};
pub(crate) use products::person;
pub(crate) use send::send;
pub(crate) use sent::{Recent, Sent};

/// The name of a kind of message.
pub(crate) fn kind_name(name: &str) -> Option<&'static str> {
    body::Kind::parse(name).map(body::Kind::name)
}
