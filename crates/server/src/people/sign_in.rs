//! Sign-in by e-mail address and password at a browser.

use super::{
    proof::{Credentials, Proven},
    view::UserView,
};
use crate::{
    app::App,
    auth::Client,
    edge::{ApiError, Body, Result, Routes, routes},
    sessions::NewSession,
};
use axum::{Json, extract::State, http::HeaderMap};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(sign_in))
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInInput {
    email: String,
    password: String,
    /// The code of an app, or a recovery code, when the answer before was `second_factor_needed`.
    code: Option<String>,
}

/// Signs in: the answer sets the cookie of a new session. Where a second proof is asked for, the right
/// password alone gets the refusal `second_factor_needed`; send it again with `code`.
#[utoipa::path(post, path = "/sign-in", tag = "sign-in", request_body = SignInInput,
    responses((status = 200, body = UserView)))]
async fn sign_in(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<SignInInput>,
) -> Result<(HeaderMap, Json<UserView>)> {
    let credentials = Credentials { email: input.email, password: input.password, code: input.code };
    let proven = Proven::by_password(&app, &client, &headers, credentials).await?;
    let (now, checking) = (app.ambient.now(), app.clone());
    let session = NewSession::new(&app, &headers, &client, now);
    let (begun, user, accepted) = app
        .store
        .write(move |tx| {
            let (user, two_factors) = proven.check(tx, &checking, now)?;
            let accepted = tx.list_acceptances(user.id)?;
            Ok::<_, ApiError>((session.clone().begin(tx, user.id, two_factors)?, user, accepted))
        })
        .await?;
    tracing::info!(user = %user.id, "signed in");
    Ok((begun.cookies(&app), Json(UserView::new(user, accepted))))
}
