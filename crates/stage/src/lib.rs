//! Tisara seen from outside: the `tisara` binary as server and as emulator, each a process of its own, and
//! the API as any client uses it, and a browser for the pages. What torture, the benchmarks and the tests of pages
//! have in common.
//!
//! This crate must never see store, engine or server: what shares their code would share their errors.

mod address;
mod api;
mod browser;
mod front;
mod meta;
mod postgres;
mod process;
mod server;

pub use address::free_address;
pub use api::{Api, CallError, count, text};
pub use browser::Browser;
pub use front::Front;
pub use meta::Meta;
pub use postgres::{Bystander, Postgres, checkpoint, vacuum};
pub use process::Usage;
pub use server::{Server, Setup};
