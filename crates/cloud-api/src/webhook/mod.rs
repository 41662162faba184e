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
mod groups;
mod inbound;
mod inbound_content;
mod inbound_origin;
mod limits;
mod messages;
mod parse;
mod parts;
mod payments;
mod preferences;
mod products;
mod rarely;
mod routing;
pub mod signature;
mod status;
mod templates;
pub mod verification;

pub use calls::{
    CallEvent, CallEventKind, CallSession, CallStatus, CallStatusKind, CallTranscript, CallsValue,
};
pub use coexistence::{
    EchoesValue, HistoryChunk, HistoryProgress, HistoryThread, HistoryValue, StateChange, StateSyncValue,
    SyncTime, SyncedContact, ThreadContext,
};
pub use envelope::{
    Change, Entry, Envelope, MAX_BODY_BYTES, MAX_VALUES, Malformed, OBJECT, Payload, WebhookError,
};
pub use groups::{GroupEvent, GroupEventKind, GroupParticipant, GroupSetting, GroupsValue};
pub use inbound::{ContentRef, InboundKind, InboundMessage};
pub use inbound_content::{
    ButtonTap, FlowAnswer, InboundMedia, InboundReaction, InboundText, InteractiveAnswer, ListChoice, Order,
    OrderedProduct, PermissionAnswer, ReplyChoice,
};
pub use inbound_origin::{
    Edited, EditedMessage, HistoryContext, Identity, InboundContext, Referral, ReferredProduct, Revoked,
    SystemChange, Unsupported, WelcomeMessage,
};
pub use messages::{
    ErrorDetails, ErrorNotice, LinkClick, MessagesValue, Metadata, Profile, UserAction, WebhookContact,
};
pub use parse::parse;
pub use payments::{PaymentMethod, PaymentRefund, PaymentTransaction, PaymentUpdate};
pub use preferences::{PreferenceChange, PreferenceValue, PreferencesValue};
pub use products::{
    AutomaticEvent, AutomaticEventsValue, FlowErrorCount, FlowEvent, FlowEventKind, PurchaseValue,
};
pub use rarely::{OldAndNew, UndescribedValue, UserIdChange, UserIdsValue};
pub use routing::{
    Handover, HandoverKind, HandoverPerson, HandoverValue, StandbyCopies, StandbyEcho, StandbyMessage,
    StandbyValue,
};
pub use status::{Conversation, ConversationOrigin, Pricing, PricingType, Status, StatusKind};
pub use templates::{
    DisableInfo, EditedButton, OtherInfo, RejectionInfo, TemplateCategoryUpdate, TemplateComponentsUpdate,
    TemplateMisuse, TemplateQualityUpdate, TemplateStatusUpdate,
};
