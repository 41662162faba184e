//! Who calls, and what that allows.
//!
//! A program shows an API key, a browser the cookie of a session, a device an access token. `fence` finds out whose it is and
//! holds it against the table in `access`; handlers get [`Caller`] and [`Person`] from there.

mod access;
mod access_token;
mod caller;
mod client;
mod cookie;
mod fence;
mod keys;
mod limits;
mod secret;

pub use caller::{Caller, Person, Way, Who};
pub use keys::NewKey;

pub(crate) use access::{Access, access};
pub(crate) use access_token::{SigningKeys, access_token, device_signed};
pub(crate) use client::Client;
pub(crate) use cookie::Cookie;
pub(crate) use fence::{fence, second_factor_required};
pub(crate) use keys::KeyCache;
pub(crate) use secret::{Secret, hash_of, sha256};
