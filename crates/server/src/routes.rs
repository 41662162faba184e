//! Every address of the server.

use crate::{
    api_keys,
    app::App,
    auth, campaigns, contacts,
    edge::{self, ApiError, Code, Routes},
    health, idempotency, jobs, journal, mail, me, numbers,
    openapi::{self, Document},
    organizations, people, restored, segments, sessions, templates, threads, usage, visits, webhooks,
};
use axum::{Router, extract::DefaultBodyLimit, middleware, response::IntoResponse as _, routing::get};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use utoipa::OpenApi as _;

/// All features of `/api/v1`.
fn api() -> Routes {
    Routes::new()
        .merge(me::routes())
        .merge(numbers::routes())
        .merge(templates::routes())
        .merge(contacts::routes())
        .merge(segments::routes())
        .merge(campaigns::routes())
        .merge(threads::routes())
        .merge(journal::routes())
        .merge(restored::routes())
        .merge(jobs::routes())
        .merge(people::routes())
        .merge(organizations::routes())
        .merge(api_keys::routes())
        .merge(sessions::routes())
        .merge(visits::routes())
        .merge(usage::routes())
        .merge(mail::routes())
}

/// The description of `/api/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi().nest("/api/v1", api().describe());
    openapi::complete(&mut document);
    document
}

/// The same as text: the committed copy, which a test holds against the code. Made while the program starts, it took
/// more memory than all the rest.
const DOCUMENT: &str = include_str!("../../../openapi.json");

/// Keeps other sites from using a browser's cookie: what changes something must come from this site, by
/// Sec-Fetch-Site, or by Origin against Host. Programs send neither.
fn cross_site(
    app: &App,
) -> CsrfLayer<impl FnMut(ProtectionError) -> http::Response<axum::body::Body> + Clone + use<>> {
    let own = app.settings.public_url.origin().ascii_serialization();
    let layer = CsrfLayer::new().add_trusted_origin(own).unwrap_or_default();
    layer.with_rejection_response(|_: ProtectionError| {
        ApiError::refused(Code::CrossSite, "A browser sent this from another site, so nothing was done.")
            .into_response()
    })
}

/// The whole server.
pub fn router(app: App) -> Router {
    let api = Router::new()
        .nest("/api/v1", api().into_router())
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::once))
        .layer(middleware::from_fn_with_state(app.clone(), auth::fence))
        .layer(cross_site(&app))
        .layer(DefaultBodyLimit::max(app.settings.json_max_bytes));
    Router::new()
        .merge(api)
        .merge(webhooks::routes(&app))
        .merge(health::routes())
        .route(
            "/openapi.json",
            get(|| async { ([(http::header::CONTENT_TYPE, "application/json")], DOCUMENT) }),
        )
        .method_not_allowed_fallback(edge::no_method)
        .fallback(edge::no_path)
        .layer(middleware::from_fn_with_state(app.clone(), edge::around))
        .with_state(app)
}
