//! Passkeys: a key on a person's device that signs in instead of password and code. The device itself has
//! asked for a finger or a PIN, so it is two proofs in one.
//!
//! The library holds to WebAuthn; here is who may ask, and that each question is answered once.

use super::view::UserView;
use crate::{
    app::App,
    auth::{Client, Person, Secret, hash_of},
    edge::{ApiError, Body, Code, Id, Result, Routes, routes},
    mail::{Letters, Sealed},
    sessions::NewSession,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tisara_domain::{Duration, PasskeyId, Timestamp, UserId};
use tisara_store::{Tx, users::Passkey as Row};
use utoipa::ToSchema;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

/// How long an authenticator has for its answer.
const QUESTION_LASTS: Duration = Duration::from_secs(5 * 60);
/// More are a mistake or abuse.
const PASSKEYS_MAX: usize = 20;
/// The longest name of a passkey, in characters.
const NAME_MAX: usize = 200;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_passkeys, add_passkey))
        .routes(routes!(ask_for_passkey))
        .routes(routes!(remove_passkey))
        .routes(routes!(ask_to_sign_in))
        .routes(routes!(sign_in_with_passkey))
}

/// What knows passkeys of this address. `None` where it has no name: passkeys belong to a name.
pub(crate) fn of_site(public_url: &url::Url) -> Option<Webauthn> {
    let name = public_url.domain()?;
    WebauthnBuilder::new(name, public_url).ok()?.rp_name("Tisara").build().ok()
}

pub(super) fn site(app: &App) -> Result<&Webauthn> {
    app.passkeys.as_ref().ok_or_else(|| {
        ApiError::refused(
            Code::WrongState,
            "This installation has no name, only an address, and passkeys belong to a name. Its operator must set \
             server.public_url.",
        )
    })
}

pub(super) fn refused() -> ApiError {
    ApiError::refused(
        Code::WrongCredentials,
        "This passkey is unknown here, or its answer is wrong, too late or was used already.",
    )
}

fn added_before() -> ApiError {
    ApiError::refused(Code::AlreadyExists, "This passkey was added before.")
}

/// What the browser's answer holds. Whatever cannot be read is told as such.
pub(super) fn answer<T: DeserializeOwned>(credential: Value) -> Result<T> {
    serde_json::from_value(credential)
        .map_err(|e| ApiError::field("credential", format!("this is not what a browser answers: {e}")))
}

pub(super) fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(ApiError::internal)
}

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(ApiError::internal)
}

