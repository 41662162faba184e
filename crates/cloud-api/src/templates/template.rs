//! A template as Meta shows it.

use serde::{Deserialize, Serialize};

use super::component::TemplateComponent;
use crate::wire::{Extra, Timestamp, lenient, open_enum};

/// The fields read by `list_templates` and `get_template`.
pub const TEMPLATE_FIELDS: &str = "id,name,status,category,sub_category,correct_category,language,components,\
parameter_format,quality_score,rejected_reason,previous_category,message_send_ttl_seconds,library_template_name,\
cta_url_link_tracking_opted_out,degrees_of_freedom_spec";

open_enum! {
    /// What a template is for, which decides its price.
    pub enum Category {
        /// Anything that promotes.
        Marketing = "MARKETING",
        /// About something the person asked for.
        Utility = "UTILITY",
        /// One-time passwords.
        Authentication = "AUTHENTICATION",
    }
}

open_enum! {
    /// Where a template stands; only `APPROVED` can be sent.
    pub enum TemplateStatus {
        /// Being judged, minutes to a day.
        Pending = "PENDING",
        /// Can be sent.
        Approved = "APPROVED",
        /// Refused.
        Rejected = "REJECTED",
        /// Paused for its quality or by pacing.
        Paused = "PAUSED",
        /// For good.
        Disabled = "DISABLED",
        /// Being judged again.
        InAppeal = "IN_APPEAL",
        /// Deleted, with messages still under way.
        PendingDeletion = "PENDING_DELETION",
        /// Deleted.
        Deleted = "DELETED",
        /// One too many.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// Put away.
        Archived = "ARCHIVED",
        /// In webhooks: of low quality.
        Flagged = "FLAGGED",
        /// In webhooks: in order again.
        Reinstated = "REINSTATED",
        /// In webhooks: cannot be changed.
        Locked = "LOCKED",
    }
}

open_enum! {
    /// Why a template was refused.
    pub enum RejectedReason {
        /// It was not.
        None = "NONE",
        /// Abusive.
        AbusiveContent = "ABUSIVE_CONTENT",
        /// Wrong category.
        IncorrectCategory = "INCORRECT_CATEGORY",
        /// Wrong form.
        InvalidFormat = "INVALID_FORMAT",
        /// It promotes.
        Promotional = "PROMOTIONAL",
        /// Looks like a fraud.
        Scam = "SCAM",
        /// Content and category differ.
        TagContentMismatch = "TAG_CONTENT_MISMATCH",
    }
}

open_enum! {
    /// How variables are written.
    pub enum ParameterFormat {
        /// `{{1}}`; the default.
        Positional = "POSITIONAL",
        /// `{{first_name}}`.
        Named = "NAMED",
    }
}

open_enum! {
    /// How people take a template.
    pub enum QualityScore {
        /// Well.
        Green = "GREEN",
        /// Not so well.
        Yellow = "YELLOW",
        /// Badly: it is about to be paused.
        Red = "RED",
        /// Not known yet.
        Unknown = "UNKNOWN",
    }
}

/// How people take a template, and since when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateQuality {
    /// How.
    pub score: QualityScore,
    /// Since when. A number on the wire.
    #[serde(default, serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A template in one language. Every field but `id` is absent unless asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    /// Meta's id.
    pub id: String,
    /// Name, shared by its languages.
    pub name: String,
    /// Such as `en_US`.
    pub language: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TemplateStatus>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Finer than the category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_category: Option<String>,
    /// What Meta holds it to be and is about to make it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correct_category: Option<Category>,
    /// What it was before Meta moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_category: Option<Category>,
    /// How its variables are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_format: Option<ParameterFormat>,
    /// What it is made of.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<TemplateComponent>,
    /// How people take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_score: Option<TemplateQuality>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_reason: Option<RejectedReason>,
    /// After how many seconds an undelivered message is dropped; -1: 30 days.
    #[serde(deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub message_send_ttl_seconds: Option<i64>,
    /// The library template it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library_template_name: Option<String>,
    /// Whether Meta leaves its links as they are.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub cta_url_link_tracking_opted_out: Option<bool>,
    /// Which changes to its looks Meta may make: `{creative_features_spec}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degrees_of_freedom_spec: Option<serde_json::Value>,
    /// What its messages may cost (Marketing Messages).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bid_spec: Option<crate::send::BidSpec>,
    /// Whether anything keeps it from being sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<crate::waba::HealthStatus>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which templates to list; empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateFilter {
    /// With exactly this name.
    pub name: Option<String>,
    /// With this text in name or content.
    pub name_or_content: Option<String>,
    /// In this language.
    pub language: Option<String>,
    /// That stand so.
    pub status: Option<TemplateStatus>,
    /// Of this category.
    pub category: Option<Category>,
    /// That people take so.
    pub quality_score: Option<QualityScore>,
}
