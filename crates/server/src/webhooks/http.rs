//! The handshake and the receiving end.

use crate::{
    app::App,
    edge::{ApiError, Code, Params, Result},
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest as _, Request, State},
    http::StatusCode,
    routing::get,
};
use tisara_cloud_api::webhook::{signature, verification::Handshake};

/// `/webhooks/whatsapp`.
pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/webhooks/whatsapp", get(shake_hands).post(receive))
        .layer(DefaultBodyLimit::max(app.settings.webhook_max_bytes))
}

/// Meta asks once, when the callback is set.
async fn shake_hands(State(app): State<App>, Params(handshake): Params<Handshake>) -> Result<String> {
    let word = app.settings.verify_token.as_deref().unwrap_or_default();
    handshake.answer(word).map(str::to_owned).map_err(|e| {
        tracing::warn!(reason = %e, "a webhook handshake was refused");
        ApiError::refused(Code::SignatureInvalid, "The verify token is not the one that is configured here.")
    })
}

async fn receive(State(app): State<App>, request: Request) -> Result<StatusCode> {
    let header = request.headers().get(signature::HEADER).and_then(|v| v.to_str().ok()).map(str::to_owned);
    // Without a signature the body is not even read.
    if header.is_none() {
        return Err(unsigned("missing"));
    }
    let body = Bytes::from_request(request, &()).await.map_err(|e| {
        metrics::counter!("tisara_webhooks_refused_total", "reason" => "unreadable").increment(1);
        if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::refused(Code::TooLarge, "A webhook has at most 3 MB.")
        } else {
            ApiError::Malformed("The body broke off.".to_owned())
        }
    })?;
    let secret = app.settings.app_secret.as_deref().filter(|s| !s.is_empty()).ok_or_else(|| {
        tracing::error!("a webhook came, but no app secret is configured: it cannot be checked");
        unsigned("no_secret")
    })?;
    signature::verify(secret.as_bytes(), &body, header.as_deref()).map_err(|_| unsigned("wrong"))?;
    let bytes = body.len();
    // Not kept: anything but 200 makes Meta send it again.
    app.engine.journal().append(body, app.ambient.now()).await.map_err(|e| {
        tracing::debug!(error = %e, "a webhook could not be kept");
        metrics::counter!("tisara_webhooks_refused_total", "reason" => "not_stored").increment(1);
        ApiError::refused(Code::StorageUnavailable, "This webhook could not be stored. Send it again.")
    })?;
    tracing::debug!(bytes, "a webhook is in the journal");
    Ok(StatusCode::OK)
}

fn unsigned(reason: &'static str) -> ApiError {
    metrics::counter!("tisara_webhooks_refused_total", "reason" => reason).increment(1);
    ApiError::refused(Code::SignatureInvalid, "The signature of this webhook is missing or wrong.")
}
