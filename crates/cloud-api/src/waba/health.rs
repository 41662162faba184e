//! Whether something keeps a number, account or template from sending.

use serde::{Deserialize, Serialize};

use crate::wire::{Extra, lenient, open_enum};

open_enum! {
    /// Whether sending works.
    pub enum CanSend {
        /// It does.
        Available = "AVAILABLE",
        /// It does, with limits.
        Limited = "LIMITED",
        /// It does not.
        Blocked = "BLOCKED",
    }
}

/// Health of a node and of all it depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthStatus {
    /// The worst of the entities.
    pub can_send_message: CanSend,
    /// Number, WABA, portfolio, app, template.
    #[serde(default, deserialize_with = "lenient::list")]
    pub entities: Vec<HealthEntity>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Health of one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthEntity {
    /// `PHONE_NUMBER`, `WABA`, `BUSINESS`, `APP` or `MESSAGE_TEMPLATE`.
    #[serde(default)]
    pub entity_type: String,
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Whether sending works as far as it goes.
    pub can_send_message: CanSend,
    /// What is wrong.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<HealthError>,
    /// What limits it.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub additional_info: Vec<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What is wrong, and the way out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealthError {
    /// Meta's code.
    #[serde(deserialize_with = "lenient::i64")]
    pub error_code: i64,
    /// In words.
    pub error_description: String,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible_solution: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
