//! Sessions: begun at every sign-in with a fresh secret, listed, ended.

mod begin;
mod http;
mod place;
mod tokens;

pub(crate) use begin::{Confirmed, NewSession};
pub(crate) use http::routes;
pub use place::{Places, PlacesError};
