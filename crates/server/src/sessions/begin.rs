//! The beginning of a session, and a fresh secret for one.

use crate::{
    app::App,
    auth::{Client, Cookie, Secret, hash_of},
};
use axum::http::{HeaderMap, header};
use tisara_domain::{Duration, SessionId, Timestamp, UserId};
use tisara_store::{Tx, sessions::Session};

/// How long a browser stays known.
const DEVICE_KEPT: Duration = Duration::from_secs(365 * 24 * 3600);

/// A session about to begin. Its secret is new, whatever cookie the browser sent: a secret that somebody
/// else put there opens nothing.
#[derive(Clone)]
pub(crate) struct NewSession {
    session: Session,
    secret: Secret,
    device: Secret,
    before: Option<[u8; 32]>,
}

/// What the browser has to be told.
pub(crate) struct Begun(NewSession);

impl NewSession {
    /// A session for whoever `client` turns out to be; `headers` are of the request.
    pub(crate) fn new(app: &App, headers: &HeaderMap, client: &Client, now: Timestamp) -> Self {
        let https = app.settings.is_https();
        // A browser keeps the secret by which it is known, so that several people may be known on it.
        let device = Cookie::Device
            .find(headers, https)
            .and_then(|text| Some(Secret { text: text.to_owned(), hash: hash_of(text)? }))
            .unwrap_or_else(|| Secret::generate(app.ambient.rng()));
        Self {
            session: Session {
                id: app.ambient.id::<SessionId>(),
                user_id: tisara_domain::id::TypedId::from_bytes([0; 16]),
                org_id: None,
                ip: client.ip.to_string(),
                agent: client.agent.clone(),
                created_at: now,
                authenticated_at: now,
                last_seen_at: now,
                ends_at: now.plus(Duration::from_secs(app.settings.session_longest_s)),
            },
            secret: Secret::generate(app.ambient.rng()),
            device,
            before: Cookie::Session.find(headers, https).and_then(hash_of),
        }
    }

    /// Writes it down; the session that this browser had before ends.
    pub(crate) fn begin(mut self, tx: &mut Tx<'_>, user: UserId) -> tisara_store::Result<Begun> {
        self.session.user_id = user;
        if let Some(before) = &self.before {
            tx.end_session_of(before)?;
        }
        tx.create_session(&self.session, &self.secret.hash)?;
        tx.remember_device(user, &self.device.hash, self.session.created_at)?;
        Ok(Begun(self))
    }
}

impl Begun {
    /// The cookies to be set.
    pub(crate) fn cookies(&self, app: &App) -> HeaderMap {
        let https = app.settings.is_https();
        let mut headers = session_cookie(app, &self.0.secret.text);
        if let Some(value) = Cookie::Device.set(&self.0.device.text, DEVICE_KEPT, https) {
            headers.append(header::SET_COOKIE, value);
        }
        headers
    }
}

fn session_cookie(app: &App, secret: &str) -> HeaderMap {
    let longest = Duration::from_secs(app.settings.session_longest_s);
    let mut headers = HeaderMap::new();
    if let Some(value) = Cookie::Session.set(secret, longest, app.settings.is_https()) {
        headers.append(header::SET_COOKIE, value);
    }
    headers
}

/// A fresh secret for a session whose person has just proven who they are, with the cookie for it.
pub(crate) fn confirmed(app: &App) -> (Secret, HeaderMap) {
    let secret = Secret::generate(app.ambient.rng());
    let cookie = session_cookie(app, &secret.text);
    (secret, cookie)
}
