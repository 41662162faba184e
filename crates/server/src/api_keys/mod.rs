//! API keys of an organization: made, listed, revoked.
//!
//! A key may do at most what whoever makes it may do. It is shown once; an answer that shows it is never
//! kept for `Idempotency-Key`.

use crate::{
    app::App,
    auth::{Caller, NewKey, Person},
    edge::{ApiError, Body, ById, Code, FieldProblem, Id, Page, PageQuery, Params, Result, Routes, routes},
    organizations::permissions,
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{ApiKeyId, Network, Permission, Permissions, Timestamp, UserId};
use tisara_store::api_keys::{ApiKey, NewApiKey};
use utoipa::ToSchema;

const NAME_MAX: usize = 100;
const NETWORKS_MAX: usize = 50;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_api_keys, create_api_key)).routes(routes!(revoke_api_key))
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
struct KeyView {
    #[schema(value_type = String)]
    id: ApiKeyId,
    name: String,
    /// Its first characters.
    hint: String,
    permissions: Vec<&'static str>,
    /// From where it may be used; empty: from anywhere.
    networks: Vec<String>,
    /// The member who made it.
    #[schema(value_type = Option<String>)]
    created_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it was last used, give or take some minutes.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// Since when it opens nothing any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            hint: key.hint,
            permissions: key.permissions.iter().map(Permission::as_str).collect(),
            networks: key.networks.iter().map(ToString::to_string).collect(),
            created_by: key.created_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// The keys, newest first, revoked ones too.
#[utoipa::path(get, path = "/api-keys", tag = "api keys", params(PageQuery),
    responses((status = 200, body = Page<KeyView>)))]
async fn list_api_keys(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<KeyView>>> {
    let (limit, after) = (page.limit()?, page.after_id::<ApiKeyId>()?);
    let found = app.store.read(move |tx| tx.org(caller.org).list_api_keys(after, limit)).await?;
    Ok(Json(Page::new(found, limit, |key| ById(key.id)).map(KeyView::from)))
}

/// A key that begins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyInput {
    name: String,
    /// Words of `GET /permissions`; absent: all that you may do yourself.
    permissions: Option<Vec<String>>,
    /// Addresses or ranges such as `192.0.2.0/24` from where it may be used; absent: from anywhere.
    #[serde(default)]
    networks: Vec<String>,
    /// Until when it lasts; absent: until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Whether it begins with `tsr_test_`. It opens the same; the word helps people.
    #[serde(default)]
    test: bool,
}

/// A fresh key. It is not shown again.
#[derive(Serialize, ToSchema)]
struct MadeKey {
    /// What the program sends as `Authorization: Bearer …`.
    secret: String,
    key: KeyView,
}

impl KeyInput {
    fn read(&self, caller: &Caller, now: Timestamp) -> Result<(String, Permissions, Vec<Network>)> {
        let mut problems = Vec::new();
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            problems.push(FieldProblem::new("name", format!("1 to {NAME_MAX} characters")));
        }
        if self.networks.len() > NETWORKS_MAX {
            problems.push(FieldProblem::new("networks", format!("at most {NETWORKS_MAX}")));
        }
        let mut networks = Vec::new();
        for (n, text) in self.networks.iter().enumerate() {
            match text.parse() {
                Ok(network) => networks.push(network),
                Err(e) => problems.push(FieldProblem::new(format!("networks[{n}]"), format!("{e}"))),
            }
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            problems.push(FieldProblem::new("expires_at", "a moment to come"));
        }
        if !problems.is_empty() {
            return Err(ApiError::Invalid(problems));
        }
        let permissions = match &self.permissions {
            None => caller.permissions,
            Some(words) => permissions("permissions", words)?,
        };
        if !caller.permissions.has_all(permissions) {
            return Err(ApiError::refused(Code::Forbidden, "A key may not do what you may not do yourself."));
        }
        Ok((name, permissions, networks))
    }
}

/// Makes a key. Its secret is shown in this answer and never again. It takes a person whose password was
/// entered a moment ago.
#[utoipa::path(post, path = "/api-keys", tag = "api keys", request_body = KeyInput,
    responses((status = 201, body = MadeKey)))]
async fn create_api_key(
    State(app): State<App>,
    caller: Caller,
    person: Person,
    Body(input): Body<KeyInput>,
) -> Result<(StatusCode, Json<MadeKey>)> {
    let now = app.ambient.now();
    let (name, permissions, networks) = input.read(&caller, now)?;
    let secret = NewKey::generate(app.ambient.rng(), !input.test);
    let id = app.ambient.id::<ApiKeyId>();
    let hint = secret.hint().to_owned();
    let expires_at = input.expires_at;
    let hash = secret.hash;
    let key = app
        .store
        .write(move |tx| {
            let new = NewApiKey {
                hint: hint.clone(),
                permissions,
                networks: networks.clone(),
                created_by: Some(person.user),
                expires_at,
                ..NewApiKey::unbounded(caller.org, id, &name, now)
            };
            tx.org(caller.org).create_api_key(&new, &hash)?;
            Ok::<_, ApiError>(new)
        })
        .await?;
    tracing::info!(org = %caller.org, key = %id, "an API key was made");
    Ok((StatusCode::CREATED, Json(MadeKey { secret: secret.token, key: key.into() })))
}

/// Revokes a key: it opens nothing from now on, on other nodes after five seconds at most.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "api keys", params(("id" = String, Path)),
    responses((status = 204)))]
async fn revoke_api_key(State(app): State<App>, caller: Caller, Id(id): Id<ApiKeyId>) -> Result<StatusCode> {
    let now = app.ambient.now();
    if !app.store.write(move |tx| tx.org(caller.org).revoke_api_key(id, now)).await? {
        return Err(ApiError::NotFound("key"));
    }
    app.keys.forget_all_of(caller.org);
    tracing::info!(org = %caller.org, key = %id, "an API key was revoked");
    Ok(StatusCode::NO_CONTENT)
}
