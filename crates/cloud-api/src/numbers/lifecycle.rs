//! From nothing to sending: create, ask for the code, verify it, register with a PIN; and back.

use std::fmt;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::call::Body;
use crate::client::{CallError, Calls};
use crate::waba::CallbackOverride;
use crate::wire::{Extra, Product, Success, lenient, open_enum, opt_text_or_number, text_or_number};

/// A number to be added to a WABA.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewNumber {
    /// Country calling code. Newer texts of Meta call it `country_code`.
    #[serde(alias = "country_code")]
    pub cc: String,
    /// The rest of the number.
    pub phone_number: String,
    /// Display name asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_name: Option<String>,
    /// Take it over from another WABA.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub migrate_phone_number: Option<bool>,
    /// A number that was verified before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preverified_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The number that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberCreated {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

open_enum! {
    /// How the code comes.
    pub enum CodeMethod {
        /// As a text message.
        Sms = "SMS",
        /// By a call.
        Voice = "VOICE",
    }
}

/// Whether a code was right.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VerificationOutcome {
    /// Whether.
    #[serde(deserialize_with = "lenient::bool")]
    pub success: bool,
    /// Meta's id of the number.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How to register a number. Meta: at most 10 times in 72 hours, then 133016 for 72 hours.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// Always `whatsapp`.
    pub messaging_product: Product,
    /// Six digits; the number's PIN, or the one it is to have.
    pub pin: String,
    /// Country where data at rest is kept: AU ID IN JP SG KR DE CH GB BR BH ZA AE CA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_localization_region: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether a PIN is six digits.
#[must_use]
pub fn is_valid_pin(pin: &str) -> bool {
    pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit())
}

impl Registration {
    /// With this PIN.
    #[must_use]
    pub fn with_pin(pin: impl Into<String>) -> Self {
        Self {
            messaging_product: Product::WhatsApp,
            pin: pin.into(),
            data_localization_region: None,
            extra: Extra::new(),
        }
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("data_localization_region", &self.data_localization_region)
            .finish_non_exhaustive()
    }
}

open_enum! {
    /// What of the phone app to take over (coexistence).
    pub enum SyncKind {
        /// Contacts; first.
        AppState = "smb_app_state_sync",
        /// Chats; second.
        History = "history",
    }
}

/// That the taking over was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncRequested {
    /// Always `whatsapp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// For Meta's support.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Adds a number to a WABA.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_number(&self, waba_id: &str, number: &NewNumber) -> Result<NumberCreated, CallError> {
        self.post(&[waba_id, "phone_numbers"], number).await
    }

    /// Has Meta send the code.
    ///
    /// # Errors
    /// [`CallError`]; 136024 when it cannot be sent.
    pub async fn request_code(
        &self,
        phone_number_id: &str,
        method: &CodeMethod,
        language: &str,
    ) -> Result<Success, CallError> {
        let query = [("code_method", method.as_str()), ("language", language)];
        self.post_query(&[phone_number_id, "request_code"], &query).await
    }

    /// Gives Meta the code.
    ///
    /// # Errors
    /// [`CallError`]; 136025 when it is wrong.
    pub async fn verify_code(
        &self,
        phone_number_id: &str,
        code: &str,
    ) -> Result<VerificationOutcome, CallError> {
        self.post_query(&[phone_number_id, "verify_code"], &[("code", code)]).await
    }

    /// Registers a number for sending.
    ///
    /// # Errors
    /// [`CallError`]; 133005 wrong PIN, 133006 not verified, 133016 too often.
    pub async fn register_number(
        &self,
        phone_number_id: &str,
        registration: &Registration,
    ) -> Result<Success, CallError> {
        self.post(&[phone_number_id, "register"], registration).await
    }

    /// Takes a number off. Not for numbers also used in the phone app.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn deregister_number(&self, phone_number_id: &str) -> Result<Success, CallError> {
        self.post_query(&[phone_number_id, "deregister"], &[]).await
    }

    /// Sets or changes the PIN of six digits. The old one is not asked for.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn set_pin(&self, phone_number_id: &str, pin: &str) -> Result<Success, CallError> {
        self.post(&[phone_number_id], &json!({"pin": pin})).await
    }

    /// Asks for another display name; watch `new_name_status`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn request_display_name(
        &self,
        phone_number_id: &str,
        name: &str,
    ) -> Result<Success, CallError> {
        let body = json!({"messaging_product": "whatsapp", "new_display_name": name});
        self.post(&[phone_number_id], &body).await
    }

    /// Sends this number's `messages` webhooks elsewhere; an empty address clears it.
    ///
    /// # Errors
    /// [`CallError`], also when the address fails the handshake.
    pub async fn set_number_callback(
        &self,
        phone_number_id: &str,
        callback: &CallbackOverride,
    ) -> Result<Success, CallError> {
        self.post(&[phone_number_id], &json!({"webhook_configuration": callback})).await
    }

    /// Removes a number from its WABA.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn delete_number(&self, phone_number_id: &str) -> Result<Success, CallError> {
        self.delete(&[phone_number_id], &[]).await
    }

    /// Asks for contacts or chats of the phone app, once each, within 24 hours of connecting.
    ///
    /// # Errors
    /// [`CallError`]; 2593107 asked before, 2593108 too late.
    pub async fn request_app_sync(
        &self,
        phone_number_id: &str,
        kind: &SyncKind,
    ) -> Result<SyncRequested, CallError> {
        let body = Body::json(&json!({"messaging_product": "whatsapp", "sync_type": kind}))?;
        self.call(Method::POST, &[phone_number_id, "smb_app_data"], &[], body).await
    }
}
