//! What Meta asks the server of a form, and what it answers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::wire::{Extra, lenient, open_enum, text_or_number};

/// The version of the talk that this crate writes. Meta: 3.0 and 4.0 are in use.
pub const DATA_API_VERSION: &str = "3.0";

open_enum! {
    /// What happened in the form.
    pub enum FlowAction {
        /// Nothing: Meta looks whether the server lives. Answer [`FlowAnswer::pong`].
        Ping = "ping",
        /// The form was opened (`flow_action` `data_exchange`).
        Init = "INIT",
        /// A screen was submitted.
        DataExchange = "data_exchange",
        /// The person went back, on a screen with `refresh_on_back`.
        Back = "BACK",
    }
}

/// What Meta asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowRequest {
    /// Version of the talk, such as `3.0`.
    #[serde(default, deserialize_with = "text_or_number")]
    pub version: String,
    /// What happened.
    pub action: FlowAction,
    /// The screen it happened on; absent or empty for `INIT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<String>,
    /// The mark the message with the form carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_token: Option<String>,
    /// What was filled in. Mostly an object; kept as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl FlowRequest {
    /// A request with nothing in it yet.
    #[must_use]
    pub fn new(action: FlowAction) -> Self {
        Self {
            version: DATA_API_VERSION.to_owned(),
            action,
            screen: None,
            flow_token: None,
            data: None,
            extra: Extra::new(),
        }
    }

    /// Whether it only says that the last answer could not be shown: `(error, error_message)` of
    /// `data`. Answer [`FlowAnswer::acknowledged`].
    #[must_use]
    pub fn error_notice(&self) -> Option<(&str, &str)> {
        let data = self.data.as_ref()?;
        let error = data.get("error")?.as_str()?;
        // A field of the form may be called `error` too; Meta's notice comes with a message.
        Some((error, data.get("error_message")?.as_str()?))
    }
}

/// What the server answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowAnswer {
    /// The screen to show; `SUCCESS` ends the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen: Option<String>,
    /// What the screen is filled with.
    #[serde(deserialize_with = "lenient::map", skip_serializing_if = "Extra::is_empty")]
    pub data: Extra,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl FlowAnswer {
    /// To [`FlowAction::Ping`]: the server lives.
    #[must_use]
    pub fn pong() -> Self {
        Self { data: object(json!({"status": "active"})), ..Self::default() }
    }

    /// To an error notice: it was read.
    #[must_use]
    pub fn acknowledged() -> Self {
        Self { data: object(json!({"acknowledged": true})), ..Self::default() }
    }

    /// Shows a screen.
    #[must_use]
    pub fn screen(name: impl Into<String>, data: Extra) -> Self {
        Self { screen: Some(name.into()), data, ..Self::default() }
    }

    /// Shows a screen (mostly the same one again) with a text saying what was wrong.
    #[must_use]
    pub fn screen_with_error(name: impl Into<String>, mut data: Extra, message: &str) -> Self {
        data.insert("error_message".to_owned(), Value::from(message));
        Self::screen(name, data)
    }

    /// Ends the form. `params` come back in the `nfm_reply` message, with the token.
    #[must_use]
    pub fn completed(flow_token: &str, mut params: Extra) -> Self {
        params.insert("flow_token".to_owned(), Value::from(flow_token));
        Self::screen("SUCCESS", object(json!({"extension_message_response": {"params": params}})))
    }
}

fn object(value: Value) -> Extra {
    match value {
        Value::Object(object) => object,
        _ => Extra::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_what_meta_reads() {
        let written = |answer: &FlowAnswer| serde_json::to_value(answer).unwrap();
        assert_eq!(written(&FlowAnswer::pong()), json!({"data": {"status": "active"}}));
        assert_eq!(written(&FlowAnswer::acknowledged()), json!({"data": {"acknowledged": true}}));
        assert_eq!(
            written(&FlowAnswer::completed("t", object(json!({"date": "x"})))),
            json!({"screen": "SUCCESS", "data": {"extension_message_response": {"params": {"date": "x", "flow_token": "t"}}}})
        );
        assert_eq!(
            written(&FlowAnswer::screen_with_error("DATES", Extra::new(), "Full.")),
            json!({"screen": "DATES", "data": {"error_message": "Full."}})
        );
    }

    #[test]
    fn an_error_notice_is_told_from_a_form_with_a_field_of_that_name() {
        let with = |data| FlowRequest { data: Some(data), ..FlowRequest::new(FlowAction::DataExchange) };
        assert_eq!(with(json!({"error": "E", "error_message": "m"})).error_notice(), Some(("E", "m")));
        assert_eq!(with(json!({"error": "typed by a person"})).error_notice(), None);
        assert_eq!(with(json!([1])).error_notice(), None);
    }
}
