//! The fence around `/api/v1`: finds out who calls, and lets through whom the table of routes allows.
//!
//! Handlers get organization and person from here alone, never from the request.

use super::{
    access::{Access, access},
    access_token,
    caller::{Caller, Person, Way, Who},
    client::Client,
    cookie::Cookie,
    keys, limits, secret,
};
use crate::{
    app::App,
    edge::{ApiError, Code, Limit, Result},
    usage::Calls,
    visits,
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use tisara_domain::{Duration, Network, OrgId, VisitId};
use tisara_store::{Tx, sessions::Session};

/// Not for answers that show a secret: they would be kept for a day.
const IDEMPOTENCY: &str = "idempotency-key";
/// Names the organization of one request.
const ORGANIZATION: &str = "tisara-organization";
/// Requests before a sign-in, from one network.
const PUBLIC: Limit = Limit { burst: 120, window_s: 60 };
/// A session's last use is noted this often.
const TOUCHED: Duration = Duration::from_secs(60);

/// The last use of a key is noted this often.
const KEY_TOUCHED: Duration = Duration::from_secs(5 * 60);

/// Who somebody is.
enum Identity {
    Program(Caller),
    Person(Person),
}

/// Lets a request pass that may, and notes whose it is.
pub(crate) async fn fence(State(app): State<App>, mut request: Request, next: Next) -> Result<Response> {
    let pattern = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let access = pattern.and_then(|pattern| access(request.method(), pattern));
    let client = Client::of(&request, &app.settings.trusted_proxies);
    request.extensions_mut().insert(client.clone());
    let Some(access) = access else {
        // Every route stands in the table, as a test sees to; this is a method that the address does not
        // have, and is told as such only to those who have a key or a session.
        identify(&app, request.headers(), &client).await?;
        return Ok(next.run(request).await);
    };
    if access == Access::Public {
        slow_down(&app, &client)?;
        return Ok(next.run(request).await);
    }
    let identity = identify(&app, request.headers(), &client).await?;
    let person = match &identity {
        Identity::Person(person) => Some(*person),
        Identity::Program(_) => None,
    };
    if access.is_for_people() && person.is_none() {
        return Err(ApiError::refused(
            Code::Forbidden,
            "This is for a person who is signed in; an API key cannot do it.",
        ));
    }
    let mut limited = None;
    if access.is_of_organization() {
        let (caller, visit) = match identity {
            Identity::Program(caller) => (caller, None),
            Identity::Person(person) => in_organization(&app, person, request.headers()).await?,
        };
        if let Some(permission) = access.permission()
            && !caller.permissions.has(permission)
        {
            return Err(ApiError::refused(
                Code::Forbidden,
                format!("You need the permission {permission} for this. Ask an admin of the organization."),
            ));
        }
        if let Some(visit) = visit {
            visits::note_look(&app, caller.org, visit, request.uri().path()).await?;
        }
        if let Who::Key(key) = caller.who {
            limited = Some(limits::take(&app, key)?);
            Calls::count(&app, caller.org).await?;
        }
        request.extensions_mut().insert(caller);
        if !access.is_kept() {
            request.headers_mut().remove(IDEMPOTENCY);
        }
    }
    if let Some(person) = person {
        if access.is_for_staff() && !app.store.read(move |tx| tx.is_staff(person.user)).await? {
            return Err(ApiError::NotFound("address"));
        }
        if access.is_recent() {
            require_recent(&app, person)?;
        }
        request.extensions_mut().insert(person);
    }
    let mut response = next.run(request).await;
    if let Some(verdict) = limited {
        limits::tell(&mut response, verdict);
    }
    Ok(response)
}

/// What a person is in the organization that the request names in its header, that the session works
/// in, or that is the person's only one. Looked up every time: a removed member is out at once. Staff of the
/// operator get into one that they name, during a visit, which is given back.
async fn in_organization(
    app: &App,
    person: Person,
    headers: &HeaderMap,
) -> Result<(Caller, Option<VisitId>)> {
    let now = app.ambient.now();
    let named = headers.get(ORGANIZATION).map(|value| value.to_str().unwrap_or_default().parse::<OrgId>());
    let named = named.transpose().map_err(|_| ApiError::NotFound("organization"))?;
    app.store
        .read(move |tx| {
            if let Some(org) = named.or(person.org) {
                let member = tx.org(org).find_member(person.user)?;
                if let Some(member) = member {
                    require_second_factor(tx, person, org)?;
                    return Ok((Caller::member(person, &member), None));
                }
                if named.is_some() {
                    if let Some(visit) = tx.org(org).find_visit_now(person.user, now)? {
                        return Ok((Caller::visitor(person, org), Some(visit)));
                    }
                    return Err(ApiError::NotFound("organization"));
                }
            }
            match tx.list_memberships(person.user)?.as_slice() {
                [only] if person.org.is_none() => {
                    require_second_factor(tx, person, only.org_id)?;
                    Ok((Caller::member(person, only), None))
                }
                [] => Err(ApiError::refused(
                    Code::OrganizationNeeded,
                    "You do not belong to an organization. Make one, or accept an invitation.",
                )),
                _ => Err(ApiError::refused(
                    Code::OrganizationNeeded,
                    "Choose the organization to work in with PUT /api/v1/sessions/current/organization.",
                )),
            }
        })
        .await
}

/// Refuses a member whose session is proven by a password alone, where the organization wants more.
fn require_second_factor(tx: &mut Tx<'_>, person: Person, org: OrgId) -> Result<()> {
    if person.two_factors || !tx.org(org).requires_second_factor()? {
        return Ok(());
    }
    Err(second_factor_required(tx.has_second_factor(person.user)?))
}

/// The refusal, and what to do: whoever has a second factor confirms by it, others set one up.
pub(crate) fn second_factor_required(has_one: bool) -> ApiError {
    ApiError::refused(
        Code::SecondFactorRequired,
        if has_one {
            "This organization asks for a second factor. Confirm with your passkey or a code with POST \
             /api/v1/sessions/current/confirm, then ask again."
        } else {
            "This organization asks for a second factor, and you have none yet. Set up an app with POST \
             /api/v1/user/totp, or add a passkey with POST /api/v1/user/passkeys and confirm with it."
        },
    )
}

/// Refuses what a person may do only with a password entered a moment ago.
fn require_recent(app: &App, person: Person) -> Result<()> {
    let recent = Duration::from_secs(app.settings.recent_sign_in_s);
    if app.ambient.now() < person.authenticated_at.plus(recent) {
        return Ok(());
    }
    Err(ApiError::refused(
        Code::RecentSignInNeeded,
        "Confirm your password with POST /api/v1/sessions/current/confirm, then ask again.",
    ))
}

/// Bounds how often one network asks before anyone is signed in.
fn slow_down(app: &App, client: &Client) -> Result<()> {
    let network = Network::of_one_customer(client.ip).to_string();
    let [key, _] = *secret::sha256(&[network.as_bytes()]).as_chunks::<16>().0 else { return Ok(()) };
    let verdict = app.public_limits.take(key, PUBLIC, app.ambient.now());
    if verdict.left.is_some() {
        return Ok(());
    }
    Err(ApiError::Throttled {
        code: Code::RateLimited,
        detail: "Your network asks too often; wait a moment.".to_owned(),
        retry_after_s: verdict.wait_s,
    })
}

/// Who sends these headers: a program by its key, or a person by an access token or the cookie.
async fn identify(app: &App, headers: &HeaderMap, client: &Client) -> Result<Identity> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().unwrap_or_default();
        let (scheme, token) = value.split_once(' ').unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::Unauthorized("Send the key as Authorization: Bearer tsr_live_…"));
        }
        let token = token.trim();
        if access_token::looks_like_one(token) {
            return device(app, token, client).await.map(Identity::Person);
        }
        return program(app, token, client).await.map(Identity::Program);
    }
    let Some(cookie) = Cookie::Session.find(headers, app.settings.is_https()) else {
        return Err(ApiError::Unauthorized(
            "Sign in, or send your API key in the header Authorization: Bearer tsr_live_…",
        ));
    };
    person(app, cookie, client).await.map(Identity::Person)
}

