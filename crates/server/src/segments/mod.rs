//! Segments: saved rules over contacts, and who they mean at this moment.

mod http;
mod shape;

pub(crate) use http::routes;
