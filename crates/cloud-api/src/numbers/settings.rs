//! Settings of a number: identity check, calling, encryption, where data is kept.

use serde::{Deserialize, Serialize};

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
    /// When calls are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_hours: Option<CallHours>,
    /// Through a telephone exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip: Option<Sip>,
    /// Video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoSettings>,
    /// How sound is encrypted: `DTLS` (default) or `SDES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srtp_key_exchange_protocol: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// When calls are taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallHours {
    /// Whether these hours hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Switch>,
    /// IANA name of the time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone_id: Option<String>,
    /// Of each day of the week; at most two spans a day.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub weekly_operating_hours: Vec<DayHours>,
    /// Days on which other hours hold.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub holiday_schedule: Vec<Holiday>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Hours of a day of the week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayHours {
    /// `MONDAY` and so on.
    pub day_of_week: String,
    /// Four digits, such as `0930`.
    pub open_time: String,
    /// Four digits.
    pub close_time: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A day on which other hours hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Such as `2026-12-31`.
    pub date: String,
    /// Four digits.
    pub start_time: String,
    /// Four digits.
    pub end_time: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Calls with pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VideoSettings {
    /// Whether.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Switch>,
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
