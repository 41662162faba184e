//! Settings of a number that were changed.

use serde::{Deserialize, Serialize};

use crate::numbers::CallingSettings;
use crate::wire::{Extra, Product, Timestamp, open_enum, text_or_number};

open_enum! {
    /// Which settings were changed.
    pub enum SettingsKind {
        /// Those of a number.
        PhoneNumber = "phone_number_settings",
    }
}

/// `account_settings_update`: settings were changed, by us or by somebody else. So far only those of calling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountSettingsUpdate {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Which.
    #[serde(rename = "type")]
    pub kind: SettingsKind,
    /// Of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number_settings: Option<ChangedNumberSettings>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The settings of a number after a change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangedNumberSettings {
    /// The number.
    #[serde(deserialize_with = "text_or_number")]
    pub phone_number_id: String,
    /// Calls, if that is what was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calling: Option<CallingSettings>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
