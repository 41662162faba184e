//! The envelope around every outgoing message.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::contact::ContactCard;
use super::interactive::Interactive;
use super::simple::{Location, Media, Pin, Reaction, Text};
use super::template::TemplateMessage;
use crate::wire::{Extra, Product, open_enum};

/// Longest `biz_opaque_callback_data`, in characters.
pub const MAX_CALLBACK_DATA: usize = 512;

open_enum! {
    /// Whether `to` names a person or a group.
    pub enum RecipientType {
        /// A person. The default.
        Individual = "individual",
        /// A group; `to` is its id.
        Group = "group",
    }
}

/// Whom to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A phone number. Always with `+`: without it Meta puts the country code of the business in front.
    Phone(String),
    /// A business-scoped user id (BSUID) or parent BSUID. Not for authentication templates (131062).
    UserId(String),
    /// A group.
    Group(String),
}

/// The older message that this one answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Id of the older message.
    pub message_id: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a message says. On the wire a `type` and a member of that name.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text.
    Text(Text),
    /// JPEG or PNG.
    Image(Media),
    /// MP4 or 3GP.
    Video(Media),
    /// A sound, or a voice message.
    Audio(Media),
    /// A file.
    Document(Media),
    /// A WebP sticker.
    Sticker(Media),
    /// A place.
    Location(Location),
    /// Contact cards.
    Contacts(Vec<ContactCard>),
    /// An emoji on an older message.
    Reaction(Reaction),
    /// Pins a message; in groups only.
    Pin(Pin),
    /// Buttons, lists and the like.
    Interactive(Box<Interactive>),
    /// A template, the only kind allowed outside the 24-hour window.
    Template(Box<TemplateMessage>),
    /// A type this crate does not know, or a known one whose member is missing (then without a body).
    Other {
        /// The `type`.
        kind: String,
        /// The member of that name.
        body: Option<Value>,
    },
}

impl Content {
    /// Every `type` this crate knows.
    pub const KINDS: &'static [&'static str] = &[
        "text",
        "image",
        "video",
        "audio",
        "document",
        "sticker",
        "location",
        "contacts",
        "reaction",
        "pin",
        "interactive",
        "template",
    ];

    /// The `type` on the wire, which is also the name of the member.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Video(_) => "video",
            Self::Audio(_) => "audio",
            Self::Document(_) => "document",
            Self::Sticker(_) => "sticker",
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction(_) => "reaction",
            Self::Pin(_) => "pin",
            Self::Interactive(_) => "interactive",
            Self::Template(_) => "template",
            Self::Other { kind, .. } => kind,
        }
    }
}

/// A message as it goes to Meta.
#[derive(Debug, Clone, PartialEq)]
pub struct OutgoingMessage {
    /// Must be `whatsapp`; `None` only in what others sent without it.
    pub messaging_product: Option<Product>,
    /// Absent: a person.
    pub recipient_type: Option<RecipientType>,
    /// Phone number or group id. Wins over `recipient` when both are set.
    pub to: Option<String>,
    /// BSUID or parent BSUID.
    pub recipient: Option<String>,
    /// What it says.
    pub content: Content,
    /// The message it answers.
    pub context: Option<Context>,
    /// Any text, echoed in every status of this message; at most [`MAX_CALLBACK_DATA`] characters. Carries
    /// our own id: it is what makes a lost answer harmless.
    pub biz_opaque_callback_data: Option<String>,
    /// Send only if this is still the hash of the recipient's identity key (else 137000).
    pub recipient_identity_key_hash: Option<String>,
    /// Fields without a name here.
    pub extra: Extra,
}

impl OutgoingMessage {
    /// A message to someone.
    #[must_use]
    pub fn new(recipient: Recipient, content: Content) -> Self {
        let (recipient_type, to, user_id) = match recipient {
            Recipient::Phone(phone) => (RecipientType::Individual, Some(phone), None),
            Recipient::UserId(user_id) => (RecipientType::Individual, None, Some(user_id)),
            Recipient::Group(group) => (RecipientType::Group, Some(group), None),
        };
        Self {
            messaging_product: Some(Product::WhatsApp),
            recipient_type: Some(recipient_type),
            to,
            recipient: user_id,
            content,
            context: None,
            biz_opaque_callback_data: None,
            recipient_identity_key_hash: None,
            extra: Extra::new(),
        }
    }

