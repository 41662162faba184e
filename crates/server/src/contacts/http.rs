//! `/contacts`.

use super::{
    Checked, default_region,
    view::{ConsentWord, ContactView},
};
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, ById, Code, Id, Page, PageQuery, Params, Result, Routes, TwoIds, maybe, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;
use tisara_domain::{ContactId, LabelId, SegmentId};
use tisara_store::{
    contacts::{Contact, ContactChange, Filter, NewContact},
    segments::Rule,
};
use utoipa::{IntoParams, ToSchema};

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_contacts, create_contact))
        .routes(routes!(get_contact, update_contact, delete_contact))
        .routes(routes!(put_label, remove_label))
}

/// Which contacts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Part of a name, an e-mail address or a phone number.
    search: Option<String>,
    /// Id of a label that is on them.
    label: Option<String>,
    /// What is on record about marketing.
    #[param(inline)]
    consent: Option<ConsentWord>,
    /// Id of a segment that means them; not together with `search`.
    segment: Option<String>,
}

/// Contacts, newest first.
#[utoipa::path(get, path = "/contacts", tag = "contacts", params(Which, PageQuery),
    responses((status = 200, body = Page<ContactView>)))]
async fn list_contacts(
    State(app): State<App>,
    caller: Caller,
    Params(which): Params<Which>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<ContactView>>> {
    let (limit, after) = (page.limit()?, page.after_id::<ContactId>()?);
    let label = which.label.as_deref().map(str::parse::<LabelId>).transpose();
    let filter = Filter {
        search: which.search,
        label: label.map_err(|e| ApiError::field("label", e.to_string()))?,
        consent: which.consent.map(Into::into),
    };
    if let Some(segment) = which.segment {
        let segment = segment.parse().map_err(|_| ApiError::field("segment", "is no id of a segment"))?;
        let found = list_segment(&app, caller, segment, filter, after, limit).await?;
        return Ok(Json(Page::new(found, limit, |c| ById(c.id)).map(ContactView::from)));
    }
    let found = app.store.read(move |tx| tx.org(caller.org).list_contacts(&filter, after, limit)).await?;
    Ok(Json(Page::new(found, limit, |c| ById(c.id)).map(ContactView::from)))
}

/// A page of the contacts of a segment, narrowed by label and consent.
async fn list_segment(
    app: &App,
    caller: Caller,
    segment: SegmentId,
    filter: Filter,
    after: Option<ContactId>,
    limit: u32,
) -> Result<Vec<Contact>> {
    if filter.search.is_some() {
        return Err(ApiError::field("search", "cannot be given together with a segment"));
    }
    let (sets, now) = (app.engine.sets().clone(), app.ambient.now());
    app.store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let segment = tx.find_segment(segment)?;
            let segment = segment.ok_or_else(|| ApiError::field("segment", "there is no such segment"))?;
            let mut rules = vec![segment.rule];
            rules.extend(filter.label.map(|label| Rule::Label { label }));
            rules.extend(filter.consent.map(|state| Rule::Consent { state }));
            let page = tx.find_by_rule(&Rule::All { rules }, &sets, now)?.newest(after, limit);
            Ok(tx.get_contacts(&page)?)
        })
        .await
}

/// A contact to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContactInput {
    /// In any usual way of writing; without `+` it is a number of the organization's country.
    phone: String,
    #[serde(default)]
    name: String,
    email: Option<String>,
    /// A code, as `si`, `ta` or `en_US`.
    language: Option<String>,
    /// Values by the field's id or exact name.
    #[serde(default)]
    fields: BTreeMap<String, Option<String>>,
    /// Ids of labels.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    labels: Vec<LabelId>,
}

/// Makes a contact.
#[utoipa::path(post, path = "/contacts", tag = "contacts", request_body = ContactInput,
    responses((status = 201, body = ContactView)))]
async fn create_contact(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<ContactInput>,
) -> Result<(StatusCode, Json<ContactView>)> {
    let (id, now) = (app.ambient.id::<ContactId>(), app.ambient.now());
    let made = app
        .write(StatusCode::CREATED, move |tx| {
            let region = default_region(tx, caller.org)?;
            let mut tx = tx.org(caller.org);
            let mut checked = Checked::new();
            let phone = checked.phone(&input.phone, region);
            let name = checked.name(&input.name);
            let email = input.email.as_deref().and_then(|e| checked.email(e));
            let language = input.language.as_deref().and_then(|l| checked.language(l));
            let fields = checked.fields(&mut tx, &input.fields, region)?;
            for (i, label) in input.labels.iter().enumerate() {
                if tx.find_label(*label)?.is_none() {
                    checked.wrong(format!("labels[{i}]"), "there is no such label");
                }
            }
            checked.done()?;
            let Some(phone) = phone else { return Err(ApiError::internal("a checked phone is missing")) };
            if let Some(other) = tx.find_contact_by_phone(&phone)? {
                return Err(taken(other.id));
            }
            let fields = fields.into_iter().filter_map(|(field, value)| Some((field, value?))).collect();
            tx.create_contact(&NewContact { id, phone, name, email, language, fields }, now)?;
            for label in &input.labels {
                tx.label_contacts(*label, &[id])?;
            }
            tx.find_contact(id)?.ok_or(ApiError::NotFound("contact"))
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made)))
}

