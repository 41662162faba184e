//! Catalogs and how they are checked.

use super::ObjectId;
use serde::{Deserialize, Serialize};

/// A catalog of a portfolio.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogSettings {
    /// Its id.
    pub id: ObjectId,
    /// Its name.
    pub name: String,
    /// Accounts it is connected to.
    pub wabas: Vec<ObjectId>,
    /// What it holds.
    pub products: Vec<ProductSettings>,
}

/// A product of a catalog.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProductSettings {
    /// Its id.
    pub id: ObjectId,
    /// The business's own id of it, unique in the catalog.
    pub retailer_id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Hundredths of the currency.
    pub price: i64,
    /// ISO 4217.
    pub currency: String,
    /// `in stock` or `out of stock`.
    pub availability: String,
    /// Its picture.
    pub image_url: String,
    /// Its page.
    pub url: String,
}

/// What happens with catalogs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommerceBehaviour {
    /// Messages with products are refused unless a catalog of the account has them.
    pub checked: bool,
    /// Orders to pay must add up and have a reference of their own (131009).
    pub orders_checked: bool,
}

impl Default for CommerceBehaviour {
    fn default() -> Self {
        Self { checked: true, orders_checked: true }
    }
}
