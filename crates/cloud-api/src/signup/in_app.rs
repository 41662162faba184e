//! Sign-up links inside WhatsApp: people opt in to marketing through a deep link.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::wire::{Extra, opt_text_or_number};

/// A sign-up link. A completed one comes as `user_preferences` with the value `signup`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InAppSignup {
    /// Meta's id.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the person is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signup_message: Option<String>,
    /// What the person gets; may hold `{{promo_code}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_message: Option<String>,
    /// Where the privacy policy stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_policy_url: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Makes a sign-up link.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_in_app_signup(
        &self,
        waba_id: &str,
        signup: &InAppSignup,
    ) -> Result<InAppSignup, CallError> {
        self.post(&[waba_id, "signups"], signup).await
    }

    /// Lists the sign-up links of an account.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_in_app_signups(
        &self,
        waba_id: &str,
        page: &PageRequest,
    ) -> Result<Page<InAppSignup>, CallError> {
        self.get(&[waba_id, "signups"], &page::borrowed(&page.query(&[]))).await
    }

    /// Reads a sign-up link.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_in_app_signup(&self, signup_id: &str) -> Result<InAppSignup, CallError> {
        self.get(&["signups", signup_id], &[]).await
    }

    /// Changes a sign-up link.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn update_in_app_signup(
        &self,
        signup_id: &str,
        signup: &InAppSignup,
    ) -> Result<InAppSignup, CallError> {
        self.post(&["signups", signup_id], signup).await
    }
}
