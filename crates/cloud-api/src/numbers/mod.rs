//! Business phone numbers: their life, their settings, and what people see of them.

mod automation;
mod block;
mod commerce;
mod lifecycle;
mod number;
mod profile;
mod qr;
mod settings;
mod username;

pub use automation::{Automation, Command};
pub use block::{BlockEntry, BlockOutcome, BlockedUser};
pub use commerce::{BusinessEncryption, CommerceSettings};
pub use lifecycle::{
    CodeMethod, NewNumber, NumberCreated, Registration, SyncKind, SyncRequested, VerificationOutcome,
    is_valid_pin,
};
pub use number::{
    AccountMode, CodeVerificationStatus, MessagingTier, NUMBER_FIELDS, NameStatus, NumberQuality,
    NumberStatus, PhoneNumber, PlatformType, QualityRating, Throughput, ThroughputLevel,
    WebhookConfiguration,
};
pub use profile::{BusinessProfile, PROFILE_FIELDS, Vertical};
pub use qr::{NewQrCode, QrCode, QrImage};
pub use settings::{
    CallHours, CallingSettings, DayHours, Holiday, IdentityChangeSettings, NumberSettings, PayloadEncryption,
    Sip, SipServer, StorageConfiguration, Switch, VideoSettings,
};
pub use username::{
    ContactBookOutcome, Username, UsernameAnswer, UsernameRequest, UsernameState, UsernameSuggestions,
    is_valid_username,
};
