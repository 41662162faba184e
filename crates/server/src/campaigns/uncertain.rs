//! `/campaigns/{id}/uncertain`: what may or may not have gone out, and a person's decision about it.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Code, Id, Page, PageQuery, Params, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{
    CampaignId, CampaignState, ContactId, Timestamp,
    settle::{Decision, DoubtCause},
};
use tisara_engine::Hint;
use tisara_store::ledger::uncertain::UncertainRow;
use utoipa::ToSchema;

/// The most rows that one request decides; `left` says whether there are more.
const DECIDED_AT_ONCE: u32 = 2_000;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list_uncertain)).routes(routes!(decide_uncertain))
}

/// A recipient of whom nobody here knows whether the message went out.
#[derive(Serialize, ToSchema)]
struct UncertainView {
    /// Its place in the ledger.
    seq: i64,
    #[schema(value_type = String)]
    contact: ContactId,
    /// Where it goes.
    address: String,
    /// Attempts made, the one in doubt among them.
    attempts: u32,
    /// `no_answer` or `sender_died`.
    #[schema(value_type = Option<String>)]
    cause: Option<DoubtCause>,
    /// The cause in a sentence.
    explanation: Option<String>,
    /// The attempt was made between this moment…
    #[schema(value_type = String, format = DateTime)]
    began_at: Timestamp,
    /// …and this one: it has been uncertain since.
    #[schema(value_type = String, format = DateTime)]
    uncertain_since: Timestamp,
    /// When it is looked at again.
    #[schema(value_type = String, format = DateTime)]
    next_look_at: Timestamp,
}

impl From<UncertainRow> for UncertainView {
    fn from(r: UncertainRow) -> Self {
        Self {
            seq: r.seq,
            contact: r.contact_id,
            address: r.address,
            attempts: r.attempt,
            cause: r.cause,
            explanation: r.cause.map(|c| c.explanation().to_owned()),
            began_at: r.began_at,
            uncertain_since: r.attempted_at,
            next_look_at: r.due_at,
        }
    }
}

/// The uncertain recipients, and what is known of the news that would settle them.
#[derive(Serialize, ToSchema)]
struct UncertainPage {
    items: Vec<UncertainView>,
    /// Give it as `after` to get the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Statuses of what happened up to this moment, by Meta's clock, have come. An attempt that is older by
    /// more than the grace time and still without a status surely looks as if it had not gone out.
    #[schema(value_type = Option<String>, format = DateTime)]
    statuses_until: Option<Timestamp>,
    /// When Meta last told anything about the account.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_webhook_at: Option<Timestamp>,
    /// How late news were of late, in seconds.
    lag_seconds: u64,
}

/// Recipients that may or may not have got the message. Meta gave no clear answer, or the server died while
/// sending. They settle by themselves as the campaign's `settle` says, or by a decision.
#[utoipa::path(get, path = "/campaigns/{id}/uncertain", tag = "campaigns",
    params(("id" = String, Path), PageQuery), responses((status = 200, body = UncertainPage)))]
async fn list_uncertain(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Params(page): Params<PageQuery>,
) -> Result<Json<UncertainPage>> {
    let (limit, after, now) = (page.limit()?, page.after::<i64>()?, app.ambient.now());
    let found = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let campaign = tx.find_campaign(id)?.ok_or(ApiError::NotFound("campaign"))?;
            let number = tx.get_number(campaign.number_id)?;
            let news = tx.get_watermark(number.waba_id)?;
            let rows = Page::new(tx.list_uncertain(id, after, limit)?, limit, |r| r.seq);
            let page = rows.map(UncertainView::from);
            Ok::<_, ApiError>(UncertainPage {
                items: page.items,
                next: page.next,
                statuses_until: news.statuses_until,
                last_webhook_at: number.last_webhook_at,
                lag_seconds: news.lag(now).as_secs(),
            })
        })
        .await?;
    Ok(Json(found))
}

/// What is to become of uncertain recipients.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionInput {
    /// `send_again`: they may get it twice. `give_up`: they may never get it, and count as failed.
    /// `mark_sent`: they are known to have got it.
    #[schema(value_type = String)]
    decision: Decision,
    /// The `seq` of each, at most 2,000; all that are uncertain when absent.
    #[serde(default)]
    recipients: Option<Vec<i64>>,
}

/// What was decided.
#[derive(Serialize, ToSchema)]
struct Decided {
    /// So many. Those that were settled meanwhile are not among them.
    decided: u64,
    /// So many are still uncertain.
    left: i64,
}

/// Decides uncertain recipients: one, some or all of them, at most 2,000 at a time.
#[utoipa::path(post, path = "/campaigns/{id}/uncertain/decide", tag = "campaigns", params(("id" = String, Path)),
    request_body = DecisionInput, responses((status = 200, body = Decided)))]
async fn decide_uncertain(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    crate::edge::Body(input): crate::edge::Body<DecisionInput>,
) -> Result<Json<Decided>> {
    if input.recipients.as_ref().is_some_and(|seqs| seqs.len() > DECIDED_AT_ONCE as usize) {
        return Err(ApiError::field(
            "recipients",
            "must have at most 2,000; send the rest in another request",
        ));
    }
    let now = app.ambient.now();
    let decided: Decided = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            let campaign = tx.find_campaign(id)?.ok_or(ApiError::NotFound("campaign"))?;
            if input.decision == Decision::SendAgain && campaign.state == CampaignState::Cancelled {
                return Err(ApiError::refused(
                    Code::WrongState,
                    "The campaign was cancelled: nothing of it is sent again.",
                ));
            }
            let decided = tx.decide_uncertain(
                id,
                campaign.number_id,
                input.recipients.as_deref(),
                input.decision,
                now,
                DECIDED_AT_ONCE,
            )?;
            let counts = tx.campaign_counts(id)?;
            let uncertain = counts.iter().filter(|c| c.state == tisara_domain::RecipientState::Uncertain);
            Ok(Decided { decided, left: uncertain.map(|c| c.n).sum() })
        })
        .await?;
    tracing::info!(org.id = %caller.org, campaign.id = %id, n = decided.decided, "uncertain recipients were decided by hand");
    for hint in [Hint::Work, Hint::Campaign(caller.org, id)] {
        app.engine.bus().publish(hint);
    }
    Ok(Json(decided))
}
