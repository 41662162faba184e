//! The bricks of every wire type: text that borrows, enums that stay open, numbers Meta sends as text.
//!
//! Meta adds fields and words without notice. Nothing here may refuse a document for holding one more
//! of either: unknown words land in `Other`, unknown fields in [`Extra`].

pub mod lenient;
mod number_id;
mod open_enum;
mod raw;
mod text;
mod timestamp;

pub use number_id::NumberId;
pub(crate) use open_enum::open_enum;
pub use raw::Raw;
pub use text::Str;
pub use timestamp::Timestamp;

/// Fields of a document that this crate has no name for; they survive a round trip.
pub type Extra = serde_json::Map<String, serde_json::Value>;

open_enum! {
    /// The constant `messaging_product` of every messaging call.
    pub enum Product {
        /// The only product there is.
        WhatsApp = "whatsapp",
    }
}

/// `{"success": true}`, the answer of every call that changes something and returns nothing else.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Success {
    /// Whether Meta did it. Absent counts as yes: an error would have come as one.
    #[serde(default = "yes", deserialize_with = "lenient::bool")]
    pub success: bool,
    /// What else the answer said.
    #[serde(flatten)]
    pub extra: Extra,
}

fn yes() -> bool {
    true
}

/// For `deserialize_with`: text, or a number's digits.
pub(crate) fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    <Str<'de> as serde::Deserialize>::deserialize(deserializer).map(Str::into_string)
}

/// As [`text_or_number`] where the field may be null or absent.
pub(crate) fn opt_text_or_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = <Option<Str<'de>> as serde::Deserialize>::deserialize(deserializer)?;
    Ok(text.map(Str::into_string))
}

/// Whether a flag is unset, so that it need not be written.
pub(crate) fn is_false(flag: &bool) -> bool {
    !*flag
}
