//! Proves the promise the hard way: campaigns and chats run, the network and Meta misbehave, and the
//! server is killed with SIGKILL again and again, or its database, its disk or one of two nodes fails
//! ([`Harm`]). At the end every message is accounted for.
//!
//! The judge is the emulator, which lives in this process and survives the kills; the server is the
//! `tisara` binary, a process of its own, known only by its command line, its API and its webhooks.
//! This crate must never see store, engine or server: who shares their code would share their errors.
//!
//! [`run`] does it all. What is left to chance (the faults, the moments of the kills, who writes) follows
//! from the seed. Where the operating system has a say (the order of threads, the exact instruction that
//! a kill hits), a seed gives the same script but not the same bytes.

mod chats;
mod harm;
mod judge;
mod script;
mod stage;
mod world;

pub use harm::Harm;
pub use judge::Outcome;
pub use script::{Plan, run};
