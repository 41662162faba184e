//! Numbers that are used in the phone app too: echoes of what was sent there, contacts, chat history.

use serde::{Deserialize, Serialize};

use super::inbound::InboundMessage;
use super::messages::{ErrorNotice, Metadata, WebhookContact};
use crate::wire::{Extra, Product, Str, Timestamp, lenient};

/// `smb_message_echoes`: what the business sent from the phone app. Free, and opens no window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EchoesValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// The people concerned.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WebhookContact<'a>>,
    /// What was sent; `to` and its kin say to whom.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub message_echoes: Vec<InboundMessage<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `smb_app_state_sync`: the contacts of the phone app.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StateSyncValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// What was added or removed.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub state_sync: Vec<StateChange<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A contact added or removed in the phone app.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StateChange<'a> {
    /// Always `contact` so far.
    #[serde(borrow, rename = "type", default)]
    pub kind: Str<'a>,
    /// The contact.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<SyncedContact<'a>>,
    /// `add` (also for changes) or `remove`.
    #[serde(borrow, default)]
    pub action: Str<'a>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<SyncTime>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A contact of the phone app.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncedContact<'a> {
    /// Whole name; absent when removed.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Str<'a>>,
    /// Given name; absent when removed.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Str<'a>>,
    /// Number.
    #[serde(borrow, default)]
    pub phone_number: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// When a contact changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncTime {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `history`: 180 days of chats in three phases. One value can hold thousands of messages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// The people concerned.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WebhookContact<'a>>,
    /// Chats, or that the business would not share them.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryChunk<'a>>,
    /// Files of the last 14 days, after the chats that had placeholders for them.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<InboundMessage<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A piece of the history.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryChunk<'a> {
    /// Which piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<HistoryProgress>,
    /// Chats.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<HistoryThread<'a>>,
    /// 2593109: the business chose not to share its chats.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How far the history has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryProgress {
    /// 0: the last day, 1: to day 90, 2: to day 180.
    #[serde(deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub phase: Option<i64>,
    /// Order within the phase.
    #[serde(deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub chunk_order: Option<i64>,
    /// Percent; 100 ends it.
    #[serde(deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub progress: Option<i64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One chat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryThread<'a> {
    /// The person's number.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// Messages of both sides; those of the business have `to`.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub messages: Vec<InboundMessage<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
