//! `/messages/uncertain`: single messages that may or may not have gone out, and a person's decision.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, Code, Id, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{MessageId, NumberId, ThreadId, Timestamp, settle::Decision};
use tisara_engine::Hint;
use tisara_store::outgoing::UncertainMessage;
use utoipa::ToSchema;

use super::view::MessageView;

/// The most that are listed; who decides them sees the next.
const LISTED: u32 = 200;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list_uncertain_messages)).routes(routes!(decide_message))
}

/// A message of which nobody here knows whether it went out.
#[derive(Serialize, ToSchema)]
struct UncertainMessageView {
    #[schema(value_type = String)]
    id: MessageId,
    #[schema(value_type = String)]
    thread: ThreadId,
    #[schema(value_type = String)]
    number: NumberId,
    text: String,
    /// Attempts made, the one in doubt among them.
    attempts: u32,
    /// The attempt was made between this moment…
    #[schema(value_type = String, format = DateTime)]
    began_at: Timestamp,
    /// …and this one: it has been uncertain since.
    #[schema(value_type = String, format = DateTime)]
    uncertain_since: Timestamp,
    /// When it is looked at again; null after a restore: only a webhook or a person decides then.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_look_at: Option<Timestamp>,
}

impl UncertainMessageView {
    fn new(number: NumberId, m: UncertainMessage) -> Self {
        Self {
            id: m.id,
            thread: m.thread_id,
            number,
            text: m.text,
            attempts: m.attempt,
            began_at: m.began_at,
            uncertain_since: m.attempted_at,
            next_look_at: m.due_at,
        }
    }
}

/// Uncertain messages of all numbers, at most 200 of each.
#[derive(Serialize, ToSchema)]
struct UncertainMessages {
    items: Vec<UncertainMessageView>,
}

/// Single messages that may or may not have gone out: Meta gave no clear answer, or the server died while
/// sending. They settle by themselves once news have come past them, or by a decision.
#[utoipa::path(get, path = "/messages/uncertain", tag = "threads",
    responses((status = 200, body = UncertainMessages)))]
async fn list_uncertain_messages(State(app): State<App>, caller: Caller) -> Result<Json<UncertainMessages>> {
    let items = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let (mut items, mut after) = (Vec::new(), None);
            loop {
                let numbers = tx.list_numbers(after, LISTED)?;
                let Some(last) = numbers.last() else { return Ok::<_, ApiError>(items) };
                after = Some(last.id);
                for number in &numbers {
                    let uncertain = tx.list_uncertain_messages(number.id, caller.seer(), LISTED)?;
                    items.extend(uncertain.into_iter().map(|m| UncertainMessageView::new(number.id, m)));
                }
            }
        })
        .await?;
    Ok(Json(UncertainMessages { items }))
}

/// What is to become of an uncertain message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessageDecision {
    /// `send_again`: the person may get it twice. `give_up`: they may never get it, and it counts as failed.
    /// `mark_sent`: they are known to have got it.
    #[schema(value_type = String)]
    decision: Decision,
}

/// Decides an uncertain message.
#[utoipa::path(post, path = "/messages/{id}/decide", tag = "threads", params(("id" = String, Path)),
    request_body = MessageDecision, responses((status = 200, body = MessageView)))]
async fn decide_message(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
    Body(input): Body<MessageDecision>,
) -> Result<Json<MessageView>> {
    let now = app.ambient.now();
    let decided = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            let message = tx.find_message(id)?.ok_or(ApiError::NotFound("message"))?;
            tx.find_thread_seen(message.thread_id, caller.seer())?.ok_or(ApiError::NotFound("message"))?;
            if !tx.decide_message(id, input.decision, now)? {
                return Err(ApiError::refused(
                    Code::WrongState,
                    "It is known what became of this message: there is nothing to decide.",
                ));
            }
            tx.find_message(id)?.ok_or(ApiError::NotFound("message"))
        })
        .await?;
    tracing::info!(org.id = %caller.org, message.id = %id, "an uncertain message was decided by hand");
    app.engine.bus().publish(Hint::Work);
    Ok(Json(decided))
}
