//! The envelope: object, entries, changes.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::messages::MessagesValue;
use crate::wire::{Extra, Raw, Str, Timestamp};

/// Longest body Meta sends: 3 MB.
pub const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// The `object` of every webhook of this product.
pub const OBJECT: &str = "whatsapp_business_account";

/// Why a body is no envelope at all. What is wrong with one element only is in [`Envelope::malformed`].
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Longer than [`MAX_BODY_BYTES`].
    #[error("the body has {bytes} bytes; at most {MAX_BODY_BYTES} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON, or not an object with `entry`.
    #[error("the body is not a webhook: {0}")]
    NotAnEnvelope(#[from] serde_json::Error),
}

/// One delivery: up to 1,000 updates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Envelope<'a> {
    /// [`OBJECT`].
    pub object: Str<'a>,
    /// Entries in the order received.
    pub entry: Vec<Entry<'a>>,
    /// Elements that could not be read, with the reason. Not written back.
    #[serde(skip)]
    pub malformed: Vec<Malformed<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What happened to one business account (or, for partner events, one portfolio).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry<'a> {
    /// Id of the WABA; for partner events the id of a portfolio.
    pub id: Str<'a>,
    /// When, for account-level fields.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// What changed.
    pub changes: Vec<Change<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One change of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'a> {
    /// The webhook field, such as `messages`.
    pub field: Str<'a>,
    /// Its value.
    pub payload: Payload<'a>,
    /// Fields without a name here.
    pub extra: Extra,
}

/// The value of a change, by its field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Payload<'a> {
    /// `messages`: inbound messages, statuses, errors.
    Messages(Box<MessagesValue<'a>>),
    /// Any other field, or a known one in an unknown shape (then also in [`Envelope::malformed`]).
    Unknown(Raw<'a>),
}

impl Payload<'_> {
    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Messages(value) => map.serialize_entry("value", value),
            Self::Unknown(raw) => map.serialize_entry("value", raw),
        }
    }
}

impl Serialize for Change<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.payload.serialize_into(&mut map)?;
        map.serialize_entry("field", &self.field)?;
        for (name, value) in &self.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// An element that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed<'a> {
    /// Which list it stood in: `entry`, `changes`, `statuses`, `messages`, or the field's name.
    pub part: Str<'a>,
    /// The element as it came.
    pub raw: Raw<'a>,
    /// Why. Names fields and positions, never contents.
    pub error: String,
}

impl<'a> Envelope<'a> {
    /// An envelope with one change, as Meta sends most of them.
    #[must_use]
    pub fn of(waba_id: impl Into<Str<'a>>, field: impl Into<Str<'a>>, payload: Payload<'a>) -> Self {
        let change = Change { field: field.into(), payload, extra: Extra::new() };
        Self {
            object: Str::borrowed(OBJECT),
            entry: vec![Entry { id: waba_id.into(), time: None, changes: vec![change], extra: Extra::new() }],
            malformed: Vec::new(),
            extra: Extra::new(),
        }
    }

    /// Every change with the entry it stands in, in order.
    pub fn changes(&self) -> impl Iterator<Item = (&Entry<'a>, &Change<'a>)> {
        self.entry.iter().flat_map(|entry| entry.changes.iter().map(move |change| (entry, change)))
    }
}
