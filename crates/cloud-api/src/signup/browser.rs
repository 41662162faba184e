//! What the signup window tells the page. It is not to be trusted: check the account against the token.

use serde::{Deserialize, Serialize};

use crate::wire::{Extra, lenient, open_enum, opt_text_or_number};

open_enum! {
    /// How the signup ended.
    pub enum SessionEventKind {
        /// With an account and a number.
        Finish = "FINISH",
        /// With an account but no number.
        FinishOnlyWaba = "FINISH_ONLY_WABA",
        /// With a number that stays in the phone app (coexistence).
        FinishBusinessApp = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING",
        /// The person gave up or met an error.
        Cancel = "CANCEL",
        /// An error, in older windows.
        Error = "ERROR",
    }
}

/// The message event of the window. Comes on its own, before or after the code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionEvent {
    /// Always `WA_EMBEDDED_SIGNUP`; other messages of the window are not ours.
    #[serde(rename = "type")]
    pub kind: String,
    /// How it ended.
    pub event: SessionEventKind,
    /// Version of the message.
    #[serde(default, deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What came of it.
    #[serde(default)]
    pub data: SessionData,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What came of a signup.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionData {
    /// The number.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub phone_number_id: Option<String>,
    /// The account.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub waba_id: Option<String>,
    /// The portfolio.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub business_id: Option<String>,
    /// Advertising accounts.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub ad_account_ids: Vec<String>,
    /// Pages.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub page_ids: Vec<String>,
    /// Data sets for conversion events.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub dataset_ids: Vec<String>,
    /// Where the person gave up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_step: Option<String>,
    /// The error met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Its number.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub error_id: Option<String>,
    /// For Meta's support.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// When.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
