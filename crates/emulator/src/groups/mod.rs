//! Groups: a business number and up to eight users, who join by an invite link. Nobody can be added;
//! what a call asks for is told of by webhook.

mod business;
mod group;
mod people;
mod picture;
mod tell;
mod user;

pub(crate) use business::{edge, groups, node};
pub(crate) use group::{Group, PREFIX};
pub use user::{GroupChange, GroupStep};
pub(crate) use user::{change, step};
