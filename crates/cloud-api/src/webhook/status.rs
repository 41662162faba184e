//! What became of a message we sent.

use serde::{Deserialize, Serialize};

use super::messages::ErrorNotice;
use super::payments::PaymentUpdate;
use crate::wire::{Extra, Str, Timestamp, lenient, open_enum};

open_enum! {
    /// How far a message has come. Meta: may arrive twice, out of order, or not at all; `delivered` is
    /// left out when the chat is open.
    pub enum StatusKind {
        /// Meta has sent it.
        Sent = "sent",
        /// It is on the person's device.
        Delivered = "delivered",
        /// It was read.
        Read = "read",
        /// A voice message was played for the first time.
        Played = "played",
        /// It will not arrive; see `errors`.
        Failed = "failed",
        /// Of a payment: made.
        Captured = "captured",
        /// Of a payment: begun.
        Pending = "pending",
        /// Seen in the past.
        Deleted = "deleted",
        /// Seen in the past.
        Warning = "warning",
    }
}

/// One status of one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status<'a> {
    /// The message.
    #[serde(borrow)]
    pub id: Str<'a>,
    /// How far it has come.
    pub status: StatusKind,
    /// When.
    pub timestamp: Timestamp,
    /// `payment` where it is about a payment and not about a message.
    #[serde(borrow, rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Str<'a>>,
    /// Of a payment.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Box<PaymentUpdate<'a>>>,
    /// The WhatsApp number, where known; the group's id for groups.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient_id: Option<Str<'a>>,
    /// The BSUID. Absent from `failed` unless the message went to one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient_user_id: Option<Str<'a>>,
    /// The BSUID shared by linked portfolios.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient_parent_user_id: Option<Str<'a>>,
    /// `group` for groups.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient_type: Option<Str<'a>>,
    /// Which member of the group.
    #[serde(borrow, default, alias = "participant_recipient_id", skip_serializing_if = "Option::is_none")]
    pub recipient_participant_id: Option<Str<'a>>,
    /// The same by BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient_participant_user_id: Option<Str<'a>>,
    /// Changes when the person changes phone or installs anew.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient_identity_key_hash: Option<Str<'a>>,
    /// What the send carried: our own id.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<Str<'a>>,
    /// With `sent` and one of `delivered` and `read`; from webhook version 24 only while a free entry
    /// point window is open.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Conversation<'a>>,
    /// With `sent` and one of `delivered` and `read`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing<'a>>,
    /// Why it failed.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Status<'a> {
    /// A status with nothing but the required fields.
    #[must_use]
    pub fn new(id: impl Into<Str<'a>>, status: StatusKind, timestamp: Timestamp) -> Self {
        Self {
            id: id.into(),
            status,
            timestamp,
            kind: None,
            payment: None,
            recipient_id: None,
            recipient_user_id: None,
            recipient_parent_user_id: None,
            recipient_type: None,
            recipient_participant_id: None,
            recipient_participant_user_id: None,
            recipient_identity_key_hash: None,
            biz_opaque_callback_data: None,
            conversation: None,
            pricing: None,
            errors: Vec::new(),
            extra: Extra::new(),
        }
    }
}

/// The conversation a message was counted in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation<'a> {
    /// Unique a message since webhook version 23.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// Only with `sent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_timestamp: Option<Timestamp>,
    /// Where it came from.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<ConversationOrigin<'a>>,
    /// Of messages to groups, at times here instead of beside.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Where a conversation came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConversationOrigin<'a> {
    /// A pricing category.
    #[serde(borrow, rename = "type", default)]
    pub kind: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

open_enum! {
    /// Why a message costs or does not.
    pub enum PricingType {
        /// It costs.
        Regular = "regular",
        /// Free: the customer service window is open.
        FreeCustomerService = "free_customer_service",
        /// Free: a free entry point window is open.
        FreeEntryPoint = "free_entry_point",
    }
}

/// What a message costs by. Take the first that comes for a message; it does not come twice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pricing<'a> {
    /// To be removed by Meta some day; go by type and category.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub billable: Option<bool>,
    /// `PMP` since 2025-07-01, `CBP` before.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub pricing_model: Option<Str<'a>>,
    /// Why it costs or does not.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PricingType>,
    /// Such as `marketing`, `utility`, `authentication-international` (with a dash here).
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
