//! Sign-up: what is asked for waits, sealed from sight, until the address is proven.
//!
//! The proof takes the link from the e-mail *and* the password of the sign-up. So whoever signs up with
//! somebody else's address gains nothing when that person opens the link.

use super::{email::Email, guess::Guess, password, policies::Policies, view::UserView};
use crate::{
    app::App,
    auth::{Client, Secret, hash_of},
    edge::{ApiError, Body, Code, FieldProblem, Result, Routes, routes},
    mail::{Letters, Sealed},
    sessions::NewSession,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, Serialize};
use tisara_domain::{Duration, Phone, Region, UserId};
use tisara_store::users::User;
use utoipa::ToSchema;

/// The longest name of a person, in characters.
pub(super) const NAME_MAX: usize = 200;
const LINK_LASTS: Duration = Duration::from_secs(24 * 3600);
/// Wrong passwords at one link; then it is dead.
const ATTEMPTS_MAX: u32 = 5;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(sign_up)).routes(routes!(confirm_sign_up))
}

/// Somebody who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignUpInput {
    name: String,
    email: String,
    /// 8 characters to 1,024 bytes, and not one of those that everybody uses.
    password: String,
    /// Two letters.
    country: String,
    /// With `+`, or as people of the country write it.
    phone: Option<String>,
    /// That the person is 13 years old or more.
    is_13_or_over: bool,
    /// The versions that were shown; see `GET /policies`.
    accepted: Policies,
}

/// A sign-up as it waits.
#[derive(Serialize, Deserialize)]
struct Wanted {
    name: String,
    email: String,
    email_fold: String,
    password_hash: String,
    country: String,
    phone: Option<String>,
    accepted: Policies,
    ip: String,
}

/// What happens next.
#[derive(Serialize, ToSchema)]
pub(super) struct MailSent {
    /// For the person.
    message: &'static str,
}

impl MailSent {
    pub(super) const fn new(message: &'static str) -> (StatusCode, Json<Self>) {
        (StatusCode::ACCEPTED, Json(Self { message }))
    }
}

/// A name as it is kept; reports what is wrong with it.
pub(super) fn name(name: &str, problems: &mut Vec<FieldProblem>) -> String {
    let name = name.trim();
    let is_text = !name.chars().any(char::is_control);
    if name.is_empty() || name.chars().count() > NAME_MAX || !is_text {
        problems.push(FieldProblem::new("name", format!("1 to {NAME_MAX} characters")));
    }
    name.to_owned()
}

/// Country and phone as they are kept; reports what is wrong with them.
pub(super) fn country_and_phone(
    country: &str,
    phone: Option<&str>,
    problems: &mut Vec<FieldProblem>,
) -> (String, Option<String>) {
    let region = country.parse::<Region>();
    if let Err(e) = &region {
        problems.push(FieldProblem::new("country", e.to_string()));
    }
    let phone = phone.filter(|phone| !phone.trim().is_empty()).and_then(|phone| {
        match Phone::parse(phone, region.clone().unwrap_or(Region::LK)) {
            Ok(phone) => Some(phone.as_str().to_owned()),
            Err(e) => {
                problems.push(FieldProblem::new("phone", e.to_string()));
                None
            }
        }
    });
    (region.map(|region| region.to_string()).unwrap_or_default(), phone)
}

/// Refuses what would end in an e-mail, where none can leave.
pub(crate) fn require_mail(app: &App) -> Result<()> {
    if app.mailer.works() {
        return Ok(());
    }
    Err(ApiError::refused(
        Code::WrongState,
        "This installation cannot send e-mail. Its operator must set mail.smtp_url.",
    ))
}

impl SignUpInput {
    fn check(&self, app: &App) -> Result<(Email, Wanted)> {
        let mut problems = Vec::new();
        let name = name(&self.name, &mut problems);
        let (country, phone) = country_and_phone(&self.country, self.phone.as_deref(), &mut problems);
        let email = Email::parse(&self.email);
        if email.is_none() {
            problems.push(FieldProblem::new("email", "this is not an e-mail address"));
        }
        if let Some(fault) = password::fault(&self.password, &[&self.email, &self.name]) {
            problems.push(FieldProblem::new("password", fault));
        }
        if !self.is_13_or_over {
            problems.push(FieldProblem::new("is_13_or_over", "Tisara is for people of 13 years and over"));
        }
        app.settings.policies.check(&self.accepted, &mut problems);
        let (Some(email), true) = (email, problems.is_empty()) else {
            return Err(ApiError::Invalid(problems));
        };
        let wanted = Wanted {
            name,
            email: email.text.clone(),
            email_fold: email.fold.clone(),
            password_hash: String::new(),
            country,
            phone,
            accepted: self.accepted.clone(),
            ip: String::new(),
        };
        Ok((email, wanted))
    }
}

