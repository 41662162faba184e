//! `/campaigns/{id}/events`: the progress as it happens, for a screen.
//!
//! A hint says that something changed; the counts are then read anew, a few times a second at most. A
//! lost hint costs some seconds, because it also looks by itself.

use super::progress::CampaignView;
use crate::{
    app::App,
    auth::Caller,
    edge::{Id, Result, Routes, routes},
};
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::stream::{self, Stream};
use std::convert::Infallible;
use tisara_domain::{CampaignId, Duration, Timestamp};
use tisara_engine::{Ear, Hint};
use utoipa::ToSchema;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(campaign_events))
}

/// Between two events at least.
const CALM: Duration = Duration::from_millis(400);
/// Looks by itself so often.
const LOOK: Duration = Duration::from_secs(5);
/// Then the browser connects anew; so nothing is held for ever.
const LONGEST: Duration = Duration::from_secs(3_600);

struct Watch {
    app: App,
    caller: Caller,
    id: CampaignId,
    ear: Ear,
    shown: Option<serde_json::Value>,
    until: Timestamp,
    over: bool,
}

/// One event of the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what axum writes")]
struct ProgressEvent {
    /// `progress`.
    event: Option<String>,
    /// A `CampaignView` as JSON.
    data: Option<String>,
}

/// Live progress: events `progress`, each with the whole campaign as JSON. The stream ends when the
/// campaign is over.
#[utoipa::path(get, path = "/campaigns/{id}/events", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = ProgressEvent, content_type = "text/event-stream")))]
async fn campaign_events(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    // Listening begins before the first look, so that nothing between the two is missed.
    let ear = app.engine.bus().subscribe();
    let now = app.ambient.now();
    app.store.read(move |tx| CampaignView::get(&mut tx.org(caller.org), id, now)).await?;
    let watch = Watch { until: now.plus(LONGEST), app, caller, id, ear, shown: None, over: false };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

impl Watch {
    /// The next event; `None` when there will be no more.
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        loop {
            if self.shown.is_some() {
                self.wait().await;
            }
            let now = self.app.ambient.now();
            if now >= self.until {
                return None;
            }
            let (org, id) = (self.caller.org, self.id);
            // When storage is in the way the stream ends; the browser comes again.
            let view =
                self.app.store.read(move |tx| CampaignView::get(&mut tx.org(org), id, now)).await.ok()?;
            self.over = view.state.is_over() && view.progress.planned + view.progress.uncertain == 0;
            let view = serde_json::to_value(&view).ok()?;
            if self.shown.as_ref().is_none_or(|shown| differ(shown, &view)) || self.over {
                let event = Event::default().event("progress").json_data(&view).ok()?;
                self.shown = Some(view);
                return Some(event);
            }
        }
    }

    async fn wait(&mut self) {
        let clock = self.app.ambient.clone();
        clock.sleep(CALM).await;
        let (org, id) = (self.caller.org, self.id);
        tokio::select! {
            () = self.ear.wait_for(|hint| hint == Hint::Campaign(org, id)) => {}
            () = clock.sleep(LOOK) => {}
        }
    }
}

/// Whether more changed than what moves by itself with time.
fn differ(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    let still = |v: &serde_json::Value| {
        let mut v = v.clone();
        if let Some(progress) = v.get_mut("progress").and_then(|p| p.as_object_mut()) {
            progress.remove("per_second");
            progress.remove("finish_expected_at");
        }
        v
    };
    still(a) != still(b)
}
