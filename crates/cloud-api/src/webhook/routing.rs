//! Who answers a chat: conversation routing between the apps of a business and Meta's own agent.
//!
//! Meta has changed these shapes more than once and documents them only in part; what businesses have received
//! is typed, everything else is kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::inbound::{InboundKind, InboundMessage};
use super::inbound_content::{InboundMedia, InboundText};
use super::messages::{ErrorNotice, Metadata, WebhookContact};
use super::parts::{Parts, Pieces};
use super::status::Status;
use crate::wire::{Extra, Product, Str, Timestamp, lenient, open_enum};

open_enum! {
    /// What became of a chat.
    pub enum HandoverKind {
        /// Its owner gave it to us (or to another app).
        ControlPassed = "control_passed",
        /// Somebody took it.
        ControlTaken = "control_taken",
    }
}

/// `messaging_handovers`: a chat has another owner. The number is in `recipient`, the person in `sender`; there
/// is no `metadata`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HandoverValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Metadata<'a>>,
    /// With whom the chat is.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<HandoverPerson<'a>>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// What became of it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<HandoverKind>,
    /// The same in Meta's text: `ControlPassed`, `ControlTaken`, …
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub handover_type: Option<Str<'a>>,
    /// Of [`HandoverKind::ControlPassed`].
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub control_passed: Option<Box<Handover<'a>>>,
    /// Of [`HandoverKind::ControlTaken`].
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub control_taken: Option<Box<Handover<'a>>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// With whom a chat is that was handed over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HandoverPerson<'a> {
    /// The WhatsApp number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Str<'a>>,
    /// The WhatsApp number, in its other name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// From whom to whom, and why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Handover<'a> {
    /// What the former owner says of it: text, at times JSON in it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Str<'a>>,
    /// The former owner.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub previous_owner_app_id: Option<Str<'a>>,
    /// What the former owner is, such as `meta_business_agent`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub previous_owner_app_role: Option<Str<'a>>,
    /// What the former owner did, such as `ai_agent`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub previous_owner_role: Option<Str<'a>>,
    /// What the new owner is to do, such as `escalation`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub new_owner_role: Option<Str<'a>>,
    /// What was said so far: a summary or the last messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_context: Option<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `standby`: what happens in a chat that somebody else owns. Nobody is to answer it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StandbyValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// The people concerned.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WebhookContact<'a>>,
    /// What people wrote.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<InboundMessage<'a>>,
    /// What became of the owner's messages.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status<'a>>,
    /// What went wrong.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// What the owner wrote.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<StandbyCopies<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for StandbyValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            contacts: parts.list("contacts"),
            messages: parts.list("messages"),
            statuses: parts.list("statuses"),
            errors: parts.list("errors"),
            standby: parts.one("standby"),
            extra: parts.rest(),
        }
    }
}

/// What the owner of a chat wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StandbyCopies<'a> {
    /// Copies of messages.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub message_echoes: Vec<StandbyEcho<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A copy of a message of the owner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StandbyEcho<'a> {
    /// The message.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// What it says.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<StandbyMessage<'a>>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a message of the owner says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StandbyMessage<'a> {
    /// To whom.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Str<'a>>,
    /// To whom, by BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<Str<'a>>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: InboundKind,
    /// Of `text`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub text: Option<InboundText<'a>>,
    /// Of `image`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Box<InboundMedia<'a>>>,
    /// Of `video`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Box<InboundMedia<'a>>>,
    /// Of `audio`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<Box<InboundMedia<'a>>>,
    /// Of `document`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<InboundMedia<'a>>>,
    /// Fields without a name here, the object of any other type among them.
    #[serde(flatten)]
    pub extra: Extra,
}
