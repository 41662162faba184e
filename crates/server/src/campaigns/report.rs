//! `/campaigns/{id}/report`: what became of everybody, in lines that add up.

use super::progress::reason;
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Id, Result, Routes, routes},
};
use axum::{Json, extract::State};
use serde::Serialize;
use tisara_domain::{CampaignId, CampaignState, RecipientState, Timestamp};
use tisara_store::campaigns::{Campaign, Count};
use utoipa::ToSchema;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(report))
}

/// What became of everybody a campaign was planned for. Who is behind a line is listed by
/// `/campaigns/{id}/recipients` and its `.csv`, with the line's `state` and `reason`.
#[derive(Serialize, ToSchema)]
struct Report {
    #[schema(value_type = String)]
    campaign: CampaignId,
    name: String,
    #[schema(value_type = String)]
    state: CampaignState,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Everyone it was planned for.
    recipients: i64,
    /// The counts by state and reason. Everybody is in exactly one.
    lines: Vec<Line>,
    /// Whether the lines add up to `recipients`. `false` is a fault of ours: `tisara repair` mends it.
    adds_up: bool,
    /// How many messages Meta priced how.
    pricing: Vec<Priced>,
    /// Messages that Meta took and has not priced (yet).
    not_priced: i64,
}

/// How many are in one state for one reason.
#[derive(Serialize, ToSchema)]
struct Line {
    #[schema(value_type = String)]
    state: RecipientState,
    /// A word as `opted_out`, or Meta's code.
    reason: Option<String>,
    /// State and reason in a sentence.
    words: String,
    /// Whether these people got the message, as far as is known; `null` when nobody knows yet.
    got_it: Option<bool>,
    count: i64,
}

/// How many messages Meta priced in one way.
#[derive(Serialize, ToSchema)]
struct Priced {
    /// `marketing`, `utility`, `authentication`, `service`, …
    category: String,
    /// `regular`, `free_customer_service`, `free_entry_point`, …
    #[serde(rename = "type")]
    kind: String,
    count: i64,
}

const fn words(state: RecipientState) -> (&'static str, Option<bool>) {
    match state {
        RecipientState::Planned => ("Waits to be sent.", Some(false)),
        RecipientState::Skipped => ("Not sent, by rule.", Some(false)),
        RecipientState::Uncertain => ("May or may not have gone out.", None),
        RecipientState::Accepted => ("Meta has taken it and has said nothing more.", None),
        RecipientState::Sent => ("On its way: Meta has sent it, the phone has not got it yet.", None),
        RecipientState::Failed => ("Refused, or not deliverable.", Some(false)),
        RecipientState::Delivered => ("On the person's phone.", Some(true)),
        RecipientState::Read => ("Seen by the person.", Some(true)),
    }
}

impl Report {
    fn new(campaign: Campaign, counts: &[Count], billing: Vec<(String, i64)>) -> Self {
        let lines = counts.iter().map(|c| {
            let (of_state, got_it) = words(c.state);
            let (reason, explanation) = reason(c.state, c.reason).unzip();
            Line {
                state: c.state,
                reason,
                words: explanation.unwrap_or_else(|| of_state.to_owned()),
                got_it,
                count: c.n,
            }
        });
        let lines: Vec<Line> = lines.collect();
        let taken: i64 = counts.iter().filter(|c| c.state.is_out()).map(|c| c.n).sum();
        let priced: i64 = billing.iter().map(|(_, n)| n).sum();
        Self {
            campaign: campaign.id,
            name: campaign.name,
            state: campaign.state,
            started_at: campaign.started_at,
            finished_at: campaign.finished_at,
            recipients: campaign.planned,
            adds_up: lines.iter().map(|l| l.count).sum::<i64>() == campaign.planned,
            lines,
            pricing: billing
                .into_iter()
                .map(|(billing, count)| {
                    let (category, kind) = billing.split_once('/').unwrap_or((&billing, ""));
                    Priced { category: category.to_owned(), kind: kind.to_owned(), count }
                })
                .collect(),
            not_priced: (taken - priced).max(0),
        }
    }
}

/// What became of everybody, by state and reason, and how Meta priced it.
#[utoipa::path(get, path = "/campaigns/{id}/report", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = Report)))]
async fn report(State(app): State<App>, caller: Caller, Id(id): Id<CampaignId>) -> Result<Json<Report>> {
    let report = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let campaign = tx.find_campaign(id)?.ok_or(ApiError::NotFound("campaign"))?;
            let counts = tx.campaign_counts(id)?;
            Ok::<_, ApiError>(Report::new(campaign, &counts, tx.campaign_billing(id)?))
        })
        .await?;
    Ok(Json(report))
}
