//! What people see and change of themselves.

use super::{
    email::Email,
    guess::{Guess, password_is_right},
    password,
    sign_up::{MailSent, country_and_phone, link_invalid, name, require_mail},
    view::UserView,
};
use crate::{
    app::App,
    auth::{Client, Person, Secret, hash_of},
    edge::{ApiError, Body, Result, Routes, maybe, routes},
    mail::{Letters, Sealed},
    sessions::Confirmed,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use tisara_domain::{Duration, UserId};
use tisara_store::{Tx, users::Purpose};
use utoipa::ToSchema;

const LINK_LASTS: Duration = Duration::from_secs(3600);

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_user, change_user))
        .routes(routes!(change_password))
        .routes(routes!(ask_for_email))
        .routes(routes!(change_email))
}

fn view(tx: &mut Tx<'_>, id: UserId) -> Result<UserView> {
    let user = tx.find_user(id)?.ok_or(ApiError::NotFound("user"))?;
    Ok(UserView::new(user, tx.list_acceptances(id)?))
}

/// You.
#[utoipa::path(get, path = "/user", tag = "user", responses((status = 200, body = UserView)))]
async fn get_user(State(app): State<App>, person: Person) -> Result<Json<UserView>> {
    Ok(Json(app.store.read(move |tx| view(tx, person.user)).await?))
}

/// What is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    name: Option<String>,
    /// Two letters.
    country: Option<String>,
    /// With `+`, or as people of the country write it; null removes it.
    #[serde(default, deserialize_with = "maybe")]
    phone: Option<Option<String>>,
}

/// Changes your name, country or phone.
#[utoipa::path(patch, path = "/user", tag = "user", request_body = UserChange,
    responses((status = 200, body = UserView)))]
async fn change_user(
    State(app): State<App>,
    person: Person,
    Body(change): Body<UserChange>,
) -> Result<Json<UserView>> {
    let changed = app
        .store
        .write(move |tx| {
            let user = tx.find_user(person.user)?.ok_or(ApiError::NotFound("user"))?;
            let mut problems = Vec::new();
            let name = change.name.as_deref().map_or(user.name, |text| name(text, &mut problems));
            let phone = match &change.phone {
                Some(phone) => phone.as_deref(),
                None => user.phone.as_deref(),
            };
            let country = change.country.as_deref().unwrap_or(&user.country);
            let (country, phone) = country_and_phone(country, phone, &mut problems);
            if !problems.is_empty() {
                return Err(ApiError::Invalid(problems));
            }
            tx.set_user_profile(person.user, &name, phone.as_deref(), &country)?;
            view(tx, person.user)
        })
        .await?;
    Ok(Json(changed))
}

/// The present password and the one to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    password: String,
    new_password: String,
}

/// Changes your password. All other sessions end; the cookie of this one changes.
#[utoipa::path(post, path = "/user/password", tag = "user", request_body = PasswordChange,
    responses((status = 204)))]
async fn change_password(
    State(app): State<App>,
    person: Person,
    Body(input): Body<PasswordChange>,
) -> Result<(StatusCode, HeaderMap)> {
    password::check("new_password", &input.new_password, &[])?;
    password_is_right(&app, person.user, input.password, Guess::of_person(person)).await?;
    let (new, stored) = (input.new_password.clone(), app.passwords.hash(input.new_password).await?);
    let (now, confirmed) = (app.ambient.now(), Confirmed::new(&app, person));
    let cookies = confirmed.cookies(&app);
    let (letters, vault) = (app.settings.public_url.clone(), app.clone());
    app.store
        .write(move |tx| {
            let user = tx.find_user(person.user)?.ok_or(ApiError::NotFound("user"))?;
            password::check("new_password", &new, &[&user.email, &user.name])?;
            tx.set_password(person.user, &stored, now)?;
            tx.end_sessions(person.user, Some(person.session))?;
            tx.end_links(person.user, Purpose::ResetPassword)?;
            confirmed.write(tx, now)?;
            Sealed::new(&vault, &Letters(&letters).password_changed(&user.email))?.queue(tx, now)?;
            Ok::<_, ApiError>(())
        })
        .await?;
    app.mail_waits.notify_one();
    tracing::info!(user = %person.user, "a password was changed");
    Ok((StatusCode::NO_CONTENT, cookies))
}

/// The address to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EmailChange {
    email: String,
}

/// Asks for another e-mail address: a link goes there. Needs a password entered a moment ago.
#[utoipa::path(post, path = "/user/email", tag = "user", request_body = EmailChange,
    responses((status = 202, body = MailSent)))]
async fn ask_for_email(
    State(app): State<App>,
    person: Person,
    client: Client,
    Body(input): Body<EmailChange>,
) -> Result<(StatusCode, Json<MailSent>)> {
    let email = Email::parse(&input.email)
        .ok_or_else(|| ApiError::field("email", "this is not an e-mail address"))?;
    require_mail(&app)?;
    Guess::mail(&email, &client).count(&app).await?;
    let (now, secret) = (app.ambient.now(), Secret::generate(app.ambient.rng()));
    let letters = Letters(&app.settings.public_url);
    let confirm = Sealed::new(&app, &letters.confirm_email(&email.text, &secret.text))?;
    let taken = Sealed::new(&app, &letters.signed_up_again(&email.text))?;
    app.store
        .write(move |tx| {
            // Whether somebody has it is told to that address only.
            if tx.find_user_by_email(&email.fold)?.is_some_and(|user| user.id != person.user) {
                return taken.queue(tx, now);
            }
            tx.create_link(
                &secret.hash,
                person.user,
                Purpose::ChangeEmail,
                &email.text,
                now.plus(LINK_LASTS),
            )?;
            confirm.queue(tx, now)
        })
        .await?;
    app.mail_waits.notify_one();
    Ok(MailSent::new("We sent an e-mail to that address. Open the link in it to go on."))
}

/// The link from the e-mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EmailProof {
    /// What stands behind `#` in the link.
    token: String,
}

/// Proves the new e-mail address; the old one hears of it.
#[utoipa::path(post, path = "/user/email/confirm", tag = "user", request_body = EmailProof,
    responses((status = 200, body = UserView)))]
async fn change_email(
    State(app): State<App>,
    person: Person,
    client: Client,
    Body(input): Body<EmailProof>,
) -> Result<Json<UserView>> {
    Guess::of_network(&client).count(&app).await?;
    let (now, hash) = (app.ambient.now(), hash_of(&input.token).ok_or_else(link_invalid)?);
    let (letters, vault) = (app.settings.public_url.clone(), app.clone());
    let changed = app
        .store
        .write(move |tx| {
            let link = tx.use_link(&hash, Purpose::ChangeEmail, now)?;
            let link = link.filter(|link| link.user_id == person.user).ok_or_else(link_invalid)?;
            let email = Email::parse(&link.detail).ok_or_else(link_invalid)?;
            let user = tx.find_user(person.user)?.ok_or_else(link_invalid)?;
            if !tx.set_user_email(person.user, &email.text, &email.fold)? {
                return Err(link_invalid());
            }
            tx.end_links(person.user, Purpose::ResetPassword)?;
            tx.end_sessions(person.user, Some(person.session))?;
            let letter = Letters(&letters).email_changed(&user.email, &email.text);
            Sealed::new(&vault, &letter)?.queue(tx, now)?;
            view(tx, person.user)
        })
        .await?;
    app.mail_waits.notify_one();
    tracing::info!(user = %person.user, "an e-mail address was changed");
    Ok(Json(changed))
}
