//! Orders to pay and postal addresses: the parameters of interactive messages that few countries have.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::{Extra, lenient};

/// An amount: `value` divided by `offset`, such as 21000 and 100 for 210.00.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// The amount times the offset.
    #[serde(deserialize_with = "lenient::i64")]
    pub value: i64,
    /// 100.
    #[serde(deserialize_with = "lenient::i64")]
    pub offset: i64,
    /// What it is for, of taxes, shipping, discounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An order to pay (`order_details`), or how it stands (`order_status`: then status and description only).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentOrder {
    /// `pending`, `processing`, `partially_shipped`, `shipped`, `completed`, `canceled`.
    pub status: String,
    /// How it stands, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The catalogue its items are from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<String>,
    /// Until when it can be paid: `{timestamp, description}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Value>,
    /// What is bought.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<PaymentItem>,
    /// Sum of the items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtotal: Option<Amount>,
    /// Taxes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<Amount>,
    /// Sending it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Amount>,
    /// What is taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Something bought.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentItem {
    /// The seller's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retailer_id: Option<String>,
    /// Name.
    pub name: String,
    /// Price of one.
    pub amount: Amount,
    /// Price of one if it is lowered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_amount: Option<Amount>,
    /// How many.
    #[serde(deserialize_with = "lenient::u64")]
    pub quantity: u64,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An address the person may choose.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedAddress {
    /// Reported when chosen.
    pub id: String,
    /// Its fields: `name`, `phone_number`, `in_pin_code`, `house_number`, `floor_number`, `tower_number`,
    /// `building_name`, `address`, `landmark_area`, `city`, `state`.
    #[serde(default, deserialize_with = "lenient::map")]
    pub value: Extra,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
