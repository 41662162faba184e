//! `POST /{phone_number_id}/messages`: from a body to an accepted message.

mod accept;
mod body;
mod free_form;
mod interactive;
mod recipient;
mod send;
mod sent;
mod template;
pub(crate) mod wamid;

pub(crate) use send::send;
pub(crate) use sent::{Recent, Sent};
