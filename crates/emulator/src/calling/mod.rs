//! Calls over WhatsApp: what a business asks of Meta, what users do, and the webhook `calls`. Nobody
//! speaks: session descriptions are checked and made up, no media flows.

mod business;
mod line;
mod setup;
mod tell;
mod user;

pub(crate) use business::{act, permissions};
pub(crate) use line::Lines;
pub(crate) use setup::{check_button, check_request, defaults, merged, requested};
pub use user::CallStep;
pub(crate) use user::{answer_request, missed, picked_up, ring, start, step};
