//! What can go wrong with a call, sorted by the one question that matters: did it reach Meta?

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::codes::{self, Action, Entry};
use crate::wire::{Extra, lenient};

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The request surely never reached Meta: no connection was made. Safe to try again.
    #[error("no connection to Meta could be made: {0}")]
    NotSent(NotSent),
    /// The request may have reached Meta and may have been carried out; the answer is lost. A send that
    /// ends here must wait for a status webhook before it is sent again. Meta has no idempotency key.
    #[error("the outcome is not known: {0}")]
    Unknown(Unknown),
    /// Meta answered with an error. What to do is in [`GraphError::action`].
    #[error("Meta refused the call: {0}")]
    Refused(Box<GraphError>),
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// Refused, unreachable, name not found, TLS failed, or the time for connecting ran out.
    #[error("{0}")]
    Connect(String),
    /// The request could not be built: a bad id, address or body.
    #[error("the request could not be built: {0}")]
    Request(String),
    /// The caller's gate was shut when it was about to leave.
    #[error("it was held back")]
    Held,
}

/// Why the outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke after it was made.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// An answer came that this crate cannot read.
    #[error("an unreadable answer with HTTP status {http_status}")]
    Unreadable {
        /// Status of the answer.
        http_status: u16,
    },
}

impl CallError {
    /// Whether the call may have been carried out although it failed here. `false` means surely not.
    #[must_use]
    pub fn may_have_gone_out(&self) -> bool {
        match self {
            Self::NotSent(_) => false,
            Self::Unknown(_) => true,
            Self::Refused(error) => error.action() == Action::MayHaveGoneOut,
        }
    }

    /// What the caller should do.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::NotSent(NotSent::Connect(_) | NotSent::Held) => Action::Retry,
            Self::NotSent(NotSent::Request(_)) => Action::FixRequest,
            Self::Unknown(_) => Action::MayHaveGoneOut,
            Self::Refused(error) => error.action(),
        }
    }

    /// Meta's error, when there was one.
    #[must_use]
    pub fn graph(&self) -> Option<&GraphError> {
        match self {
            Self::Refused(error) => Some(error),
            Self::NotSent(_) | Self::Unknown(_) => None,
        }
    }

    pub(crate) fn from_reqwest(error: &reqwest::Error) -> Self {
        // Only these two are known to happen before a byte of the request is written. Anything else,
        // a time-out above all, may have come after.
        if error.is_builder() {
            return Self::NotSent(NotSent::Request(cause(error)));
        }
        if error.is_connect() {
            return Self::NotSent(NotSent::Connect(cause(error)));
        }
        if error.is_timeout() {
            return Self::Unknown(Unknown::TimedOut);
        }
        Self::Unknown(Unknown::Broken(cause(error)))
    }
}

/// The root cause, without the address that those around it name: its query may hold a token.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut root = error;
    while let Some(inner) = root.source() {
        root = inner;
    }
    root.to_string()
}

fn cause(error: &reqwest::Error) -> String {
    std::error::Error::source(error).map_or_else(|| "no cause given".to_owned(), innermost)
}

/// Meta's answer to a call it refuses, with what the HTTP answer said beside it.
/// `Debug` and `Display` show numbers only, never Meta's words, which may quote a phone number or a text.
#[derive(Clone, PartialEq)]
pub struct GraphError {
    /// Status of the HTTP answer.
    pub http_status: u16,
    /// The error itself.
    pub body: ErrorBody,
    /// How long Meta asks to wait: from `Retry-After`, or from `estimated_time_to_regain_access`.
    pub retry_after: Option<Duration>,
    /// What came beside the error, such as the `block_users` of a call that failed in part.
    pub beside: Extra,
}

impl GraphError {
    /// Meta's code; 0 also when the answer had none.
    #[must_use]
    pub fn code(&self) -> i64 {
        self.body.code
    }

    /// What this crate knows of the code.
    #[must_use]
    pub fn entry(&self) -> Option<&'static Entry> {
        // 0 also stands for no code at all; Meta's own 0 comes with HTTP 401.
        self.body.known_code().filter(|entry| entry.code != 0 || self.http_status == 401)
    }

    /// What it means, for a shop owner; a general sentence for a code that is not in the table.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        self.entry().map_or(codes::UNKNOWN_MEANING, |entry| entry.meaning)
    }

    /// What to do. Total: codes that are not in the table are judged by range and HTTP status.
    #[must_use]
    pub fn action(&self) -> Action {
        match self.entry() {
            Some(entry) => entry.action,
            None => codes::by_family(self.body.code, Some(self.http_status)),
        }
    }

    /// How long to wait before attempt number `attempt` (the first repetition is 1), the longer of what
    /// Meta asks and what the table says. `None`: do not repeat.
    #[must_use]
    pub fn wait_ms(&self, attempt: u32) -> Option<u64> {
        let asked = self.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let wait = match self.entry() {
            Some(entry) => entry.wait.for_attempt_ms(attempt),
            None => self.action().default_wait().for_attempt_ms(attempt),
        };
        wait.map(|wait| wait.max(asked.unwrap_or(0)))
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}", self.body.code)?;
        if let Some(subcode) = self.body.error_subcode {
            write!(f, "/{subcode}")?;
        }
        write!(f, " (HTTP {})", self.http_status)?;
        if let Some(entry) = self.entry() {
            write!(f, " {}", entry.title)?;
        }
        if let Some(trace) = &self.body.fbtrace_id {
            write!(f, " [trace {trace}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GraphError({self})")
    }
}

