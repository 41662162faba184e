//! `/contacts/imports`.

use super::{
    files::Files,
    options::ImportOptions,
    progress::{ImportInput, ImportProgress, KIND},
    start::{self, Preview},
};
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Code, Id, Result, Routes, routes},
};
use axum::{
    Json,
    body::Body,
    extract::{FromRequest as _, Multipart, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tisara_domain::{Duration, JobId, Timestamp};
use tisara_engine::Hint;
use tisara_store::jobs::Job;
use tokio::io::AsyncWriteExt as _;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(create_import))
        .routes(routes!(preview_import))
        // Uploads have a limit of their own, counted while they flow.
        .without_body_limit()
        .routes(routes!(get_import))
        .routes(routes!(get_import_errors))
}

/// An import.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportView {
    #[schema(value_type = String)]
    id: JobId,
    /// `queued`, `running`, `cancelling`, `done`, `failed` or `cancelled`.
    state: String,
    /// The name that the file came with.
    file_name: String,
    dry_run: bool,
    /// Why it failed, in words for a person.
    error: Option<String>,
    progress: ImportProgress,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Job> for ImportView {
    fn from(job: Job) -> Self {
        let input: Option<ImportInput> = serde_json::from_str(&job.input).ok();
        Self {
            id: job.id,
            state: job.state.as_str().to_owned(),
            dry_run: input.as_ref().is_some_and(|i| i.options.dry_run),
            file_name: input.map(|i| i.file_name).unwrap_or_default(),
            error: job.error,
            progress: serde_json::from_str(&job.progress).unwrap_or_default(),
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}

/// The parts of the form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the form; it is read part by part")]
struct ImportForm {
    /// The list, CSV or XLSX.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// How it is to be read, as JSON. Send it before or after the file.
    options: Option<ImportOptions>,
}

/// Imports contacts from a CSV or XLSX file. The answer comes when the file is here and can be read;
/// the rows follow as a job.
#[utoipa::path(post, path = "/contacts/imports", tag = "imports",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 202, body = ImportView)))]
async fn create_import(State(app): State<App>, caller: Caller, request: Request) -> Result<Response> {
    let files = Files::new(&app.settings.data_dir);
    let job: JobId = app.ambient.id();
    let input = receive(&app, &files, job, request).await?;
    start::begin(&app.store, &app.ambient, &files, caller.org, job, input).await?;
    app.engine.bus().publish(Hint::Jobs);
    let made = find(&app, caller, job).await?;
    Ok((StatusCode::ACCEPTED, Json(ImportView::from(made))).into_response())
}

/// Shows how a file would be read: its columns, its first rows, what would be left out. Nothing is
/// kept.
#[utoipa::path(post, path = "/contacts/imports/preview", tag = "imports",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Preview)))]
async fn preview_import(State(app): State<App>, caller: Caller, request: Request) -> Result<Json<Preview>> {
    let files = Files::new(&app.settings.data_dir);
    let job: JobId = app.ambient.id();
    let input = receive(&app, &files, job, request).await?;
    Ok(Json(start::preview(&app.store, &files, caller.org, job, input.options).await?))
}

/// How far an import is.
#[utoipa::path(get, path = "/contacts/imports/{id}", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = ImportView)))]
async fn get_import(State(app): State<App>, caller: Caller, Id(id): Id<JobId>) -> Result<Json<ImportView>> {
    Ok(Json(find(&app, caller, id).await?.into()))
}

/// The values that were left out and why, as a CSV file: row, column, value, reason.
#[utoipa::path(get, path = "/contacts/imports/{id}/errors", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn get_import_errors(State(app): State<App>, caller: Caller, Id(id): Id<JobId>) -> Result<Response> {
    let job = find(&app, caller, id).await?;
    if !job.state.is_final() {
        return Err(ApiError::refused(
            Code::WrongState,
            "The import is still running. Ask again when it is done.",
        ));
    }
    let file = match tokio::fs::File::open(Files::new(&app.settings.data_dir).errors(id)).await {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(ApiError::NotFound("error file")),
        Err(e) => return Err(e.into()),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}-errors.csv\"")),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(file))).into_response())
}

async fn find(app: &App, caller: Caller, id: JobId) -> Result<Job> {
    let found = app.store.read(move |tx| tx.org(caller.org).find_job(id)).await?;
    found.filter(|j| j.kind == KIND).ok_or(ApiError::NotFound("import"))
}

/// Takes the form: the file flows to the disk, never into memory.
async fn receive(app: &App, files: &Files, job: JobId, request: Request) -> Result<ImportInput> {
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| {
        ApiError::refused(
            Code::UnsupportedType,
            "Send a form (multipart/form-data) with the parts file and options.",
        )
    })?;
    let taken = take_parts(app, files, job, &mut form).await;
    if taken.is_err() {
        files.remove_upload(job).await;
    }
    taken
}

/// The largest `options` part.
const OPTIONS_MAX_BYTES: usize = 256 << 10;

async fn take_parts(app: &App, files: &Files, job: JobId, form: &mut Multipart) -> Result<ImportInput> {
    let (mut file_name, mut options) = (None, None);
    let broken = |_| ApiError::Malformed("The upload broke off or is no proper form.".to_owned());
    while let Some(mut part) = in_time(app, form.next_field()).await?.map_err(broken)? {
        match part.name().unwrap_or_default() {
            "file" if file_name.is_none() => {
                file_name = Some(part.file_name().unwrap_or("upload").to_owned());
                let mut to = files.create_upload(job).await?;
                let mut bytes = 0_u64;
                while let Some(piece) = in_time(app, part.chunk()).await?.map_err(broken)? {
                    bytes += piece.len() as u64;
                    if bytes > app.settings.import_max_bytes {
                        return Err(ApiError::refused(
                            Code::TooLarge,
                            format!(
                                "The file is larger than {} bytes, the most this installation takes. Split it.",
                                app.settings.import_max_bytes
                            ),
                        ));
                    }
                    to.write_all(&piece).await?;
                }
                to.flush().await?;
                to.sync_all().await?;
            }
            "options" if options.is_none() => {
                let mut text = Vec::new();
                while let Some(piece) = in_time(app, part.chunk()).await?.map_err(broken)? {
                    if text.len() + piece.len() > OPTIONS_MAX_BYTES {
                        return Err(ApiError::refused(
                            Code::TooLarge,
                            "The options are larger than 256 KiB.",
                        ));
                    }
                    text.extend_from_slice(&piece);
                }
                let read: ImportOptions = serde_json::from_slice(&text)
                    .map_err(|e| ApiError::field("options", format!("is not what an import takes: {e}")))?;
                start::check(&read)?;
                options = Some(read);
            }
            other => {
                return Err(ApiError::Malformed(format!(
                    "The form has a part “{}” too much: it takes one file and one options.",
                    other.chars().take(60).collect::<String>()
                )));
            }
        }
    }
    let file_name = file_name
        .ok_or_else(|| ApiError::field("file", "is missing: send the list as the form's part `file`"))?;
    Ok(ImportInput { file_name, options: options.unwrap_or_default() })
}

/// Waits for the next piece of an upload, but not for ever.
async fn in_time<T>(app: &App, piece: impl Future<Output = T>) -> Result<T> {
    tokio::select! {
        piece = piece => Ok(piece),
        () = app.ambient.sleep(Duration::from_millis(app.settings.upload_idle_ms)) => {
            Err(ApiError::refused(Code::TimedOut, "The upload stopped. Send it again."))
        }
    }
}