/// Asks for an account. The answer is the same whether the address has one or not; the e-mail tells.
#[utoipa::path(post, path = "/sign-up", tag = "sign-in", request_body = SignUpInput,
    responses((status = 202, body = MailSent)))]
async fn sign_up(
    State(app): State<App>,
    client: Client,
    Body(input): Body<SignUpInput>,
) -> Result<(StatusCode, Json<MailSent>)> {
    let (email, mut wanted) = input.check(&app)?;
    require_mail(&app)?;
    Guess::mail(&email, &client).count(&app).await?;
    wanted.password_hash = app.passwords.hash(input.password).await?;
    wanted.ip = client.ip.to_string();
    let secret = Secret::generate(app.ambient.rng());
    let letters = Letters(&app.settings.public_url);
    let confirm = Sealed::new(&app, &letters.confirm_sign_up(&email.text, &secret.text))?;
    let again = Sealed::new(&app, &letters.signed_up_again(&email.text))?;
    let wanted = serde_json::to_string(&wanted).map_err(ApiError::internal)?;
    let now = app.ambient.now();
    app.store
        .write(move |tx| {
            if tx.find_user_by_email(&email.fold)?.is_some() {
                return again.queue(tx, now);
            }
            tx.create_sign_up(&secret.hash, &email.fold, &wanted, now.plus(LINK_LASTS))?;
            confirm.queue(tx, now)
        })
        .await?;
    app.mail_waits.notify_one();
    Ok(MailSent::new("We sent you an e-mail. Open the link in it to go on."))
}

/// The link from the e-mail, and the password of the sign-up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    /// What stands behind `#` in the link.
    token: String,
    password: String,
}

pub(crate) fn link_invalid() -> ApiError {
    ApiError::refused(
        Code::LinkInvalid,
        "This link was used already, is too old or was not copied whole. Ask for a new one.",
    )
}

/// Proves the address. The account begins, and with it a session.
#[utoipa::path(post, path = "/sign-up/confirm", tag = "sign-in", request_body = Confirmation,
    responses((status = 201, body = UserView)))]
async fn confirm_sign_up(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<Confirmation>,
) -> Result<(StatusCode, HeaderMap, Json<UserView>)> {
    Guess::of_network(&client).count(&app).await?;
    let (now, hash) = (app.ambient.now(), hash_of(&input.token).ok_or_else(link_invalid)?);
    let found = app.store.write(move |tx| tx.try_sign_up(&hash, now)).await?;
    let found = found.filter(|sign_up| sign_up.attempts <= ATTEMPTS_MAX).ok_or_else(link_invalid)?;
    let wanted: Wanted = serde_json::from_str(&found.wanted).map_err(ApiError::internal)?;
    if !app.passwords.verify(input.password, Some(wanted.password_hash.clone())).await? {
        return Err(ApiError::refused(
            Code::WrongCredentials,
            "This is not the password of the sign-up. If you did not sign up yourself, sign up now.",
        ));
    }
    let user = User {
        id: app.ambient.id::<UserId>(),
        email: wanted.email,
        email_fold: wanted.email_fold,
        name: wanted.name,
        phone: wanted.phone,
        country: wanted.country,
        password_hash: wanted.password_hash,
        password_changed_at: now,
        created_at: now,
    };
    let acceptances = wanted.accepted.acceptances(now, &wanted.ip);
    let session = NewSession::new(&app, &headers, &client, now);
    let (begun, user, accepted) = app
        .store
        .write(move |tx| {
            if !tx.end_sign_up(&hash)? || !tx.create_user(&user)? {
                return Err(link_invalid());
            }
            for acceptance in &acceptances {
                tx.accept_policy(user.id, acceptance)?;
            }
            let accepted = tx.list_acceptances(user.id)?;
            Ok((session.clone().begin(tx, user.id, false)?, user.clone(), accepted))
        })
        .await?;
    tracing::info!(user = %user.id, "signed up");
    Ok((StatusCode::CREATED, begun.cookies(&app), Json(UserView::new(user, accepted))))
}
