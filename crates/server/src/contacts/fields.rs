//! `/fields`: typed attributes of contacts.

use super::{import::FieldForm, labels::name};
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, ByName, Code, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{FieldId, Timestamp};
use tisara_store::fields::{Field, FieldKind};
use utoipa::ToSchema;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list_fields, create_field)).routes(routes!(delete_field))
}

/// A field.
#[derive(Serialize, ToSchema)]
struct FieldView {
    #[schema(value_type = String)]
    id: FieldId,
    name: String,
    kind: FieldForm,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A field to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FieldInput {
    /// 1 to 60 characters.
    name: String,
    #[serde(default)]
    kind: FieldForm,
}

impl From<FieldForm> for FieldKind {
    fn from(form: FieldForm) -> Self {
        match form {
            FieldForm::Text => Self::Text,
            FieldForm::Number => Self::Number,
            FieldForm::Date => Self::Date,
            FieldForm::Boolean => Self::Boolean,
        }
    }
}

impl From<FieldKind> for FieldForm {
    fn from(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Text => Self::Text,
            FieldKind::Number => Self::Number,
            FieldKind::Date => Self::Date,
            FieldKind::Boolean => Self::Boolean,
        }
    }
}

impl From<Field> for FieldView {
    fn from(f: Field) -> Self {
        Self { id: f.id, name: f.name, kind: f.kind.into(), created_at: f.created_at }
    }
}

/// Fields by name.
#[utoipa::path(get, path = "/fields", tag = "fields", params(PageQuery), responses((status = 200, body = Page<FieldView>)))]
async fn list_fields(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<FieldView>>> {
    let (limit, after) = (page.limit()?, page.after::<ByName<b'F'>>()?);
    let found = app
        .store
        .read(move |tx| tx.org(caller.org).list_fields(after.as_ref().map(|a| a.0.as_str()), limit))
        .await?;
    Ok(Json(Page::new(found, limit, |f| ByName::<b'F'>(f.name.clone())).map(FieldView::from)))
}

/// Makes a field.
#[utoipa::path(post, path = "/fields", tag = "fields", request_body = FieldInput, responses((status = 201, body = FieldView)))]
async fn create_field(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<FieldInput>,
) -> Result<(StatusCode, Json<FieldView>)> {
    let field = Field {
        id: app.ambient.id(),
        name: name(&input.name)?,
        kind: input.kind.into(),
        created_at: app.ambient.now(),
    };
    let made = app
        .write(StatusCode::CREATED, move |tx| {
            let mut tx = tx.org(caller.org);
            if let Some(other) = tx.find_field_by_name(&field.name)? {
                return Err(ApiError::refused(
                    Code::AlreadyExists,
                    format!("There is a field of this name: {}.", other.id),
                ));
            }
            tx.create_field(&field)?;
            Ok(field.clone())
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Removes a field and what all contacts have in it.
#[utoipa::path(delete, path = "/fields/{id}", tag = "fields", params(("id" = String, Path)), responses((status = 204)))]
async fn delete_field(State(app): State<App>, caller: Caller, Id(id): Id<FieldId>) -> Result<StatusCode> {
    let deleted = app.store.write(move |tx| tx.org(caller.org).delete_field(id)).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("field")) }
}
