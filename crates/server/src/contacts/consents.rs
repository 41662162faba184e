//! `/contacts/{id}/consents`: the ledger of what a person agreed to. Entries are only ever added.

use super::view::ConsentWord;
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, FieldProblem, Id, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{ConsentId, ContactId, Timestamp};
use tisara_store::consents::{Consent, MARKETING};
use utoipa::ToSchema;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list_consents, record_consent))
}

/// An entry of the ledger.
#[derive(Serialize, ToSchema)]
struct ConsentView {
    #[schema(value_type = String)]
    id: ConsentId,
    /// When consent was given or withdrawn.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    state: ConsentWord,
    /// What for: `marketing`.
    purpose: String,
    /// How it reached us: a file, a keyword, a form, a person.
    source: String,
    /// In which words.
    wording: String,
}

impl From<Consent> for ConsentView {
    fn from(c: Consent) -> Self {
        Self {
            id: c.id,
            at: c.at,
            state: c.state.into(),
            purpose: c.purpose,
            source: c.source,
            wording: c.wording,
        }
    }
}

/// The ledger of a contact, newest entry first.
#[derive(Serialize, ToSchema)]
struct Ledger {
    items: Vec<ConsentView>,
}

/// An entry to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsentInput {
    /// `opted_in` or `opted_out`.
    state: ConsentWord,
    /// How it reached you: `shop form`, `phone call`.
    source: String,
    /// The words that the person agreed to or wrote.
    wording: String,
    /// When; now, if absent. Not in the future.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// What a contact agreed to, and when.
#[utoipa::path(get, path = "/contacts/{id}/consents", tag = "contacts", params(("id" = String, Path)),
    responses((status = 200, body = Ledger)))]
async fn list_consents(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
) -> Result<Json<Ledger>> {
    let found = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            if tx.find_contact(id)?.is_none() {
                return Err(ApiError::NotFound("contact"));
            }
            Ok(tx.list_consents(id)?)
        })
        .await?;
    Ok(Json(Ledger { items: found.into_iter().map(ConsentView::from).collect() }))
}

/// Adds an entry; its state becomes the contact's.
#[utoipa::path(post, path = "/contacts/{id}/consents", tag = "contacts", params(("id" = String, Path)),
    request_body = ConsentInput, responses((status = 201, body = ConsentView)))]
async fn record_consent(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Body(input): Body<ConsentInput>,
) -> Result<(StatusCode, Json<ConsentView>)> {
    let now = app.ambient.now();
    let mut problems = Vec::new();
    if input.state == ConsentWord::Unknown {
        problems.push(FieldProblem::new("state", "must be opted_in or opted_out"));
    }
    for (field, text, max) in [("source", &input.source, 200), ("wording", &input.wording, 2_000)] {
        if text.trim().is_empty() || text.chars().count() > max {
            problems
                .push(FieldProblem::new(field, format!("must have 1 to {max} characters: it is the proof")));
        }
    }
    if input.at.is_some_and(|at| at > now) {
        problems.push(FieldProblem::new("at", "must not be in the future"));
    }
    if !problems.is_empty() {
        return Err(ApiError::Invalid(problems));
    }
    let entry = Consent {
        id: app.ambient.id(),
        contact_id: id,
        at: input.at.unwrap_or(now),
        state: input.state.into(),
        purpose: MARKETING.to_owned(),
        source: input.source.trim().to_owned(),
        wording: input.wording.trim().to_owned(),
    };
    let recorded = app
        .write(StatusCode::CREATED, move |tx| {
            let mut tx = tx.org(caller.org);
            // The newest entry decides: what happened before it must not undo a withdrawal since.
            if tx.list_consents(id)?.first().is_some_and(|newest| newest.at > entry.at) {
                return Err(ApiError::field("at", "is before the newest entry of this contact's ledger"));
            }
            if tx.record_consent(&entry)? { Ok(entry.clone()) } else { Err(ApiError::NotFound("contact")) }
        })
        .await?;
    Ok((StatusCode::CREATED, Json(recorded)))
}
