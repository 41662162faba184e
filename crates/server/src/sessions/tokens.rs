//! The second way in, for desktop clients and programs of a person: a short access token, and a refresh
//! token that changes at every use and works only with the device's key.
//!
//! A refresh token that is shown a second time, or without the signature of its device, was copied: its
//! session ends at once, and with it all tokens that came of it.

use super::begin::session_row;
use crate::{
    app::App,
    auth::{Client, Secret, access_token, device_signed, hash_of},
    edge::{ApiError, Body, Code, Result, Routes, routes},
    mail::{Letters, Sealed},
    people::{Credentials, Proven},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use tisara_domain::{Duration, SessionId, Timestamp, UserId};
use tisara_store::{
    Tx,
    sessions::{Device, Session},
    users::User,
};
use utoipa::ToSchema;

/// The longest name of a device, in characters.
const DEVICE_MAX: usize = 200;
/// What a device signs, before its refresh token.
const SIGNED: &str = "tisara refresh ";

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(begin_tokens)).routes(routes!(refresh_tokens))
}

/// Who signs in, on which device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenInput {
    email: String,
    password: String,
    /// The code of an app, or a recovery code, when the answer before was `second_factor_needed`.
    code: Option<String>,
    device: DeviceInput,
}

/// A device, which made a key pair for itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceInput {
    /// As the person will see it among their sessions.
    name: String,
    /// Its Ed25519 public key: 32 bytes in base64url without padding.
    public_key: String,
}

impl DeviceInput {
    fn check(self) -> Result<Device> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > DEVICE_MAX || name.chars().any(char::is_control) {
            return Err(ApiError::field("device.name", format!("1 to {DEVICE_MAX} characters")));
        }
        let key = URL_SAFE_NO_PAD.decode(&self.public_key).ok().filter(|key| key.len() == 32);
        let key = key.ok_or_else(|| {
            ApiError::field("device.public_key", "32 bytes of an Ed25519 key in base64url without padding")
        })?;
        Ok(Device { name: name.to_owned(), key })
    }
}

/// Tokens of a session.
#[derive(Serialize, ToSchema)]
struct Tokens {
    /// Sent as `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// How long the access token is good, in seconds.
    expires_in_s: u64,
    /// Good once, for the next pair. Whoever uses it again ends the session.
    refresh_token: String,
    #[schema(value_type = String)]
    session: SessionId,
}

async fn tokens(app: &App, user: UserId, session: SessionId, refresh: Secret) -> Result<Json<Tokens>> {
    Ok(Json(Tokens {
        access_token: access_token(app, user, session).await?,
        token_type: "Bearer",
        expires_in_s: app.settings.access_token_s,
        refresh_token: refresh.text,
        session,
    }))
}

/// Signs in on a device: the answer holds an access token and a refresh token. Where a second proof is
/// asked for, the right password alone gets the refusal `second_factor_needed`; send it again with `code`.
#[utoipa::path(post, path = "/tokens", tag = "sign-in", request_body = TokenInput,
    responses((status = 201, body = Tokens)))]
async fn begin_tokens(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<TokenInput>,
) -> Result<(StatusCode, Json<Tokens>)> {
    let device = input.device.check()?;
    let credentials = Credentials { email: input.email, password: input.password, code: input.code };
    let proven = Proven::by_password(&app, &client, &headers, credentials).await?;
    let (now, checking, refresh) = (app.ambient.now(), app.clone(), Secret::generate(app.ambient.rng()));
    let (hash, session) = (refresh.hash, Session { device: Some(device), ..session_row(&app, &client, now) });
    let id = session.id;
    let user = app
        .store
        .write(move |tx| {
            let (User { id: user, .. }, two_factors) = proven.check(tx, &checking, now)?;
            tx.create_session(&Session { user_id: user, two_factors, ..session.clone() }, &hash)?;
            Ok::<_, ApiError>(user)
        })
        .await?;
    tracing::info!(%user, session = %id, "signed in on a device");
    Ok((StatusCode::CREATED, tokens(&app, user, id, refresh).await?))
}

/// A refresh token and the proof that its device shows it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshInput {
    refresh_token: String,
    /// The device's Ed25519 signature of `tisara refresh `, with the space, and the refresh token: 64 bytes in
    /// base64url without padding.
    signature: String,
}

/// What became of a refresh token.
enum Outcome {
    /// It was right; the session goes on.
    Fresh(UserId, SessionId),
    /// It was copied; the session has ended.
    Copied,
    /// Nothing is known of it.
    Unknown,
}

/// Changes a refresh token for a new pair. One that was used before, or that another device shows, ends the
/// session.
#[utoipa::path(post, path = "/tokens/refresh", tag = "sign-in", request_body = RefreshInput,
    responses((status = 200, body = Tokens)))]
async fn refresh_tokens(
    State(app): State<App>,
    client: Client,
    Body(input): Body<RefreshInput>,
) -> Result<Json<Tokens>> {
    const OVER: ApiError = ApiError::Unauthorized(
        "This refresh token is unknown, or its session is over. Sign in again with POST /api/v1/tokens.",
    );
    let hash = hash_of(&input.refresh_token).ok_or(OVER)?;
    let message = format!("{SIGNED}{}", input.refresh_token);
    let signature = URL_SAFE_NO_PAD.decode(&input.signature).unwrap_or_default();
    let (next, checking, now) = (Secret::generate(app.ambient.rng()), app.clone(), app.ambient.now());
    let (next_hash, ip) = (next.hash, client.ip.to_string());
    let idle = Duration::from_secs(app.settings.session_idle_s);
    let outcome = app
        .store
        .write(move |tx| {
            let found = tx.find_session(&hash, now, idle)?;
            // A cookie's secret is no refresh token.
            let device = found.as_ref().and_then(|session| session.device.as_ref());
            if let (Some(session), Some(device)) = (&found, device) {
                let signed = device_signed(&device.key, message.as_bytes(), &signature);
                if signed && tx.spend_token(session, &hash, &next_hash, &ip, now)? {
                    return Ok(Outcome::Fresh(session.user_id, session.id));
                }
                return end_copied(tx, &checking, session.id, now);
            }
            match tx.find_spent_token(&hash, now)? {
                Some(session) => end_copied(tx, &checking, session, now),
                None => Ok(Outcome::Unknown),
            }
        })
        .await?;
    match outcome {
        Outcome::Fresh(user, session) => tokens(&app, user, session, next).await,
        Outcome::Unknown => Err(OVER),
        Outcome::Copied => {
            app.mail_waits.notify_one();
            tracing::warn!("a refresh token was shown twice or by another device; its session was ended");
            Err(ApiError::refused(
                Code::TokenReused,
                "This refresh token was used before, or belongs to another device. For safety its session was \
                 ended: sign in again.",
            ))
        }
    }
}

/// Ends the session that a copied token is of, and tells the person. That nothing may be left of it
/// matters more than whose copy came first.
fn end_copied(tx: &mut Tx<'_>, app: &App, session: SessionId, now: Timestamp) -> Result<Outcome> {
    let Some(ended) = tx.end_session_by_id(session)? else { return Ok(Outcome::Unknown) };
    if let Some(user) = tx.find_user(ended.user_id)? {
        let device = ended.device.map(|device| device.name).unwrap_or_default();
        let letter = Letters(&app.settings.public_url).device_signed_out(&user.email, &device);
        Sealed::new(app, &letter)?.queue(tx, now)?;
    }
    Ok(Outcome::Copied)
}
