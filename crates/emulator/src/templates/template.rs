//! One message template and its life.

use super::Shape;
use crate::settings::TemplateSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Meta: what nobody could deliver is dropped after 30 days.
pub(crate) const LONGEST_LIFE_S: i64 = 30 * 86_400;

/// Meta's three categories; a free-form message is `Service`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Category {
    Marketing,
    Utility,
    Authentication,
    Service,
}

impl Category {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Marketing, Self::Utility, Self::Authentication]
            .into_iter()
            .find(|c| c.name().eq_ignore_ascii_case(text))
    }

    /// As webhooks write it; templates write it in capitals.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Authentication => "authentication",
            Self::Service => "service",
        }
    }
}

/// A message template.
#[derive(Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) id: u64,
    pub(crate) waba: u64,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) category: Category,
    pub(crate) previous_category: Option<Category>,
    pub(crate) correct_category: Option<Category>,
    pub(crate) status: String,
    pub(crate) rejected_reason: String,
    pub(crate) quality: String,
    pub(crate) components: Value,
    pub(crate) shape: Shape,
    pub(crate) ttl_s: Option<i64>,
    /// How often quality has paused it.
    pub(crate) pauses: u32,
    /// When it was edited while approved (unix seconds).
    pub(crate) edits: Vec<i64>,
    /// Counts reviews and pauses, so that a late one of an older state changes nothing.
    pub(crate) revision: u64,
    pub(crate) accepted: AtomicU64,
}

impl Template {
    pub(crate) fn of(waba: u64, s: &TemplateSettings) -> Self {
        let named = s.parameter_format.eq_ignore_ascii_case("NAMED");
        Self {
            id: s.id.0,
            waba,
            name: s.name.clone(),
            language: s.language.clone(),
            category: Category::parse(&s.category).unwrap_or(Category::Marketing),
            previous_category: s.previous_category.as_deref().and_then(Category::parse),
            correct_category: s.correct_category.as_deref().and_then(Category::parse),
            status: s.status.clone(),
            rejected_reason: s.rejected_reason.clone(),
            quality: s.quality.clone(),
            shape: Shape::of(&s.components, named),
            components: s.components.clone(),
            ttl_s: s.message_send_ttl_seconds,
            pauses: s.pauses,
            edits: Vec::new(),
            revision: 0,
            accepted: AtomicU64::new(0),
        }
    }

    /// The same template for another account: not sent, edited or paused yet.
    pub(super) fn copy(&self) -> Self {
        Self {
            id: 0,
            waba: 0,
            name: self.name.clone(),
            language: self.language.clone(),
            category: self.category,
            previous_category: None,
            correct_category: None,
            status: self.status.clone(),
            rejected_reason: self.rejected_reason.clone(),
            quality: "UNKNOWN".into(),
            components: self.components.clone(),
            shape: self.shape.clone(),
            ttl_s: self.ttl_s,
            pauses: 0,
            edits: Vec::new(),
            revision: 0,
            accepted: AtomicU64::new(0),
        }
    }

    pub(crate) fn parameter_format(&self) -> &'static str {
        if self.shape.named { "NAMED" } else { "POSITIONAL" }
    }

    /// Every field Meta shows of a template.
    pub(crate) fn json(&self) -> Value {
        let upper = |c: Category| c.name().to_ascii_uppercase();
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": upper(self.category),
            "sub_category": "CUSTOM",
            "previous_category": self.previous_category.map(upper),
            "correct_category": self.correct_category.map(upper),
            "parameter_format": self.parameter_format(),
            "components": self.components,
            "quality_score": {"score": self.quality, "date": 1_758_754_645},
            "rejected_reason": self.rejected_reason,
            "message_send_ttl_seconds": self.ttl_s,
            "library_template_name": null,
            "cta_url_link_tracking_opted_out": false,
            "degrees_of_freedom_spec": null,
        })
    }

    /// How long a message of it may wait for its user, in seconds. Meta: 10 minutes for
    /// authentication, 30 days otherwise and for −1.
    pub(crate) fn life_s(&self) -> i64 {
        match (self.ttl_s, self.category) {
            (Some(s), _) if s >= 0 => s,
            (None, Category::Authentication) => 600,
            _ => LONGEST_LIFE_S,
        }
    }

    /// How many sends of it were accepted before this one.
    pub(crate) fn count(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed)
    }
}
