//! Invitations: sent by e-mail, good once, for a week, for the address they were sent to.

use super::{
    grant,
    grant::RoleInput,
    view::{OrganizationView, role_word},
};
use crate::{
    app::App,
    auth::{Caller, Client, Person, Secret, Who, hash_of},
    edge::{ApiError, Body, Code, Id, Result, Routes, routes},
    mail::{Letters, Sealed},
    people::{Email, Guess, link_invalid, require_mail},
    usage::require_seat,
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{Duration, InvitationId, Timestamp, UserId};
use tisara_store::members::{Invitation, NewInvitation};
use utoipa::ToSchema;

const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
/// Invitations of one organization that wait at once.
const WAITING_MAX: usize = 200;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(end_invitation))
        .routes(routes!(accept_invitation))
}

/// An invitation that waits.
#[derive(Serialize, ToSchema)]
struct InvitationView {
    #[schema(value_type = String)]
    id: InvitationId,
    email: String,
    /// One of the five words, or the id of one of the organization's own roles.
    role: String,
    #[schema(value_type = String)]
    invited_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            role: role_word(invitation.role),
            id: invitation.id,
            email: invitation.email,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// The invitations that wait.
#[derive(Serialize, ToSchema)]
struct InvitationList {
    /// Newest first, 200 at most.
    items: Vec<InvitationView>,
}

/// The invitations that wait.
#[utoipa::path(get, path = "/invitations", tag = "members", responses((status = 200, body = InvitationList)))]
async fn list_invitations(State(app): State<App>, caller: Caller) -> Result<Json<InvitationList>> {
    let now = app.ambient.now();
    let found = app.store.read(move |tx| tx.org(caller.org).list_invitations(now)).await?;
    Ok(Json(InvitationList { items: found.into_iter().map(InvitationView::from).collect() }))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InvitationInput {
    email: String,
    /// `owner`, `admin`, `manager`, `agent`, `viewer` or the id of one of the organization's own roles.
    #[schema(value_type = String)]
    role: RoleInput,
}

/// Invites somebody by e-mail. An earlier invitation to that address opens nothing any more.
#[utoipa::path(post, path = "/invitations", tag = "members", request_body = InvitationInput,
    responses((status = 201, body = InvitationView)))]
async fn create_invitation(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Body(input): Body<InvitationInput>,
) -> Result<(StatusCode, Json<InvitationView>)> {
    let Who::Person(person) = caller.who else {
        return Err(ApiError::refused(Code::Forbidden, "A person invites, not an API key."));
    };
    let email = Email::parse(&input.email)
        .ok_or_else(|| ApiError::field("email", "this is not an e-mail address"))?;
    require_mail(&app)?;
    Guess::mail(&email, &client).count(&app).await?;
    let (now, secret) = (app.ambient.now(), Secret::generate(app.ambient.rng()));
    let (id, mailing) = (app.ambient.id::<InvitationId>(), app.clone());
    let made = app
        .store
        .write(move |tx| {
            let name = tx.find_organization(caller.org)?.ok_or(ApiError::NotFound("organization"))?.name;
            let by = tx.find_user(person.user)?.ok_or(ApiError::NotFound("user"))?.name;
            let is_member = match tx.find_user_by_email(&email.fold)? {
                Some(user) => tx.org(caller.org).find_member(user.id)?.is_some(),
                None => false,
            };
            if is_member {
                return Err(ApiError::refused(Code::AlreadyExists, "This person is a member already."));
            }
            let mut org = tx.org(caller.org);
            org.lock_owners()?;
            if org.list_invitations(now)?.len() >= WAITING_MAX {
                return Err(ApiError::refused(
                    Code::WrongState,
                    format!("{WAITING_MAX} invitations wait already; end some of them."),
                ));
            }
            let new = NewInvitation {
                org_id: caller.org,
                id,
                email: email.text.clone(),
                email_fold: email.fold.clone(),
                role: grant::role(&mut org, &caller, &input.role)?,
                invited_by: person.user,
                created_at: now,
                expires_at: now.plus(LASTS),
            };
            org.create_invitation(&new, &secret.hash)?;
            require_seat(&mut org, now)?;
            let more = org.requires_second_factor()?;
            drop(org);
            let letters = Letters(&mailing.settings.public_url);
            let letter = letters.invitation(&email.text, &name, &by, &secret.text, more);
            Sealed::new(&mailing, &letter)?.queue(tx, now)?;
            Ok(new)
        })
        .await?;
    app.mail_waits.notify_one();
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 204)))]
async fn end_invitation(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<InvitationId>,
) -> Result<StatusCode> {
    let ended = app.store.write(move |tx| tx.org(caller.org).end_invitation(id)).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("invitation")) }
}

/// The link from the e-mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// What stands behind `#` in the link.
    token: String,
}

/// Accepts an invitation, signed in with the address that it was sent to. This session works in that
/// organization from now on.
#[utoipa::path(post, path = "/invitations/accept", tag = "members", request_body = Acceptance,
    responses((status = 200, body = OrganizationView)))]
async fn accept_invitation(
    State(app): State<App>,
    person: Person,
    client: Client,
    Body(input): Body<Acceptance>,
) -> Result<Json<OrganizationView>> {
    Guess::of_network(&client).count(&app).await?;
    let (now, hash) = (app.ambient.now(), hash_of(&input.token).ok_or_else(link_invalid)?);
    let joined = app
        .store
        .write(move |tx| {
            super::keep_staff_apart(tx, person)?;
            let invitation = tx.find_invitation(&hash, now)?.ok_or_else(link_invalid)?;
            let user = tx.find_user(person.user)?.ok_or_else(link_invalid)?;
            if user.email_fold != invitation.email_fold {
                return Err(ApiError::refused(
                    Code::LinkInvalid,
                    "This invitation was sent to another address. Sign in with that one, or ask for a new invitation.",
                ));
            }
            let mut org = tx.org(invitation.org_id);
            org.lock_owners()?;
            if !org.end_invitation(invitation.id)? {
                return Err(link_invalid());
            }
            org.add_member(person.user, invitation.role, now)?;
            require_seat(&mut org, now)?;
            drop(org);
            tx.set_session_organization(person.session, invitation.org_id)?;
            OrganizationView::find(tx, invitation.org_id)?.ok_or_else(link_invalid)
        })
        .await?;
    tracing::info!(org = %joined.id, user = %person.user, "a member joined");
    Ok(Json(joined))
}
