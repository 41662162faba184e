//! `/campaigns`.

use super::{Checked, check, input::CampaignInput, progress::CampaignView};
use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Body, ById, Code, Id, Page, PageQuery, Params, Result, Routes, routes},
    usage::require_messages,
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use tisara_domain::{CampaignId, SkipReason, campaign::CampaignEvent};
use tisara_engine::Hint;
use tisara_store::{
    campaigns::{Definition, NewCampaign},
    ledger::plan::{Estimate, PlanRules},
};
use utoipa::ToSchema;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_campaigns, create_campaign))
        .routes(routes!(estimate))
        .routes(routes!(get_campaign))
        .routes(routes!(estimate_campaign))
        .routes(routes!(start))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(cancel))
}

/// Campaigns, newest first.
#[utoipa::path(get, path = "/campaigns", tag = "campaigns", params(PageQuery),
    responses((status = 200, body = Page<CampaignView>)))]
async fn list_campaigns(
    State(app): State<App>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<CampaignView>>> {
    let (limit, after, now) = (page.limit()?, page.after_id::<CampaignId>()?, app.ambient.now());
    let found = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let campaigns = tx.list_campaigns(after, limit)?;
            campaigns.into_iter().map(|c| CampaignView::of(&mut tx, c, now)).collect::<Result<Vec<_>>>()
        })
        .await?;
    Ok(Json(Page::new(found, limit, |c| ById(c.id))))
}

/// Makes a campaign as a draft. Nothing is sent before it is started.
#[utoipa::path(post, path = "/campaigns", tag = "campaigns", request_body = CampaignInput,
    responses((status = 201, body = CampaignView)))]
async fn create_campaign(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<CampaignInput>,
) -> Result<(StatusCode, Json<CampaignView>)> {
    let (id, now) = (app.ambient.id::<CampaignId>(), app.ambient.now());
    let made = app
        .write(StatusCode::CREATED, move |tx| {
            let mut tx = tx.org(caller.org);
            let Checked { template, definition, .. } = check(&mut tx, &input)?;
            tx.create_campaign(&NewCampaign {
                id,
                name: input.name.trim().to_owned(),
                number_id: input.number,
                template_id: template.id,
                template_version: i64::from(template.version),
                definition,
                created_at: now,
            })?;
            CampaignView::get(&mut tx, id, now)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// One campaign: its definition, its state, its counts by state and reason, its speed.
#[utoipa::path(get, path = "/campaigns/{id}", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = CampaignView)))]
async fn get_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<CampaignView>> {
    let now = app.ambient.now();
    Ok(Json(app.store.read(move |tx| CampaignView::get(&mut tx.org(caller.org), id, now)).await?))
}

/// What a start would plan, by the state of today.
#[derive(Serialize, ToSchema)]
struct EstimateView {
    /// Everyone in the audience.
    recipients: i64,
    /// Those who would get it.
    sendable: i64,
    /// Those who would be skipped, by reason.
    skipped: Vec<EstimatedSkip>,
    /// How long sending takes at the number's pace, in seconds.
    seconds: i64,
}

/// How many would be skipped for one reason.
#[derive(Serialize, ToSchema)]
struct EstimatedSkip {
    /// A word as `opted_out`.
    reason: String,
    explanation: String,
    count: i64,
}

impl EstimateView {
    fn new(counts: Estimate, pace_per_second: u32) -> Self {
        let mut view = Self { recipients: 0, sendable: 0, skipped: Vec::new(), seconds: 0 };
        for (code, count) in counts {
            view.recipients += count;
            match SkipReason::from_code(code) {
                None => view.sendable += count,
                Some(reason) => view.skipped.push(EstimatedSkip {
                    reason: reason.as_str().to_owned(),
                    explanation: reason.explanation().to_owned(),
                    count,
                }),
            }
        }
        view.seconds =
            view.sendable.div_euclid(i64::from(pace_per_second.max(1))) + i64::from(view.sendable > 0);
        view
    }
}

/// Counts what a campaign like this would send and skip. Nothing is stored.
#[utoipa::path(post, path = "/campaigns/estimate", tag = "campaigns", request_body = CampaignInput,
    responses((status = 200, body = EstimateView)))]
async fn estimate(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<CampaignInput>,
) -> Result<Json<EstimateView>> {
    let (sets, now) = (app.engine.sets().clone(), app.ambient.now());
    let view = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let Checked { definition, rules, .. } = check(&mut tx, &input)?;
            let pace = tx.get_number(input.number)?.pace_per_second;
            Ok::<_, ApiError>(EstimateView::new(tx.estimate_audience(&definition, &rules, &sets, now)?, pace))
        })
        .await?;
    Ok(Json(view))
}

