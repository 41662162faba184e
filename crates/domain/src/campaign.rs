//! A campaign's life.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where a campaign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignState {
    /// Being written; nothing is frozen.
    Draft,
    /// Its audience is being frozen into recipients.
    Planning,
    /// Sending.
    Running,
    /// Stopped for now, by a person or by rule; see the campaign's pause reason.
    Paused,
    /// Every recipient is decided. It runs again should one need another attempt after all.
    Completed,
    /// Ended by a person; what waited was skipped.
    Cancelled,
}

/// What a person or the engine wants of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignEvent {
    /// Freeze the audience and send.
    Start,
    /// The audience is frozen.
    Planned,
    /// Stop for now.
    Pause,
    /// Go on.
    Resume,
    /// End it.
    Cancel,
    /// Nothing waits any more.
    Finish,
    /// Something waits again: Meta failed a message late, or a person wants one sent again.
    Reopen,
}

/// The event does not fit the state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a campaign that is {state} cannot {verb}", verb = .event.verb())]
pub struct CampaignConflict {
    /// Where the campaign is.
    pub state: CampaignState,
    /// What was wanted.
    pub event: CampaignEvent,
}

impl CampaignEvent {
    const fn verb(self) -> &'static str {
        match self {
            Self::Start => "be started",
            Self::Planned => "begin to send",
            Self::Pause => "be paused",
            Self::Resume => "be resumed",
            Self::Cancel => "be cancelled",
            Self::Finish => "be completed",
            Self::Reopen => "be reopened",
        }
    }
}

impl CampaignState {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Draft, Self::Planning, Self::Running, Self::Paused, Self::Completed, Self::Cancelled];

    /// The word, in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Planning => "planning",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state after `event`.
    ///
    /// # Errors
    /// When the event does not fit. Pausing what is paused, and the like, is an error too: the caller
    /// decides whether that matters.
    pub fn after(self, event: CampaignEvent) -> Result<Self, CampaignConflict> {
        use CampaignEvent as E;
        Ok(match (self, event) {
            (Self::Draft, E::Start) => Self::Planning,
            (Self::Planning, E::Planned) | (Self::Paused, E::Resume) | (Self::Completed, E::Reopen) => {
                Self::Running
            }
            (Self::Running, E::Pause) => Self::Paused,
            (Self::Running, E::Finish) => Self::Completed,
            (Self::Draft | Self::Planning | Self::Running | Self::Paused, E::Cancel) => Self::Cancelled,
            (state, event) => return Err(CampaignConflict { state, event }),
        })
    }

    /// Whether nothing will happen to it any more by itself.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

impl fmt::Display for CampaignState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is no state of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such campaign state")]
pub struct UnknownCampaignState;

impl FromStr for CampaignState {
    type Err = UnknownCampaignState;
    fn from_str(s: &str) -> Result<Self, UnknownCampaignState> {
        Self::ALL.into_iter().find(|state| state.as_str() == s).ok_or(UnknownCampaignState)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};

    #[test]
    fn a_campaign_walks_from_draft_to_completed() {
        use CampaignEvent as E;
        let end = [E::Start, E::Planned, E::Pause, E::Resume, E::Finish]
            .into_iter()
            .try_fold(CampaignState::Draft, CampaignState::after);
        assert_eq!(end, Ok(CampaignState::Completed));
    }

    #[test]
    fn a_refusal_says_what_cannot_be_done() {
        let err = CampaignState::Completed.after(CampaignEvent::Pause).unwrap_err();
        assert_eq!(err.to_string(), "a campaign that is completed cannot be paused");
    }

    proptest! {
        #[test]
        fn nothing_but_reopening_leaves_an_end(events in prop::collection::vec(select(vec![
            CampaignEvent::Start, CampaignEvent::Planned, CampaignEvent::Pause,
            CampaignEvent::Resume, CampaignEvent::Cancel, CampaignEvent::Finish, CampaignEvent::Reopen]), 0..20)) {
            let mut state = CampaignState::Draft;
            for e in events {
                let over = state.is_over();
                if let Ok(next) = state.after(e) {
                    prop_assert!(!over || (state, e) == (CampaignState::Completed, CampaignEvent::Reopen));
                    state = next;
                }
            }
        }
    }
}
