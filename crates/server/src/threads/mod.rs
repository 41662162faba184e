//! Threads: what was said between a contact and a number, and answering.
//!
//! Meta: free text may be sent until 24 hours after the person last wrote; after that only a template.
//! That is checked here, before anything is queued.

mod http;
mod reply;
mod search;
mod uncertain;
mod view;

use crate::edge::Routes;

pub(crate) fn routes() -> Routes {
    http::routes().merge(uncertain::routes())
}