    /// Carries this text back in every status.
    #[must_use]
    pub fn with_callback_data(mut self, data: impl Into<String>) -> Self {
        self.biz_opaque_callback_data = Some(data.into());
        self
    }

    /// Answers an older message. Meta: not for reactions; no bubble is shown for a template.
    #[must_use]
    pub fn replying_to(mut self, message_id: impl Into<String>) -> Self {
        self.context = Some(Context { message_id: message_id.into(), extra: Extra::new() });
        self
    }
}

impl Serialize for OutgoingMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn optional<M: SerializeMap, T: Serialize>(
            map: &mut M,
            name: &str,
            value: Option<&T>,
        ) -> Result<(), M::Error> {
            value.map_or(Ok(()), |value| map.serialize_entry(name, value))
        }

        let mut map = serializer.serialize_map(None)?;
        optional(&mut map, "messaging_product", self.messaging_product.as_ref())?;
        optional(&mut map, "recipient_type", self.recipient_type.as_ref())?;
        optional(&mut map, "to", self.to.as_ref())?;
        optional(&mut map, "recipient", self.recipient.as_ref())?;
        let kind = self.content.kind();
        map.serialize_entry("type", kind)?;
        match &self.content {
            Content::Text(text) => map.serialize_entry(kind, text)?,
            Content::Image(media)
            | Content::Video(media)
            | Content::Audio(media)
            | Content::Document(media)
            | Content::Sticker(media) => map.serialize_entry(kind, media)?,
            Content::Location(location) => map.serialize_entry(kind, location)?,
            Content::Contacts(cards) => map.serialize_entry(kind, cards)?,
            Content::Reaction(reaction) => map.serialize_entry(kind, reaction)?,
            Content::Pin(pin) => map.serialize_entry(kind, pin)?,
            Content::Interactive(interactive) => map.serialize_entry(kind, interactive)?,
            Content::Template(template) => map.serialize_entry(kind, template)?,
            Content::Other { body, .. } => optional(&mut map, kind, body.as_ref())?,
        }
        optional(&mut map, "context", self.context.as_ref())?;
        optional(&mut map, "biz_opaque_callback_data", self.biz_opaque_callback_data.as_ref())?;
        optional(&mut map, "recipient_identity_key_hash", self.recipient_identity_key_hash.as_ref())?;
        for (name, value) in &self.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The message with every possible member, before its `type` is looked at. Members may come in any order.
