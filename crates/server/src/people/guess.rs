//! Guesses of passwords and links: counted before they are answered, slowed by account and place.
//!
//! Nobody can lock somebody else out: what is slowed is an account as seen from one network, and a
//! browser on which the person has signed in before counts for itself.

use super::email::Email;
use crate::{
    app::App,
    auth::{Client, Cookie, Person, hash_of, sha256},
    edge::{ApiError, Code, Result},
};
use axum::http::HeaderMap;
use tisara_domain::{Network, UserId, throttle::Throttle};

/// What a guess has in common with others.
#[derive(Clone, Debug)]
pub(crate) struct Guess {
    keys: Vec<([u8; 32], Throttle)>,
}

fn network(client: &Client) -> String {
    Network::of_one_customer(client.ip).to_string()
}

impl Guess {
    /// At an account, by somebody who is not signed in.
    pub(crate) async fn of_account(
        app: &App,
        email: &str,
        client: &Client,
        headers: &HeaderMap,
    ) -> Result<Self> {
        let email = Email::looked_up(email);
        let device = Cookie::Device.find(headers, app.settings.is_https()).and_then(hash_of);
        if let Some(device) = device {
            let folded = email.clone();
            let known = app.store.read(move |tx| match tx.find_user_by_email(&folded)? {
                Some(user) => tx.knows_device(user.id, &device),
                None => Ok(false),
            });
            if known.await? {
                let key = sha256(&[b"sign-in", email.as_bytes(), b"device", &device]);
                return Ok(Self { keys: vec![(key, Throttle::GUESSES)] });
            }
        }
        let network = network(client);
        Ok(Self {
            keys: vec![
                (sha256(&[b"sign-in", email.as_bytes(), b"network", network.as_bytes()]), Throttle::GUESSES),
                (sha256(&[b"network", network.as_bytes()]), Throttle::NETWORK),
            ],
        })
    }

    /// At the password of somebody who is signed in.
    pub(crate) fn of_person(person: Person) -> Self {
        let key = sha256(&[b"session", person.session.to_string().as_bytes()]);
        Self { keys: vec![(key, Throttle::GUESSES)] }
    }

    /// At the code of somebody whose password was right, from whatever network; a known browser counts for
    /// itself, so that whoever has the password cannot keep its owner out.
    pub(crate) async fn of_code(app: &App, user: UserId, headers: &HeaderMap) -> Result<Self> {
        let device = Cookie::Device.find(headers, app.settings.is_https()).and_then(hash_of);
        let known = match device {
            Some(device) => app.store.read(move |tx| tx.knows_device(user, &device)).await?,
            None => false,
        };
        let device = device.filter(|_| known);
        let key = sha256(&[
            b"code",
            user.to_string().as_bytes(),
            device.as_ref().map_or(&[][..], |device| &device[..]),
        ]);
        Ok(Self { keys: vec![(key, Throttle::GUESSES)] })
    }

    /// At something that a network may not try without end.
    pub(crate) fn of_network(client: &Client) -> Self {
        Self { keys: vec![(sha256(&[b"network", network(client).as_bytes()]), Throttle::NETWORK)] }
    }

    /// An e-mail that somebody wants sent to an address.
    pub(crate) fn mail(email: &Email, client: &Client) -> Self {
        let network = network(client);
        Self {
            keys: vec![
                (sha256(&[b"mail", email.fold.as_bytes(), network.as_bytes()]), Throttle::MAILS),
                (sha256(&[b"network", network.as_bytes()]), Throttle::NETWORK),
            ],
        }
    }

    /// Counts it. Refused when it has to wait; that tells nothing about the account.
    pub(crate) async fn count(&self, app: &App) -> Result<()> {
        let (keys, now) = (self.keys.clone(), app.ambient.now());
        match app.store.write(move |tx| tx.count_guess(&keys, now)).await? {
            None => Ok(()),
            Some(until) => Err(ApiError::Throttled {
                code: Code::TooManyAttempts,
                detail: "There were too many attempts from here; wait a little, then try again.".to_owned(),
                retry_after_s: u32::try_from(until.since(now).as_secs())
                    .unwrap_or(u32::MAX)
                    .saturating_add(1),
            }),
        }
    }

    /// The key that is forgotten when the right guess came: that of account and place.
    pub(crate) fn own_key(&self) -> Option<[u8; 32]> {
        self.keys.first().map(|(key, _)| *key)
    }
}

/// Checks the password of a person who is signed in.
pub(crate) async fn password_is_right(app: &App, user: UserId, password: String, guess: Guess) -> Result<()> {
    guess.count(app).await?;
    let stored = app.store.read(move |tx| tx.find_user(user)).await?.map(|user| user.password_hash);
    if !app.passwords.verify(password, stored).await? {
        tracing::info!(%user, "a wrong password within a session");
        return Err(ApiError::refused(Code::WrongCredentials, "This is not your password."));
    }
    if let Some(key) = guess.own_key() {
        app.store.write(move |tx| tx.forget_guesses(&key)).await?;
    }
    Ok(())
}
