//! Calls: the field `calls`.

use serde::{Deserialize, Serialize};

use super::inbound_content::InboundMedia;
use super::messages::{ErrorNotice, Metadata, WebhookContact};
use super::parts::{Parts, Pieces};
use crate::wire::{Extra, Product, Str, Timestamp, lenient, open_enum};

/// The value of `calls`: calls that begin or end, and how those we made ring. A call from a person opens
/// the 24-hour window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallsValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// The people concerned.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WebhookContact<'a>>,
    /// Calls that begin or end.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallEvent<'a>>,
    /// How calls we made stand.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<CallStatus<'a>>,
    /// What went wrong.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for CallsValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            contacts: parts.list("contacts"),
            calls: parts.list("calls"),
            statuses: parts.list("statuses"),
            errors: parts.list("errors"),
            extra: parts.rest(),
        }
    }
}

open_enum! {
    /// What happens to a call.
    pub enum CallEventKind {
        /// It begins.
        Connect = "connect",
        /// It has ended.
        Terminate = "terminate",
        /// It was made, before it begins (2026).
        Created = "call_created",
        /// What was said is there to read (2026).
        TranscriptionAvailable = "call_transcription_available",
    }
}

/// A call that begins or ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallEvent<'a> {
    /// `wacid.…`.
    #[serde(borrow)]
    pub id: Str<'a>,
    /// Who calls; absent when the number is not known.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Str<'a>>,
    /// Who calls, by BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub from_user_id: Option<Str<'a>>,
    /// Who calls, by parent BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub from_parent_user_id: Option<Str<'a>>,
    /// Who is called.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Str<'a>>,
    /// Who is called, by BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<Str<'a>>,
    /// Who is called, by parent BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to_parent_user_id: Option<Str<'a>>,
    /// What happens.
    pub event: CallEventKind,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// `BUSINESS_INITIATED` or `USER_INITIATED`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Str<'a>>,
    /// How to connect.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub session: Option<CallSession<'a>>,
    /// Of an end: `COMPLETED` or `FAILED`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Str<'a>>,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Seconds.
    #[serde(default, deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub duration: Option<u64>,
    /// What the call button of a message carried.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub cta_payload: Option<Str<'a>>,
    /// What the link carried that the call was made by.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub deeplink_payload: Option<Str<'a>>,
    /// Of [`CallEventKind::TranscriptionAvailable`].
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub call_transcript: Option<CallTranscript<'a>>,
    /// Why it failed.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// What our call carried.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What was said in a call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallTranscript<'a> {
    /// The file, of JSON.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub document: Option<InboundMedia<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How to connect: a WebRTC session description.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallSession<'a> {
    /// `offer` or `answer`.
    #[serde(borrow, default)]
    pub sdp_type: Str<'a>,
    /// RFC 8866.
    #[serde(borrow, default)]
    pub sdp: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

open_enum! {
    /// How a call we made stands.
    pub enum CallStatusKind {
        /// It rings.
        Ringing = "RINGING",
        /// It was answered.
        Accepted = "ACCEPTED",
        /// It was refused.
        Rejected = "REJECTED",
    }
}

/// How a call we made stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallStatus<'a> {
    /// `wacid.…`.
    #[serde(borrow)]
    pub id: Str<'a>,
    /// Always `call`.
    #[serde(borrow, rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Str<'a>>,
    /// How it stands.
    pub status: CallStatusKind,
    /// When.
    pub timestamp: Timestamp,
    /// Whom we called.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient_id: Option<Str<'a>>,
    /// Whom we called, by BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub recipient_user_id: Option<Str<'a>>,
    /// What our call carried.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<Str<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
