//! What people want of marketing: the field `user_preferences`.

use serde::{Deserialize, Serialize};

use super::messages::{Metadata, WebhookContact};
use super::parts::{Parts, Pieces};
use crate::wire::{Extra, Product, Str, Timestamp, lenient, open_enum};

/// The value of `user_preferences`. After `stop`, marketing templates to this person fail with 131050.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PreferencesValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// The people concerned.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WebhookContact<'a>>,
    /// What they want.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub user_preferences: Vec<PreferenceChange<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for PreferencesValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            contacts: parts.list("contacts"),
            user_preferences: parts.list("user_preferences"),
            extra: parts.rest(),
        }
    }
}

open_enum! {
    /// What a person wants of marketing from now on.
    pub enum PreferenceValue {
        /// No more of it.
        Stop = "stop",
        /// It may come again.
        Resume = "resume",
        /// Signed up through a sign-up link.
        Signup = "signup",
    }
}

/// One entry of the field `user_preferences`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreferenceChange<'a> {
    /// The WhatsApp number, where known.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// The BSUID shared by linked portfolios.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<Str<'a>>,
    /// In words.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Str<'a>>,
    /// `marketing_messages`.
    #[serde(borrow, default)]
    pub category: Str<'a>,
    /// What they want.
    pub value: PreferenceValue,
    /// Of a sign-up: which link.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub signup_id: Option<Str<'a>>,
    /// When. A number on the wire.
    #[serde(default, serialize_with = "Timestamp::as_number")]
    pub timestamp: Timestamp,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
