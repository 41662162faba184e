//! What became of a payment (India, Brazil): statuses of `messages` whose `type` is `payment`.

use serde::{Deserialize, Serialize};

use super::messages::ErrorDetails;
use crate::send::Amount;
use crate::wire::{Extra, Str, Timestamp, lenient};

/// A payment for an order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentUpdate<'a> {
    /// Our mark of the order.
    #[serde(borrow, default)]
    pub reference_id: Str<'a>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// ISO 4217.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Str<'a>>,
    /// The attempt to pay.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<PaymentTransaction<'a>>,
    /// What was paid back.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<PaymentRefund<'a>>,
    /// Fields without a name here, those of each payment provider among them.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An attempt to pay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentTransaction<'a> {
    /// The provider's id of the order.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// The provider's id of the payment.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub pg_transaction_id: Option<Str<'a>>,
    /// The provider: `billdesk`, `razorpay`, `payu`, `zaakpay`, `upi`.
    #[serde(borrow, rename = "type", default)]
    pub kind: Str<'a>,
    /// `pending`, `success`, `failed`.
    #[serde(borrow, default)]
    pub status: Str<'a>,
    /// When it was made. A number on the wire.
    #[serde(default, serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub created_timestamp: Option<Timestamp>,
    /// When it was changed. A number on the wire.
    #[serde(default, serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub updated_timestamp: Option<Timestamp>,
    /// By which means.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub method: Option<PaymentMethod<'a>>,
    /// Why it failed: `{code, reason}` of the provider.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorDetails<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// By which means something is paid.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentMethod<'a> {
    /// `upi`, `card`, `netbanking`, `wallet`.
    #[serde(borrow, rename = "type", default)]
    pub kind: Str<'a>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What was paid back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentRefund<'a> {
    /// The provider's id.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// `instant` or `normal`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub speed_processed: Option<Str<'a>>,
    /// `pending`, `success`, `failed`.
    #[serde(borrow, default)]
    pub status: Str<'a>,
    /// When it was made. A number on the wire.
    #[serde(default, serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub created_timestamp: Option<Timestamp>,
    /// When it was changed. A number on the wire.
    #[serde(default, serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub updated_timestamp: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