impl std::error::Error for GraphError {}

/// The envelope every refusal comes in: `{"error": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorEnvelope {
    /// The error.
    pub error: ErrorBody,
    /// What came beside it, such as the `block_users` of a partly failed block call.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An error as Meta writes it in an HTTP answer. Every field may be missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    /// `(#code) title`. For people; programs go by the code.
    pub message: String,
    /// `OAuthException`, `GraphMethodException` and the like.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The code.
    #[serde(deserialize_with = "lenient::i64")]
    pub code: i64,
    /// Second code; template and account calls put the telling number here.
    #[serde(deserialize_with = "lenient::opt_i64", skip_serializing_if = "Option::is_none")]
    pub error_subcode: Option<i64>,
    /// Details, as an object or as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_data: Option<ErrorData>,
    /// Meta's own opinion whether trying again may help.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub is_transient: Option<bool>,
    /// Short text meant for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_user_title: Option<String>,
    /// Text meant for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_user_msg: Option<String>,
    /// What Meta's support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fbtrace_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ErrorBody {
    /// An error as Meta words it, with the title of the table. For those who answer these calls.
    #[must_use]
    pub fn new(code: i64, details: &str) -> Self {
        let title = codes::lookup(code).map_or("Error", |entry| entry.title);
        Self {
            message: format!("(#{code}) {title}"),
            kind: Some("OAuthException".to_owned()),
            code,
            error_data: Some(ErrorData::details(details)),
            ..Self::default()
        }
    }

    /// The text that says what was wrong: details, else the user message, else the message.
    #[must_use]
    pub fn details(&self) -> &str {
        self.error_data
            .as_ref()
            .and_then(ErrorData::text)
            .or(self.error_user_msg.as_deref())
            .unwrap_or(&self.message)
    }

    /// The table's entry for this error, by both of its numbers.
    #[must_use]
    pub fn known_code(&self) -> Option<&'static Entry> {
        codes::lookup_with(self.code, self.error_subcode)
    }
}

/// `error_data` in its two shapes.
#[derive(Debug, Clone, PartialEq)]
pub enum ErrorData {
    /// The usual object.
    Object {
        /// What was wrong.
        details: Option<String>,
        /// Everything else in it, such as `messaging_product`.
        extra: Extra,
    },
    /// Plain text.
    Text(String),
}

impl ErrorData {
    /// The usual object with its details.
    #[must_use]
    pub fn details(details: &str) -> Self {
        let mut extra = Extra::new();
        extra.insert("messaging_product".to_owned(), Value::from("whatsapp"));
        Self::Object { details: Some(details.to_owned()), extra }
    }

    /// The text in it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Object { details, .. } => details.as_deref(),
            Self::Text(text) => Some(text),
        }
    }
}

impl Serialize for ErrorData {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object { details, extra } => {
                let mut object = extra.clone();
                if let Some(details) = details {
                    object.insert("details".to_owned(), Value::from(details.as_str()));
                }
                object.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for ErrorData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Object(mut extra) => {
                let details = match extra.remove("details") {
                    Some(Value::String(details)) => Some(details),
                    Some(Value::Null) | None => None,
                    Some(other) => Some(other.to_string()),
                };
                Self::Object { details, extra }
            }
            Value::String(text) => Self::Text(text),
            other => Self::Text(other.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ErrorBody {
        serde_json::from_str::<ErrorEnvelope>(text).unwrap().error
    }

    #[test]
    fn the_messaging_form_is_read() {
        let body = read(
            r##"{"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,
            "error_data":{"messaging_product":"whatsapp","details":"Throughput reached."},
            "error_subcode":2494055,"fbtrace_id":"Az8"}}"##,
        );
        assert_eq!(body.details(), "Throughput reached.");
        assert_eq!(body.known_code().unwrap().code, 130_429);
        let again: ErrorBody = serde_json::from_str(&serde_json::to_string(&body).unwrap()).unwrap();
        assert_eq!(again, body);
    }

    #[test]
    fn the_classic_form_is_read_and_its_subcode_counts() {
        let body = read(
            r#"{"error":{"message":"Invalid parameter","type":"OAuthException","code":100,"error_subcode":2388040,
            "is_transient":false,"error_user_title":"Too long","error_user_msg":"The body is too long",
            "error_data":"{\"blame_field_specs\":[[\"name\"]]}","new_field":[1]}}"#,
        );
        assert_eq!(body.known_code().unwrap().code, 2_388_040);
        assert!(matches!(body.error_data, Some(ErrorData::Text(_))));
        assert_eq!(body.extra.len(), 1);
    }

    #[test]
    fn an_error_without_a_code_is_judged_by_its_status() {
        let error = |http_status| GraphError {
            http_status,
            body: read(r#"{"error":{"message":"?"}}"#),
            retry_after: None,
            beside: Extra::new(),
        };
        assert_eq!(error(500).action(), Action::MayHaveGoneOut);
        assert_eq!(error(401).action(), Action::Reauthorise);
        assert_eq!(error(400).action(), Action::FixRequest);
    }

    #[test]
    fn an_empty_error_is_still_an_error() {
        assert_eq!(read(r#"{"error":{}}"#).code, 0);
        assert_eq!(read(r#"{"error":{"code":"190","error_data":null}}"#).code, 190);
    }
}