#[derive(Deserialize)]
struct Flat {
    messaging_product: Option<Product>,
    recipient_type: Option<RecipientType>,
    #[serde(default, deserialize_with = "crate::wire::opt_text_or_number")]
    to: Option<String>,
    recipient: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<Text>,
    image: Option<Media>,
    video: Option<Media>,
    audio: Option<Media>,
    document: Option<Media>,
    sticker: Option<Media>,
    location: Option<Location>,
    contacts: Option<Vec<ContactCard>>,
    reaction: Option<Reaction>,
    pin: Option<Pin>,
    interactive: Option<Box<Interactive>>,
    template: Option<Box<TemplateMessage>>,
    context: Option<Context>,
    biz_opaque_callback_data: Option<String>,
    recipient_identity_key_hash: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl Flat {
    /// Moves members that do not belong to the type into `extra`, so that nothing is lost.
    fn keep_the_rest(&mut self) -> Result<(), serde_json::Error> {
        fn keep<T: Serialize>(
            extra: &mut Extra,
            name: &str,
            member: Option<T>,
        ) -> Result<(), serde_json::Error> {
            if let Some(member) = member {
                extra.insert(name.to_owned(), serde_json::to_value(member)?);
            }
            Ok(())
        }
        let extra = &mut self.extra;
        keep(extra, "text", self.text.take())?;
        keep(extra, "image", self.image.take())?;
        keep(extra, "video", self.video.take())?;
        keep(extra, "audio", self.audio.take())?;
        keep(extra, "document", self.document.take())?;
        keep(extra, "sticker", self.sticker.take())?;
        keep(extra, "location", self.location.take())?;
        keep(extra, "contacts", self.contacts.take())?;
        keep(extra, "reaction", self.reaction.take())?;
        keep(extra, "pin", self.pin.take())?;
        keep(extra, "interactive", self.interactive.take())?;
        keep(extra, "template", self.template.take())
    }
}

impl<'de> Deserialize<'de> for OutgoingMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut flat = Flat::deserialize(deserializer)?;
        // Meta: without a type it is text.
        let kind = flat.kind.take().unwrap_or_else(|| "text".to_owned());
        let content = match kind.as_str() {
            "text" => flat.text.take().map(Content::Text),
            "image" => flat.image.take().map(Content::Image),
            "video" => flat.video.take().map(Content::Video),
            "audio" => flat.audio.take().map(Content::Audio),
            "document" => flat.document.take().map(Content::Document),
            "sticker" => flat.sticker.take().map(Content::Sticker),
            "location" => flat.location.take().map(Content::Location),
            "contacts" => flat.contacts.take().map(Content::Contacts),
            "reaction" => flat.reaction.take().map(Content::Reaction),
            "pin" => flat.pin.take().map(Content::Pin),
            "interactive" => flat.interactive.take().map(Content::Interactive),
            "template" => flat.template.take().map(Content::Template),
            _ => None,
        };
        flat.keep_the_rest().map_err(serde::de::Error::custom)?;
        let content = content.unwrap_or_else(|| Content::Other { body: flat.extra.remove(&kind), kind });
        Ok(Self {
            messaging_product: flat.messaging_product,
            recipient_type: flat.recipient_type,
            to: flat.to,
            recipient: flat.recipient,
            content,
            context: flat.context,
            biz_opaque_callback_data: flat.biz_opaque_callback_data,
            recipient_identity_key_hash: flat.recipient_identity_key_hash,
            extra: flat.extra,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> OutgoingMessage {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_text_is_written_as_meta_reads_it() {
        let message =
            OutgoingMessage::new(Recipient::Phone("+16505551234".into()), Content::Text(Text::new("Hi")))
                .with_callback_data("msg_01h")
                .replying_to("wamid.A");
        assert_eq!(
            serde_json::to_value(&message).unwrap(),
            json!({"messaging_product":"whatsapp","recipient_type":"individual","to":"+16505551234","type":"text",
                "text":{"body":"Hi"},"context":{"message_id":"wamid.A"},"biz_opaque_callback_data":"msg_01h"})
        );
    }

    #[test]
    fn a_type_nobody_knows_survives_with_its_body_and_neighbours() {
        let value = json!({"messaging_product":"whatsapp","to":"+1","type":"hologram","hologram":{"deep":[1]},"zap":true});
        let message = read(value.clone());
        assert_eq!(
            message.content,
            Content::Other { kind: "hologram".into(), body: Some(json!({"deep":[1]})) }
        );
        assert_eq!(serde_json::to_value(&message).unwrap(), value);
    }

    #[test]
    fn a_known_type_without_its_object_can_be_told() {
        let message = read(json!({"to":"+1","type":"template"}));
        assert_eq!(message.content, Content::Other { kind: "template".into(), body: None });
        assert_eq!(message.messaging_product, None);
    }

    #[test]
    fn a_message_without_type_is_text() {
        let message =
            read(json!({"messaging_product":"whatsapp","to":16_505_551_234_u64,"text":{"body":"x"}}));
        assert_eq!(message.content.kind(), "text");
        assert_eq!(message.to.as_deref(), Some("16505551234"));
    }

    #[test]
    fn a_member_that_does_not_fit_the_type_is_kept() {
        let value = json!({"to":"+1","type":"text","text":{"body":"x"},"image":{"id":"1"}});
        let message = read(value.clone());
        assert_eq!(message.extra["image"], json!({"id":"1"}));
        assert_eq!(serde_json::to_value(&message).unwrap(), value);
    }

    #[test]
    fn a_group_and_a_user_id_are_addressed_each_in_its_field() {
        let group = OutgoingMessage::new(Recipient::Group("g1".into()), Content::Text(Text::new("x")));
        assert_eq!((group.to.as_deref(), group.recipient_type), (Some("g1"), Some(RecipientType::Group)));
        let user = OutgoingMessage::new(Recipient::UserId("US.1".into()), Content::Text(Text::new("x")));
        assert_eq!((user.to, user.recipient.as_deref()), (None, Some("US.1")));
    }
}
