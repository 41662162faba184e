//! How calls behave.

use super::Between;
use serde::{Deserialize, Serialize};

/// What happens with calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallBehaviour {
    /// Calls and messages about calls are refused unless calling is enabled on the number (138000).
    pub checked: bool,
    /// From asking for a call to the phone's ringing, in milliseconds.
    pub ring_ms: Between,
    /// The part of users who pick up by themselves; the others wait for a control call.
    pub answers: f64,
    /// From ringing to picking up, in milliseconds.
    pub answer_ms: Between,
    /// Who has not picked up after this has missed the call. Meta: 30 to 60 seconds.
    pub missed_after_ms: u64,
    /// Calls of a business that one user takes in 24 hours (138012). Meta's page of limits says ten, its
    /// page of errors five.
    pub connected_per_day: usize,
    /// Requests for permission to one user in 24 hours and in 7 days (138009).
    pub requests: (usize, usize),
    /// Questions of a number about permissions in a second (613).
    pub questions_per_second: usize,
    /// Calls of a number at once (138002).
    pub concurrent: usize,
}

impl Default for CallBehaviour {
    fn default() -> Self {
        Self {
            checked: true,
            ring_ms: (200, 1_500),
            answers: 0.0,
            answer_ms: (2_000, 8_000),
            missed_after_ms: 60_000,
            connected_per_day: 10,
            requests: (1, 2),
            questions_per_second: 5,
            concurrent: 1_000,
        }
    }
}
