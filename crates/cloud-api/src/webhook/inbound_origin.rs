//! Where inbound messages come from and what they refer to: replies, advertisements, changes of identity,
//! edits.

use serde::{Deserialize, Serialize};

use super::inbound::InboundKind;
use super::inbound_content::{InboundMedia, InboundText};
use crate::wire::{Extra, Str, Timestamp, is_false, lenient};

/// A change of who the person is. Comes without `contacts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SystemChange<'a> {
    /// `user_changed_number`, `user_changed_user_id`, `customer_identity_changed` or something newer.
    #[serde(borrow, rename = "type", default)]
    pub kind: Str<'a>,
    /// In words.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Str<'a>>,
    /// The new WhatsApp number.
    #[serde(borrow, default, alias = "new_wa_id", skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// The new BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// The new parent BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<Str<'a>>,
    /// The BSUID before, since August 2026.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub previous_user_id: Option<Str<'a>>,
    /// The parent BSUID before.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub previous_parent_user_id: Option<Str<'a>>,
    /// Fields without a name here, such as `identity`.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What it was that WhatsApp does not pass on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Unsupported<'a> {
    /// `poll`, `edit` and the like.
    #[serde(borrow, rename = "type", default)]
    pub kind: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How a person's identity key changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity<'a> {
    /// Whether the business has taken note.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<bool>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_timestamp: Option<Timestamp>,
    /// The new hash.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How far a message of a chat history had come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryContext<'a> {
    /// `READ`, `DELIVERED`, `PENDING` and the like.
    #[serde(borrow, default)]
    pub status: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An older message changed, within 15 minutes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edited<'a> {
    /// The older message.
    #[serde(borrow)]
    pub original_message_id: Str<'a>,
    /// What it says now.
    #[serde(borrow)]
    pub message: EditedMessage<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a changed message says now: a message without id and sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditedMessage<'a> {
    /// The type.
    #[serde(rename = "type")]
    pub kind: InboundKind,
    /// The message it answers.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub context: Option<InboundContext<'a>>,
    /// Of `text`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub text: Option<InboundText<'a>>,
    /// Of `image`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub image: Option<InboundMedia<'a>>,
    /// Of `video`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub video: Option<InboundMedia<'a>>,
    /// Of `document`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub document: Option<InboundMedia<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An older message taken back, within two days.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Revoked<'a> {
    /// The older message.
    #[serde(borrow)]
    pub original_message_id: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The message this one answers, or that it was forwarded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InboundContext<'a> {
    /// The business number, or whoever wrote the older message.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Str<'a>>,
    /// The older message.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Str<'a>>,
    /// Forwarded, at most five times so far.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forwarded: bool,
    /// Forwarded more often.
    #[serde(default, skip_serializing_if = "is_false")]
    pub frequently_forwarded: bool,
    /// The product asked about.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub referred_product: Option<ReferredProduct<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A product asked about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReferredProduct<'a> {
    /// The catalogue.
    #[serde(borrow, default)]
    pub catalog_id: Str<'a>,
    /// The seller's id.
    #[serde(borrow, default)]
    pub product_retailer_id: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The advertisement or post a message came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Referral<'a> {
    /// Address of the advertisement.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub source_url: Option<Str<'a>>,
    /// Meta's id of it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<Str<'a>>,
    /// `ad` or `post`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub source_type: Option<Str<'a>>,
    /// Its text.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Str<'a>>,
    /// Its headline.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Str<'a>>,
    /// `image` or `video`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<Str<'a>>,
    /// Its picture.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<Str<'a>>,
    /// Its video.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub video_url: Option<Str<'a>>,
    /// The video's picture.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<Str<'a>>,
    /// Id of the click, for conversion events. Absent for status ads.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<Str<'a>>,
    /// The greeting shown.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub welcome_message: Option<WelcomeMessage<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The greeting an advertisement showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WelcomeMessage<'a> {
    /// Its text.
    #[serde(borrow, default)]
    pub text: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
