//! What the emulator saw, so that a promise can be checked against it: how often each message was
//! accepted, what was refused, what was told. A message costs some 60 bytes here.

mod arena;
mod ledger;
mod view;

pub(crate) use arena::own_part;
pub(crate) use ledger::{Accepted, Ledger, SavedLedger};
pub use view::{Doubled, Repeated, Report, StatusCount, WebhookCount};
pub(crate) use view::{ids, report};
