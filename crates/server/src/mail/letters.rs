//! The texts of e-mails.
//!
//! Links carry their secret behind `#`, so that it stands in no server's log and in no referrer.

use serde::{Deserialize, Serialize};
use url::Url;

/// An e-mail, ready to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// Writes e-mails of an installation at this address.
pub(crate) struct Letters<'a>(pub(crate) &'a Url);

impl Letters<'_> {
    fn link(&self, path: &str, secret: &str) -> String {
        format!("{}/{path}#{secret}", self.0.as_str().trim_end_matches('/'))
    }

    fn letter(&self, to: &str, subject: &str, text: &str) -> Letter {
        let host = self.0.host_str().unwrap_or_default();
        Letter {
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: format!("{text}\n\nTisara at {host}\n"),
        }
    }

    pub(crate) fn confirm_sign_up(&self, to: &str, secret: &str) -> Letter {
        let link = self.link("sign-up/confirm", secret);
        self.letter(
            to,
            "Confirm your e-mail address",
            &format!(
                "Somebody, probably you, signed up with this address. Open this link within a day and enter the \
                 password that you chose:\n\n{link}\n\nIf it was not you, do nothing: without that password the \
                 link opens nothing."
            ),
        )
    }

    pub(crate) fn signed_up_again(&self, to: &str) -> Letter {
        let link = self.link("password-reset", "");
        self.letter(
            to,
            "You have an account already",
            &format!(
                "Somebody, probably you, signed up with this address. There is an account of it already: sign in as \
                 always, or set a new password:\n\n{}\n\nIf it was not you, do nothing.",
                link.trim_end_matches('#')
            ),
        )
    }

    pub(crate) fn reset_password(&self, to: &str, secret: &str) -> Letter {
        let link = self.link("password-reset/confirm", secret);
        self.letter(
            to,
            "Set a new password",
            &format!(
                "Open this link within an hour to set a new password:\n\n{link}\n\nIf you did not ask for it, do \
                 nothing: your password stays."
            ),
        )
    }

    pub(crate) fn password_changed(&self, to: &str) -> Letter {
        let link = self.link("password-reset", "");
        self.letter(
            to,
            "Your password was changed",
            &format!(
                "Your password was changed and everyone who was signed in with the old one was signed out. If it was \
                 not you, set a new one at once:\n\n{}",
                link.trim_end_matches('#')
            ),
        )
    }

    pub(crate) fn second_factor_changed(&self, to: &str, on: bool) -> Letter {
        let link = self.link("password-reset", "");
        let what = if on { "A code of an app is now asked for" } else { "No code is asked for any more" };
        self.letter(
            to,
            if on { "A second factor was switched on" } else { "A second factor was switched off" },
            &format!(
                "{what} when you sign in. If it was not you, set a new password at once:\n\n{}",
                link.trim_end_matches('#')
            ),
        )
    }

    pub(crate) fn second_factors_removed(&self, to: &str, reason: &str) -> Letter {
        let link = self.link("password-reset", "");
        self.letter(
            to,
            "Your second factors were removed",
            &format!(
                "Whoever runs this installation removed your app, its recovery codes and your passkeys, and signed you \
                 out everywhere. Their reason:\n\n{reason}\n\nNow your password alone signs you in: sign in and set up a \
                 second factor again. If you did not ask for it, set a new password at once and write to them:\n\n{}",
                link.trim_end_matches('#')
            ),
        )
    }

    pub(crate) fn passkeys_changed(&self, to: &str, added: bool) -> Letter {
        let link = self.link("password-reset", "");
        let what = if added { "added to" } else { "removed from" };
        self.letter(
            to,
            if added { "A passkey was added" } else { "A passkey was removed" },
            &format!(
                "A passkey was {what} your account. If it was not you, set a new password at once and look at your \
                 passkeys:\n\n{}",
                link.trim_end_matches('#')
            ),
        )
    }

    pub(crate) fn device_signed_out(&self, to: &str, device: &str) -> Letter {
        let link = self.link("password-reset", "");
        self.letter(
            to,
            "A device was signed out",
            &format!(
                "A token of your device \"{device}\" was used by somebody who may not be you, so the device was \
                 signed out. Sign in on it again. If it was stolen, set a new password:\n\n{}",
                link.trim_end_matches('#')
            ),
        )
    }

    pub(crate) fn visited(
        &self,
        to: &str,
        organization: &str,
        by: &str,
        reason: &str,
        minutes: u32,
    ) -> Letter {
        self.letter(
            to,
            "The operator looks into your organization",
            &format!(
                "{by}, of the staff that runs this installation, may look into \"{organization}\" for {minutes} minutes, \
                 and change nothing. Their reason:\n\n{reason}\n\nUnder Visits you see what they look at, and can end it."
            ),
        )
    }

    pub(crate) fn confirm_email(&self, to: &str, secret: &str) -> Letter {
        let link = self.link("account/email/confirm", secret);
        self.letter(
            to,
            "Confirm your new e-mail address",
            &format!(
                "Open this link within an hour, signed in, to use this address from now on:\n\n{link}\n\nIf you did \
                 not ask for it, do nothing."
            ),
        )
    }

    /// `second_factor` says whether the organization asks for one.
    pub(crate) fn invitation(
        &self,
        to: &str,
        organization: &str,
        by: &str,
        secret: &str,
        second_factor: bool,
    ) -> Letter {
        let more = if second_factor {
            "\n\nIt asks for a second factor: have an app that makes codes, or a passkey, at hand."
        } else {
            ""
        };
        let link = self.link("invitations/accept", secret);
        self.letter(
            to,
            "You are invited",
            &format!(
                "{by} invites you to work in the organization \"{organization}\". Open this link within a week and \
                 sign in, or sign up, with this address:\n\n{link}{more}\n\nIf you do not know them, do nothing."
            ),
        )
    }

    pub(crate) fn email_changed(&self, to: &str, new: &str) -> Letter {
        self.letter(
            to,
            "Your e-mail address was changed",
            &format!(
                "Your account now has the address {new}; this one opens it no longer. If it was not you, write to \
                 whoever runs this installation at once."
            ),
        )
    }
}
