//! The hand behind the scenes: what tests and people do that Meta has no call for.

mod config;
mod handle;
mod http;
mod meta;
mod products;
mod state;
mod users;

pub use config::ConfigError;
pub use handle::{Control, ControlError, TemplateChange};
pub(crate) use http::router;
pub use meta::{News, NumberChange, PortfolioChange};
pub use state::State;
pub use users::{Described, Tap};
pub(crate) use users::{all_to, answer_read, number, react, say, say_in};
