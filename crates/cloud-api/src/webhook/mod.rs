//! What Meta sends to the callback: handshake, signature, envelope.
//!
//! The order of work at the edge: [`signature::verify`] over the raw bytes, store the bytes, answer 200;
//! [`parse()`] comes later. Nothing in here refuses an envelope for holding something new: unknown fields
//! and types are kept as JSON, and an element that cannot be read is set aside ([`Envelope::malformed`])
//! while its neighbours are read.

pub mod account;
mod calls;
mod coexistence;
mod envelope;
mod inbound;
mod inbound_content;
mod inbound_origin;
mod messages;
mod parse;
mod preferences;
mod products;
pub mod signature;
mod status;
mod templates;
pub mod verification;

pub use calls::{CallEvent, CallEventKind, CallSession, CallStatus, CallStatusKind, CallsValue};
pub use coexistence::{
    EchoesValue, HistoryChunk, HistoryProgress, HistoryThread, HistoryValue, StateChange, StateSyncValue,
    SyncTime, SyncedContact,
};
pub use envelope::{Change, Entry, Envelope, MAX_BODY_BYTES, Malformed, OBJECT, Payload, WebhookError};
pub use inbound::{ContentRef, InboundKind, InboundMessage};
pub use inbound_content::{
    ButtonTap, FlowAnswer, InboundMedia, InboundReaction, InboundText, InteractiveAnswer, ListChoice, Order,
    OrderedProduct, PermissionAnswer, ReplyChoice,
};
pub use inbound_origin::{
    Edited, EditedMessage, HistoryContext, Identity, InboundContext, Referral, ReferredProduct, Revoked,
    SystemChange, Unsupported, WelcomeMessage,
};
pub use messages::{ErrorDetails, ErrorNotice, MessagesValue, Metadata, Profile, WebhookContact};
pub use parse::parse;
pub use preferences::{PreferenceChange, PreferenceValue, PreferencesValue};
pub use products::{
    AutomaticEvent, AutomaticEventsValue, FlowEvent, GroupEvent, GroupParticipant, GroupsValue, PurchaseValue,
};
pub use status::{Conversation, ConversationOrigin, Pricing, PricingType, Status, StatusKind};
pub use templates::{
    DisableInfo, EditedButton, OtherInfo, RejectionInfo, TemplateCategoryUpdate, TemplateComponentsUpdate,
    TemplateMisuse, TemplateQualityUpdate, TemplateStatusUpdate,
};
