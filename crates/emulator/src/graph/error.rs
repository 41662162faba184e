//! Meta's error envelope.

use super::codes;
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// Meta lists these as codes, and answers code 100 with them in `error_subcode`.
const SUBCODES: RangeInclusive<i64> = 2_388_000..=2_388_999;

/// What a Graph call is refused with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    pub(crate) code: i64,
    more: Box<More>,
}

/// The rarer parts, boxed so that a result stays small.
#[derive(Clone, Debug, PartialEq)]
struct More {
    subcode: Option<i64>,
    kind: &'static str,
    message: Option<String>,
    details: Option<String>,
    user: Option<(String, String)>,
    transient: bool,
    /// A further member beside `error`, for the mixed answers of some endpoints.
    beside: Option<(String, Value)>,
}

pub(crate) type Outcome<T> = Result<T, GraphError>;

impl GraphError {
    pub(crate) fn new(code: i64) -> Self {
        let more = More {
            subcode: None,
            kind: "OAuthException",
            message: None,
            details: None,
            user: None,
            transient: matches!(code, 1 | 2 | 4 | 131_000 | 131_016 | 131_057 | 133_004),
            beside: None,
        };
        Self { status: codes::find(code).status, code, more: Box::new(more) }
    }

    /// Code 100 with what is wrong: the answer to most malformed calls.
    pub(crate) fn invalid(details: impl Into<String>) -> Self {
        Self::new(100).details(details)
    }

    /// Meta: "(#100) The parameter x is required."
    pub(crate) fn required(parameter: &str) -> Self {
        Self::new(100).message(format!("(#100) The parameter {parameter} is required."))
    }

    /// Meta: the answer to an id that is unknown or not visible to the token.
    pub(crate) fn unsupported(method: &str, id: &str) -> Self {
        let mut e = Self::new(100).subcode(33).message(format!(
            "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
            method.to_ascii_lowercase()
        ));
        e.more.kind = "GraphMethodException";
        e
    }

    pub(crate) fn details(mut self, details: impl Into<String>) -> Self {
        self.more.details = Some(details.into());
        self
    }

    /// Replaces the whole message.
    pub(crate) fn message(mut self, message: impl Into<String>) -> Self {
        self.more.message = Some(message.into());
        self
    }

    pub(crate) fn subcode(mut self, subcode: i64) -> Self {
        self.more.subcode = Some(subcode);
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// What a person should read, as template and account calls carry it.
    pub(crate) fn user(mut self, title: impl Into<String>, text: impl Into<String>) -> Self {
        self.more.user = Some((title.into(), text.into()));
        self
    }

    pub(crate) fn beside(mut self, name: &str, value: Value) -> Self {
        self.more.beside = Some((name.to_owned(), value));
        self
    }

    /// What went wrong, for an answer that holds several refusals.
    pub(crate) fn reason(&self) -> String {
        let m = &*self.more;
        let said = m.user.as_ref().map(|(_, text)| text).or(m.details.as_ref()).or(m.message.as_ref());
        said.cloned().unwrap_or_else(|| codes::find(self.code).title.to_owned())
    }

    pub(crate) fn body(&self, trace_id: &str) -> Value {
        let m = &*self.more;
        let is_subcode = SUBCODES.contains(&self.code);
        let code = if is_subcode { 100 } else { self.code };
        let message = m.message.clone().unwrap_or_else(|| match code {
            100 if is_subcode => "Invalid parameter".to_owned(),
            _ => format!("(#{code}) {}", codes::find(code).title),
        });
        let mut error = json!({"message": message, "type": m.kind, "code": code});
        if let Some(details) = &m.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        if let Some(subcode) = m.subcode.or_else(|| is_subcode.then_some(self.code)) {
            error["error_subcode"] = json!(subcode);
        }
        if let Some((title, text)) = &m.user {
            error["error_user_title"] = json!(title);
            error["error_user_msg"] = json!(text);
        }
        if m.transient || m.user.is_some() {
            error["is_transient"] = json!(m.transient);
        }
        error["fbtrace_id"] = json!(trace_id);
        let mut body = json!({ "error": error });
        if let Some((name, value)) = &m.beside {
            body[name] = value.clone();
        }
        body
    }
}

/// What is wrong with a body, in words of JSON instead of Rust's.
pub(crate) fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let text = match text.find("struct ") {
        Some(at) => format!("{}an object", &text[..at]),
        None => text.to_owned(),
    };
    text.replace("a sequence", "an array").replace("sequence", "array").replace("type: map", "type: object")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_metas() {
        let body =
            GraphError::new(130_429).details("Cloud API message throughput has been reached.").body("Az8");
        assert_eq!(
            body,
            json!({"error": {"message": "(#130429) Rate limit hit", "type": "OAuthException", "code": 130_429,
                "error_data": {"messaging_product": "whatsapp", "details": "Cloud API message throughput has been reached."},
                "fbtrace_id": "Az8"}})
        );
    }

    #[test]
    fn what_is_wrong_with_a_template_stands_in_the_subcode() {
        let body = GraphError::new(2_388_024).user("Content exists", "There is already content.").body("x");
        assert_eq!(
            body,
            json!({"error": {"message": "Invalid parameter", "type": "OAuthException", "code": 100,
                "error_subcode": 2_388_024, "is_transient": false, "error_user_title": "Content exists",
                "error_user_msg": "There is already content.", "fbtrace_id": "x"}})
        );
    }

    #[test]
    fn an_unknown_object_is_a_method_exception() {
        let body = GraphError::unsupported("GET", "5").body("x");
        assert_eq!(body["error"]["type"], "GraphMethodException");
        assert_eq!(body["error"]["error_subcode"], 33);
    }
}
