//! The HTTP edge and the features, by folder.
//!
//! A request goes `routes` → `<feature>/http.rs` (read, authorise, answer) → `<feature>/mod.rs` (decide)
//! → `tisara-store`. Each folder is a feature and reads like its addresses; `edge` is what all requests
//! pass. Nothing here writes SQL or knows which database it is, and no transaction is held while Meta is
//! called.

#![expect(unused_qualifications, reason = "the macro that describes routes writes whole paths")]

mod api_keys;
mod app;
pub mod auth;
mod campaigns;
pub mod contacts;
pub mod edge;
mod health;
mod idempotency;
mod jobs;
mod journal;
pub mod mail;
mod me;
mod numbers;
mod openapi;
mod organizations;
mod people;
mod restored;
mod routes;
mod segments;
mod sessions;
mod templates;
mod threads;
mod usage;
mod visits;
mod webhooks;

pub use app::{App, Parts, Settings};
pub use people::{Policies, Removal, folded_email, remove_second_factors};
pub use routes::{openapi, router};
pub use sessions::{Places, PlacesError};
