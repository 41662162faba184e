//! A new password for whoever forgot the old one.

use super::{
    email::Email,
    guess::Guess,
    password,
    sign_up::{MailSent, link_invalid, require_mail},
};
use crate::{
    app::App,
    auth::{Client, Secret, hash_of},
    edge::{ApiError, Body, Result, Routes, routes},
    mail::{Letters, Sealed},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use tisara_domain::Duration;
use tisara_store::users::Purpose;
use utoipa::ToSchema;

const LINK_LASTS: Duration = Duration::from_secs(3600);

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(ask_for_reset)).routes(routes!(reset_password))
}

/// Whose password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetRequest {
    email: String,
}

/// Asks for a link that sets a new password. The answer is the same whether there is such an account.
#[utoipa::path(post, path = "/password-reset", tag = "sign-in", request_body = ResetRequest,
    responses((status = 202, body = MailSent)))]
async fn ask_for_reset(
    State(app): State<App>,
    client: Client,
    Body(input): Body<ResetRequest>,
) -> Result<(StatusCode, Json<MailSent>)> {
    let email = Email::parse(&input.email)
        .ok_or_else(|| ApiError::field("email", "this is not an e-mail address"))?;
    require_mail(&app)?;
    Guess::mail(&email, &client).count(&app).await?;
    let (now, secret) = (app.ambient.now(), Secret::generate(app.ambient.rng()));
    let fold = email.fold.clone();
    // The e-mail goes to the address of the account, never to one that only looks like it.
    let user = app.store.read(move |tx| tx.find_user_by_email(&fold)).await?;
    let to = user.as_ref().map_or(&email.text, |user| &user.email);
    let letter = Letters(&app.settings.public_url).reset_password(to, &secret.text);
    let letter = Sealed::new(&app, &letter)?;
    if let Some(user) = user {
        app.store
            .write(move |tx| {
                tx.create_link(&secret.hash, user.id, Purpose::ResetPassword, "", now.plus(LINK_LASTS))?;
                letter.queue(tx, now)
            })
            .await?;
        app.mail_waits.notify_one();
    } else {
        // As much work for nobody, so that the time tells nothing.
        app.store
            .write(move |tx| {
                tx.create_sign_up(&secret.hash, "", "", now)?;
                tx.end_sign_up(&secret.hash)
            })
            .await?;
    }
    Ok(MailSent::new("If there is an account of this address, we sent it an e-mail with a link."))
}

/// The link from the e-mail, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reset {
    /// What stands behind `#` in the link.
    token: String,
    password: String,
}

/// Sets a new password. Everyone who was signed in is signed out, and no browser is known any more.
#[utoipa::path(post, path = "/password-reset/confirm", tag = "sign-in", request_body = Reset,
    responses((status = 204)))]
async fn reset_password(
    State(app): State<App>,
    client: Client,
    Body(input): Body<Reset>,
) -> Result<StatusCode> {
    Guess::of_network(&client).count(&app).await?;
    password::check("password", &input.password, &[])?;
    let (now, hash) = (app.ambient.now(), hash_of(&input.token).ok_or_else(link_invalid)?);
    let (password, stored) = (input.password.clone(), app.passwords.hash(input.password).await?);
    let (letters, vault) = (app.settings.public_url.clone(), app.clone());
    let user = app
        .store
        .write(move |tx| {
            let link = tx.use_link(&hash, Purpose::ResetPassword, now)?.ok_or_else(link_invalid)?;
            let user = tx.find_user(link.user_id)?.ok_or_else(link_invalid)?;
            // A refusal here undoes the use of the link.
            password::check("password", &password, &[&user.email, &user.name])?;
            tx.set_password(user.id, &stored, now)?;
            tx.end_sessions(user.id, None)?;
            tx.forget_devices(user.id)?;
            tx.end_links(user.id, Purpose::ChangeEmail)?;
            Sealed::new(&vault, &Letters(&letters).password_changed(&user.email))?.queue(tx, now)?;
            Ok::<_, ApiError>(user.id)
        })
        .await?;
    app.mail_waits.notify_one();
    tracing::info!(%user, "a password was reset");
    Ok(StatusCode::NO_CONTENT)
}
