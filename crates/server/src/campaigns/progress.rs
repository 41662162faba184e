//! Where a campaign stands, from its counters.

use serde::{Deserialize, Serialize};
use tisara_domain::{CampaignId, CampaignState, Duration, RecipientState, SkipReason, Timestamp};
use tisara_store::{
    OrgTx,
    campaigns::{Campaign, Count},
};
use utoipa::ToSchema;

use super::{
    failures,
    input::{AudienceView, BindingView, MediaView, SettleView},
};
use crate::edge::{ApiError, Result};

/// A campaign and where it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CampaignView {
    #[schema(value_type = String)]
    pub(crate) id: CampaignId,
    name: String,
    /// The number it is sent from.
    #[schema(value_type = String)]
    number: tisara_domain::NumberId,
    #[schema(value_type = String)]
    template: tisara_domain::TemplateId,
    /// The version of the template that was current when the campaign was made.
    template_version: i64,
    /// `draft`, `planning`, `running`, `paused`, `completed` or `cancelled`.
    #[schema(value_type = String)]
    pub(crate) state: CampaignState,
    /// Why it is paused, when that was not done by hand.
    paused_reason: Option<String>,
    audience: AudienceView,
    bindings: Vec<BindingView>,
    header_media: Option<MediaView>,
    require_consent: bool,
    frequency_cap_hours: Option<u32>,
    settle: SettleView,
    pub(crate) progress: Progress,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// Counts of recipients. Each is in exactly one state: the states add up to `recipients`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Progress {
    /// Everyone it was planned for, those that are skipped too.
    pub(crate) recipients: i64,
    /// Wait to be sent.
    pub(crate) planned: i64,
    /// Not sent, by rule.
    pub(crate) skipped: i64,
    /// May or may not have gone out; being settled.
    pub(crate) uncertain: i64,
    /// Taken by Meta, which has said nothing more.
    pub(crate) accepted: i64,
    /// On their way (one tick).
    pub(crate) sent: i64,
    /// Refused, or not deliverable.
    pub(crate) failed: i64,
    /// On the person's phone (two ticks).
    pub(crate) delivered: i64,
    /// Seen by the person (blue ticks).
    pub(crate) read: i64,
    /// Why people were skipped and why messages failed.
    pub(crate) reasons: Vec<ReasonCount>,
    /// Messages that went out a second, on average since the start.
    pub(crate) per_second: Option<f64>,
    /// When the last message will be out, if it goes on so.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) finish_expected_at: Option<Timestamp>,
}

/// How many were skipped or failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReasonCount {
    /// `skipped` or `failed`.
    pub(crate) state: String,
    /// A word as `opted_out`, or Meta's code.
    pub(crate) reason: String,
    /// The reason in a sentence.
    pub(crate) explanation: String,
    pub(crate) count: i64,
}

/// The word and the sentence of a reason; `None` where a state has none.
pub(super) fn reason(state: RecipientState, code: i32) -> Option<(String, String)> {
    match state {
        RecipientState::Skipped => SkipReason::from_code(i64::from(code))
            .map(|r| (r.as_str().to_owned(), r.explanation().to_owned())),
        RecipientState::Failed => Some((code.to_string(), failures::explanation(code))),
        _ => None,
    }
}

impl Progress {
    fn new(campaign: &Campaign, counts: &[Count], pace_per_second: u32, now: Timestamp) -> Self {
        let mut progress = Self::default();
        for count in counts {
            let place = match count.state {
                RecipientState::Planned => &mut progress.planned,
                RecipientState::Skipped => &mut progress.skipped,
                RecipientState::Uncertain => &mut progress.uncertain,
                RecipientState::Accepted => &mut progress.accepted,
                RecipientState::Sent => &mut progress.sent,
                RecipientState::Failed => &mut progress.failed,
                RecipientState::Delivered => &mut progress.delivered,
                RecipientState::Read => &mut progress.read,
            };
            *place += count.n;
            progress.recipients += count.n;
            if let Some((reason, explanation)) = reason(count.state, count.reason) {
                progress.reasons.push(ReasonCount {
                    state: count.state.as_str().to_owned(),
                    reason,
                    explanation,
                    count: count.n,
                });
            }
        }
        progress.reasons.sort_by_key(|r| std::cmp::Reverse(r.count));
        progress.foresee(campaign, pace_per_second, now);
        progress
    }

    #[expect(clippy::cast_precision_loss, reason = "a speed needs no more digits")]
    fn foresee(&mut self, campaign: &Campaign, pace_per_second: u32, now: Timestamp) {
        let Some(started) = campaign.started_at else { return };
        let out = self.accepted + self.sent + self.failed + self.delivered + self.read;
        let elapsed = campaign.finished_at.unwrap_or(now).since(started).as_secs_f64();
        if out > 0 && elapsed > 0.0 {
            self.per_second = Some((out as f64 / elapsed * 10.0).round() / 10.0);
        }
        if campaign.state == CampaignState::Running && self.planned > 0 {
            let speed = match self.per_second {
                Some(speed) if elapsed >= 5.0 && speed > 0.0 => speed,
                _ => f64::from(pace_per_second.max(1)),
            };
            let wait = Duration::try_from_secs_f64(self.planned as f64 / speed).unwrap_or(Duration::MAX);
            self.finish_expected_at = Some(now.plus(wait));
        }
    }
}

impl CampaignView {
    /// The view of a campaign with its counts.
    pub(super) fn new(campaign: Campaign, counts: &[Count], pace_per_second: u32, now: Timestamp) -> Self {
        let progress = Progress::new(&campaign, counts, pace_per_second, now);
        let d = campaign.definition;
        Self {
            id: campaign.id,
            name: campaign.name,
            number: campaign.number_id,
            template: campaign.template_id,
            template_version: campaign.template_version,
            state: campaign.state,
            paused_reason: campaign.paused_reason,
            audience: d.audience.into(),
            bindings: d.bindings.into_iter().map(BindingView::from).collect(),
            header_media: d.header_media.map(MediaView::from),
            require_consent: d.require_consent,
            frequency_cap_hours: d.frequency_cap_hours,
            settle: d.settle.into(),
            progress,
            created_at: campaign.created_at,
            started_at: campaign.started_at,
            finished_at: campaign.finished_at,
        }
    }

    /// Reads it.
    pub(super) fn get(tx: &mut OrgTx<'_, '_>, id: CampaignId, now: Timestamp) -> Result<Self> {
        let campaign = tx.find_campaign(id)?.ok_or(ApiError::NotFound("campaign"))?;
        Self::of(tx, campaign, now)
    }

    /// Reads what belongs to a campaign that was read.
    pub(super) fn of(tx: &mut OrgTx<'_, '_>, campaign: Campaign, now: Timestamp) -> Result<Self> {
        let counts = tx.campaign_counts(campaign.id)?;
        let pace = tx.get_number(campaign.number_id)?.pace_per_second;
        Ok(Self::new(campaign, &counts, pace, now))
    }
}
