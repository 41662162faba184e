//! Apps, tokens, accounts and numbers: the calls that read and change them.

mod app;
mod number;
mod subscription;
mod waba;

pub(crate) use app::{app_of_token, debug_token, get_app, subscriptions};
pub(crate) use number::{get as get_number, list as list_numbers};
pub(crate) use subscription::subscribed_apps;
pub(crate) use waba::{change as change_waba, get as get_waba};
