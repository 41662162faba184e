//! Money: minor units of a currency, never a float.

use serde::{Deserialize, Serialize};

/// An amount in minor units (cents), with its ISO 4217 currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units: 1234 is 12.34 in a currency with two decimals.
    pub minor: i64,
    /// ISO 4217, three capital letters.
    pub currency: String,
}
