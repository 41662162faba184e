//! `/threads`.

use super::{
    reply::{self, ReplyInput},
    view::{MessageView, Texts, ThreadView},
};
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, Code, Cursor, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use tisara_domain::{CampaignId, ContactId, MessageId, NumberId, ThreadId, Timestamp, UserId, id::TypedId};
use tisara_engine::Hint;
use tisara_store::inbox::{MessageCursor, ThreadCursor, ThreadFilter};
use utoipa::{IntoParams, ToSchema};

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_threads, open_thread))
        .routes(routes!(get_thread))
        .routes(routes!(list_messages, send_message))
        .routes(routes!(mark_read))
        .routes(routes!(resolve))
        .routes(routes!(assign))
        .merge(super::search::routes())
}

/// Which threads.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct Which {
    /// Only those with an open conversation.
    open: bool,
    /// Only those with messages that nobody has seen.
    unread: bool,
    /// Only those of this number.
    number: Option<String>,
}

/// Threads, the one with the newest message first.
#[utoipa::path(get, path = "/threads", tag = "threads", params(Which, PageQuery),
    responses((status = 200, body = Page<ThreadView>)))]
async fn list_threads(
    State(app): State<App>,
    caller: Caller,
    Params(which): Params<Which>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<ThreadView>>> {
    let (limit, after) = (page.limit()?, page.after::<(Timestamp, ThreadId)>()?);
    let number = which.number.as_deref().map(str::parse::<NumberId>).transpose();
    let filter = ThreadFilter {
        open: which.open,
        unread: which.unread,
        number: number.map_err(|e| ApiError::field("number", e.to_string()))?,
        seen_by: caller.seer(),
    };
    let after = after.map(|(at, id)| ThreadCursor { at, id });
    let found = app.store.read(move |tx| tx.org(caller.org).list_threads(filter, after, limit)).await?;
    Ok(Json(Page::new(found, limit, |t| (t.last_message_at, t.id)).map(ThreadView::from)))
}

/// Between whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ThreadInput {
    #[schema(value_type = String)]
    contact: ContactId,
    #[schema(value_type = String)]
    number: NumberId,
}

/// The thread of a contact and a number, made if there is none yet.
#[utoipa::path(post, path = "/threads", tag = "threads", request_body = ThreadInput,
    responses((status = 200, body = ThreadView)))]
async fn open_thread(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<ThreadInput>,
) -> Result<Json<ThreadView>> {
    let (new_id, now) = (app.ambient.id::<ThreadId>(), app.ambient.now());
    let thread = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            if tx.find_contact(input.contact)?.is_none() {
                return Err(ApiError::field("contact", "there is no such contact"));
            }
            if tx.find_number(input.number)?.is_none() {
                return Err(ApiError::field("number", "there is no such number"));
            }
            let id = tx.upsert_thread(input.contact, input.number, now, new_id)?;
            tx.find_thread_seen(id, caller.seer())?.ok_or_else(|| {
                ApiError::refused(Code::Forbidden, "Somebody else sees to this contact's thread.")
            })
        })
        .await?;
    Ok(Json(thread))
}

/// One thread.
#[utoipa::path(get, path = "/threads/{id}", tag = "threads", params(("id" = String, Path)),
    responses((status = 200, body = ThreadView)))]
async fn get_thread(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ThreadId>,
) -> Result<Json<ThreadView>> {
    let found = app.store.read(move |tx| tx.org(caller.org).find_thread_seen(id, caller.seer())).await?;
    Ok(Json(found.ok_or(ApiError::NotFound("thread"))?.into()))
}

impl Cursor for MessageCursor {
    const LIST: u8 = b'M';
    fn to_bytes(&self) -> Vec<u8> {
        let (kind, at, id, seq) = match self {
            Self::Message { at, id } => (0, at, TypedId::to_bytes(*id), 0),
            Self::Campaign { at, campaign, seq } => (1, at, TypedId::to_bytes(*campaign), *seq),
        };
        let mut bytes = vec![kind];
        bytes.extend(at.0.to_be_bytes());
        bytes.extend(id);
        bytes.extend(seq.to_be_bytes());
        bytes
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (at, rest) = rest.split_at_checked(8)?;
        let (id, seq) = rest.split_at_checked(16)?;
        let at = Timestamp(i64::from_be_bytes(at.try_into().ok()?));
        let (id, seq) = (id.try_into().ok()?, i64::from_be_bytes(seq.try_into().ok()?));
        match kind {
            0 => Some(Self::Message { at, id: MessageId::from_bytes(id) }),
            1 => Some(Self::Campaign { at, campaign: CampaignId::from_bytes(id), seq }),
            _ => None,
        }
    }
}

