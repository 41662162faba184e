//! Whether the server lives, whether it can work, and its numbers. Open to anyone who reaches the port;
//! nothing of any organization is in them.

use crate::app::App;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use std::{path::PathBuf, time::Duration};
use tisara_store::migrate;

/// `/healthz`, `/readyz`, `/metrics`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(|| async { Json(serde_json::json!({ "status": "ok" })) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
}

/// One thing that must be in order.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Longest wait for the database before it counts as unreachable.
const DATABASE_WAIT: Duration = Duration::from_secs(3);

async fn ready(State(app): State<App>) -> Response {
    let version = tokio::select! {
        version = app.store.version() => version.ok(),
        () = app.ambient.sleep(DATABASE_WAIT) => None,
    };
    let disk = is_writable(app.settings.data_dir.clone()).await;
    let engine = app.engine.is_alive();
    let check = |name, ok, wrong: &str| Check { name, ok, detail: (!ok).then(|| wrong.to_owned()) };
    let trouble =
        app.store.trouble().or_else(|| version.is_none().then(|| "the database does not answer".to_owned()));
    let checks = [
        Check { name: "database", ok: trouble.is_none(), detail: trouble },
        check(
            "migrations",
            version.is_none_or(|v| v == migrate::newest()),
            "the tables are of another release: run `tisara migrate`",
        ),
        check("engine", engine, "the engine has stopped: restart this process"),
        check("disk", disk, "the data folder cannot be written to, or its disk is full"),
    ];
    let ok = checks.iter().all(|c| c.ok);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(serde_json::json!({ "status": if ok { "ready" } else { "not_ready" }, "checks": checks })))
        .into_response()
}

async fn is_writable(folder: PathBuf) -> bool {
    let path = folder.join(".ready");
    tokio::fs::write(&path, b"ready\n").await.is_ok()
}

async fn numbers(State(app): State<App>) -> Response {
    match &app.metrics {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(handle) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
                .into_response()
        }
    }
}