fn taken(other: ContactId) -> ApiError {
    ApiError::refused(Code::AlreadyExists, format!("Another contact has this phone number: {other}."))
}

/// One contact.
#[utoipa::path(get, path = "/contacts/{id}", tag = "contacts", params(("id" = String, Path)),
    responses((status = 200, body = ContactView)))]
async fn get_contact(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
) -> Result<Json<ContactView>> {
    let found = app.store.read(move |tx| tx.org(caller.org).find_contact(id)).await?;
    Ok(Json(found.ok_or(ApiError::NotFound("contact"))?.into()))
}

/// What to change of a contact. What is left out stays; `null` removes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct ContactPatch {
    phone: Option<String>,
    name: Option<String>,
    #[serde(deserialize_with = "maybe")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    #[serde(deserialize_with = "maybe")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// Values by the field's id or exact name; `null` removes one.
    fields: BTreeMap<String, Option<String>>,
}

/// Changes a contact.
#[utoipa::path(patch, path = "/contacts/{id}", tag = "contacts", params(("id" = String, Path)),
    request_body = ContactPatch, responses((status = 200, body = ContactView)))]
async fn update_contact(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Body(patch): Body<ContactPatch>,
) -> Result<Json<ContactView>> {
    let now = app.ambient.now();
    let changed = app
        .write(StatusCode::OK, move |tx| {
            let region = default_region(tx, caller.org)?;
            let mut tx = tx.org(caller.org);
            let mut checked = Checked::new();
            let change = ContactChange {
                name: patch.name.as_deref().map(|n| checked.name(n)),
                phone: patch.phone.as_deref().and_then(|p| checked.phone(p, region)),
                email: patch.email.as_ref().map(|e| e.as_deref().and_then(|e| checked.email(e))),
                language: patch.language.as_ref().map(|l| l.as_deref().and_then(|l| checked.language(l))),
                fields: checked.fields(&mut tx, &patch.fields, region)?,
            };
            checked.done()?;
            if let Some(phone) = &change.phone
                && let Some(other) = tx.find_contact_by_phone(phone)?
                && other.id != id
            {
                return Err(taken(other.id));
            }
            if !tx.update_contact(id, &change, now)? {
                return Err(ApiError::NotFound("contact"));
            }
            tx.find_contact(id)?.ok_or(ApiError::NotFound("contact"))
        })
        .await?;
    Ok(Json(changed))
}

/// Erases a contact with its conversations. In past campaigns its row stays counted, without the
/// person.
#[utoipa::path(delete, path = "/contacts/{id}", tag = "contacts", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_contact(State(app): State<App>, caller: Caller, Id(id): Id<ContactId>) -> Result<StatusCode> {
    let erased = app
        .store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            tx.erase_recipients(id)?;
            tx.delete_contact(id)
        })
        .await?;
    if erased { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("contact")) }
}

/// Puts a label on a contact.
#[utoipa::path(put, path = "/contacts/{id}/labels/{label}", tag = "contacts",
    params(("id" = String, Path), ("label" = String, Path)), responses((status = 204)))]
async fn put_label(
    State(app): State<App>,
    caller: Caller,
    TwoIds(id, label): TwoIds<ContactId, LabelId>,
) -> Result<StatusCode> {
    let work = move |tx: &mut tisara_store::Tx<'_>| {
        let mut tx = tx.org(caller.org);
        if tx.find_contact(id)?.is_none() {
            return Err(ApiError::NotFound("contact"));
        }
        if tx.find_label(label)?.is_none() {
            return Err(ApiError::NotFound("label"));
        }
        tx.label_contacts(label, &[id])?;
        Ok(StatusCode::NO_CONTENT)
    };
    app.store.write(work).await
}

/// Takes a label off a contact; that it was not on it is no error.
#[utoipa::path(delete, path = "/contacts/{id}/labels/{label}", tag = "contacts",
    params(("id" = String, Path), ("label" = String, Path)), responses((status = 204)))]
async fn remove_label(
    State(app): State<App>,
    caller: Caller,
    TwoIds(id, label): TwoIds<ContactId, LabelId>,
) -> Result<StatusCode> {
    app.store.write(move |tx| tx.org(caller.org).unlabel_contacts(label, &[id])).await?;
    Ok(StatusCode::NO_CONTENT)
}
