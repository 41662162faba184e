//! The callback of the app itself, set with the app's own token.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls, Page};
use crate::wire::{Extra, Success, lenient};

/// Which webhooks the app wants, and where.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSubscriptionRequest {
    /// `whatsapp_business_account`.
    pub object: String,
    /// HTTPS; Meta asks it for the handshake first.
    pub callback_url: String,
    /// The word of the handshake.
    pub verify_token: String,
    /// Webhook fields, with commas; see `webhook::Payload::FIELDS`.
    pub fields: String,
    /// Whether values come along.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub include_values: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl fmt::Debug for AppSubscriptionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppSubscriptionRequest")
            .field("object", &self.object)
            .field("callback_url", &self.callback_url)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

/// What the app is subscribed to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppSubscription {
    /// Such as `whatsapp_business_account`.
    pub object: String,
    /// Where webhooks go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Whether it is on.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Webhook fields with their version.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<AppSubscriptionField>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A webhook field. Its version decides what webhooks look like (`conversation` before v24).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppSubscriptionField {
    /// Such as `messages`.
    pub name: String,
    /// Such as `v25.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Sets the callback of the app. The calls must be made with the app's own token.
    ///
    /// # Errors
    /// [`CallError`], also when the address fails the handshake.
    pub async fn set_app_callback(
        &self,
        app_id: &str,
        request: &AppSubscriptionRequest,
    ) -> Result<Success, CallError> {
        self.post(&[app_id, "subscriptions"], request).await
    }

    /// Reads what the app is subscribed to. The calls must be made with the app's own token.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_app_subscriptions(&self, app_id: &str) -> Result<Page<AppSubscription>, CallError> {
        self.get(&[app_id, "subscriptions"], &[]).await
    }
}
