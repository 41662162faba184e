//! What a template needs to be sent: its variables, media and buttons, read from its components once.

use crate::saved::{self, Word};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tisara_domain::template::variables;

/// The parts of a template (or of a carousel card) that take parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) named: bool,
    pub(crate) header: Header,
    pub(crate) body_text: String,
    pub(crate) body: Vec<String>,
    pub(crate) footer: String,
    pub(crate) buttons: Vec<Button>,
    pub(crate) limited_time_offer: Option<bool>,
    /// Asks for permission to call.
    pub(crate) call_permission: bool,
    pub(crate) cards: Vec<Shape>,
}

/// The header a template was approved with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Header {
    #[default]
    None,
    Text {
        text: String,
        variables: Vec<String>,
    },
    /// `image`, `video`, `document`, `gif`, `location` or `product`.
    Attached(#[serde(deserialize_with = "saved::word")] Word),
}

/// A button a template was approved with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Button {
    pub(crate) kind: ButtonKind,
    pub(crate) text: String,
    /// The link of a URL button, the number of a phone button, id or name of a flow.
    pub(crate) target: String,
}

/// Kinds of buttons, by what a send must or may give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ButtonKind {
    QuickReply,
    /// Needs a suffix when it holds a variable.
    Url {
        variable: bool,
    },
    Phone,
    CopyCode,
    Flow,
    Catalog,
    Mpm,
    VoiceCall,
    OrderDetails,
    Other,
}

impl Shape {
    /// Reads the components as Meta's create and list calls write them; what it does not know takes
    /// no parameters.
    pub(crate) fn of(components: &Value, named: bool) -> Self {
        let mut shape = Self { named, ..Self::default() };
        for c in components.as_array().into_iter().flatten() {
            let text = c["text"].as_str().unwrap_or_default();
            match upper(&c["type"]).as_str() {
                "HEADER" => shape.header = Header::of(c),
                "BODY" if c.get("text").is_none() && c.get("add_security_recommendation").is_some() => {
                    shape.body_text = "*{{1}}* is your verification code.".into();
                    shape.body = vec!["1".into()];
                }
                "BODY" => {
                    shape.body_text = text.to_owned();
                    shape.body = variables(text).into_iter().map(str::to_owned).collect();
                }
                "FOOTER" => shape.footer = footer(c),
                "BUTTONS" => {
                    shape.buttons = c["buttons"].as_array().into_iter().flatten().map(Button::of).collect();
                }
                "LIMITED_TIME_OFFER" => {
                    shape.limited_time_offer =
                        Some(c["limited_time_offer"]["has_expiration"].as_bool().unwrap_or(false));
                }
                "CALL_PERMISSION_REQUEST" => shape.call_permission = true,
                "CAROUSEL" => {
                    let cards = c["cards"].as_array().into_iter().flatten();
                    shape.cards = cards.map(|card| Self::of(&card["components"], named)).collect();
                }
                _ => {}
            }
        }
        shape
    }
}

fn footer(c: &Value) -> String {
    match (c["text"].as_str(), c["code_expiration_minutes"].as_u64()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(minutes)) => format!("This code expires in {minutes} minutes."),
        (None, None) => String::new(),
    }
}

impl Header {
    fn of(c: &Value) -> Self {
        match upper(&c["format"]).as_str() {
            "IMAGE" => Self::Attached("image"),
            "VIDEO" => Self::Attached("video"),
            "DOCUMENT" => Self::Attached("document"),
            "GIF" => Self::Attached("gif"),
            "LOCATION" => Self::Attached("location"),
            "PRODUCT" => Self::Attached("product"),
            _ => {
                let text = c["text"].as_str().unwrap_or_default();
                Self::Text {
                    text: text.to_owned(),
                    variables: variables(text).into_iter().map(str::to_owned).collect(),
                }
            }
        }
    }
}

impl Button {
    fn of(b: &Value) -> Self {
        let flow = b["flow_id"].as_u64().map(|id| id.to_string());
        let named = ["url", "phone_number", "flow_id", "flow_name"].iter().find_map(|n| b[*n].as_str());
        let target = named.or(flow.as_deref()).unwrap_or_default();
        let kind = match upper(&b["type"]).as_str() {
            "QUICK_REPLY" => ButtonKind::QuickReply,
            "URL" => ButtonKind::Url { variable: target.contains("{{") },
            // One-time codes are sent to their button as the suffix of a link.
            "OTP" => ButtonKind::Url { variable: true },
            "PHONE_NUMBER" => ButtonKind::Phone,
            "COPY_CODE" => ButtonKind::CopyCode,
            "FLOW" => ButtonKind::Flow,
            "CATALOG" => ButtonKind::Catalog,
            "MPM" => ButtonKind::Mpm,
            "VOICE_CALL" => ButtonKind::VoiceCall,
            "ORDER_DETAILS" => ButtonKind::OrderDetails,
            _ => ButtonKind::Other,
        };
        let text = b["text"].as_str().unwrap_or(if kind == (ButtonKind::Url { variable: true }) {
            "Copy code"
        } else {
            ""
        });
        Self { kind, text: text.to_owned(), target: target.to_owned() }
    }
}

impl ButtonKind {
    /// As Meta's error details name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::QuickReply => "QuickReply",
            Self::Url { .. } => "Url",
            Self::Phone => "PhoneNumber",
            Self::CopyCode => "CopyCode",
            Self::Flow => "Flow",
            Self::Catalog => "Catalog",
            Self::Mpm => "Mpm",
            Self::VoiceCall => "VoiceCall",
            Self::OrderDetails => "OrderDetails",
            Self::Other => "Other",
        }
    }
}

fn upper(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_shape_says_what_a_send_must_bring() {
        let s = Shape::of(
            &json!([
                {"type": "HEADER", "format": "IMAGE"},
                {"type": "BODY", "text": "Hi {{1}}, {{2}} and {{1}}"},
                {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go", "url": "https://x/{{1}}"}, {"type": "QUICK_REPLY", "text": "No"}]},
            ]),
            false,
        );
        assert_eq!(s.header, Header::Attached("image"));
        assert_eq!(s.body, ["1", "2"]);
        assert_eq!(s.buttons[0].kind, ButtonKind::Url { variable: true });
    }

    #[test]
    fn a_code_template_without_text_takes_one_value() {
        let s = Shape::of(
            &json!([{"type": "body", "add_security_recommendation": true}, {"type": "buttons", "buttons": [{"type": "otp", "otp_type": "COPY_CODE"}]}]),
            false,
        );
        assert_eq!(s.body, ["1"]);
        assert_eq!(s.buttons[0].kind, ButtonKind::Url { variable: true });
    }
}
