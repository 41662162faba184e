//! The beginning of a session, and a fresh secret for one.

use crate::{
    app::App,
    auth::{Client, Cookie, Person, Secret, Way, hash_of},
};
use axum::http::{HeaderMap, header};
use tisara_domain::{Duration, SessionId, Timestamp, UserId};
use tisara_store::{Tx, sessions::Session};

/// How long a browser stays known.
const DEVICE_KEPT: Duration = Duration::from_secs(365 * 24 * 3600);

/// A session that begins now, of nobody yet.
pub(super) fn session_row(app: &App, client: &Client, now: Timestamp) -> Session {
    Session {
        id: app.ambient.id::<SessionId>(),
        user_id: tisara_domain::id::TypedId::from_bytes([0; 16]),
        org_id: None,
        ip: client.ip.to_string(),
        agent: client.agent.clone(),
        created_at: now,
        authenticated_at: now,
        last_seen_at: now,
        ends_at: now.plus(Duration::from_secs(app.settings.session_longest_s)),
        device: None,
        two_factors: false,
    }
}

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
            session: session_row(app, client, now),
            secret: Secret::generate(app.ambient.rng()),
            device,
            before: Cookie::Session.find(headers, https).and_then(hash_of),
        }
    }

    /// Writes it down; the session that this browser had before ends. `two_factors` says whether a passkey or a
    /// code proved who it is.
    pub(crate) fn begin(
        mut self,
        tx: &mut Tx<'_>,
        user: UserId,
        two_factors: bool,
    ) -> tisara_store::Result<Begun> {
        (self.session.user_id, self.session.two_factors) = (user, two_factors);
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

/// That the person of a session has just proven who they are, once more. A browser's cookie changes with it;
/// a device's tokens change by themselves.
#[derive(Clone)]
pub(crate) struct Confirmed {
    session: SessionId,
    secret: Option<Secret>,
    two_factors: bool,
}

impl Confirmed {
    pub(crate) fn new(app: &App, person: Person) -> Self {
        let secret = (person.way == Way::Cookie).then(|| Secret::generate(app.ambient.rng()));
        Self { session: person.session, secret, two_factors: false }
    }

    /// By a passkey or a code.
    pub(crate) fn by_second_factor(app: &App, person: Person) -> Self {
        Self { two_factors: true, ..Self::new(app, person) }
    }

    /// Writes it down. `false` when the session was ended meanwhile.
    pub(crate) fn write(&self, tx: &mut Tx<'_>, now: Timestamp) -> tisara_store::Result<bool> {
        if self.two_factors {
            tx.note_two_factors(self.session)?;
        }
        match &self.secret {
            Some(secret) => tx.rotate_session(self.session, &secret.hash, now),
            None => tx.confirm_session(self.session, now),
        }
    }

    /// The cookie to be set, if any.
    pub(crate) fn cookies(&self, app: &App) -> HeaderMap {
        self.secret.as_ref().map(|secret| session_cookie(app, &secret.text)).unwrap_or_default()
    }
}