/// The messages of a thread, newest first, those of campaigns among them.
#[utoipa::path(get, path = "/threads/{id}/messages", tag = "threads", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<MessageView>)))]
async fn list_messages(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ThreadId>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<MessageView>>> {
    let (limit, before) = (page.limit()?, page.after::<MessageCursor>()?);
    let page = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            tx.find_thread_seen(id, caller.seer())?.ok_or(ApiError::NotFound("thread"))?;
            let found = Page::new(tx.list_messages(id, before, limit)?, limit, |e| e.cursor());
            let mut texts = Texts::default();
            let views =
                found.items.into_iter().map(|e| texts.view(&mut tx, e)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, ApiError>(Page { items: views, next: found.next })
        })
        .await?;
    Ok(Json(page))
}

/// Sends a message. Free text and media only within 24 hours after the person last wrote; a template
/// at any time. The answer comes when it is queued.
#[utoipa::path(post, path = "/threads/{id}/messages", tag = "threads", params(("id" = String, Path)),
    request_body = ReplyInput, responses((status = 202, body = MessageView)))]
async fn send_message(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ThreadId>,
    Body(input): Body<ReplyInput>,
) -> Result<(StatusCode, Json<MessageView>)> {
    let (message_id, now) = (app.ambient.id::<MessageId>(), app.ambient.now());
    let queued = app
        .write(StatusCode::ACCEPTED, move |tx| {
            let mut tx = tx.org(caller.org);
            let thread = tx.find_thread_seen(id, caller.seer())?.ok_or(ApiError::NotFound("thread"))?;
            let message = reply::make(&mut tx, &thread, &input, message_id, now)?;
            tx.queue_message(&message)?;
            tx.find_message(message_id)?.ok_or(ApiError::NotFound("message"))
        })
        .await?;
    app.engine.bus().publish(Hint::Work);
    app.engine.bus().publish(Hint::Thread(caller.org, id));
    Ok((StatusCode::ACCEPTED, Json(queued)))
}

/// Notes that somebody has seen all of a thread.
#[utoipa::path(post, path = "/threads/{id}/read", tag = "threads", params(("id" = String, Path)),
    responses((status = 200, body = ThreadView)))]
async fn mark_read(State(app): State<App>, caller: Caller, Id(id): Id<ThreadId>) -> Result<Json<ThreadView>> {
    let thread = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            tx.find_thread_seen(id, caller.seer())?.ok_or(ApiError::NotFound("thread"))?;
            tx.mark_thread_read(id)?;
            tx.find_thread(id)?.ok_or(ApiError::NotFound("thread"))
        })
        .await?;
    app.engine.bus().publish(Hint::Thread(caller.org, id));
    Ok(Json(thread))
}

/// Marks the open conversation of a thread as seen to.
#[utoipa::path(post, path = "/threads/{id}/resolve", tag = "threads", params(("id" = String, Path)),
    responses((status = 200, body = ThreadView)))]
async fn resolve(State(app): State<App>, caller: Caller, Id(id): Id<ThreadId>) -> Result<Json<ThreadView>> {
    let now = app.ambient.now();
    let thread = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            let thread = tx.find_thread_seen(id, caller.seer())?.ok_or(ApiError::NotFound("thread"))?;
            let open = thread.conversation_id.ok_or_else(|| {
                ApiError::refused(Code::WrongState, "No conversation is open in this thread.")
            })?;
            tx.resolve_conversation(open, now)?;
            tx.find_thread(id)?.ok_or(ApiError::NotFound("thread"))
        })
        .await?;
    app.engine.bus().publish(Hint::Thread(caller.org, id));
    Ok(Json(thread))
}

/// Who is to see to a thread.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assignment {
    /// A member; null for nobody.
    #[schema(value_type = Option<String>)]
    user: Option<UserId>,
}

/// Says who sees to a thread.
#[utoipa::path(put, path = "/threads/{id}/assignee", tag = "threads", params(("id" = String, Path)),
    request_body = Assignment, responses((status = 200, body = ThreadView)))]
async fn assign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ThreadId>,
    Body(input): Body<Assignment>,
) -> Result<Json<ThreadView>> {
    let thread = app
        .store
        .write(move |tx| {
            let mut tx = tx.org(caller.org);
            tx.find_thread_seen(id, caller.seer())?.ok_or(ApiError::NotFound("thread"))?;
            if let Some(user) = input.user
                && tx.find_member(user)?.is_none()
            {
                return Err(ApiError::field("user", "there is no such member"));
            }
            tx.assign_thread(id, input.user)?;
            tx.find_thread(id)?.ok_or(ApiError::NotFound("thread"))
        })
        .await?;
    app.engine.bus().publish(Hint::Thread(caller.org, id));
    Ok(Json(thread.into()))
}
