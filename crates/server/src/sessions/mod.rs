//! Sessions: begun at every sign-in with a fresh secret, listed, ended.

mod begin;
mod http;

pub(crate) use begin::{NewSession, confirmed};
pub(crate) use http::routes;
