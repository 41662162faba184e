//! A number as Meta shows it.

use serde::{Deserialize, Serialize};

use super::automation::Automation;
use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::waba::HealthStatus;
use crate::wire::{Extra, lenient, open_enum, opt_text_or_number};

/// The fields read by [`Calls::get_number`] and [`Calls::list_numbers`].
pub const NUMBER_FIELDS: &str = "id,display_phone_number,verified_name,name_status,new_display_name,new_name_status,\
quality_rating,status,code_verification_status,platform_type,throughput,account_mode,is_official_business_account,\
is_pin_enabled,is_on_biz_app,last_onboarded_time,country_code,country_dial_code,health_status,\
whatsapp_business_manager_messaging_limit,webhook_configuration";

open_enum! {
    /// How people take the messages of a number.
    pub enum QualityRating {
        /// High.
        Green = "GREEN",
        /// Medium.
        Yellow = "YELLOW",
        /// Low.
        Red = "RED",
        /// Not rated yet.
        Unknown = "UNKNOWN",
        /// Not rated yet, in another word.
        NotApplicable = "NA",
    }
}

open_enum! {
    /// Whether a number may send; only `CONNECTED` may.
    pub enum NumberStatus {
        /// May send.
        Connected = "CONNECTED",
        /// Not registered yet.
        Pending = "PENDING",
        /// Taken off.
        Disconnected = "DISCONNECTED",
        /// Banned.
        Banned = "BANNED",
        /// Restricted.
        Restricted = "RESTRICTED",
        /// Too fast.
        RateLimited = "RATE_LIMITED",
        /// Moved elsewhere.
        Migrated = "MIGRATED",
        /// Deleted.
        Deleted = "DELETED",
        /// Low quality; no longer reached since October 2025.
        Flagged = "FLAGGED",
        /// Not verified by a code.
        Unverified = "UNVERIFIED",
    }
}

open_enum! {
    /// Whether the number was verified by a code.
    pub enum CodeVerificationStatus {
        /// It was.
        Verified = "VERIFIED",
        /// It was not.
        NotVerified = "NOT_VERIFIED",
        /// It was, too long ago.
        Expired = "EXPIRED",
    }
}

open_enum! {
    /// Where a number lives.
    pub enum PlatformType {
        /// Here.
        CloudApi = "CLOUD_API",
        /// With the old software on the business's own machines.
        OnPremise = "ON_PREMISE",
        /// Nowhere.
        NotApplicable = "NOT_APPLICABLE",
    }
}

open_enum! {
    /// How Meta judges the display name.
    pub enum NameStatus {
        /// Approved.
        Approved = "APPROVED",
        /// May be used without being judged.
        AvailableWithoutReview = "AVAILABLE_WITHOUT_REVIEW",
        /// Refused.
        Declined = "DECLINED",
        /// Approved too long ago.
        Expired = "EXPIRED",
        /// Being judged.
        PendingReview = "PENDING_REVIEW",
        /// There is none.
        None = "NONE",
        /// There is none.
        NonExists = "NON_EXISTS",
    }
}

open_enum! {
    /// How fast a number may send.
    pub enum ThroughputLevel {
        /// 80 messages a second; 20 for numbers also used in the phone app.
        Standard = "STANDARD",
        /// 1,000 messages a second.
        High = "HIGH",
        /// Not sending.
        NotApplicable = "NOT_APPLICABLE",
    }
}

open_enum! {
    /// Whether messages are real.
    pub enum AccountMode {
        /// Real.
        Live = "LIVE",
        /// A test number.
        Sandbox = "SANDBOX",
    }
}

open_enum! {
    /// How many people a portfolio may reach outside open windows in moving 24 hours.
    pub enum MessagingTier {
        /// 50.
        Tier50 = "TIER_50",
        /// 250.
        Tier250 = "TIER_250",
        /// 1,000, of the time before 2025-10-07.
        Tier1K = "TIER_1K",
        /// 2,000.
        Tier2K = "TIER_2K",
        /// 10,000.
        Tier10K = "TIER_10K",
        /// 100,000.
        Tier100K = "TIER_100K",
        /// No limit.
        Unlimited = "TIER_UNLIMITED",
        /// None set.
        NotSet = "TIER_NOT_SET",
    }
}

