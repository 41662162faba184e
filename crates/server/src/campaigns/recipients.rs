//! `/campaigns/{id}/recipients`: the ledger, row by row, as pages and as a file.

use super::progress::reason;
use crate::{
    app::App,
    auth::Caller,
    contacts::import::harmless,
    edge::{ApiError, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use tisara_domain::{CampaignId, ContactId, RecipientState, SkipReason, Timestamp};
use tisara_store::{
    campaigns::Binding,
    ledger::{recipients::Recipient, values::values},
};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list_recipients)).routes(routes!(export_recipients))
}

/// A row of the ledger.
#[derive(Serialize, ToSchema)]
struct RecipientView {
    /// Its place, from 0.
    seq: i64,
    #[schema(value_type = String)]
    contact: ContactId,
    /// Where it goes; empty once the person was erased.
    address: String,
    /// The frozen values of the variables, in the order of the campaign's bindings.
    variables: Vec<String>,
    /// `planned`, `skipped`, `uncertain`, `accepted`, `sent`, `failed`, `delivered` or `read`.
    #[schema(value_type = String)]
    state: RecipientState,
    /// Why it was skipped (a word) or failed (Meta's code).
    reason: Option<String>,
    /// The reason in a sentence.
    explanation: Option<String>,
    /// Attempts made.
    attempts: u32,
    /// Meta's id of the message.
    wamid: Option<String>,
    /// Meta's pricing of it, as `marketing/regular`.
    billing: Option<String>,
    /// When Meta took it: by its answer, or by the first status where that came before the answer.
    #[schema(value_type = Option<String>, format = DateTime)]
    accepted_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    failed_at: Option<Timestamp>,
}

impl RecipientView {
    fn new(r: Recipient, bindings: &[Binding]) -> Self {
        let (reason, explanation) = reason(r.state, r.reason).unzip();
        let variables = values(bindings, r.variables.as_deref()).unwrap_or_default();
        Self {
            seq: r.seq,
            contact: r.contact_id,
            address: r.address,
            variables: variables.into_iter().map(Cow::into_owned).collect(),
            state: r.state,
            reason,
            explanation,
            attempts: r.attempt,
            wamid: r.wamid,
            billing: r.billing,
            accepted_at: r.accepted_at,
            sent_at: r.sent_at,
            delivered_at: r.delivered_at,
            read_at: r.read_at,
            failed_at: r.failed_at,
        }
    }
}

/// Which rows.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct Which {
    /// A state.
    state: Option<String>,
    /// A word as `opted_out`, or Meta's code.
    reason: Option<String>,
}

impl Which {
    fn read(&self) -> Result<(Option<RecipientState>, Option<i32>)> {
        let state = self.state.as_deref().map(str::parse).transpose();
        let state = state
            .map_err(|e: tisara_domain::recipient::UnknownState| ApiError::field("state", e.to_string()))?;
        let reason = self.reason.as_deref().map(|text| {
            let word = SkipReason::ALL.into_iter().find(|r| r.as_str() == text);
            let code = word.and_then(|r| i32::try_from(r.code()).ok()).or_else(|| text.parse().ok());
            code.ok_or_else(|| ApiError::field("reason", "is neither a known reason nor one of Meta's codes"))
        });
        Ok((state, reason.transpose()?))
    }
}

/// The ledger in its order.
#[utoipa::path(get, path = "/campaigns/{id}/recipients", tag = "campaigns",
    params(("id" = String, Path), Which, PageQuery), responses((status = 200, body = Page<RecipientView>)))]
async fn list_recipients(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Params(which): Params<Which>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<RecipientView>>> {
    let (state, reason) = which.read()?;
    let (limit, after) = (page.limit()?, page.after::<i64>()?);
    let (campaign, found) = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let campaign = tx.find_campaign(id)?.ok_or(ApiError::NotFound("campaign"))?;
            Ok::<_, ApiError>((campaign, tx.list_recipients(id, state, reason, after, limit)?))
        })
        .await?;
    let bindings = &campaign.definition.bindings;
    Ok(Json(Page::new(found, limit, |r| r.seq).map(|r| RecipientView::new(r, bindings))))
}

/// Rows read at once for a file.
const EXPORT_ROWS: u32 = 2_000;

/// The ledger as a CSV file that opens in a spreadsheet.
#[utoipa::path(get, path = "/campaigns/{id}/recipients.csv", tag = "campaigns",
    params(("id" = String, Path), Which),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn export_recipients(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Params(which): Params<Which>,
) -> Result<Response> {
    let (state, reason) = which.read()?;
    let found = app.store.read(move |tx| tx.org(caller.org).find_campaign(id)).await?;
    found.ok_or(ApiError::NotFound("campaign"))?;
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(2);
    let store = app.store.clone();
    tokio::spawn(async move {
        let mut after = None;
        loop {
            let page = store
                .read(move |tx| tx.org(caller.org).list_recipients(id, state, reason, after, EXPORT_ROWS));
            let piece = match page.await {
                Ok(rows) => {
                    let first = after.is_none();
                    let last = rows.len() < EXPORT_ROWS as usize;
                    after = rows.last().map(|r| r.seq).or(Some(i64::MAX));
                    csv_rows(rows, first).map(|bytes| (bytes, last))
                }
                Err(e) => {
                    tracing::warn!(campaign.id = %id, error = %e, "an export broke off");
                    Err(std::io::Error::other("storage is in the way"))
                }
            };
            let (bytes, last) = match piece {
                Ok((bytes, last)) => (Ok(bytes), last),
                Err(e) => (Err(e), true),
            };
            // Whoever asked may have gone.
            if sender.send(bytes).await.is_err() || last {
                return;
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}-recipients.csv\"")),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(receiver))).into_response())
}

fn csv_rows(rows: Vec<Recipient>, first: bool) -> std::io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(rows.len() * 160);
    if first {
        // Without the mark Excel does not see that it is UTF-8.
        bytes.extend_from_slice("\u{FEFF}".as_bytes());
    }
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(bytes);
    if first {
        csv.write_record([
            "seq",
            "contact",
            "address",
            "state",
            "reason",
            "explanation",
            "attempts",
            "wamid",
            "billing",
            "accepted_at",
            "sent_at",
            "delivered_at",
            "read_at",
            "failed_at",
        ])?;
    }
    let time = |t: Option<Timestamp>| t.map(|t| t.to_string()).unwrap_or_default();
    // The file has no column for variables.
    for r in rows.into_iter().map(|r| RecipientView::new(r, &[])) {
        csv.write_record([
            &r.seq.to_string(),
            &r.contact.to_string(),
            &*harmless(&r.address),
            r.state.as_str(),
            &r.reason.unwrap_or_default(),
            &r.explanation.unwrap_or_default(),
            &r.attempts.to_string(),
            &r.wamid.unwrap_or_default(),
            &r.billing.unwrap_or_default(),
            &time(r.accepted_at),
            &time(r.sent_at),
            &time(r.delivered_at),
            &time(r.read_at),
            &time(r.failed_at),
        ])?;
    }
    csv.into_inner().map(Bytes::from).map_err(|e| std::io::Error::other(e.to_string()))
}
