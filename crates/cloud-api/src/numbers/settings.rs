//! Settings of a number: identity check, calling, encryption, where data is kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::{CallError, Calls};
use crate::wire::{Extra, Success, lenient, open_enum};

open_enum! {
    /// On or off.
    pub enum Switch {
        /// On.
        Enabled = "ENABLED",
        /// Off.
        Disabled = "DISABLED",
    }
}

/// The settings. A change names only what it changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberSettings {
    /// Tell when a person's identity key changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_identity_change: Option<IdentityChangeSettings>,
    /// Calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calling: Option<CallingSettings>,
    /// Encryption of contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_encryption: Option<PayloadEncryption>,
    /// Where data is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_configuration: Option<StorageConfiguration>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Tell when a person's identity key changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityChangeSettings {
    /// Whether.
    #[serde(deserialize_with = "lenient::bool")]
    pub enable_identity_key_check: bool,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Calls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallingSettings {
    /// Whether.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Switch>,
    /// `DEFAULT` or `DISABLE_ALL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_icon_visibility: Option<String>,
    /// Whether a person who called may be called back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_permission_status: Option<Switch>,
    /// When calls are taken: `{status, timezone_id, weekly_operating_hours, holiday_schedule}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_hours: Option<Value>,
    /// Through a telephone exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip: Option<Sip>,
    /// Video: `{status}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Calls through a telephone exchange.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sip {
    /// Whether.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Switch>,
    /// Where.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<SipServer>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A telephone exchange.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SipServer {
    /// Host.
    pub hostname: String,
    /// Port.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub port: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Encryption of contents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PayloadEncryption {
    /// Whether.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Switch>,
    /// Our public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_encryption_key: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Where data is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageConfiguration {
    /// `DEFAULT`, `IN_COUNTRY_STORAGE_ENABLED`, `NO_STORAGE_ENABLED`.
    pub status: String,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_localization_region: Option<String>,
    /// For how long.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub retention_minutes: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Reads the settings of a number.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_settings(&self, phone_number_id: &str) -> Result<NumberSettings, CallError> {
        self.get(&[phone_number_id, "settings"], &[]).await
    }

    /// Changes settings of a number.
    ///
    /// # Errors
    /// [`CallError`]; 138018 when calls cannot be switched on.
    pub async fn update_settings(
        &self,
        phone_number_id: &str,
        settings: &NumberSettings,
    ) -> Result<Success, CallError> {
        self.post(&[phone_number_id, "settings"], settings).await
    }
}
