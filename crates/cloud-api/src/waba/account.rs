//! A WABA as Meta shows it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::health::HealthStatus;
use crate::client::{CallError, Calls};
use crate::numbers::MessagingTier;
use crate::webhook::account::AuthInternationalEligibility;
use crate::wire::{Extra, Success, lenient, opt_text_or_number};

/// The fields read by [`Calls::get_waba`].
pub const WABA_FIELDS: &str = "id,name,status,currency,country,timezone_id,message_template_namespace,\
account_review_status,business_verification_status,ownership_type,primary_business_location,owner_business_info,\
on_behalf_of_business_info,health_status,is_enabled_for_insights,marketing_messages_onboarding_status,\
disable_marketing_messages_on_cloud_api,whatsapp_business_manager_messaging_limit";

/// A WhatsApp Business Account. Every field but `id` is absent unless asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waba {
    /// Meta's id.
    pub id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `ACTIVE` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// ISO 4217; fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Meta's number of the time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone_id: Option<String>,
    /// Namespace of its templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_template_namespace: Option<String>,
    /// `APPROVED`, `PENDING`, `REJECTED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_review_status: Option<String>,
    /// `verified` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_verification_status: Option<String>,
    /// `SELF` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership_type: Option<String>,
    /// Two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_business_location: Option<String>,
    /// The portfolio that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_business_info: Option<WabaOwner>,
    /// The portfolio it is used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of_business_info: Option<WabaOwner>,
    /// Whether anything keeps it from sending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<HealthStatus>,
    /// Whether template statistics are on; cannot be switched off again.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub is_enabled_for_insights: Option<bool>,
    /// Where it stands with the Marketing Messages API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marketing_messages_onboarding_status: Option<String>,
    /// Whether marketing may go by the Marketing Messages API only (131063).
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub disable_marketing_messages_on_cloud_api: Option<bool>,
    /// From when international authentication prices hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_international_rate_eligibility: Option<AuthInternationalEligibility>,
    /// The credit line it is paid from.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub primary_funding_id: Option<String>,
    /// How many people the portfolio may reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whatsapp_business_manager_messaging_limit: Option<MessagingTier>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A portfolio.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WabaOwner {
    /// Meta's id.
    pub id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Reads a WABA, with [`WABA_FIELDS`].
    ///
    /// # Errors
    /// [`CallError`]; code 200 when the token may not see it.
    pub async fn get_waba(&self, waba_id: &str) -> Result<Waba, CallError> {
        self.get(&[waba_id], &[("fields", WABA_FIELDS)]).await
    }

    /// Switches template statistics on (200007 without). It cannot be undone: Meta then also counts taps on
    /// links, and uses what chats say, without names, for its own services.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn enable_insights(&self, waba_id: &str) -> Result<Success, CallError> {
        self.post_query(&[waba_id], &[("is_enabled_for_insights", "true")]).await
    }

    /// Changes settings of a WABA, such as `{"is_enabled_for_insights":true}` (irreversible) or
    /// `{"disable_marketing_messages_on_cloud_api":true}`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn update_waba(&self, waba_id: &str, settings: &Value) -> Result<Success, CallError> {
        self.post(&[waba_id], settings).await
    }
}
