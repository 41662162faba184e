//! Where Meta tells what happened.
//!
//! A webhook is answered 200 only after its bytes are safe in the journal: what was answered is not
//! sent again. Everything else, a full disk above all, is answered so that Meta tries again. Bodies are
//! never logged: they hold numbers and texts.

mod http;

pub(crate) use http::routes;
