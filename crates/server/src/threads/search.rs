//! `/messages/search`.

use super::view::MessageView;
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tisara_domain::{ContactId, NumberId, ThreadId, id::TypedId};
use tisara_store::search::{Found, MessageFilter, Part, Query, excerpt};
use utoipa::{IntoParams, ToSchema};

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(search_messages))
}

/// What to look for, and where.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct Search {
    /// Words that must all be in the message, the last one also as the beginning of a word. Words in
    /// `"quotes"` must follow each other. Case, joiners and ways of writing the same letter make no
    /// difference.
    #[param(required)]
    q: String,
    /// Only messages of this number.
    number: Option<String>,
    /// Only this thread.
    thread: Option<String>,
    /// Only threads with this contact.
    contact: Option<String>,
}

/// A message that was found.
#[derive(Serialize, ToSchema)]
struct MessageFound {
    message: MessageView,
    #[schema(value_type = String)]
    thread: ThreadId,
    #[schema(value_type = String)]
    contact: ContactId,
    /// The contact's name; may be empty.
    contact_name: String,
    #[schema(value_type = String)]
    number: NumberId,
    /// The surroundings of the first word that was looked for, in pieces.
    excerpt: Vec<PartView>,
}

/// A piece of an excerpt.
#[derive(Serialize, ToSchema)]
struct PartView {
    text: String,
    /// Whether it is a word that was looked for.
    hit: bool,
}

impl From<Part> for PartView {
    fn from(part: Part) -> Self {
        Self { text: part.text, hit: part.hit }
    }
}

impl MessageFound {
    fn new(found: Found, query: &Query) -> Self {
        Self {
            excerpt: excerpt(&found.message.text, query).into_iter().map(PartView::from).collect(),
            thread: found.message.thread_id,
            number: found.message.number_id,
            contact: found.contact_id,
            contact_name: found.contact_name,
            message: found.message.into(),
        }
    }
}

/// Single messages by their words, the one that came last first. A message can be found some seconds
/// after it was written; what campaigns sent is not searched.
#[utoipa::path(get, path = "/messages/search", tag = "threads", params(Search, PageQuery),
    responses((status = 200, body = Page<MessageFound>)))]
async fn search_messages(
    State(app): State<App>,
    caller: Caller,
    Params(search): Params<Search>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<MessageFound>>> {
    let (limit, after) = (page.limit()?, page.after::<i64>()?);
    let query = Query::parse(&search.q).map_err(|e| ApiError::field("q", e.to_string()))?;
    let filter = MessageFilter {
        number: id("number", search.number.as_deref())?,
        thread: id("thread", search.thread.as_deref())?,
        contact: id("contact", search.contact.as_deref())?,
        seen_by: caller.seer(),
    };
    let words = query.clone();
    let found =
        app.store.read(move |tx| tx.org(caller.org).search_messages(&words, filter, after, limit)).await?;
    let mut page = Page::new(found, limit, |f| f.position);
    // A page may be shorter than asked for: what the member may not see is left out.
    page.items.retain(|found| found.seen);
    Ok(Json(page.map(|f| MessageFound::new(f, &query))))
}

fn id<T: TypedId>(field: &'static str, text: Option<&str>) -> Result<Option<T>> {
    let id = text.map(|text| text.parse().map_err(|_| ApiError::field(field, "is no id of that kind")));
    id.transpose()
}
