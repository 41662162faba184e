//! Groups, forms and events Meta derives from chats.

use serde::{Deserialize, Serialize};

use super::messages::{ErrorNotice, Metadata};
use crate::wire::{Extra, Product, Str, Timestamp, lenient};

/// `group_lifecycle_update`, `group_participants_update`, `group_settings_update`, `group_status_update`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupsValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// What happened to which group.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub groups: Vec<GroupEvent<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What happened to a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupEvent<'a> {
    /// The group; absent when making it failed.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<Str<'a>>,
    /// `group_create`, `group_delete`, `group_participants_add`, `group_settings_update` and the like.
    #[serde(borrow, rename = "type", default)]
    pub kind: Str<'a>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The call that asked for it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Str<'a>>,
    /// Name of the group.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Str<'a>>,
    /// What it is about.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Str<'a>>,
    /// How to join.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub invite_link: Option<Str<'a>>,
    /// Who came.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub added_participants: Vec<GroupParticipant<'a>>,
    /// Who left.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub removed_participants: Vec<GroupParticipant<'a>>,
    /// For whom it failed.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub failed_participants: Vec<GroupParticipant<'a>>,
    /// What went wrong.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A member of a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupParticipant<'a> {
    /// As it was given.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Str<'a>>,
    /// The WhatsApp number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// What went wrong with this one.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `flows`: a form changed state, or its server does not keep up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowEvent<'a> {
    /// `FLOW_STATUS_CHANGE`, `ENDPOINT_ERROR_RATE`, `ENDPOINT_LATENCY`, `ENDPOINT_AVAILABILITY`,
    /// `CLIENT_ERROR_RATE`, `FLOW_VERSION_EXPIRY_WARNING`.
    #[serde(borrow, default)]
    pub event: Str<'a>,
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
    /// Fields without a name here, such as latencies.
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
