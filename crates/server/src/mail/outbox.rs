//! E-mails that go nowhere: the API shows them, so that an installation can be tried out without a mail
//! server. Whoever reaches the API can read them, so it is never for real people.

use super::{Letter, Mailer};
use crate::{
    app::App,
    edge::{ApiError, Result, Routes, routes},
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tisara_domain::Timestamp;
use utoipa::ToSchema;

/// The newest e-mails are kept.
const KEPT: usize = 200;

/// A list of e-mails in memory. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Arc<Mutex<VecDeque<Sent>>>);

/// An e-mail that would have gone out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Sent {
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl Outbox {
    pub(super) fn add(&self, letter: &Letter, at: Timestamp) {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.truncate(KEPT - 1);
        let Letter { to, subject, text } = letter.clone();
        sent.push_front(Sent { to, subject, text, at });
    }

    /// The e-mails, newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The e-mails that would have gone out.
#[derive(Serialize, ToSchema)]
struct SentList {
    /// Newest first, 200 at most.
    items: Vec<Sent>,
}

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_outbox))
}

/// What would have been e-mailed, where no mail server is set and `mail.outbox` is on: for trying out.
/// Elsewhere there is no such thing.
#[utoipa::path(get, path = "/outbox", tag = "sign-in", responses((status = 200, body = SentList)))]
async fn list_outbox(State(app): State<App>) -> Result<Json<SentList>> {
    match &app.mailer {
        Mailer::Outbox(outbox) => Ok(Json(SentList { items: outbox.list() })),
        _ => Err(ApiError::NotFound("address")),
    }
}
