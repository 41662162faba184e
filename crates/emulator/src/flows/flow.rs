//! One flow: a form of screens that opens inside the chat.

use super::{check, health::Health};
use crate::{chance, saved, settings::FlowSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// Where a flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FlowStatus {
    Draft,
    Published,
    Deprecated,
    Blocked,
    Throttled,
}

impl FlowStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Published => "PUBLISHED",
            Self::Deprecated => "DEPRECATED",
            Self::Blocked => "BLOCKED",
            Self::Throttled => "THROTTLED",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Draft, Self::Published, Self::Deprecated, Self::Blocked, Self::Throttled]
            .into_iter()
            .find(|s| s.name().eq_ignore_ascii_case(text))
    }
}

/// A flow.
#[derive(Serialize, Deserialize)]
pub(crate) struct Flow {
    pub(crate) id: u64,
    pub(crate) waba: u64,
    /// The app that made it: its secret signs the calls to the endpoint.
    pub(crate) app: u64,
    pub(crate) name: String,
    pub(crate) categories: Vec<String>,
    pub(crate) status: FlowStatus,
    /// As it was uploaded.
    #[serde(with = "saved::shared_text")]
    pub(crate) text: Option<Arc<str>>,
    #[serde(with = "saved::shared")]
    pub(crate) json: Arc<Value>,
    /// Mistakes in it, in Meta's form.
    pub(crate) errors: Vec<Value>,
    pub(crate) endpoint_uri: Option<String>,
    /// Unix seconds.
    pub(crate) updated_s: i64,
    /// How many preview links were made; the last one works.
    pub(crate) previews: u64,
    /// When messages with it were accepted while it was throttled (unix seconds).
    pub(crate) throttled_sends: Mutex<VecDeque<i64>>,
    pub(crate) health: Mutex<Health>,
}

impl Flow {
    pub(crate) fn of(waba: u64, s: &FlowSettings) -> Self {
        let mut flow = Self {
            id: s.id.0,
            waba,
            app: s.app.0,
            name: s.name.clone(),
            categories: s.categories.clone(),
            status: FlowStatus::parse(&s.status).unwrap_or(FlowStatus::Draft),
            text: None,
            json: Arc::new(Value::Null),
            errors: Vec::new(),
            endpoint_uri: s.endpoint_uri.clone(),
            updated_s: s.updated_at,
            previews: 0,
            throttled_sends: Mutex::default(),
            health: Mutex::default(),
        };
        if let Some(text) = &s.flow_json {
            flow.set_text(text);
        }
        flow
    }

    pub(crate) fn settings(&self) -> FlowSettings {
        FlowSettings {
            id: crate::settings::ObjectId(self.id),
            app: crate::settings::ObjectId(self.app),
            name: self.name.clone(),
            categories: self.categories.clone(),
            status: self.status.name().into(),
            flow_json: self.text.as_deref().map(str::to_owned),
            endpoint_uri: self.endpoint_uri.clone(),
            updated_at: self.updated_s,
        }
    }

    /// Takes a new flow JSON, with its mistakes.
    pub(super) fn set_text(&mut self, text: &str) {
        let (json, errors) = check::check(text);
        self.text = Some(text.into());
        self.json = Arc::new(json);
        self.errors = errors;
    }

    pub(crate) fn json_version(&self) -> Option<&str> {
        self.json["version"].as_str()
    }

    pub(crate) fn data_api_version(&self) -> Option<&str> {
        self.json["data_api_version"].as_str()
    }

    /// Whether a business's endpoint feeds it.
    pub(crate) fn has_endpoint(&self) -> bool {
        self.data_api_version().is_some()
    }

    /// Where the endpoint is. Meta: up to version 2.1 in the JSON itself.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.endpoint_uri.as_deref().or_else(|| self.json["data_channel_uri"].as_str())
    }

    pub(crate) fn screen(&self, id: &str) -> Option<&Value> {
        screens(&self.json).find(|s| s["id"] == id)
    }

    /// The secret part of the links that show it to anybody.
    pub(super) fn link_token(&self, seed: u64) -> String {
        format!("{:016x}", chance::join(chance::join(seed, self.id), self.previews))
    }

    /// Every field Meta shows, but those that need to know more than the flow.
    pub(super) fn fields(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "status": self.status.name(),
            "categories": self.categories,
            "validation_errors": self.errors,
            "json_version": self.json_version(),
            "data_api_version": self.data_api_version(),
            "endpoint_uri": self.endpoint(),
            "data_channel_uri": self.endpoint(),
            "updated_at": date(self.updated_s),
        })
    }
}

/// The screens of a flow JSON.
pub(super) fn screens(json: &Value) -> impl Iterator<Item = &Value> {
    json["screens"].as_array().into_iter().flatten()
}

/// Meta's way to write a moment in flow calls, such as `2023-05-21T11:18:09+0000`.
pub(super) fn date(seconds: i64) -> String {
    let text = tisara_domain::Timestamp::from_seconds(seconds).to_string();
    format!("{}+0000", text.get(..19).unwrap_or(&text))
}
