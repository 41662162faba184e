//! Flows and how they behave.

use super::ObjectId;
use serde::{Deserialize, Serialize};

/// A flow, as it stands in the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowSettings {
    /// Its id; made up when 0.
    pub id: ObjectId,
    /// The app that made it and signs the calls to its endpoint.
    pub app: ObjectId,
    /// Unique within the account.
    pub name: String,
    /// SIGN_UP, APPOINTMENT_BOOKING, SURVEY, OTHER…
    pub categories: Vec<String>,
    /// DRAFT, PUBLISHED, DEPRECATED, BLOCKED or THROTTLED.
    pub status: String,
    /// The flow JSON, as text; none was uploaded when absent.
    pub flow_json: Option<String>,
    /// The business's own server, when the flow asks one.
    pub endpoint_uri: Option<String>,
    /// When it was last changed (unix seconds).
    pub updated_at: i64,
}

impl Default for FlowSettings {
    fn default() -> Self {
        Self {
            id: ObjectId(0),
            app: ObjectId(0),
            name: String::new(),
            categories: vec!["OTHER".into()],
            status: "DRAFT".into(),
            flow_json: None,
            endpoint_uri: None,
            updated_at: 0,
        }
    }
}

/// What happens with flows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowBehaviour {
    /// Messages with a flow are refused unless the account has it and it can be sent.
    pub checked: bool,
    /// An endpoint that takes longer has failed. Meta: 10 seconds.
    pub endpoint_timeout_ms: u64,
    /// Calls to an endpoint within half an hour before its error rate and latency are judged. Meta
    /// does not say how many it takes.
    pub alert_after: usize,
}

impl Default for FlowBehaviour {
    fn default() -> Self {
        Self { checked: true, endpoint_timeout_ms: 10_000, alert_after: 10 }
    }
}
