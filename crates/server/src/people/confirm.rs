//! Who is signed in proves once more who they are: by the password, a code of the app or a recovery code, or a
//! passkey.

use super::{
    guess::{Guess, password_is_right},
    passkeys::{Question, answer, ask, read, refused, site, take, text},
    second_factor,
};
use crate::{
    app::App,
    auth::Person,
    edge::{ApiError, Body, Code, FieldProblem, Result, Routes, routes},
    sessions::Confirmed,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tisara_store::users::Passkey as Row;
use utoipa::ToSchema;
use webauthn_rs::prelude::{Passkey, PasskeyAuthentication, PublicKeyCredential};

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(confirm_session)).routes(routes!(ask_to_confirm))
}

/// One proof: exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Proof {
    password: Option<String>,
    /// A code of the app, or a recovery code, where an app is in use.
    code: Option<String>,
    /// The answer to a question of `POST /sessions/current/confirm/ask`.
    passkey: Option<PasskeyProof>,
}

/// An authenticator's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyProof {
    /// Of the question.
    token: String,
    /// What `navigator.credentials.get` gave, by its `toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// A question to confirm a session, as it is kept. The name keeps it from being taken for another.
#[derive(Serialize, Deserialize)]
struct Asked {
    confirm: PasskeyAuthentication,
}

/// Confirms who you are, for what asks for it: by your password, a code, or a passkey. A browser's cookie
/// changes.
#[utoipa::path(post, path = "/sessions/current/confirm", tag = "sessions", request_body = Proof,
    responses((status = 204)))]
async fn confirm_session(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Body(input): Body<Proof>,
) -> Result<(StatusCode, HeaderMap)> {
    let cookies = match (input.password, input.code, input.passkey) {
        (Some(password), None, None) => by_password(&app, person, password).await?,
        (None, Some(code), None) => by_code(&app, person, &headers, code).await?,
        (None, None, Some(proof)) => by_passkey(&app, person, proof).await?,
        _ => {
            let message = "send exactly one of password, code and passkey";
            return Err(ApiError::Invalid(vec![FieldProblem::new("password", message)]));
        }
    };
    Ok((StatusCode::NO_CONTENT, cookies))
}

fn ended() -> ApiError {
    ApiError::refused(Code::WrongState, "This session was ended meanwhile. Sign in again.")
}

async fn by_password(app: &App, person: Person, password: String) -> Result<HeaderMap> {
    password_is_right(app, person.user, password, Guess::of_person(person)).await?;
    let confirmed = Confirmed::new(app, person);
    let (now, cookies) = (app.ambient.now(), confirmed.cookies(app));
    if app.store.write(move |tx| confirmed.write(tx, now)).await? { Ok(cookies) } else { Err(ended()) }
}

async fn by_code(app: &App, person: Person, headers: &HeaderMap, code: String) -> Result<HeaderMap> {
    let guess = Guess::of_code(app, person.user, headers).await?;
    guess.count(app).await?;
    let confirmed = Confirmed::by_second_factor(app, person);
    let (now, cookies, checking) = (app.ambient.now(), confirmed.cookies(app), app.clone());
    app.store
        .write(move |tx| {
            if !second_factor::check(tx, &checking, person.user, Some(&code), now)? {
                return Err(ApiError::field(
                    "code",
                    "no app is in use; send your password, or use a passkey",
                ));
            }
            if let Some(key) = guess.own_key() {
                tx.forget_guesses(&key)?;
            }
            if confirmed.write(tx, now)? { Ok(()) } else { Err(ended()) }
        })
        .await?;
    Ok(cookies)
}

fn passkey(row: &Row) -> Result<Passkey> {
    read(&row.credential)
}

/// Begins to confirm who you are by one of your passkeys.
#[utoipa::path(post, path = "/sessions/current/confirm/ask", tag = "sessions",
    responses((status = 201, body = Question)))]
async fn ask_to_confirm(State(app): State<App>, person: Person) -> Result<(StatusCode, Json<Question>)> {
    let site = site(&app)?;
    let rows = app.store.read(move |tx| tx.list_passkeys(person.user)).await?;
    if rows.is_empty() {
        return Err(ApiError::refused(
            Code::WrongState,
            "You have no passkey; send your password or a code.",
        ));
    }
    let passkeys = rows.iter().map(passkey).collect::<Result<Vec<_>>>()?;
    let (options, confirm) = site.start_passkey_authentication(&passkeys).map_err(ApiError::internal)?;
    let options = serde_json::to_value(&options).map_err(ApiError::internal)?;
    ask(&app, Some(person.user), options, text(&Asked { confirm })?).await
}

async fn by_passkey(app: &App, person: Person, proof: PasskeyProof) -> Result<HeaderMap> {
    let credential: PublicKeyCredential = answer(proof.credential)?;
    let (asked, state) = take(app, &proof.token).await?;
    if asked != Some(person.user) {
        return Err(refused());
    }
    let state: Asked = read(&state).map_err(|_| refused())?;
    let result = site(app)?.finish_passkey_authentication(&credential, &state.confirm).map_err(|e| {
        tracing::info!(user = %person.user, error = %e, "a confirmation with a passkey was refused");
        refused()
    })?;
    let id = result.cred_id().clone();
    let confirmed = Confirmed::by_second_factor(app, person);
    let (now, cookies) = (app.ambient.now(), confirmed.cookies(app));
    app.store
        .write(move |tx| {
            // It may have been removed meanwhile.
            let row = tx.find_passkey(&id)?.filter(|row| row.user_id == person.user).ok_or_else(refused)?;
            let mut kept = passkey(&row)?;
            kept.update_credential(&result);
            if !tx.use_passkey(row.id, &text(&kept)?, now)? {
                return Err(refused());
            }
            if confirmed.write(tx, now)? { Ok(()) } else { Err(ended()) }
        })
        .await?;
    Ok(cookies)
}
