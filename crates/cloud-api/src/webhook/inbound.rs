//! A message someone sent to the business.

use serde::{Deserialize, Serialize};

use super::inbound_content::{
    ButtonTap, InboundMedia, InboundReaction, InboundText, InteractiveAnswer, Order,
};
use super::inbound_origin::{
    Edited, HistoryContext, Identity, InboundContext, Referral, Revoked, SystemChange, Unsupported,
};
use super::messages::ErrorNotice;
use crate::send::{ContactCard, Location};
use crate::wire::{Extra, Str, Timestamp, lenient, open_enum};

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
    /// Beside `system` of type `customer_identity_changed`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity<'a>>,
    /// Of `unsupported`, since November 2025.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<Unsupported<'a>>,
    /// Of `edit`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Box<Edited<'a>>>,
    /// Of `revoke`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Box<Revoked<'a>>>,
    /// In a chat history: how far the message had come.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub history_context: Option<HistoryContext<'a>>,
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
            identity: None,
            unsupported: None,
            edit: None,
            revoke: None,
            history_context: None,
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
