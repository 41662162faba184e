//! A message someone sent to the business.

use serde::{Deserialize, Serialize};

use super::messages::ErrorNotice;
use crate::send::{ContactCard, Location};
use crate::wire::{Extra, Raw, Str, Timestamp, is_false, lenient, open_enum};

open_enum! {
    /// The type of an inbound message.
    pub enum InboundKind {
        /// Text; taps on ice breakers and commands come as text too.
        Text = "text",
        /// A picture.
        Image = "image",
        /// A video.
        Video = "video",
        /// A sound or voice message.
        Audio = "audio",
        /// A file.
        Document = "document",
        /// A sticker.
        Sticker = "sticker",
        /// A place.
        Location = "location",
        /// Contact cards.
        Contacts = "contacts",
        /// An emoji on an older message.
        Reaction = "reaction",
        /// A tap on a template's quick reply.
        Button = "button",
        /// An answer to an interactive message.
        Interactive = "interactive",
        /// An order from the catalogue.
        Order = "order",
        /// A change of the person's number or id.
        System = "system",
        /// The chat was opened for the first time.
        RequestWelcome = "request_welcome",
        /// Something WhatsApp does not pass on.
        Unsupported = "unsupported",
        /// An older message was changed (coexistence).
        Edit = "edit",
        /// An older message was taken back (coexistence).
        Revoke = "revoke",
        /// In a chat history: media without its file.
        MediaPlaceholder = "media_placeholder",
    }
}

