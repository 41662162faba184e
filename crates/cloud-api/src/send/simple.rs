//! Text, media, places, reactions, and the receipts for what was received.

use serde::{Deserialize, Serialize};

use crate::client::CallError;
use crate::client::Calls;
use crate::wire::{Extra, Product, Success, lenient};

/// Text of 1 to 4096 characters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The text.
    pub body: String,
    /// Whether the first web address in it is shown as a preview.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Text {
    /// Text without a preview.
    #[must_use]
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }
}

/// A file by id (uploaded) or by address (fetched by Meta and kept for 10 minutes). Exactly one of both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// Id of an upload; to be preferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Address from which Meta fetches the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Text below an image, video or document; at most 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Name a document is shown and saved under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// For sounds: a voice message (OGG/OPUS, mono).
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Media {
    /// An uploaded file.
    #[must_use]
    pub fn id(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }

    /// A file Meta is to fetch.
    #[must_use]
    pub fn link(link: impl Into<String>) -> Self {
        Self { link: Some(link.into()), ..Self::default() }
    }

    /// The same with a caption.
    #[must_use]
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }
}

/// A place. Meta reads coordinates as text or numbers; numbers are written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north.
    #[serde(deserialize_with = "lenient::f64")]
    pub latitude: f64,
    /// Degrees east.
    #[serde(deserialize_with = "lenient::f64")]
    pub longitude: f64,
    /// Name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its web page; in received messages only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Pins a message of a group, or unpins it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// `pin` or `unpin`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The message.
    pub message_id: String,
    /// For how long: 1 to 30 days.
    #[serde(default, deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub expiration_days: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An emoji on a message. Only a `sent` status follows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reaction {
    /// The message reacted to, at most 30 days old and not itself a reaction (else 131009 by webhook).
    pub message_id: String,
    /// One emoji; empty takes the reaction back.
    #[serde(default)]
    pub emoji: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Marks a received message and all before it as read, and may show that someone is typing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadReceipt {
    /// Always `whatsapp`.
    #[serde(default)]
    pub messaging_product: Option<Product>,
    /// Always `read`; a typing indicator cannot be sent without it.
    pub status: String,
    /// The received message, at most 30 days old.
    pub message_id: String,
    /// Shown for 25 s or until the next message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typing_indicator: Option<TypingIndicator>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `{"type":"text"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypingIndicator {
    /// Always `text`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ReadReceipt {
    /// The receipt for a message, with or without showing that someone is typing.
    #[must_use]
    pub fn new(message_id: impl Into<String>, typing: bool) -> Self {
        Self {
            messaging_product: Some(Product::WhatsApp),
            status: "read".to_owned(),
            message_id: message_id.into(),
            typing_indicator: typing
                .then(|| TypingIndicator { kind: "text".to_owned(), extra: Extra::new() }),
            extra: Extra::new(),
        }
    }
}

impl Calls<'_> {
    /// Marks a received message as read; with `typing` also shows that an answer is being written.
    ///
    /// # Errors
    /// [`CallError`]. Doing it twice is harmless.
    pub async fn mark_read(
        &self,
        phone_number_id: &str,
        message_id: &str,
        typing: bool,
    ) -> Result<Success, CallError> {
        self.post(&[phone_number_id, "messages"], &ReadReceipt::new(message_id, typing)).await
    }
}
