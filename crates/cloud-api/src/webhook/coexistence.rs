//! Numbers that are used in the phone app too: echoes of what was sent there, contacts, chat history.

use serde::{Deserialize, Serialize};

use super::inbound::InboundMessage;
use super::messages::{ErrorNotice, Metadata, WebhookContact};
use super::parts::{Parts, Pieces};
use crate::wire::{Extra, Product, Str, Timestamp, lenient};

/// `smb_message_echoes` (and `message_echoes`, not described by Meta): what the business sent from the phone app. Free, and opens no window.
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

impl<'a> Pieces<'a> for EchoesValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            contacts: parts.list("contacts"),
            message_echoes: parts.list("message_echoes"),
            extra: parts.rest(),
        }
    }
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

impl<'a> Pieces<'a> for StateSyncValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            state_sync: parts.list("state_sync"),
            extra: parts.rest(),
        }
    }
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
    /// Number; absent for people with a username that the business does not know by number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// The BSUID shared by linked portfolios.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<Str<'a>>,
    /// Username.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Str<'a>>,
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
    /// The same of files the business sent.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub message_echoes: Vec<InboundMessage<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for HistoryValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            contacts: parts.list("contacts"),
            history: parts.nested("history"),
            messages: parts.list("messages"),
            message_echoes: parts.list("message_echoes"),
            extra: parts.rest(),
        }
    }
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

impl<'a> Pieces<'a> for HistoryChunk<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            metadata: parts.one("metadata"),
            threads: parts.nested("threads"),
            errors: parts.list("errors"),
            extra: parts.rest(),
        }
    }
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
    /// The person's number; absent where it is not known.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Str<'a>>,
    /// Who the person is, since usernames.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub context: Option<ThreadContext<'a>>,
    /// Messages of both sides; those of the business have `to`.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub messages: Vec<InboundMessage<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for HistoryThread<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            id: parts.one("id"),
            context: parts.one("context"),
            messages: parts.list("messages"),
            extra: parts.rest(),
        }
    }
}

/// With whom a chat is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreadContext<'a> {
    /// The WhatsApp number, where known.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// The BSUID shared by linked portfolios.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<Str<'a>>,
    /// Username.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
