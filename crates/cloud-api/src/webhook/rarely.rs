//! Fields that Meta has withdrawn, or named without describing.

use serde::{Deserialize, Serialize};

use super::messages::{Metadata, WebhookContact};
use super::parts::{Parts, Pieces};
use crate::wire::{Extra, Product, Str, Timestamp, lenient};

/// `tracking_events` and `consumer_profile`: named by Meta, described nowhere. What any value has is typed, the
/// rest is in `extra`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UndescribedValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// The people concerned.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WebhookContact<'a>>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for UndescribedValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            contacts: parts.list("contacts"),
            extra: parts.rest(),
        }
    }
}

/// `user_id_update`: people have new BSUIDs. Described in June 2026 and withdrawn in August, when the
/// system message of `messages` took its place ([`SystemChange`](super::SystemChange)).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UserIdsValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// The people concerned.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WebhookContact<'a>>,
    /// Who has a new one.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub user_id_update: Vec<UserIdChange<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for UserIdsValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            contacts: parts.list("contacts"),
            user_id_update: parts.list("user_id_update"),
            extra: parts.rest(),
        }
    }
}

/// A person's new BSUID.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UserIdChange<'a> {
    /// The WhatsApp number, where known.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// In words.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<OldAndNew<'a>>,
    /// The BSUID shared by linked portfolios.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<OldAndNew<'a>>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An id before and after.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OldAndNew<'a> {
    /// Before.
    #[serde(borrow, default)]
    pub previous: Str<'a>,
    /// After.
    #[serde(borrow, default)]
    pub current: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
