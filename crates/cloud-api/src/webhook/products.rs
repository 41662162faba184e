//! Forms, and events Meta derives from chats.

use serde::{Deserialize, Serialize};

use super::messages::Metadata;
use super::parts::{Parts, Pieces};
use crate::wire::{Extra, Product, Str, Timestamp, lenient, open_enum};

open_enum! {
    /// What happened to a form.
    pub enum FlowEventKind {
        /// It changed state.
        StatusChange = "FLOW_STATUS_CHANGE",
        /// Its server fails too often.
        EndpointErrorRate = "ENDPOINT_ERROR_RATE",
        /// Its server is too slow.
        EndpointLatency = "ENDPOINT_LATENCY",
        /// Its server is away too often.
        EndpointAvailability = "ENDPOINT_AVAILABILITY",
        /// It fails too often on people's phones.
        ClientErrorRate = "CLIENT_ERROR_RATE",
        /// Its version will not be supported much longer.
        VersionExpiry = "FLOW_VERSION_EXPIRY_WARNING",
    }
}

/// `flows`: a form changed state, or its server does not keep up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowEvent<'a> {
    /// What happened.
    pub event: FlowEventKind,
    /// In words.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Str<'a>>,
    /// Which form.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<Str<'a>>,
    /// The state before.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub old_status: Option<Str<'a>>,
    /// The state now.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub new_status: Option<Str<'a>>,
    /// Percent of calls that failed.
    #[serde(default, deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub error_rate: Option<f64>,
    /// The bound that was crossed.
    #[serde(default, deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// `ACTIVATED` or `DEACTIVATED`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub alert_state: Option<Str<'a>>,
    /// Half of the calls took less, in milliseconds.
    #[serde(default, deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub p50_latency: Option<f64>,
    /// Nine in ten calls took less, in milliseconds.
    #[serde(default, deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub p90_latency: Option<f64>,
    /// Calls counted.
    #[serde(default, deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub requests_count: Option<u64>,
    /// Percent of the time the server was there.
    #[serde(default, deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub availability: Option<f64>,
    /// Failures by kind.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FlowErrorCount<'a>>,
    /// Of [`FlowEventKind::VersionExpiry`]: in words.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Failures of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowErrorCount<'a> {
    /// Such as `TIMEOUT_ERROR`.
    #[serde(borrow, default)]
    pub error_type: Str<'a>,
    /// Percent of the failures.
    #[serde(default, deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub error_rate: Option<f64>,
    /// How many.
    #[serde(default, deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub error_count: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `automatic_events`: what Meta takes a chat to have led to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AutomaticEventsValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// What it led to.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub automatic_events: Vec<AutomaticEvent<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for AutomaticEventsValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            automatic_events: parts.list("automatic_events"),
            extra: parts.rest(),
        }
    }
}

/// A lead or a purchase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AutomaticEvent<'a> {
    /// The message it was seen in.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// `LeadSubmitted` or `Purchase`.
    #[serde(borrow, default)]
    pub event_name: Str<'a>,
    /// When. A number on the wire.
    #[serde(default, serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The click it came from.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<Str<'a>>,
    /// Of a purchase: for how much.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<PurchaseValue<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// For how much something was bought.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PurchaseValue<'a> {
    /// ISO 4217.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Str<'a>>,
    /// Amount.
    #[serde(default, deserialize_with = "lenient::opt_f64", skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
