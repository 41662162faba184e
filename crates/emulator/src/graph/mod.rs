//! The Graph API's surface: reads a call, checks version and token, finds who answers it.

pub(crate) mod call;
mod codes;
pub(crate) mod collection;
pub(crate) mod error;
mod rate;
mod reply;
mod routes;
mod token;

pub(crate) use call::Call;
pub(crate) use codes::find as find_code;
pub use codes::{CODES, Code};
pub(crate) use error::{GraphError, Outcome, words};
pub(crate) use rate::{CallRates, Hour};
pub use reply::ConnectionReset;
pub(crate) use reply::Reply;
pub(crate) use routes::answer;
pub(crate) use token::{Grant, Permission};
