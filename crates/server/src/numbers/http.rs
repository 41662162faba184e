//! `/numbers`.

use super::{Connect, connect};
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, ById, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{NumberId, Timestamp, WabaId};
use tisara_engine::Hint;
use tisara_store::numbers::Number;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_numbers)).routes(routes!(connect_account)).routes(routes!(
        get_number,
        update_number,
        disconnect_number
    ))
}

/// A business phone number.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct NumberView {
    #[schema(value_type = String)]
    id: NumberId,
    /// The account it belongs to.
    #[schema(value_type = String)]
    waba: WabaId,
    /// Its `phone_number_id` at Meta.
    meta_id: String,
    /// As Meta writes it, for people.
    display_phone: String,
    /// The name that customers see.
    verified_name: String,
    /// Meta's word: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    quality: String,
    /// Meta's word: `CONNECTED`, `BANNED`, `FLAGGED`, …
    status: String,
    /// The most messages a second that it sends.
    pace_per_second: u32,
    /// Why nothing is sent from it, if so.
    stopped_reason: Option<String>,
    /// When Meta last told something about it.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_webhook_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Number> for NumberView {
    fn from(n: Number) -> Self {
        Self {
            id: n.id,
            waba: n.waba_id,
            meta_id: n.meta_id,
            display_phone: n.display_phone,
            verified_name: n.verified_name,
            quality: n.quality,
            status: n.status,
            pace_per_second: n.pace_per_second,
            stopped_reason: n.stopped_reason,
            last_webhook_at: n.last_webhook_at,
            created_at: n.created_at,
        }
    }
}

/// The numbers of all connected accounts.
#[utoipa::path(get, path = "/numbers", tag = "numbers", params(PageQuery),
    responses((status = 200, body = Page<NumberView>)))]
async fn list_numbers(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<NumberView>>> {
    let (limit, after) = (page.limit()?, page.after_id::<NumberId>()?);
    let found = app.store.read(move |tx| tx.org(caller.org).list_numbers(after, limit)).await?;
    Ok(Json(Page::new(found, limit, |n| ById(n.id)).map(NumberView::from)))
}

/// An account to be connected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConnectInput {
    /// Meta's id of the WhatsApp Business Account.
    waba_id: String,
    /// A token with `whatsapp_business_management` and `whatsapp_business_messaging`, best of a system
    /// user. Kept sealed, never shown again.
    token: String,
    /// Meta's ids of the numbers to take; all when absent.
    #[serde(default)]
    numbers: Vec<String>,
}

/// The numbers that are connected now.
#[derive(Serialize, ToSchema)]
struct Connected {
    items: Vec<NumberView>,
}

/// Connects an account at Meta: checks the token, takes over its numbers, asks for its webhooks. Again
/// with another token renews it.
#[utoipa::path(post, path = "/numbers/connect", tag = "numbers", request_body = ConnectInput,
    responses((status = 200, body = Connected)))]
async fn connect_account(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<ConnectInput>,
) -> Result<Json<Connected>> {
    for (field, id) in
        std::iter::once(("waba_id", &input.waba_id)).chain(input.numbers.iter().map(|n| ("numbers", n)))
    {
        if id.is_empty() || id.len() > 32 || !id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ApiError::field(field, "must be Meta's id: digits only, not the phone number"));
        }
    }
    let wanted = Connect { waba_id: input.waba_id, token: input.token, numbers: input.numbers };
    let numbers = connect(&app, caller, wanted).await?;
    app.engine.bus().publish(Hint::Work);
    Ok(Json(Connected { items: numbers.into_iter().map(NumberView::from).collect() }))
}

/// One number.
#[utoipa::path(get, path = "/numbers/{id}", tag = "numbers", params(("id" = String, Path)),
    responses((status = 200, body = NumberView)))]
async fn get_number(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<NumberId>,
) -> Result<Json<NumberView>> {
    let found = app.store.read(move |tx| tx.org(caller.org).find_number(id)).await?;
    Ok(Json(found.ok_or(ApiError::NotFound("number"))?.into()))
}

/// What to change of a number; what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct NumberPatch {
    /// 1 to 1,000 messages a second. Meta takes 80, after its upgrade 1,000.
    #[schema(minimum = 1, maximum = 1000)]
    pace_per_second: Option<u32>,
    /// `true`: nothing more is sent from it. `false`: goes on, whatever stopped it.
    stopped: Option<bool>,
}

/// Changes the pace of a number, stops it or lets it go on.
#[utoipa::path(patch, path = "/numbers/{id}", tag = "numbers", params(("id" = String, Path)),
    request_body = NumberPatch, responses((status = 200, body = NumberView)))]
async fn update_number(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<NumberId>,
    Body(patch): Body<NumberPatch>,
) -> Result<Json<NumberView>> {
    if patch.pace_per_second.is_some_and(|p| !(1..=1_000).contains(&p)) {
        return Err(ApiError::field("pace_per_second", "must be from 1 to 1000"));
    }
    let changed = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            if let Some(pace) = patch.pace_per_second {
                tx.set_number_pace(id, pace)?;
            }
            if let Some(stopped) = patch.stopped {
                tx.set_number_stopped(id, stopped.then_some("Stopped by hand."))?;
            }
            tx.find_number(id)?.ok_or(ApiError::NotFound("number"))
        })
        .await?;
    app.engine.bus().publish(Hint::Work);
    Ok(Json(changed))
}

/// Disconnects a number: nothing more is sent from it. What was sent and received stays; connecting the
/// account again takes it up again.
#[utoipa::path(delete, path = "/numbers/{id}", tag = "numbers", params(("id" = String, Path)),
    responses((status = 204)))]
async fn disconnect_number(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<NumberId>,
) -> Result<StatusCode> {
    let known = app
        .store
        .write(move |tx| tx.org(caller.org).set_number_stopped(id, Some("Disconnected by hand.")))
        .await?;
    app.engine.bus().publish(Hint::Work);
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("number")) }
}
