//! What happens to templates. `entry.id` is the WABA, `entry.time` the time.

use serde::{Deserialize, Serialize};

use crate::templates::{Category, QualityScore, TemplateStatus};
use crate::wire::{Extra, NumberId, Timestamp, lenient};

/// `message_template_status_update`: a template was judged, paused, disabled and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateStatusUpdate {
    /// Where it stands now.
    pub event: TemplateStatus,
    /// Which template.
    pub message_template_id: NumberId,
    /// Its name.
    #[serde(default)]
    pub message_template_name: String,
    /// Its language; Meta writes `en_US` and `en-US`.
    #[serde(default)]
    pub message_template_language: String,
    /// Why it was refused; `NONE` or absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_category: Option<Category>,
    /// Why in words, and the way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection_info: Option<RejectionInfo>,
    /// Of `DISABLED`: when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_info: Option<DisableInfo>,
    /// Of pauses and their ends: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_info: Option<OtherInfo>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Why a template was refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectionInfo {
    /// Why.
    pub reason: String,
    /// The way out.
    pub recommendation: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// When a template was disabled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DisableInfo {
    /// Unix seconds, or a date in words.
    #[serde(deserialize_with = "crate::wire::text_or_number")]
    pub disable_date: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which pause it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OtherInfo {
    /// `FIRST_PAUSE` (3 h), `SECOND_PAUSE` (6 h), `RATE_LIMITING_PAUSE` (pacing), `UNPAUSE`, `DISABLED`.
    pub title: String,
    /// In words.
    pub description: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `message_template_quality_update`: people take a template better or worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateQualityUpdate {
    /// How before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_quality_score: Option<QualityScore>,
    /// How now.
    pub new_quality_score: QualityScore,
    /// Which template.
    pub message_template_id: NumberId,
    /// Its name.
    #[serde(default)]
    pub message_template_name: String,
    /// Its language.
    #[serde(default)]
    pub message_template_language: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `template_category_update`, in two forms. A *warning*, 24 hours ahead: `correct_category` says what
/// the template will become, `new_category` what it still is. The *move*: `previous_category` and
/// `new_category`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateCategoryUpdate {
    /// Which template.
    pub message_template_id: NumberId,
    /// Its name.
    #[serde(default)]
    pub message_template_name: String,
    /// Its language.
    #[serde(default)]
    pub message_template_language: String,
    /// What it was before a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_category: Option<Category>,
    /// What it is.
    pub new_category: Category,
    /// What it will become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct_category: Option<Category>,
    /// When it will.
    #[serde(default, serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub category_update_timestamp: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl TemplateCategoryUpdate {
    /// Whether this only announces the move.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.correct_category.is_some() && self.previous_category.is_none()
    }
}

/// `message_template_components_update`: somebody edited a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateComponentsUpdate {
    /// Which template.
    pub message_template_id: NumberId,
    /// Its name.
    #[serde(default)]
    pub message_template_name: String,
    /// Its language.
    #[serde(default)]
    pub message_template_language: String,
    /// Header text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_title: Option<String>,
    /// Body text.
    #[serde(default)]
    pub message_template_element: String,
    /// Footer text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_footer: Option<String>,
    /// Buttons.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub message_template_buttons: Vec<EditedButton>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A button of an edited template.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EditedButton {
    /// What it does.
    pub message_template_button_type: String,
    /// Label.
    pub message_template_button_text: String,
    /// Of a web page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_template_button_url: Option<String>,
    /// Of a phone call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_template_button_phone_number: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `template_correct_category_detection`: Meta found a template under the wrong category. Seen, not described by
/// Meta: everything is optional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateMisuse {
    /// Which template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_id: Option<NumberId>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_name: Option<String>,
    /// Its language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_language: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// What it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct_category: Option<Category>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
