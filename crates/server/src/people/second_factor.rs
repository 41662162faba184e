//! The second proof: switched on with an app, asked for at sign-in, replaced by recovery codes when the
//! app is lost.

use super::totp;
use crate::{
    app::App,
    auth::{Person, sha256},
    edge::{ApiError, Body, Code, Result, Routes, routes},
    mail::{Letters, Sealed},
    people::Guess,
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{Timestamp, UserId};
use tisara_store::Tx;
use utoipa::ToSchema;

const RECOVERY_CODES: usize = 10;
const RECOVERY_LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_totp, begin_totp, remove_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(renew_recovery_codes))
}

fn place(user: UserId) -> String {
    format!("second_factor.secret/{user}")
}

/// Whether a second proof is asked for.
#[derive(Serialize, ToSchema)]
struct TotpView {
    /// Since when a code is asked for at sign-in.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    recovery_codes_left: i64,
}

/// Whether a code is asked for when you sign in.
#[utoipa::path(get, path = "/user/totp", tag = "user", responses((status = 200, body = TotpView)))]
async fn get_totp(State(app): State<App>, person: Person) -> Result<Json<TotpView>> {
    let view = app.store.read(move |tx| {
        let since = tx.find_second_factor(person.user)?.and_then(|factor| factor.confirmed_at);
        Ok::<_, tisara_store::Error>(TotpView {
            since,
            recovery_codes_left: tx.count_recovery_codes(person.user)?,
        })
    });
    Ok(Json(view.await?))
}

/// What an app needs.
#[derive(Serialize, ToSchema)]
struct TotpSecret {
    /// To be typed into the app.
    secret: String,
    /// The same as an address, for a QR code.
    uri: String,
}

/// Begins with an app: put the secret into it, then send one of its codes. Needs a password entered a
/// moment ago.
#[utoipa::path(post, path = "/user/totp", tag = "user", responses((status = 201, body = TotpSecret)))]
async fn begin_totp(State(app): State<App>, person: Person) -> Result<(StatusCode, Json<TotpSecret>)> {
    let secret = totp::secret(app.ambient.rng());
    let sealed = app.vault.seal_own(&place(person.user), &secret).map_err(ApiError::internal)?;
    let email = app
        .store
        .write(move |tx| {
            if !tx.begin_second_factor(person.user, &sealed)? {
                return Err(ApiError::refused(
                    Code::WrongState,
                    "An app is in use already; remove it first.",
                ));
            }
            Ok(tx.find_user(person.user)?.ok_or(ApiError::NotFound("user"))?.email)
        })
        .await?;
    let host = app.settings.public_url.host_str().unwrap_or_default();
    let uri = totp::uri(&secret, &email, host);
    Ok((StatusCode::CREATED, Json(TotpSecret { secret: totp::base32(&secret), uri })))
}

/// A code of the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TotpProof {
    code: String,
}

/// Codes for when the app is lost; each works once. They are not shown again.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

fn wrong_code() -> ApiError {
    ApiError::refused(Code::WrongCredentials, "This code is wrong, too old or was used already.")
}

/// Proves that the app works. From now on a code is asked for at sign-in; the other sessions end.
#[utoipa::path(post, path = "/user/totp/confirm", tag = "user", request_body = TotpProof,
    responses((status = 200, body = RecoveryCodes)))]
async fn confirm_totp(
    State(app): State<App>,
    person: Person,
    Body(proof): Body<TotpProof>,
) -> Result<Json<RecoveryCodes>> {
    let guess = Guess::of_person(person);
    guess.count(&app).await?;
    let (codes, hashes) = recovery_codes(&app);
    let (now, vault) = (app.ambient.now(), app.clone());
    app.store
        .write(move |tx| {
            let factor = tx.find_second_factor(person.user)?.filter(|factor| factor.confirmed_at.is_none());
            let factor = factor
                .ok_or_else(|| ApiError::refused(Code::WrongState, "Begin with POST /api/v1/user/totp."))?;
            let secret =
                vault.vault.open_own(&place(person.user), &factor.secret).map_err(ApiError::internal)?;
            let step = totp::step_of(&secret, &proof.code, now).ok_or_else(wrong_code)?;
            tx.use_code(person.user, step)?;
            tx.confirm_second_factor(person.user, now)?;
            tx.put_recovery_codes(person.user, &hashes)?;
            tx.end_sessions(person.user, Some(person.session))?;
            tx.note_two_factors(person.session)?;
            if let Some(key) = guess.own_key() {
                tx.forget_guesses(&key)?;
            }
            tell(tx, &vault, person.user, true, now)
        })
        .await?;
    app.mail_waits.notify_one();
    tracing::info!(user = %person.user, "a second factor was switched on");
    Ok(Json(RecoveryCodes { recovery_codes: codes }))
}

