//! Organizations: members, roles, invitations, teams, keys, visits; what works, and what must not.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;
mod api_keys;
mod members;
mod organization;
mod second_factor;
mod threads;
mod visits;
