//! `account_update`: one event with its own block.

use serde::{Deserialize, Serialize};

use crate::wire::{Extra, Timestamp, lenient, open_enum, opt_text_or_number};

open_enum! {
    /// What happened to an account.
    pub enum AccountEvent {
        /// Deleted.
        Deleted = "ACCOUNT_DELETED",
        /// Broke a policy; see `violation_info`.
        Violation = "ACCOUNT_VIOLATION",
        /// Restricted; see `restriction_info`.
        Restriction = "ACCOUNT_RESTRICTION",
        /// Banned or reinstated; see `ban_info`.
        Disabled = "DISABLED_UPDATE",
        /// A business has connected its account to us.
        PartnerAdded = "PARTNER_ADDED",
        /// It has withdrawn it; see `disconnection_info`.
        PartnerRemoved = "PARTNER_REMOVED",
        /// It has installed our app.
        PartnerAppInstalled = "PARTNER_APP_INSTALLED",
        /// It has removed our app: its token is dead.
        PartnerAppUninstalled = "PARTNER_APP_UNINSTALLED",
        /// Its verification by us has moved on.
        PartnerClientCertification = "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        /// An advertising account was linked.
        AdAccountLinked = "AD_ACCOUNT_LINKED",
        /// The terms of the Marketing Messages API were signed.
        MarketingTermsSigned = "MM_LITE_TERMS_SIGNED",
        /// International authentication prices will hold; see `auth_international_rate_eligibility`.
        AuthInternationalEligibility = "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
        /// The country of the business was set.
        PrimaryLocation = "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
        /// A volume tier was reached; see `volume_tier_info`. May repeat.
        VolumeTier = "VOLUME_BASED_PRICING_TIER_UPDATE",
        /// A phone-app account was disconnected (coexistence).
        Offboarded = "ACCOUNT_OFFBOARDED",
        /// It was connected again.
        Reconnected = "ACCOUNT_RECONNECTED",
    }
}

/// The value of `account_update`. The block that goes with the event is set. Read defensively: Meta's
/// examples misplace braces, and then `field` and `object` turn up in `extra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountUpdate {
    /// What happened.
    pub event: AccountEvent,
    /// Of partner events: which account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waba_info: Option<WabaInfo>,
    /// Of a violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation_info: Option<ViolationInfo>,
    /// Of a restriction.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub restriction_info: Vec<Restriction>,
    /// Of a ban.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ban_info: Option<BanInfo>,
    /// Of a removal by a user of the phone app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disconnection_info: Option<DisconnectionInfo>,
    /// Of international authentication prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_international_rate_eligibility: Option<AuthInternationalEligibility>,
    /// Of a volume tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_tier_info: Option<VolumeTierInfo>,
    /// Of a verification by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_client_certification_info: Option<CertificationInfo>,
    /// Two letters of the country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which account a partner event is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WabaInfo {
    /// The account.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub waba_id: Option<String>,
    /// The portfolio that owns it.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub owner_business_id: Option<String>,
    /// Which of our apps.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub partner_app_id: Option<String>,
    /// Under which solution of several partners.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub solution_id: Option<String>,
    /// Of `AD_ACCOUNT_LINKED`: the advertising account.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub ad_account_linked: Option<String>,
    /// The partners of that solution.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub solution_partner_business_ids: Vec<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How the verification of a business by us stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificationInfo {
    /// The portfolio.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub client_business_id: Option<String>,
    /// `APPROVED`, `REJECTED`, `PENDING` and the like.
    pub status: String,
    /// Why it was refused; `NONE` otherwise.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub rejection_reasons: Vec<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which policy was broken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ViolationInfo {
    /// `ADULT`, `ALCOHOL`, `SCAM` and the like.
    pub violation_type: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

open_enum! {
    /// What an account may no longer do. The list is open.
    pub enum RestrictionKind {
        /// Write first (templates).
        BusinessInitiatedMessaging = "RESTRICTED_BIZ_INITIATED_MESSAGING",
        /// Answer.
        CustomerInitiatedMessaging = "RESTRICTED_CUSTOMER_INITIATED_MESSAGING",
        /// Add numbers.
        AddPhoneNumber = "RESTRICTED_ADD_PHONE_NUMBER_ACTION",
        /// Call first.
        BusinessInitiatedCalling = "RESTRICTED_BUSINESS_INITIATED_CALLING",
        /// Be called.
        UserInitiatedCalling = "RESTRICTED_USER_INITIATED_CALLING",
    }
}

/// One thing an account may no longer do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restriction {
    /// What.
    pub restriction_type: RestrictionKind,
    /// Until when. A number on the wire.
    #[serde(default, serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A ban or its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BanInfo {
    /// `DISABLE`, `REINSTATE`, `SCHEDULE_FOR_DISABLE`.
    pub waba_ban_state: String,
    /// When, in words.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub waba_ban_date: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Why a phone-app account was disconnected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DisconnectionInfo {
    /// `PRIMARY_INACTIVITY` and the like.
    pub reason: String,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiated_by: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// From when international authentication prices hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthInternationalEligibility {
    /// From when. A number on the wire.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Countries with a time of their own.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub exception_countries: Vec<serde_json::Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which volume tier was reached. May repeat; the smallest `tier_update_time` counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VolumeTierInfo {
    /// When. A number on the wire.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub tier_update_time: Option<Timestamp>,
    /// `UTILITY` or `AUTHENTICATION`.
    pub pricing_category: String,
    /// `from:to`, such as `25000001:50000000`.
    pub tier: String,
    /// Such as `2025-11`.
    pub effective_month: String,
    /// Market, such as `India`.
    pub region: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