/// A passkey.
#[derive(Serialize, ToSchema)]
struct PasskeyView {
    #[schema(value_type = String)]
    id: PasskeyId,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<Row> for PasskeyView {
    fn from(row: Row) -> Self {
        Self { id: row.id, name: row.name, created_at: row.created_at, last_used_at: row.last_used_at }
    }
}

/// All passkeys of a person.
#[derive(Serialize, ToSchema)]
struct PasskeyList {
    items: Vec<PasskeyView>,
}

/// Your passkeys.
#[utoipa::path(get, path = "/user/passkeys", tag = "user", responses((status = 200, body = PasskeyList)))]
async fn list_passkeys(State(app): State<App>, person: Person) -> Result<Json<PasskeyList>> {
    let rows = app.store.read(move |tx| tx.list_passkeys(person.user)).await?;
    Ok(Json(PasskeyList { items: rows.into_iter().map(PasskeyView::from).collect() }))
}

/// A question for an authenticator.
#[derive(Serialize, ToSchema)]
pub(super) struct Question {
    /// Goes back with the answer; good once, for five minutes.
    token: String,
    /// For `navigator.credentials.create` or `.get`, with bytes in base64url, as
    /// `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` take its
    /// `publicKey`.
    #[schema(value_type = Object)]
    options: Value,
}

/// Begins to add a passkey. Needs a password entered a moment ago.
#[utoipa::path(post, path = "/user/passkeys/ask", tag = "user", responses((status = 201, body = Question)))]
async fn ask_for_passkey(State(app): State<App>, person: Person) -> Result<(StatusCode, Json<Question>)> {
    let site = site(&app)?;
    let (user, rows) = app
        .store
        .read(move |tx| {
            let user = tx.find_user(person.user)?.ok_or(ApiError::NotFound("user"))?;
            Ok::<_, ApiError>((user, tx.list_passkeys(person.user)?))
        })
        .await?;
    if rows.len() >= PASSKEYS_MAX {
        return Err(ApiError::refused(
            Code::WrongState,
            format!("You have {PASSKEYS_MAX} passkeys already."),
        ));
    }
    let known = rows.into_iter().map(|row| row.credential_id).collect();
    let (options, state) = site
        .start_passkey_registration(user.id.into(), &user.email, &user.name, Some(known))
        .map_err(ApiError::internal)?;
    let mut options = serde_json::to_value(&options).map_err(ApiError::internal)?;
    // Whoever signs in with one gives no address, so the device must know whose it is.
    let selection = &mut options["publicKey"]["authenticatorSelection"];
    selection["residentKey"] = "required".into();
    selection["requireResidentKey"] = true.into();
    ask(&app, Some(person.user), options, text(&state)?).await
}

/// Keeps a question until its answer comes.
pub(super) async fn ask(
    app: &App,
    user: Option<UserId>,
    options: Value,
    state: String,
) -> Result<(StatusCode, Json<Question>)> {
    let (secret, until) = (Secret::generate(app.ambient.rng()), app.ambient.now().plus(QUESTION_LASTS));
    app.store.write(move |tx| tx.ask_passkey(&secret.hash, user, &state, until)).await?;
    Ok((StatusCode::CREATED, Json(Question { token: secret.text, options })))
}

/// The question that this token is of, which is used up by that.
pub(super) async fn take(app: &App, token: &str) -> Result<(Option<UserId>, String)> {
    let (hash, now) = (hash_of(token).ok_or_else(refused)?, app.ambient.now());
    let found = app.store.write(move |tx| tx.take_passkey_question(&hash, now)).await?;
    found.ok_or_else(refused)
}

/// A passkey to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyInput {
    /// Of the question.
    token: String,
    /// What you call it.
    name: String,
    /// What `navigator.credentials.create` gave, by its `toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Adds a passkey. Needs a password entered a moment ago.
#[utoipa::path(post, path = "/user/passkeys", tag = "user", request_body = PasskeyInput,
    responses((status = 201, body = PasskeyView)))]
async fn add_passkey(
    State(app): State<App>,
    person: Person,
    Body(input): Body<PasskeyInput>,
) -> Result<(StatusCode, Json<PasskeyView>)> {
    let site = site(&app)?;
    let name = input.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(ApiError::field("name", format!("1 to {NAME_MAX} characters")));
    }
    let credential: RegisterPublicKeyCredential = answer(input.credential)?;
    let (asked, state) = take(&app, &input.token).await?;
    if asked != Some(person.user) {
        return Err(refused());
    }
    // Another question of the same person, to confirm a session, is none to add a passkey.
    let state: PasskeyRegistration = read(&state).map_err(|_| refused())?;
    let passkey = match site.finish_passkey_registration(&credential, &state) {
        Ok(passkey) => passkey,
        // So the library calls one that the question had excluded.
        Err(WebauthnError::CredentialAlteredAlgFromRequest)
            if is_own(&app, person.user, credential.raw_id.clone()).await? =>
        {
            return Err(added_before());
        }
        Err(e) => {
            tracing::info!(user = %person.user, error = %e, "a passkey was refused");
            return Err(refused());
        }
    };
    let now = app.ambient.now();
    let row = Row {
        id: app.ambient.id::<PasskeyId>(),
        user_id: person.user,
        name,
        credential_id: passkey.cred_id().clone(),
        credential: text(&passkey)?,
        created_at: now,
        last_used_at: None,
    };
    let (writing, view) = (app.clone(), PasskeyView::from(row.clone()));
    app.store
        .write(move |tx| {
            if !tx.create_passkey(&row)? {
                return Err(added_before());
            }
            tell(tx, &writing, person.user, true, now)
        })
        .await?;
    app.mail_waits.notify_one();
    tracing::info!(user = %person.user, "a passkey was added");
    Ok((StatusCode::CREATED, Json(view)))
}

