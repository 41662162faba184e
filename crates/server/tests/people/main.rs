//! People: sign-up, sign-in, sessions, second proofs, passkeys, devices; what works, and what must not.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;
mod account;
mod devices;
mod passkeys;
mod second_factor;
mod sessions;
mod sign_in;
mod sign_up;
