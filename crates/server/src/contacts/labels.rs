//! `/labels`.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, ByName, Code, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{ContactId, LabelId, Timestamp};
use tisara_store::labels::Label;
use utoipa::ToSchema;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_labels, create_label))
        .routes(routes!(delete_label))
        .routes(routes!(change_labelled))
}

/// A label.
#[derive(Serialize, ToSchema)]
struct LabelView {
    #[schema(value_type = String)]
    id: LabelId,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Label> for LabelView {
    fn from(l: Label) -> Self {
        Self { id: l.id, name: l.name, created_at: l.created_at }
    }
}

/// A label to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LabelInput {
    /// 1 to 60 characters.
    name: String,
}

/// Labels by name.
#[utoipa::path(get, path = "/labels", tag = "labels", params(PageQuery), responses((status = 200, body = Page<LabelView>)))]
async fn list_labels(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<LabelView>>> {
    let (limit, after) = (page.limit()?, page.after::<ByName<b'L'>>()?);
    let found = app
        .store
        .read(move |tx| tx.org(caller.org).list_labels(after.as_ref().map(|a| a.0.as_str()), limit))
        .await?;
    Ok(Json(Page::new(found, limit, |l| ByName::<b'L'>(l.name.clone())).map(LabelView::from)))
}

/// Makes a label.
#[utoipa::path(post, path = "/labels", tag = "labels", request_body = LabelInput, responses((status = 201, body = LabelView)))]
async fn create_label(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<LabelInput>,
) -> Result<(StatusCode, Json<LabelView>)> {
    let name = name(&input.name)?;
    let label = Label { id: app.ambient.id(), name, created_at: app.ambient.now() };
    let made = app
        .write(StatusCode::CREATED, move |tx| {
            let mut tx = tx.org(caller.org);
            if let Some(other) = tx.find_label_by_name(&label.name)? {
                return Err(ApiError::refused(
                    Code::AlreadyExists,
                    format!("There is a label of this name: {}.", other.id),
                ));
            }
            tx.create_label(&label)?;
            Ok(label.clone())
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// A name of a label or field, trimmed.
pub(crate) fn name(text: &str) -> Result<String> {
    let name = super::values::line(text.trim(), 1_000);
    if name.is_empty() || name.chars().count() > 60 {
        return Err(ApiError::field("name", "must have 1 to 60 characters"));
    }
    Ok(name)
}

/// Takes a label off all contacts and removes it.
#[utoipa::path(delete, path = "/labels/{id}", tag = "labels", params(("id" = String, Path)), responses((status = 204)))]
async fn delete_label(State(app): State<App>, caller: Caller, Id(id): Id<LabelId>) -> Result<StatusCode> {
    let deleted = app.store.write(move |tx| tx.org(caller.org).delete_label(id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("label")) }
}

/// Contacts to put a label on and to take it off.
#[derive(Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct LabelledInput {
    /// Up to 1,000 ids; those that do not exist are passed over.
    #[schema(value_type = Vec<String>)]
    add: Vec<ContactId>,
    /// Up to 1,000 ids.
    #[schema(value_type = Vec<String>)]
    remove: Vec<ContactId>,
}

/// How many contacts changed.
#[derive(Serialize, ToSchema)]
struct Labelled {
    added: u64,
    removed: u64,
}

/// Puts a label on many contacts, or takes it off.
#[utoipa::path(post, path = "/labels/{id}/contacts", tag = "labels", params(("id" = String, Path)),
    request_body = LabelledInput, responses((status = 200, body = Labelled)))]
async fn change_labelled(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LabelId>,
    Body(input): Body<LabelledInput>,
) -> Result<Json<Labelled>> {
    for (field, ids) in [("add", &input.add), ("remove", &input.remove)] {
        if ids.len() > 1_000 {
            return Err(ApiError::field(
                field,
                "must have at most 1,000 ids; send the rest in another request",
            ));
        }
    }
    let done = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            if tx.find_label(id)?.is_none() {
                return Err(ApiError::NotFound("label"));
            }
            Ok(Labelled {
                added: tx.label_contacts(id, &input.add)?,
                removed: tx.unlabel_contacts(id, &input.remove)?,
            })
        })
        .await?;
    Ok(Json(done))
}
