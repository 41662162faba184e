//! People: sign-up, sign-in, passwords, and what they may change of themselves.
//!
//! Nothing here tells whether an address has an account: answers are the same, and a password is worked
//! on either way. Guesses are counted before they are answered.

mod account;
mod confirm;
mod email;
mod guess;
mod operator;
mod passkeys;
mod password;
mod policies;
mod proof;
mod reset;
mod second_factor;
mod sign_in;
mod sign_up;
mod totp;
mod view;

pub use operator::{Removal, remove_second_factors};
pub use policies::Policies;

pub(crate) use email::Email;
pub(crate) use guess::Guess;
pub(crate) use passkeys::of_site as passkeys_of;
pub(crate) use password::Passwords;
pub(crate) use proof::{Credentials, Proven};
pub(crate) use sign_up::{link_invalid, require_mail};

use crate::edge::Routes;

/// The form of an e-mail address in which all its spellings are one.
#[must_use]
pub fn folded_email(text: &str) -> String {
    Email::looked_up(text)
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .merge(policies::routes())
        .merge(sign_up::routes())
        .merge(sign_in::routes())
        .merge(reset::routes())
        .merge(account::routes())
        .merge(second_factor::routes())
        .merge(passkeys::routes())
        .merge(confirm::routes())
}
