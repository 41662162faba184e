//! What happens to accounts and numbers. `entry.id` is the WABA, except for partner events, advertising
//! accounts and solutions, where it is a portfolio and the WABA is in `waba_info`.

mod notices;
mod numbers;
mod settings;
mod update;

pub use notices::{
    AccountAlert, AccountReview, AlertInfo, BusinessCapability, PartnerSolution, PaymentConfiguration,
    ReviewDecision,
};
pub use numbers::{
    Capacity, NumberNameUpdate, NumberQualityUpdate, SecurityNotice, UsernameStatus, UsernameUpdate,
};
pub use settings::{AccountSettingsUpdate, ChangedNumberSettings, SettingsKind};
pub use update::{
    AccountEvent, AccountUpdate, AuthInternationalEligibility, BanInfo, CertificationInfo, DisconnectionInfo,
    Restriction, RestrictionKind, ViolationInfo, VolumeTierInfo, WabaInfo,
};
