//! Segments: saved rules over contacts, and who they mean at this moment.

mod http;

pub(crate) use http::routes;
