//! What the emulator saw, so that a promise can be checked against it: how often each message was
//! accepted, what was refused, what was told. A message costs about 150 bytes here.

mod arena;
mod ledger;
mod view;

pub(crate) use ledger::{Accepted, Ledger};
pub use view::{Doubled, Repeated, Report, StatusCount, WebhookCount};
pub(crate) use view::{ids, report};