impl MessagingTier {
    /// The number of people; `None` for no limit and for words this crate does not know.
    #[must_use]
    pub fn people(&self) -> Option<u32> {
        match self {
            Self::Tier50 => Some(50),
            Self::Tier250 => Some(250),
            Self::Tier1K => Some(1_000),
            Self::Tier2K => Some(2_000),
            Self::Tier10K => Some(10_000),
            Self::Tier100K => Some(100_000),
            Self::Unlimited | Self::NotSet | Self::Other(_) => None,
        }
    }
}

/// `{"level":"STANDARD"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// How fast.
    pub level: ThroughputLevel,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A business phone number. Every field but `id` is absent unless asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhoneNumber {
    /// Meta's id.
    pub id: String,
    /// As it is shown, such as `+1 555-078-3881`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_phone_number: Option<String>,
    /// Display name in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_name: Option<String>,
    /// How it is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_status: Option<NameStatus>,
    /// Display name asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_display_name: Option<String>,
    /// How that is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name_status: Option<NameStatus>,
    /// How people take its messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_rating: Option<QualityRating>,
    /// Whether it may send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<NumberStatus>,
    /// Whether it was verified by a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_verification_status: Option<CodeVerificationStatus>,
    /// Where it lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_type: Option<PlatformType>,
    /// How fast it may send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// Whether messages are real.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_mode: Option<AccountMode>,
    /// Whether it has the badge.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub is_official_business_account: Option<bool>,
    /// Whether a PIN is set.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub is_pin_enabled: Option<bool>,
    /// Whether it is used in the phone app too (coexistence).
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub is_on_biz_app: Option<bool>,
    /// When it was last connected, in words.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub last_onboarded_time: Option<String>,
    /// Two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// Country calling code.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub country_dial_code: Option<String>,
    /// The same rating with more about it: `{score}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_score: Option<NumberQuality>,
    /// Whether it was verified before it was added.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub is_preverified_number: Option<bool>,
    /// `VISIBLE` or `NON_VISIBLE` to people who search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_visibility: Option<String>,
    /// Proof of the display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Proof of the display name asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_certificate: Option<String>,
    /// Prompts and commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversational_automation: Option<Automation>,
    /// How many people it may reach; replaced by the limit of the portfolio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_limit_tier: Option<MessagingTier>,
    /// Where its `messages` webhooks go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_configuration: Option<WebhookConfiguration>,
    /// How many people its portfolio may reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whatsapp_business_manager_messaging_limit: Option<MessagingTier>,
    /// Whether anything keeps it from sending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<HealthStatus>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How people take the messages of a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberQuality {
    /// The rating.
    pub score: QualityRating,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Where webhooks go: the first that is set, from the top.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookConfiguration {
    /// Set for the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Set for the WABA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whatsapp_business_account: Option<String>,
    /// Set for the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Reads a number, with [`NUMBER_FIELDS`].
    ///
    /// # Errors
    /// [`CallError`]; code 100/33 or 33 when it does not exist or may not be seen.
    pub async fn get_number(&self, phone_number_id: &str) -> Result<PhoneNumber, CallError> {
        self.get(&[phone_number_id], &[("fields", NUMBER_FIELDS)]).await
    }

    /// Lists the numbers of a WABA, newest onboarded first, with [`NUMBER_FIELDS`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_numbers(
        &self,
        waba_id: &str,
        page: &PageRequest,
    ) -> Result<Page<PhoneNumber>, CallError> {
        let query = page.query(&[("fields", NUMBER_FIELDS)]);
        self.get(&[waba_id, "phone_numbers"], &page::borrowed(&query)).await
    }
}
