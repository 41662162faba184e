//! `/templates`.

use super::{Shape, sync};
use crate::{
    app::App,
    auth::Caller,
    campaigns::PlaceView,
    edge::{ApiError, Body, Cursor, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tisara_domain::{TemplateId, Timestamp, WabaId, id::TypedId as _};
use tisara_store::templates::{Template, TemplateVersion};
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_templates))
        .routes(routes!(sync_templates))
        .routes(routes!(get_template))
}

/// A message template.
#[derive(Serialize, ToSchema)]
struct TemplateView {
    #[schema(value_type = String)]
    id: TemplateId,
    /// The account it belongs to.
    #[schema(value_type = String)]
    waba: WabaId,
    /// Its name, shared by its languages.
    name: String,
    /// Meta's code, as `en_US`.
    language: String,
    /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    category: String,
    /// Only `APPROVED` ones can be sent.
    status: String,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    quality: String,
    /// Meta's word for why it was rejected.
    rejected_reason: Option<String>,
    /// Grows when Meta has other texts for it.
    version: u32,
    #[schema(value_type = String, format = DateTime)]
    synced_at: Timestamp,
}

impl From<Template> for TemplateView {
    fn from(t: Template) -> Self {
        Self {
            id: t.id,
            waba: t.waba_id,
            name: t.name,
            language: t.language,
            category: t.category,
            status: t.status,
            quality: t.quality,
            rejected_reason: t.rejected_reason,
            version: t.version,
            synced_at: t.synced_at,
        }
    }
}

/// A template with what it says and asks for.
#[derive(Serialize, ToSchema)]
struct TemplateDetails {
    #[serde(flatten)]
    template: TemplateView,
    /// `POSITIONAL` or `NAMED`.
    parameter_format: String,
    /// As Meta has them.
    #[schema(value_type = Vec<Object>)]
    components: Value,
    /// Every variable that wants a value.
    variables: Vec<VariableView>,
    /// `image`, `video` or `document`, where the header wants one.
    header_media: Option<String>,
    /// What cannot be sent from here yet, if there is such a thing in it.
    unsupported: Option<String>,
}

/// A variable of a template.
#[derive(Serialize, ToSchema)]
struct VariableView {
    place: PlaceView,
    /// `1`, or `first_name`.
    name: String,
}

impl TemplateDetails {
    fn new(template: Template, version: TemplateVersion) -> Self {
        let shape = Shape::of(&version.components).unwrap_or_default();
        Self {
            template: template.into(),
            parameter_format: version.parameter_format,
            components: serde_json::from_str(&version.components).unwrap_or_default(),
            variables: shape
                .slots
                .into_iter()
                .map(|slot| VariableView { place: slot.place.into(), name: slot.name })
                .collect(),
            header_media: shape.header_media.map(str::to_owned),
            unsupported: shape.unsupported.map(str::to_owned),
        }
    }
}

/// Behind which template a list goes on.
struct Behind {
    id: TemplateId,
    name: String,
    language: String,
}

impl Cursor for Behind {
    const LIST: u8 = b'T';
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.id.to_bytes().to_vec();
        bytes.extend_from_slice(self.name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(self.language.as_bytes());
        bytes
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_at_checked(16)?;
        let (name, language) = std::str::from_utf8(rest).ok()?.split_once('\0')?;
        let id = TemplateId::from_bytes(id.try_into().ok()?);
        Some(Self { id, name: name.to_owned(), language: language.to_owned() })
    }
}

impl Behind {
    /// A template of which only the position counts.
    fn as_template(&self) -> Template {
        Template {
            id: self.id,
            waba_id: WabaId::from_bytes([0; 16]),
            meta_id: String::new(),
            name: self.name.clone(),
            language: self.language.clone(),
            category: String::new(),
            status: String::new(),
            quality: String::new(),
            rejected_reason: None,
            version: 0,
            synced_at: Timestamp::default(),
        }
    }
}

/// Templates of all accounts by name and language, as they were last synchronized.
#[utoipa::path(get, path = "/templates", tag = "templates", params(PageQuery),
    responses((status = 200, body = Page<TemplateView>)))]
async fn list_templates(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<TemplateView>>> {
    let (limit, after) = (page.limit()?, page.after::<Behind>()?.map(|b| b.as_template()));
    let found = app.store.read(move |tx| tx.org(caller.org).list_templates(after.as_ref(), limit)).await?;
    let behind = |t: &Template| Behind { id: t.id, name: t.name.clone(), language: t.language.clone() };
    Ok(Json(Page::new(found, limit, behind).map(TemplateView::from)))
}

/// A template with its texts, its variables and what its header wants.
#[utoipa::path(get, path = "/templates/{id}", tag = "templates", params(("id" = String, Path)),
    responses((status = 200, body = TemplateDetails)))]
async fn get_template(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
) -> Result<Json<TemplateDetails>> {
    let details = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let template = tx.find_template(id)?.ok_or(ApiError::NotFound("template"))?;
            let version = tx.get_template_version(id, template.version)?;
            Ok::<_, ApiError>(TemplateDetails::new(template, version))
        })
        .await?;
    Ok(Json(details))
}

/// Which account.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct SyncInput {
    /// The account; all connected ones when absent.
    #[schema(value_type = Option<String>)]
    waba: Option<WabaId>,
}

/// What a synchronization found.
#[derive(Default, Serialize, ToSchema)]
struct SyncView {
    /// Templates at Meta.
    found: u64,
    /// Those that say something new.
    changed: u64,
    /// Those that are there no more.
    gone: u64,
}

/// Takes over all templates from Meta.
#[utoipa::path(post, path = "/templates/sync", tag = "templates", request_body = SyncInput,
    responses((status = 200, body = SyncView)))]
async fn sync_templates(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<SyncInput>,
) -> Result<Json<SyncView>> {
    let wabas = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            match input.waba {
                Some(id) => Ok::<_, ApiError>(vec![tx.find_waba(id)?.ok_or(ApiError::NotFound("account"))?]),
                None => Ok(tx.list_wabas(None, 200)?),
            }
        })
        .await?;
    let mut all = SyncView::default();
    for waba in &wabas {
        let synced = sync(&app, caller, waba).await?;
        all.found += synced.found;
        all.changed += synced.changed;
        all.gone += synced.gone;
    }
    Ok(Json(all))
}
