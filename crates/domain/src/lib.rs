//! The words and rules of Tisara: ids, phone numbers, time and chance, state machines, pace.
//!
//! Everything here is plain computation, so every rule can be property-tested in milliseconds.
//! This crate must never touch a socket, a file or a database, nor read the wall clock or a random
//! source by itself: both come in through [`Ambient`]. (The real clock waits on tokio's timer; that
//! is the only thing taken from tokio.)

pub mod ambient;
pub mod campaign;
pub mod clock;
pub mod consent;
pub mod day;
pub mod id;
pub mod message;
pub mod money;
pub mod network;
pub mod pace;
pub mod permission;
pub mod phone;
pub mod recipient;
pub mod retry;
pub mod rng;
pub mod seal;
pub mod settle;
pub mod template;
pub mod throttle;
pub mod time;
pub mod watermark;

pub use ambient::Ambient;
pub use campaign::CampaignState;
pub use clock::{Clock, ManualClock, SystemClock};
pub use day::Day;
pub use id::{
    ApiKeyId, CampaignId, ConsentId, ContactId, ConversationId, FieldId, InvitationId, JobId, LabelId,
    MailId, MessageId, NumberId, OrgId, PasskeyId, RoleId, SegmentId, SessionId, SigningKeyId, TeamId,
    TemplateId, ThreadId, UserId, VisitId, WabaId,
};
pub use network::Network;
pub use permission::{Permission, Permissions, Role, Visibility};
pub use phone::{Phone, PhoneError, Region};
pub use recipient::{RecipientRef, RecipientState, SkipReason};
pub use rng::Rng;
pub use time::{Duration, Timestamp};
