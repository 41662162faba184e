//! The value of the field `messages`.

use serde::{Deserialize, Serialize};

use super::inbound::InboundMessage;
use super::parts::{Parts, Pieces};
use super::status::Status;
use crate::codes;
use crate::wire::{Extra, Product, Str, Timestamp, lenient};

/// Inbound messages, statuses and errors of one number. Meta sends messages and statuses mostly apart,
/// but both in one value is legal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MessagesValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// The people concerned. Absent in failed statuses and system messages.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WebhookContact<'a>>,
    /// Messages people sent.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<InboundMessage<'a>>,
    /// What became of ours.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status<'a>>,
    /// Errors of the app, the account or the system.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Taps on links of marketing messages.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub user_actions: Vec<UserAction<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for MessagesValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            contacts: parts.list("contacts"),
            messages: parts.list("messages"),
            statuses: parts.list("statuses"),
            errors: parts.list("errors"),
            user_actions: parts.list("user_actions"),
            extra: parts.rest(),
        }
    }
}

/// Whose number a value is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata<'a> {
    /// Digits without `+`.
    #[serde(borrow, default)]
    pub display_phone_number: Str<'a>,
    /// Meta's id of the number.
    #[serde(borrow, default)]
    pub phone_number_id: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A person concerned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WebhookContact<'a> {
    /// Name and username, as far as told.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile<'a>>,
    /// The WhatsApp number; absent when the person has a username and this business does not know it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// The BSUID shared by linked portfolios.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<Str<'a>>,
    /// Changes when the person changes phone or installs anew.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub identity_key_hash: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a person shows of themselves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile<'a> {
    /// Name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Str<'a>>,
    /// Username, if there is one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Something a person did with a message other than answering it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UserAction<'a> {
    /// `marketing_messages_link_click`.
    #[serde(borrow, default)]
    pub action_type: Str<'a>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Of a tap on a link.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub marketing_messages_link_click_data: Option<LinkClick<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A tap on a link of a marketing message. Told for seven days after the message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkClick<'a> {
    /// `cta` or `body`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub click_component: Option<Str<'a>>,
    /// The product, if there is one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<Str<'a>>,
    /// Also added to the address that was opened.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub click_id: Option<Str<'a>>,
    /// For Meta.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub tracking_token: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An error inside a webhook. Meta: `title` and `message` are equal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorNotice<'a> {
    /// Meta's code.
    #[serde(default, deserialize_with = "lenient::i64")]
    pub code: i64,
    /// Title.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Str<'a>>,
    /// The same again.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Str<'a>>,
    /// Details.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub error_data: Option<ErrorDetails<'a>>,
    /// Meta's page on errors.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub href: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Details of an error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorDetails<'a> {
    /// What was wrong.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ErrorNotice<'_> {
    /// What to do about it. A status `failed` is final: nothing in a webhook may have gone out, so the
    /// codes that mean so in an answer mean a failed message here.
    #[must_use]
    pub fn action(&self) -> codes::Action {
        match codes::action(self.code, None) {
            codes::Action::MayHaveGoneOut => codes::Action::Retry,
            action => action,
        }
    }

    /// The text that says most.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let details = self.error_data.as_ref().and_then(|data| data.details.as_deref());
        details.or(self.message.as_deref()).or(self.title.as_deref())
    }
}
