//! What is sent to make and change templates, and what comes back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::component::TemplateComponent;
use super::template::{Category, ParameterFormat, TemplateStatus};
use crate::client::ErrorBody;
use crate::send::BidSpec;
use crate::wire::{Extra, lenient, opt_text_or_number, text_or_number};

/// A template to be made. Meta: 100 an hour and account; judged within minutes to a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewTemplate {
    /// At most 512 small letters, digits and `_`. A deleted name is locked for 30 days.
    #[serde(default)]
    pub name: String,
    /// Such as `en_US`; one template a name and language.
    #[serde(default)]
    pub language: String,
    /// What it is for. Meta may move it at once; the answer tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// How its variables are written; positional if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_format: Option<ParameterFormat>,
    /// What it is made of.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<TemplateComponent>,
    /// `CUSTOM`, `ORDER_DETAILS`, `ORDER_STATUS`, `CALL_PERMISSIONS_REQUEST`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_category: Option<String>,
    /// After how many seconds an undelivered message is dropped; -1: 30 days.
    #[serde(default, deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub message_send_ttl_seconds: Option<i64>,
    /// Whether Meta may move it rather than refuse it.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub allow_category_change: Option<bool>,
    /// Whether Meta leaves its links as they are.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub cta_url_link_tracking_opted_out: Option<bool>,
    /// How it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_format: Option<String>,
    /// What Meta may change of its looks: `{creative_features_spec: {image_touchups: {enroll_status}}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degrees_of_freedom_spec: Option<Value>,
    /// What its messages may cost (Marketing Messages).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid_spec: Option<BidSpec>,
    /// Take it from Meta's library; then there are no components, and utility ones are approved at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library_template_name: Option<String>,
    /// What to put into the buttons of the library template.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub library_template_button_inputs: Vec<Value>,
    /// What to put into the body of the library template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library_template_body_inputs: Option<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl NewTemplate {
    /// A template of a name, language and category, made of these parts.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        language: impl Into<String>,
        category: Category,
        components: Vec<TemplateComponent>,
    ) -> Self {
        Self {
            name: name.into(),
            language: language.into(),
            category: Some(category),
            parameter_format: None,
            components,
            sub_category: None,
            message_send_ttl_seconds: None,
            allow_category_change: None,
            cta_url_link_tracking_opted_out: None,
            display_format: None,
            degrees_of_freedom_spec: None,
            bid_spec: None,
            library_template_name: None,
            library_template_button_inputs: Vec::new(),
            library_template_body_inputs: None,
            extra: Extra::new(),
        }
    }
}

/// A template that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateCreated {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// `PENDING` mostly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TemplateStatus>,
    /// What Meta has made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What to change of a template. Meta: only approved, refused and paused ones; approved ones once a day
/// and ten times in 30 days, and never their category. It is judged again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateEdit {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// All parts anew.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<TemplateComponent>,
    /// After how many seconds an undelivered message is dropped.
    #[serde(deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub message_send_ttl_seconds: Option<i64>,
    /// Whether Meta leaves its links as they are.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub cta_url_link_tracking_opted_out: Option<bool>,
    /// How its variables are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_format: Option<ParameterFormat>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether a template was set free after pacing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnpauseOutcome {
    /// Whether.
    #[serde(deserialize_with = "lenient::bool")]
    pub success: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of templates taken over from another account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MigrationOutcome {
    /// Ids of those taken over.
    #[serde(deserialize_with = "lenient::list")]
    pub migrated_templates: Vec<String>,
    /// Those not taken over, with the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_templates: Option<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Authentication templates of one name in several languages, made or changed at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpsertTemplate {
    /// Name.
    pub name: String,
    /// All its languages.
    pub languages: Vec<String>,
    /// Always authentication.
    pub category: Category,
    /// What it is made of.
    #[serde(default, deserialize_with = "lenient::list")]
    pub components: Vec<TemplateComponent>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One language of what was made or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpsertedTemplate {
    /// Meta's id.
    #[serde(default, deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TemplateStatus>,
    /// Its language.
    #[serde(default)]
    pub language: String,
    /// Why this language failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Meta's own text of an authentication template in one language.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplatePreview {
    /// Language.
    pub language: String,
    /// Body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Footer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// Buttons.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of templates to be put away or taken out again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArchiveOutcome {
    /// Those put away.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub archived_templates: Vec<Value>,
    /// Those taken out again.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub unarchived_templates: Vec<Value>,
    /// Those left as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_templates: Option<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How many templates an account has, and may have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateSummary {
    /// Templates of the list.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub total_count: Option<u64>,
    /// Templates of the account.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub message_template_count: Option<u64>,
    /// Templates it may have: 250, or 6,000.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub message_template_limit: Option<u64>,
    /// Whether every name is there in every language.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub are_translations_complete: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How two templates compare by one measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateComparison {
    /// `BLOCK_RATE`, `MESSAGE_SENDS`, `TOP_BLOCK_REASON`.
    pub metric: String,
    /// `RELATIVE`, `NUMBER_VALUES`, `STRING_VALUES`: which member is set.
    #[serde(rename = "type")]
    pub kind: String,
    /// Ids of the templates, the lowest rate first.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub order_by_relative_metric: Vec<String>,
    /// `{key, value}`: a template's id and a number.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub number_values: Vec<ComparedValue>,
    /// `{key, value}`: a template's id and a word.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub string_values: Vec<ComparedValue>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The value of one template.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComparedValue {
    /// The template.
    #[serde(deserialize_with = "text_or_number")]
    pub key: String,
    /// A number or a word.
    pub value: Value,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
