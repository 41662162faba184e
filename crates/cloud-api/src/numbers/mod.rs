//! Business phone numbers.

mod number;

pub use number::{
    AccountMode, CodeVerificationStatus, MessagingTier, NUMBER_FIELDS, NameStatus, NumberStatus, PhoneNumber,
    PlatformType, QualityRating, Throughput, ThroughputLevel,
};
