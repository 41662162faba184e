//! What Meta sends to the callback: handshake, signature, envelope.
//!
//! The order of work at the edge: [`signature::verify`] over the raw bytes, store the bytes, answer 200;
//! [`parse`] comes later. Nothing in here refuses an envelope for holding something new: unknown fields
//! and types are kept as JSON, and an element that cannot be read is set aside ([`Envelope::malformed`])
//! while its neighbours are read.

mod envelope;
mod inbound;
mod messages;
mod parse;
pub mod signature;
mod status;
pub mod verification;

pub use envelope::{Change, Entry, Envelope, MAX_BODY_BYTES, Malformed, OBJECT, Payload, WebhookError};
pub use inbound::{
    ButtonTap, ContentRef, Edited, FlowAnswer, InboundContext, InboundKind, InboundMedia, InboundMessage,
    InboundReaction, InboundText, InteractiveAnswer, ListChoice, Order, OrderedProduct, PermissionAnswer,
    Referral, ReferredProduct, ReplyChoice, Revoked, SystemChange, Unsupported, WelcomeMessage,
};
pub use messages::{
    ErrorDetails, ErrorNotice, MessagesValue, Metadata, PreferenceChange, PreferenceValue, Profile,
    WebhookContact,
};
pub use parse::parse;
pub use status::{Conversation, ConversationOrigin, Pricing, PricingType, Status, StatusKind};