/// Counts what starting this draft would send and skip.
#[utoipa::path(get, path = "/campaigns/{id}/estimate", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = EstimateView)))]
async fn estimate_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<EstimateView>> {
    let (sets, now) = (app.engine.sets().clone(), app.ambient.now());
    let view = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let campaign = tx.find_campaign(id)?.ok_or(ApiError::NotFound("campaign"))?;
            let (rules, definition): (PlanRules, Definition) = (tx.get_plan_rules(id)?, campaign.definition);
            let pace = tx.get_number(campaign.number_id)?.pace_per_second;
            Ok::<_, ApiError>(EstimateView::new(tx.estimate_audience(&definition, &rules, &sets, now)?, pace))
        })
        .await?;
    Ok(Json(view))
}

/// Freezes the audience and sends.
#[utoipa::path(post, path = "/campaigns/{id}/start", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = CampaignView)))]
async fn start(State(app): State<App>, caller: Caller, Id(id): Id<CampaignId>) -> Result<Json<CampaignView>> {
    moved(app, caller, id, CampaignEvent::Start).await
}

/// Stops sending for now. What is on its way arrives.
#[utoipa::path(post, path = "/campaigns/{id}/pause", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = CampaignView)))]
async fn pause(State(app): State<App>, caller: Caller, Id(id): Id<CampaignId>) -> Result<Json<CampaignView>> {
    moved(app, caller, id, CampaignEvent::Pause).await
}

/// Goes on sending.
#[utoipa::path(post, path = "/campaigns/{id}/resume", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = CampaignView)))]
async fn resume(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<CampaignView>> {
    moved(app, caller, id, CampaignEvent::Resume).await
}

/// Ends it. Those who wait are skipped; what is on its way arrives.
#[utoipa::path(post, path = "/campaigns/{id}/cancel", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = CampaignView)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<CampaignView>> {
    moved(app, caller, id, CampaignEvent::Cancel).await
}

async fn moved(app: App, caller: Caller, id: CampaignId, event: CampaignEvent) -> Result<Json<CampaignView>> {
    let now = app.ambient.now();
    let view = app
        .write(StatusCode::OK, move |tx| {
            let mut tx = tx.org(caller.org);
            if matches!(event, CampaignEvent::Start | CampaignEvent::Resume) {
                let campaign = tx.find_campaign(id)?.ok_or(ApiError::NotFound("campaign"))?;
                let template =
                    tx.find_template(campaign.template_id)?.ok_or(ApiError::NotFound("template"))?;
                if template.status != "APPROVED" {
                    return Err(ApiError::refused(
                        Code::WrongState,
                        format!(
                            "The template is {} at Meta; only APPROVED templates can be sent.",
                            template.status
                        ),
                    ));
                }
                require_messages(&mut tx, now)?;
                if event == CampaignEvent::Start
                    && let Some(reason) = tx.get_number(campaign.number_id)?.stopped_reason
                {
                    return Err(ApiError::refused(
                        Code::WrongState,
                        format!("Nothing is sent from this number: {reason}"),
                    ));
                }
            }
            tx.move_campaign(id, event, now)?;
            CampaignView::get(&mut tx, id, now)
        })
        .await?;
    for hint in [Hint::Plan, Hint::Work, Hint::Campaign(caller.org, id)] {
        app.engine.bus().publish(hint);
    }
    Ok(Json(view))
}
