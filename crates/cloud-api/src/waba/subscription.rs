//! Which apps get a WABA's webhooks, and where.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls, Page};
use crate::wire::{Extra, Success};

/// Another address for the `messages` webhooks of a WABA or number, in place of the app's.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackOverride {
    /// HTTPS, at most 200 characters; empty clears the override. Meta asks it for the handshake first.
    pub override_callback_uri: String,
    /// The word of the handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_token: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl std::fmt::Debug for CallbackOverride {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallbackOverride")
            .field("override_callback_uri", &self.override_callback_uri)
            .finish_non_exhaustive()
    }
}

/// An app that gets the webhooks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscribedApp {
    /// The app.
    pub whatsapp_business_api_data: SubscribedAppData,
    /// Where it wants this WABA's messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_callback_uri: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An app.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscribedAppData {
    /// Meta's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Subscribes the token's app to a WABA. Clears an override. Doing it twice is harmless.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn subscribe_app(&self, waba_id: &str) -> Result<Success, CallError> {
        self.post_query(&[waba_id, "subscribed_apps"], &[]).await
    }

    /// Subscribes with another address for `messages` webhooks.
    ///
    /// # Errors
    /// [`CallError`], also when the address fails the handshake.
    pub async fn subscribe_app_at(
        &self,
        waba_id: &str,
        callback: &CallbackOverride,
    ) -> Result<Success, CallError> {
        self.post(&[waba_id, "subscribed_apps"], callback).await
    }

    /// Lists the apps that get a WABA's webhooks.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_subscribed_apps(&self, waba_id: &str) -> Result<Page<SubscribedApp>, CallError> {
        self.get(&[waba_id, "subscribed_apps"], &[]).await
    }

    /// Unsubscribes the token's app.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn unsubscribe_app(&self, waba_id: &str) -> Result<Success, CallError> {
        self.delete(&[waba_id, "subscribed_apps"], &[]).await
    }
}
