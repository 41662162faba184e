//! A person's sessions: see them, end them, sign out.

use super::{place::Place, tokens};
use crate::{
    app::App,
    auth::{Cookie, Person, Way},
    edge::{ApiError, Id, Result, Routes, routes},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use serde::Serialize;
use tisara_domain::{Duration, SessionId, Timestamp};
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_sessions, end_other_sessions))
        .routes(routes!(end_session))
        .routes(routes!(sign_out))
        .merge(tokens::routes())
}

/// One sign-in, on one browser or device.
#[derive(Serialize, ToSchema)]
struct SessionView {
    #[schema(value_type = String)]
    id: SessionId,
    /// Whether it is the one of this request.
    current: bool,
    /// `browser`, or `device` for one with tokens.
    kind: &'static str,
    /// What the device is called.
    device: Option<String>,
    /// The address it was last used from.
    ip: String,
    /// Where that address probably is; absent where the installation has no database of addresses, or it does not
    /// know.
    place: Option<Place>,
    /// What the browser or program calls itself.
    agent: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last used, give or take a minute.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// When it ends, however much it is used.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

/// All sessions of a person.
#[derive(Serialize, ToSchema)]
struct SessionList {
    items: Vec<SessionView>,
}

/// Where you are signed in, newest first.
#[utoipa::path(get, path = "/sessions", tag = "sessions", responses((status = 200, body = SessionList)))]
async fn list_sessions(State(app): State<App>, person: Person) -> Result<Json<SessionList>> {
    let (now, idle) = (app.ambient.now(), Duration::from_secs(app.settings.session_idle_s));
    let sessions = app.store.read(move |tx| tx.list_sessions(person.user, now, idle)).await?;
    let items = sessions.into_iter().map(|session| SessionView {
        current: session.id == person.session,
        id: session.id,
        kind: if session.device.is_some() { "device" } else { "browser" },
        device: session.device.map(|device| device.name),
        place: app.settings.places.as_ref().and_then(|places| places.find(&session.ip)),
        ip: session.ip,
        agent: session.agent,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        ends_at: session.ends_at,
    });
    Ok(Json(SessionList { items: items.collect() }))
}

/// Signs out everywhere but here.
#[utoipa::path(delete, path = "/sessions", tag = "sessions", responses((status = 204)))]
async fn end_other_sessions(State(app): State<App>, person: Person) -> Result<StatusCode> {
    app.store.write(move |tx| tx.end_sessions(person.user, Some(person.session))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out one of your sessions.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions", params(("id" = String, Path)),
    responses((status = 204)))]
async fn end_session(State(app): State<App>, person: Person, Id(id): Id<SessionId>) -> Result<StatusCode> {
    let ended = app.store.write(move |tx| tx.end_session(person.user, id)).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("session")) }
}

/// Ends this session.
#[utoipa::path(post, path = "/sign-out", tag = "sessions", responses((status = 204)))]
async fn sign_out(State(app): State<App>, person: Person) -> Result<(StatusCode, HeaderMap)> {
    app.store.write(move |tx| tx.end_session(person.user, person.session)).await?;
    let mut headers = HeaderMap::new();
    if person.way == Way::Cookie
        && let Some(value) = Cookie::Session.remove(app.settings.is_https())
    {
        headers.append(header::SET_COOKIE, value);
    }
    Ok((StatusCode::NO_CONTENT, headers))
}
