//! Sending a message: the hot path.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;

use super::call::json_bytes;
use super::error::CallError;
use super::{Calls, Client};
use crate::send::{MarketingMessage, OutgoingMessage};
use crate::token::AccessToken;
use crate::wire::{Extra, Product, Str, open_enum};

open_enum! {
    /// What Meta says of an accepted template message. Accepted is not delivered.
    pub enum MessageStatus {
        /// On its way.
        Accepted = "accepted",
        /// Held until Meta has judged the template or the portfolio by its first messages.
        HeldForQualityAssessment = "held_for_quality_assessment",
        /// The template is paused.
        Paused = "paused",
    }
}

/// What a sender needs of Meta's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendReceipt {
    /// Meta's id of the message (`wamid.…`), opaque, at most 128 characters.
    pub message_id: String,
    /// The recipient's WhatsApp number. Meta may have rewritten it (Brazil, Mexico). Absent when the
    /// message went to a BSUID.
    pub wa_id: Option<String>,
    /// The recipient's BSUID, when the message went to one.
    pub user_id: Option<String>,
    /// For template sends.
    pub message_status: Option<MessageStatus>,
    /// The group, when the message went to one.
    pub group_id: Option<String>,
}

/// The answer as it is on the wire, for those who write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendAnswer<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// One element: who it goes to.
    #[serde(borrow, default)]
    pub contacts: Vec<ContactEcho<'a>>,
    /// One element: the message.
    #[serde(borrow)]
    pub messages: Vec<MessageId<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whom Meta understood the recipient to be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ContactEcho<'a> {
    /// The recipient as it was given.
    #[serde(borrow, default)]
    pub input: Str<'a>,
    /// The WhatsApp number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The accepted message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageId<'a> {
    /// `wamid.…`.
    #[serde(borrow)]
    pub id: Str<'a>,
    /// For template sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_status: Option<MessageStatus>,
    /// For group sends.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SendAnswer<'_> {
    fn into_receipt(self) -> Option<SendReceipt> {
        let message = self.messages.into_iter().next().filter(|message| !message.id.is_empty())?;
        let contact = self.contacts.into_iter().next().unwrap_or_default();
        Some(SendReceipt {
            message_id: message.id.into_string(),
            wa_id: contact.wa_id.map(Str::into_string),
            user_id: contact.user_id.map(Str::into_string),
            message_status: message.message_status,
            group_id: message.group_id.map(Str::into_string),
        })
    }
}

/// Says whether a message may leave now. Between the decision to send and the moment of sending a connection may have to
/// be made, or the whole process may have stood still: whoever must not send late is asked here once a message, as late
/// as can be asked, just before its bytes are written.
pub type Gate = Arc<dyn Fn() -> bool + Send + Sync>;

/// A number's send address, parsed once. Cheap to clone; a sender keeps one a number.
#[derive(Debug, Clone)]
pub struct NumberRoute {
    client: Client,
    url: Url,
}

impl NumberRoute {
    pub(super) fn new(client: Client, url: Url) -> Self {
        Self { client, url }
    }

    /// Sends a message that is already written as JSON.
    ///
    /// # Errors
    /// [`CallError`], which tells whether the message may have gone out all the same.
    pub async fn send_body(&self, token: &AccessToken, body: Bytes) -> Result<SendReceipt, CallError> {
        self.send(token, body, || true).await
    }

    /// Sends a message that is already written as JSON, if `gate` still says yes when it is about to leave.
    ///
    /// # Errors
    /// As [`NumberRoute::send_body`]; [`NotSent::Held`](super::NotSent::Held) when the gate was shut: then it surely did
    /// not go out.
    pub async fn send_body_while(
        &self,
        token: &AccessToken,
        body: Bytes,
        gate: Gate,
    ) -> Result<SendReceipt, CallError> {
        self.send(token, body, &*gate).await
    }

    async fn send(
        &self,
        token: &AccessToken,
        body: Bytes,
        may_leave: impl Fn() -> bool,
    ) -> Result<SendReceipt, CallError> {
        let answer = self.client.inner.lines.post(&self.url, token, body, may_leave).await?;
        if !answer.status.is_success() {
            return Err(answer.refusal());
        }
        // An answer without an id is no receipt: either it holds an error or nobody knows what happened.
        serde_json::from_slice::<SendAnswer<'_>>(&answer.body)
            .ok()
            .and_then(SendAnswer::into_receipt)
            .ok_or_else(|| answer.refusal())
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As [`NumberRoute::send_body`].
    pub async fn send_message(
        &self,
        token: &AccessToken,
        message: &OutgoingMessage,
    ) -> Result<SendReceipt, CallError> {
        self.send_body(token, json_bytes(message)?).await
    }
}

impl Calls<'_> {
    /// Sends a message. Does not check it: call [`OutgoingMessage::validate`] where it is made.
    ///
    /// # Errors
    /// [`CallError`], which tells whether the message may have gone out all the same.
    pub async fn send_message(
        &self,
        phone_number_id: &str,
        message: &OutgoingMessage,
    ) -> Result<SendReceipt, CallError> {
        self.client.number(phone_number_id)?.send_message(self.token, message).await
    }

    /// Sends a marketing template through Marketing Messages.
    ///
    /// # Errors
    /// As [`Self::send_message`]; 134100 to 134102.
    pub async fn send_marketing_message(
        &self,
        phone_number_id: &str,
        message: &MarketingMessage,
    ) -> Result<SendReceipt, CallError> {
        self.client.marketing_number(phone_number_id)?.send_body(self.token, json_bytes(message)?).await
    }

    /// Sends a message that is already written as JSON.
    ///
    /// # Errors
    /// As [`Self::send_message`].
    pub async fn send_body(&self, phone_number_id: &str, body: Bytes) -> Result<SendReceipt, CallError> {
        self.client.number(phone_number_id)?.send_body(self.token, body).await
    }
}