async fn program(app: &App, token: &str, client: &Client) -> Result<Caller> {
    let hash = keys::hash(keys::shaped(token)?);
    let now = app.ambient.now();
    let cached = app.keys.find(&hash, now);
    let key = match cached {
        Some(key) => key,
        None => {
            let found = app.store.read(move |tx| tx.find_api_key(&hash, now)).await?;
            let key = found.ok_or(ApiError::Unauthorized(
                "This API key is unknown, was revoked or has run out. Make a new one and use that.",
            ))?;
            let (org, id) = (key.org_id, key.id);
            if key.last_used_at.is_none_or(|at| now.since(at) >= KEY_TOUCHED) {
                // A full disk must not keep anyone from reading.
                let noted = app.store.write(move |tx| tx.org(org).touch_api_key(id, now, KEY_TOUCHED)).await;
                if let Err(e) = noted {
                    tracing::warn!(error = %e, "the last use of a key could not be noted");
                }
            }
            app.keys.keep(hash, key, now, Duration::from_millis(app.settings.key_cache_ms))
        }
    };
    if !key.networks.is_empty() && !key.networks.iter().any(|network| network.contains(client.ip)) {
        return Err(ApiError::Unauthorized("This API key may not be used from this address."));
    }
    Ok(Caller::program(&key))
}

const OVER: ApiError = ApiError::Unauthorized("Your session is over. Sign in again.");

/// Sessions are looked up every time, so that one that was ended opens nothing from then on.
async fn person(app: &App, cookie: &str, client: &Client) -> Result<Person> {
    let hash = secret::hash_of(cookie).ok_or(OVER)?;
    let (now, idle) = (app.ambient.now(), Duration::from_secs(app.settings.session_idle_s));
    let found = app.store.read(move |tx| tx.find_session(&hash, now, idle)).await?;
    // The refresh token of a device is no cookie.
    let session = found.filter(|session| session.device.is_none()).ok_or(OVER)?;
    Ok(seen(app, session, Way::Cookie, client).await)
}

/// So are those of devices, however long their access token lasts.
async fn device(app: &App, token: &str, client: &Client) -> Result<Person> {
    let (user, id) = access_token::open(app, token).await?;
    let (now, idle) = (app.ambient.now(), Duration::from_secs(app.settings.session_idle_s));
    let found = app.store.read(move |tx| tx.find_session_by_id(id, now, idle)).await?;
    let session = found.filter(|session| session.user_id == user && session.device.is_some()).ok_or(OVER)?;
    Ok(seen(app, session, Way::Token, client).await)
}

/// Notes the use of a session.
async fn seen(app: &App, session: Session, way: Way, client: &Client) -> Person {
    let now = app.ambient.now();
    if now.since(session.last_seen_at) >= TOUCHED {
        let (id, ip) = (session.id, client.ip.to_string());
        if let Err(e) = app.store.write(move |tx| tx.touch_session(id, &ip, now)).await {
            tracing::warn!(error = %e, "the last use of a session could not be noted");
        }
    }
    Person {
        user: session.user_id,
        session: session.id,
        way,
        org: session.org_id,
        authenticated_at: session.authenticated_at,
        two_factors: session.two_factors,
    }
}
