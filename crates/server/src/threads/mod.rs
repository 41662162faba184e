//! Threads: what was said between a contact and a number, and answering.
//!
//! Meta: free text may be sent until 24 hours after the person last wrote; after that only a template.
//! That is checked here, before anything is queued.

mod http;
mod reply;
mod search;
mod view;

pub(crate) use http::routes;
