//! What is held since this installation was restored from a backup.
//!
//! What was waiting when the backup was made may have been sent since, by the installation it was made of.
//! So nothing of it is sent before a person, who knows what happened in between, says so: of campaigns here, of
//! single messages at `/messages/uncertain`.

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Id, Result, Routes, routes},
    usage::require_messages,
};
use axum::{Json, extract::State};
use serde::Serialize;
use tisara_domain::CampaignId;
use tisara_engine::Hint;
use tisara_store::backup::{Released, RestoredCampaign};
use utoipa::ToSchema;

/// Held campaigns that are listed at a time; there are more once these are decided.
const LISTED: u32 = 200;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_restored)).routes(routes!(resume_campaign))
}

/// What is held.
#[derive(Serialize, ToSchema)]
struct RestoredView {
    /// Campaigns that wait.
    campaigns: Vec<RestoredCampaignView>,
}

/// A campaign that is held.
#[derive(Serialize, ToSchema)]
struct RestoredCampaignView {
    #[schema(value_type = String)]
    id: CampaignId,
    name: String,
    #[serde(flatten)]
    released: ReleasedView,
}

/// What letting a campaign go does.
#[derive(Serialize, ToSchema)]
struct ReleasedView {
    /// Recipients that are sent to: everybody who was waiting when the backup was made and of whom no
    /// webhook has told since.
    sends: i64,
    /// Recipients that may or may not have been sent to then. They stay uncertain until a webhook tells.
    uncertain: i64,
    /// The audience was still being frozen: there will be more recipients.
    plans: bool,
}

impl From<Released> for ReleasedView {
    fn from(r: Released) -> Self {
        Self { sends: r.sends, uncertain: r.uncertain, plans: r.plans }
    }
}

impl From<RestoredCampaign> for RestoredCampaignView {
    fn from(c: RestoredCampaign) -> Self {
        Self { id: c.id, name: c.name, released: c.released.into() }
    }
}

/// The campaigns that are held since a restore, at most 200; none where there was no restore. Replies and single
/// messages that were waiting then are among the uncertain ones: `/messages/uncertain`.
#[utoipa::path(get, path = "/restored", tag = "restored", responses((status = 200, body = RestoredView)))]
async fn list_restored(State(app): State<App>, caller: Caller) -> Result<Json<RestoredView>> {
    let view = app
        .store
        .read(move |tx| {
            let mut tx = tx.org(caller.org);
            let campaigns = tx.list_restored_campaigns(LISTED)?;
            Ok::<_, ApiError>(RestoredView { campaigns: campaigns.into_iter().map(Into::into).collect() })
        })
        .await?;
    Ok(Json(view))
}

/// Lets a held campaign go on: what waits in it is sent. Say this only when you know that it was not sent
/// between the backup and the restore, or may be sent twice.
#[utoipa::path(post, path = "/restored/campaigns/{id}/resume", tag = "restored", params(("id" = String, Path)),
    responses((status = 200, body = ReleasedView)))]
async fn resume_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<ReleasedView>> {
    let now = app.ambient.now();
    let released = app
        .store
        .write(move |tx| {
            let mut org = tx.org(caller.org);
            let released = org.resume_restored_campaign(id)?;
            require_messages(&mut org, now)?;
            Ok::<_, ApiError>(released)
        })
        .await?;
    for hint in [Hint::Plan, Hint::Work, Hint::Campaign(caller.org, id)] {
        app.engine.bus().publish(hint);
    }
    Ok(Json(released.into()))
}