/// A message someone sent. The member named like `kind` is set; use [`InboundMessage::content`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundMessage<'a> {
    /// The sender's WhatsApp number; absent when the person has a username and the business does not know
    /// the number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Str<'a>>,
    /// The sender's BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub from_user_id: Option<Str<'a>>,
    /// The sender's BSUID shared by linked portfolios.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub from_parent_user_id: Option<Str<'a>>,
    /// Of a message the business sent from the phone app (echo, history): to whom.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Str<'a>>,
    /// The same by BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<Str<'a>>,
    /// The same by parent BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to_parent_user_id: Option<Str<'a>>,
    /// Meta's id of the message.
    #[serde(borrow)]
    pub id: Str<'a>,
    /// When it was sent. Absent from some system messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: InboundKind,
    /// The group it was written in.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<Str<'a>>,
    /// The message it answers, or that it was forwarded.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub context: Option<InboundContext<'a>>,
    /// The advertisement it came from.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Box<Referral<'a>>>,
    /// What was wrong with it.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
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
    /// Of `sticker`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sticker: Option<Box<InboundMedia<'a>>>,
    /// Of `location`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Box<Location>>,
    /// Of `contacts`.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<ContactCard>,
    /// Of `reaction`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Box<InboundReaction<'a>>>,
    /// Of `button`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub button: Option<Box<ButtonTap<'a>>>,
    /// Of `interactive`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub interactive: Option<Box<InteractiveAnswer<'a>>>,
    /// Of `order`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Box<Order<'a>>>,
    /// Of `system`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub system: Option<Box<SystemChange<'a>>>,
    /// Of `unsupported`, since November 2025.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<Unsupported<'a>>,
    /// Of `edit`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Box<Edited<'a>>>,
    /// Of `revoke`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Box<Revoked<'a>>>,
    /// Fields without a name here, the object of an unknown type among them.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What an inbound message says.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ContentRef<'m, 'a> {
    /// Text.
    Text(&'m InboundText<'a>),
    /// A picture.
    Image(&'m InboundMedia<'a>),
    /// A video.
    Video(&'m InboundMedia<'a>),
    /// A sound or voice message.
    Audio(&'m InboundMedia<'a>),
    /// A file.
    Document(&'m InboundMedia<'a>),
    /// A sticker.
    Sticker(&'m InboundMedia<'a>),
    /// A place.
    Location(&'m Location),
    /// Contact cards.
    Contacts(&'m [ContactCard]),
    /// An emoji on an older message.
    Reaction(&'m InboundReaction<'a>),
    /// A tap on a template's quick reply.
    Button(&'m ButtonTap<'a>),
    /// An answer to an interactive message.
    Interactive(&'m InteractiveAnswer<'a>),
    /// An order.
    Order(&'m Order<'a>),
    /// A change of the person's number or id.
    System(&'m SystemChange<'a>),
    /// An older message changed.
    Edit(&'m Edited<'a>),
    /// An older message taken back.
    Revoke(&'m Revoked<'a>),
    /// The chat was opened for the first time.
    RequestWelcome,
    /// Something WhatsApp does not pass on; see `errors`.
    Unsupported(Option<&'m Unsupported<'a>>),
    /// A type this crate does not know, or a known one without its object (see `errors` and `extra`).
    Other(&'m InboundKind),
}

impl<'a> InboundMessage<'a> {
    /// A message with nothing but the required fields.
    #[must_use]
    pub fn new(id: impl Into<Str<'a>>, kind: InboundKind, timestamp: Timestamp) -> Self {
        Self {
            from: None,
            from_user_id: None,
            from_parent_user_id: None,
            to: None,
            to_user_id: None,
            to_parent_user_id: None,
            id: id.into(),
            timestamp: Some(timestamp),
            kind,
            group_id: None,
            context: None,
            referral: None,
            errors: Vec::new(),
            text: None,
            image: None,
            video: None,
            audio: None,
            document: None,
            sticker: None,
            location: None,
            contacts: Vec::new(),
            reaction: None,
            button: None,
            interactive: None,
            order: None,
            system: None,
            unsupported: None,
            edit: None,
            revoke: None,
            extra: Extra::new(),
        }
    }

    /// What it says.
    #[must_use]
    pub fn content(&self) -> ContentRef<'_, 'a> {
        let content = match self.kind {
            InboundKind::Text => self.text.as_ref().map(ContentRef::Text),
            InboundKind::Image => self.image.as_deref().map(ContentRef::Image),
            InboundKind::Video => self.video.as_deref().map(ContentRef::Video),
            InboundKind::Audio => self.audio.as_deref().map(ContentRef::Audio),
            InboundKind::Document => self.document.as_deref().map(ContentRef::Document),
            InboundKind::Sticker => self.sticker.as_deref().map(ContentRef::Sticker),
            InboundKind::Location => self.location.as_deref().map(ContentRef::Location),
            InboundKind::Contacts => Some(ContentRef::Contacts(&self.contacts)),
            InboundKind::Reaction => self.reaction.as_deref().map(ContentRef::Reaction),
            InboundKind::Button => self.button.as_deref().map(ContentRef::Button),
            InboundKind::Interactive => self.interactive.as_deref().map(ContentRef::Interactive),
            InboundKind::Order => self.order.as_deref().map(ContentRef::Order),
            InboundKind::System => self.system.as_deref().map(ContentRef::System),
            InboundKind::Edit => self.edit.as_deref().map(ContentRef::Edit),
            InboundKind::Revoke => self.revoke.as_deref().map(ContentRef::Revoke),
            InboundKind::RequestWelcome => Some(ContentRef::RequestWelcome),
            InboundKind::Unsupported => Some(ContentRef::Unsupported(self.unsupported.as_ref())),
            InboundKind::MediaPlaceholder | InboundKind::Other(_) => None,
        };
        content.unwrap_or(ContentRef::Other(&self.kind))
    }

    /// The file in it, whatever its kind.
    #[must_use]
    pub fn media(&self) -> Option<&InboundMedia<'a>> {
        match self.content() {
            ContentRef::Image(media)
            | ContentRef::Video(media)
            | ContentRef::Audio(media)
            | ContentRef::Document(media)
            | ContentRef::Sticker(media) => Some(media),
            _ => None,
        }
    }
}

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

/// An older message changed, within 15 minutes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edited<'a> {
    /// The older message.
    #[serde(borrow)]
    pub original_message_id: Str<'a>,
    /// What it says now, as JSON: a message without id.
    #[serde(borrow)]
    pub message: Raw<'a>,
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
