//! Who signs in: the right password first, then, where it is asked for, a code. Both ways in, cookie and
//! tokens, go through here.

use super::{email::Email, guess::Guess, second_factor};
use crate::{
    app::App,
    auth::Client,
    edge::{ApiError, Code, Result},
};
use axum::http::HeaderMap;
use tisara_domain::Timestamp;
use tisara_store::{Tx, users::User};

/// What somebody sends to sign in.
pub(crate) struct Credentials {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) code: Option<String>,
}

/// Somebody whose password is right. Whether the code is, [`Proven::check`] says.
#[derive(Clone)]
pub(crate) struct Proven {
    user: User,
    code: Option<String>,
    /// Forgotten when all was right.
    guesses: Vec<[u8; 32]>,
}

fn wrong() -> ApiError {
    ApiError::refused(Code::WrongCredentials, "E-mail address or password are wrong.")
}

impl Proven {
    /// Checks the password. The guess, and the one at the code, are counted before they are answered.
    pub(crate) async fn by_password(
        app: &App,
        client: &Client,
        headers: &HeaderMap,
        credentials: Credentials,
    ) -> Result<Self> {
        let Credentials { email, password, code } = credentials;
        let guess = Guess::of_account(app, &email, client, headers).await?;
        guess.count(app).await?;
        let email = Email::looked_up(&email);
        let user = app.store.read(move |tx| tx.find_user_by_email(&email)).await?;
        let stored = user.as_ref().map(|user| user.password_hash.clone());
        let is_right = app.passwords.verify(password, stored).await?;
        let Some(user) = user.filter(|_| is_right) else {
            tracing::info!("a sign-in was refused");
            return Err(wrong());
        };
        let mut guesses: Vec<[u8; 32]> = guess.own_key().into_iter().collect();
        if code.is_some() {
            let guess = Guess::of_code(app, user.id, headers).await?;
            guess.count(app).await?;
            guesses.extend(guess.own_key());
        }
        Ok(Self { user, code, guesses })
    }

    /// Checks the code, and that the password is still the same, in the transaction that lets them in. Says
    /// also whether there was a code to check.
    pub(crate) fn check(&self, tx: &mut Tx<'_>, app: &App, now: Timestamp) -> Result<(User, bool)> {
        let user = tx.find_user(self.user.id)?.filter(|now| now.password_hash == self.user.password_hash);
        let user = user.ok_or_else(wrong)?;
        let two_factors = second_factor::check(tx, app, user.id, self.code.as_deref(), now)?;
        for key in &self.guesses {
            tx.forget_guesses(key)?;
        }
        Ok((user, two_factors))
    }
}
