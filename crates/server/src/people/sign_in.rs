//! Sign-in by e-mail address and password.

use super::{email::Email, guess::Guess, view::UserView};
use crate::{
    app::App,
    auth::Client,
    edge::{ApiError, Body, Code, Result},
    sessions::NewSession,
};
use axum::{Json, extract::State, http::HeaderMap};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sign_in))
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInInput {
    email: String,
    password: String,
}

/// Signs in: the answer sets the cookie of a new session.
#[utoipa::path(post, path = "/sign-in", tag = "sign-in", request_body = SignInInput,
    responses((status = 200, body = UserView)))]
async fn sign_in(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<SignInInput>,
) -> Result<(HeaderMap, Json<UserView>)> {
    let guess = Guess::of_account(&app, &input.email, &client, &headers).await?;
    guess.count(&app).await?;
    let email = Email::looked_up(&input.email);
    let user = app.store.read(move |tx| tx.find_user_by_email(&email)).await?;
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = app.passwords.verify(input.password, stored).await?;
    let Some(user) = user.filter(|_| is_right) else {
        tracing::info!("a sign-in was refused");
        return Err(ApiError::refused(Code::WrongCredentials, "E-mail address or password are wrong."));
    };
    let session = NewSession::new(&app, &headers, &client, app.ambient.now());
    let begun = app
        .store
        .write(move |tx| {
            // The password may have been changed while this one was worked on.
            let user = tx.find_user(user.id)?.filter(|now| now.password_hash == user.password_hash);
            let Some(user) = user else {
                return Err(ApiError::refused(
                    Code::WrongCredentials,
                    "E-mail address or password are wrong.",
                ));
            };
            if let Some(key) = guess.own_key() {
                tx.forget_guesses(&key)?;
            }
            let accepted = tx.list_acceptances(user.id)?;
            Ok((session.clone().begin(tx, user.id)?, user, accepted))
        })
        .await?;
    let (begun, user, accepted) = begun;
    tracing::info!(user = %user.id, "signed in");
    Ok((begun.cookies(&app), Json(UserView::new(user, accepted))))
}