/// Asks for no code any more. Needs a password entered a moment ago.
#[utoipa::path(delete, path = "/user/totp", tag = "user", responses((status = 204)))]
async fn remove_totp(State(app): State<App>, person: Person) -> Result<StatusCode> {
    let (now, vault) = (app.ambient.now(), app.clone());
    app.store
        .write(move |tx| {
            if !tx.remove_second_factor(person.user)? {
                return Err(ApiError::NotFound("app"));
            }
            tx.forget_two_factors(person.user)?;
            tell(tx, &vault, person.user, false, now)
        })
        .await?;
    app.mail_waits.notify_one();
    tracing::info!(user = %person.user, "a second factor was switched off");
    Ok(StatusCode::NO_CONTENT)
}

/// Makes new recovery codes; the old ones open nothing any more. Needs a password entered a moment ago.
#[utoipa::path(post, path = "/user/totp/recovery-codes", tag = "user",
    responses((status = 201, body = RecoveryCodes)))]
async fn renew_recovery_codes(
    State(app): State<App>,
    person: Person,
) -> Result<(StatusCode, Json<RecoveryCodes>)> {
    let (codes, hashes) = recovery_codes(&app);
    app.store
        .write(move |tx| {
            let factor = tx.find_second_factor(person.user)?.filter(|factor| factor.confirmed_at.is_some());
            factor.ok_or(ApiError::NotFound("app"))?;
            Ok::<_, ApiError>(tx.put_recovery_codes(person.user, &hashes)?)
        })
        .await?;
    tracing::info!(user = %person.user, "recovery codes were made anew");
    Ok((StatusCode::CREATED, Json(RecoveryCodes { recovery_codes: codes })))
}

/// Tells the person by e-mail what has changed.
fn tell(tx: &mut Tx<'_>, app: &App, user: UserId, on: bool, now: Timestamp) -> Result<()> {
    let user = tx.find_user(user)?.ok_or(ApiError::NotFound("user"))?;
    let letter = Letters(&app.settings.public_url).second_factor_changed(&user.email, on);
    Ok(Sealed::new(app, &letter)?.queue(tx, now)?)
}

/// Fresh recovery codes and what is stored of them.
fn recovery_codes(app: &App) -> (Vec<String>, Vec<[u8; 32]>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(app)).collect();
    let hashes = codes.iter().map(|code| recovery_hash(code)).collect();
    (codes, hashes)
}

/// Sixteen characters of five bits each: too many to be tried.
fn recovery_code(app: &App) -> String {
    let mut code = String::new();
    for (n, byte) in app.ambient.rng().bytes::<16>().into_iter().enumerate() {
        if n > 0 && n % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(RECOVERY_LETTERS[usize::from(byte & 31)]));
    }
    code
}

/// What is stored of a recovery code, however it was typed.
fn recovery_hash(code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    sha256(&[b"recovery", plain.to_ascii_lowercase().as_bytes()])
}

/// Holds a sign-in, whose password was right, against the second proof, if one is asked for; says whether it is.
pub(super) fn check(
    tx: &mut Tx<'_>,
    app: &App,
    user: UserId,
    code: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let factor = tx.find_second_factor(user)?.filter(|factor| factor.confirmed_at.is_some());
    let Some(factor) = factor else { return Ok(false) };
    let Some(code) = code else {
        return Err(ApiError::refused(
            Code::SecondFactorNeeded,
            "Send a code of your app, or a recovery code, as `code`.",
        ));
    };
    let secret = app.vault.open_own(&place(user), &factor.secret).map_err(ApiError::internal)?;
    let right = match totp::step_of(&secret, code, now) {
        Some(step) => tx.use_code(user, step)?,
        None => tx.use_recovery_code(user, &recovery_hash(code))?,
    };
    if right { Ok(true) } else { Err(wrong_code()) }
}
