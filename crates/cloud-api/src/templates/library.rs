//! Meta's library of ready-made templates.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::template::Category;
use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::wire::{Extra, lenient, text_or_number};

/// A ready-made template.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LibraryTemplate {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// What to name in `library_template_name`.
    pub name: String,
    /// Language.
    pub language: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Such as `PAYMENTS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Such as `PAYMENT_CONFIRMATION`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usecase: Option<String>,
    /// Such as `E_COMMERCE`.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub industry: Vec<String>,
    /// Header text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Body text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Sample values of the body.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub body_params: Vec<String>,
    /// What kind each value must be: `AMOUNT`, `DATE`, `TEXT`, …
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub body_param_types: Vec<String>,
    /// Buttons.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which ready-made templates to list; empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LibraryFilter {
    /// With this text.
    pub search: Option<String>,
    /// On this topic.
    pub topic: Option<String>,
    /// For this use.
    pub usecase: Option<String>,
    /// For this trade.
    pub industry: Option<String>,
    /// In this language.
    pub language: Option<String>,
}

impl Calls<'_> {
    /// Lists Meta's ready-made templates.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_library_templates(
        &self,
        filter: &LibraryFilter,
        page: &PageRequest,
    ) -> Result<Page<LibraryTemplate>, CallError> {
        let mut query = page.query(&[]);
        let filters = [
            ("search", &filter.search),
            ("topic", &filter.topic),
            ("usecase", &filter.usecase),
            ("industry", &filter.industry),
            ("language", &filter.language),
        ];
        query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        self.get(&["message_template_library"], &page::borrowed(&query)).await
    }
}
