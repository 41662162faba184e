//! What inbound messages hold: text, files, taps, answers, orders.

use serde::{Deserialize, Serialize};

use crate::wire::{Extra, Str, Timestamp, lenient};

/// Text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InboundText<'a> {
    /// The text.
    #[serde(borrow, default)]
    pub body: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A file. Its id lives 7 days, its address 5 minutes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InboundMedia<'a> {
    /// Meta's id.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Str<'a>>,
    /// Where it can be fetched with the token, since November 2025.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Str<'a>>,
    /// Type, perhaps with parameters (`audio/ogg; codecs=opus`).
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Str<'a>>,
    /// Base64 here, unlike the hex of the media call.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Str<'a>>,
    /// Text below it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<Str<'a>>,
    /// Name of a file.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<Str<'a>>,
    /// A voice message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    /// A moving sticker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub animated: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An emoji on an older message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InboundReaction<'a> {
    /// The older message.
    #[serde(borrow)]
    pub message_id: Str<'a>,
    /// The emoji; absent or empty when it was taken back.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A tap on a template's quick reply.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ButtonTap<'a> {
    /// What the send named, or the label.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Str<'a>>,
    /// The label.
    #[serde(borrow, default)]
    pub text: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An answer to an interactive message. The member named by `kind` is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InteractiveAnswer<'a> {
    /// `button_reply`, `list_reply`, `nfm_reply`, `call_permission_reply` or something newer.
    #[serde(borrow, rename = "type", default)]
    pub kind: Str<'a>,
    /// A reply button.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub button_reply: Option<ReplyChoice<'a>>,
    /// A row of a list.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub list_reply: Option<ListChoice<'a>>,
    /// A form or an address.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub nfm_reply: Option<FlowAnswer<'a>>,
    /// Whether the business may call.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub call_permission_reply: Option<PermissionAnswer<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A reply button that was tapped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplyChoice<'a> {
    /// Our id of the button.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// Its label.
    #[serde(borrow, default)]
    pub title: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A row that was chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ListChoice<'a> {
    /// Our id of the row.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// Its title.
    #[serde(borrow, default)]
    pub title: Str<'a>,
    /// Its description.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A form that was filled in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowAnswer<'a> {
    /// `flow` or `address_message`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Str<'a>>,
    /// What the chat shows: `Sent`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Str<'a>>,
    /// The answers, as JSON in a string; holds the `flow_token`.
    #[serde(borrow, default)]
    pub response_json: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether the business may call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PermissionAnswer<'a> {
    /// `accept` or `reject`.
    #[serde(borrow, default)]
    pub response: Str<'a>,
    /// For good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_permanent: Option<bool>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_timestamp: Option<Timestamp>,
    /// `user_action` or `automatic`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub response_source: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An order from the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Order<'a> {
    /// The catalogue.
    #[serde(borrow, default)]
    pub catalog_id: Str<'a>,
    /// What the person wrote with it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Str<'a>>,
    /// What was ordered.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub product_items: Vec<OrderedProduct<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One product of an order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderedProduct<'a> {
    /// The seller's id.
    #[serde(borrow, default)]
    pub product_retailer_id: Str<'a>,
    /// How many.
    #[serde(default, deserialize_with = "lenient::f64")]
    pub quantity: f64,
    /// Price of one.
    #[serde(default, deserialize_with = "lenient::f64")]
    pub item_price: f64,
    /// ISO 4217.
    #[serde(borrow, default)]
    pub currency: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
