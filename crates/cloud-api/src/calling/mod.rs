//! Calls over WhatsApp: making, taking and ending them, and whether a person may be called.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls};
use crate::wire::{
    Extra, Product, Success, Timestamp, lenient, open_enum, opt_text_or_number, text_or_number,
};

open_enum! {
    /// What to do with a call.
    pub enum CallAction {
        /// Call someone.
        Connect = "connect",
        /// Get ready to take a call.
        PreAccept = "pre_accept",
        /// Take a call.
        Accept = "accept",
        /// Refuse a call.
        Reject = "reject",
        /// End a call.
        Terminate = "terminate",
    }
}

/// What to do with which call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRequest {
    /// Always `whatsapp`.
    pub messaging_product: Product,
    /// What.
    pub action: CallAction,
    /// Of a call we make: whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of a call we make: whom, by BSUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Of any other: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// How to connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionDescription>,
    /// Echoed in the webhooks of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl CallRequest {
    /// Something to do with a call, to be filled.
    #[must_use]
    pub fn new(action: CallAction) -> Self {
        Self {
            messaging_product: Product::WhatsApp,
            action,
            to: None,
            recipient: None,
            call_id: None,
            session: None,
            biz_opaque_callback_data: None,
            extra: Extra::new(),
        }
    }
}

/// A WebRTC session description.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionDescription {
    /// `offer` or `answer`.
    pub sdp_type: String,
    /// RFC 8866.
    pub sdp: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A call that was begun, or that what was asked was done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallAnswer {
    /// Always `whatsapp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Of a call we make.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallId>,
    /// Of any other.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `wacid.…`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallId {
    /// The id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether a person may be called.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallPermissions {
    /// Always `whatsapp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whether.
    pub permission: CallPermission,
    /// What may be done, and how often still.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<PermittedAction>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether a person may be called.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallPermission {
    /// `no_permission`, `temporary`, `permanent`; `granted`, `pending` and the like in older texts.
    pub status: String,
    /// Until when. A number on the wire.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Something that may or may not be done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PermittedAction {
    /// `start_call` or `send_call_permission_request`.
    pub action_name: String,
    /// Whether.
    #[serde(deserialize_with = "lenient::bool")]
    pub can_perform_action: bool,
    /// How often still.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<ActionLimit>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How often something may be done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionLimit {
    /// In how long, such as `PT24H`.
    pub time_period: String,
    /// How often.
    #[serde(deserialize_with = "lenient::u64")]
    pub max_allowed: u64,
    /// How often it was.
    #[serde(deserialize_with = "lenient::u64")]
    pub current_usage: u64,
    /// When it may be done again.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub limit_expiration_time: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Makes, takes, refuses or ends a call.
    ///
    /// # Errors
    /// [`CallError`]; 138000 to 138018.
    pub async fn call_action(
        &self,
        phone_number_id: &str,
        request: &CallRequest,
    ) -> Result<CallAnswer, CallError> {
        self.post(&[phone_number_id, "calls"], request).await
    }

    /// Asks whether a person may be called. Meta: at most 5 times a second (613 or 138013).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_call_permissions(
        &self,
        phone_number_id: &str,
        user_wa_id: &str,
    ) -> Result<CallPermissions, CallError> {
        self.get(&[phone_number_id, "call_permissions"], &[("user_wa_id", user_wa_id)]).await
    }

    /// Ends a call.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn end_call(&self, phone_number_id: &str, call_id: &str) -> Result<Success, CallError> {
        let request =
            CallRequest { call_id: Some(call_id.to_owned()), ..CallRequest::new(CallAction::Terminate) };
        self.post(&[phone_number_id, "calls"], &request).await
    }
}