/// Whether a person has this passkey already.
async fn is_own(app: &App, user: UserId, credential_id: Vec<u8>) -> Result<bool> {
    let found = app.store.read(move |tx| tx.find_passkey(&credential_id)).await?;
    Ok(found.is_some_and(|row| row.user_id == user))
}

/// Removes a passkey. Needs a password entered a moment ago.
#[utoipa::path(delete, path = "/user/passkeys/{id}", tag = "user", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove_passkey(State(app): State<App>, person: Person, Id(id): Id<PasskeyId>) -> Result<StatusCode> {
    let (now, writing) = (app.ambient.now(), app.clone());
    app.store
        .write(move |tx| {
            if !tx.remove_passkey(person.user, id)? {
                return Err(ApiError::NotFound("passkey"));
            }
            tx.forget_two_factors(person.user)?;
            tell(tx, &writing, person.user, false, now)
        })
        .await?;
    app.mail_waits.notify_one();
    tracing::info!(user = %person.user, "a passkey was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Tells the person by e-mail what has changed.
fn tell(tx: &mut Tx<'_>, app: &App, user: UserId, added: bool, now: Timestamp) -> Result<()> {
    let user = tx.find_user(user)?.ok_or(ApiError::NotFound("user"))?;
    let letter = Letters(&app.settings.public_url).passkeys_changed(&user.email, added);
    Ok(Sealed::new(app, &letter)?.queue(tx, now)?)
}

/// Begins to sign in with a passkey. No address is asked for, so none is given away.
#[utoipa::path(post, path = "/sign-in/passkey/ask", tag = "sign-in",
    responses((status = 201, body = Question)))]
async fn ask_to_sign_in(State(app): State<App>) -> Result<(StatusCode, Json<Question>)> {
    let (mut options, state) = site(&app)?.start_discoverable_authentication().map_err(ApiError::internal)?;
    // The person presses a button for it; whether it also shows in a form is the page's affair.
    options.mediation = None;
    let options = serde_json::to_value(&options).map_err(ApiError::internal)?;
    ask(&app, None, options, text(&state)?).await
}

/// An authenticator's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeySignIn {
    /// Of the question.
    token: String,
    /// What `navigator.credentials.get` gave, by its `toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Signs in with a passkey: the answer sets the cookie of a new session. No code is asked for: the device has
/// asked for a finger or a PIN.
#[utoipa::path(post, path = "/sign-in/passkey", tag = "sign-in", request_body = PasskeySignIn,
    responses((status = 200, body = UserView)))]
async fn sign_in_with_passkey(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<PasskeySignIn>,
) -> Result<(HeaderMap, Json<UserView>)> {
    let site = site(&app)?;
    let credential: PublicKeyCredential = answer(input.credential)?;
    let (asked, state) = take(&app, &input.token).await?;
    if asked.is_some() {
        return Err(refused());
    }
    let (user, credential_id) =
        site.identify_discoverable_authentication(&credential).map_err(|_| refused())?;
    let credential_id = credential_id.to_vec();
    let row = app.store.read(move |tx| tx.find_passkey(&credential_id)).await?;
    let row = row.filter(|row| user == Uuid::from(row.user_id)).ok_or_else(refused)?;
    let mut passkey: Passkey = read(&row.credential)?;
    let state: DiscoverableAuthentication = read(&state)?;
    let result = site.finish_discoverable_authentication_v2(&credential, state, &passkey).map_err(|e| {
        tracing::info!(user = %row.user_id, error = %e, "a sign-in with a passkey was refused");
        refused()
    })?;
    passkey.update_credential(&result);
    let (kept, now) = (text(&passkey)?, app.ambient.now());
    let session = NewSession::new(&app, &headers, &client, now);
    let (begun, user, accepted) = app
        .store
        .write(move |tx| {
            // It may have been removed meanwhile.
            if !tx.use_passkey(row.id, &kept, now)? {
                return Err(refused());
            }
            let user = tx.find_user(row.user_id)?.ok_or_else(refused)?;
            let accepted = tx.list_acceptances(user.id)?;
            Ok((session.clone().begin(tx, user.id, true)?, user, accepted))
        })
        .await?;
    tracing::info!(user = %user.id, "signed in with a passkey");
    Ok((begun.cookies(&app), Json(UserView::new(user, accepted))))
}
