//! The body of a send, read without copying: the message's own part stays raw until it is needed.

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Text that Graph also takes as number or truth.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text<'b>(pub(super) Cow<'b, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'b, 'b> Deserialize<'de> for Text<'b> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(v)))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_owned())))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_string())))
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_string())))
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_string())))
            }
            fn visit_bool<E: de::Error>(self, v: bool) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(if v { "true" } else { "false" })))
            }
        }
        d.deserialize_any(Visitor)
    }
}

/// The envelope of `POST /{phone_number_id}/messages`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Envelope<'b> {
    #[serde(borrow)]
    pub(super) messaging_product: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) recipient_type: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) to: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) recipient: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) r#type: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) message_id: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) typing_indicator: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) context: Option<Context<'b>>,
    #[serde(borrow)]
    pub(super) biz_opaque_callback_data: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) recipient_identity_key_hash: Option<Text<'b>>,
    /// Of the Marketing Messages API.
    #[serde(borrow)]
    pub(super) product_policy: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) text: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) image: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) video: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) audio: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) document: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) sticker: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) location: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) contacts: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) reaction: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) interactive: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) pin: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) template: Option<&'b RawValue>,
}

/// The message replied to.
#[derive(Debug)]
pub(super) struct Context<'b> {
    pub(super) message_id: Option<Text<'b>>,
}

// By hand, for a derived one takes an array for an object.
impl<'de: 'b, 'b> Deserialize<'de> for Context<'b> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Context<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut context = Context { message_id: None };
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    if name.as_str() == "message_id" {
                        context.message_id = map.next_value()?;
                    } else {
                        map.next_value::<de::IgnoredAny>()?;
                    }
                }
                Ok(context)
            }
        }
        d.deserialize_map(Visitor)
    }
}

/// Kinds of messages the emulator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Image,
    Video,
    Audio,
    Document,
    Sticker,
    Location,
    Contacts,
    Reaction,
    Interactive,
    Template,
    /// Pins a message of a group.
    Pin,
}

impl Kind {
    pub(super) const ALL: [Self; 12] = [
        Self::Text,
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Document,
        Self::Sticker,
        Self::Location,
        Self::Contacts,
        Self::Reaction,
        Self::Interactive,
        Self::Template,
        Self::Pin,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contacts => "contacts",
            Self::Reaction => "reaction",
            Self::Interactive => "interactive",
            Self::Template => "template",
            Self::Pin => "pin",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == text)
    }
}

impl<'b> Envelope<'b> {
    /// The object named like the type.
    pub(super) fn part(&self, kind: Kind) -> Option<&'b RawValue> {
        match kind {
            Kind::Text => self.text,
            Kind::Image => self.image,
            Kind::Video => self.video,
            Kind::Audio => self.audio,
            Kind::Document => self.document,
            Kind::Sticker => self.sticker,
            Kind::Location => self.location,
            Kind::Contacts => self.contacts,
            Kind::Reaction => self.reaction,
            Kind::Interactive => self.interactive,
            Kind::Template => self.template,
            Kind::Pin => self.pin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed_and_numbers_are_read_as_text() {
        let e: Envelope<'_> =
            serde_json::from_str(r#"{"to":94771234567,"type":"text","text":{"body":"x"},"unknown":[1]}"#)
                .unwrap();
        assert_eq!(e.to.as_ref().map(Text::as_str), Some("94771234567"));
        assert!(matches!(e.r#type, Some(Text(Cow::Borrowed("text")))));
        assert_eq!(e.part(Kind::Text).unwrap().get(), r#"{"body":"x"}"#);
    }
}
