//! Apps, tokens, accounts and numbers: the calls that read and change them.

mod app;
mod chat;
mod coexistence;
mod contact_book;
mod edges;
mod in_app_signup;
mod number;
mod qr;
mod registration;
mod signup;
mod subscription;
mod tier;
mod username;
mod waba;

pub(crate) use app::{app_of_token, debug_token, get_app, subscriptions};
pub(crate) use coexistence::sync;
pub(crate) use edges::number_edge;
pub use in_app_signup::SignupStep;
pub(crate) use in_app_signup::{follow as follow_signup, signup as in_app_signup, signups as in_app_signups};
pub(crate) use number::{get as get_number, list as list_numbers};
pub(crate) use qr::qr_code;
pub(crate) use registration::{add as add_number, change_number, delete as delete_number};
pub use signup::Signup;
pub(crate) use signup::{Codes, access_token, deauthorize, finish as finish_signup};
pub(crate) use subscription::subscribed_apps;
pub(crate) use tier::{grow, upgrade};
pub(crate) use waba::{change as change_waba, get as get_waba, get_portfolio, list as list_wabas};
