//! Catalogues and their products, as far as product messages need them. They belong to a portfolio; a number shows
//! the catalogue its account is connected to.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::wire::{Extra, Success, lenient, opt_text_or_number, text_or_number};

/// The fields read by [`Calls::list_products`].
pub const PRODUCT_FIELDS: &str =
    "id,retailer_id,name,description,price,currency,availability,image_url,url,brand,category,review_status";

/// A catalogue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalog {
    /// Meta's id: the `catalog_id` of product messages.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `commerce` and the like; only that kind is shown in WhatsApp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical: Option<String>,
    /// How many products are in it.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub product_count: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A product.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Product {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// The seller's id: the `product_retailer_id` of product messages.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub retailer_id: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// As people read it, such as `$10.00`.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// `in stock`, `out of stock` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
    /// Picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `approved`, `rejected`, `pending`, or empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_status: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Lists the catalogues a portfolio owns.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_owned_catalogs(
        &self,
        business_id: &str,
        page: &PageRequest,
    ) -> Result<Page<Catalog>, CallError> {
        let query = page.query(&[("fields", "id,name,vertical,product_count")]);
        self.get(&[business_id, "owned_product_catalogs"], &page::borrowed(&query)).await
    }

    /// Lists the catalogues an account is connected to: one, or none.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_connected_catalogs(&self, waba_id: &str) -> Result<Page<Catalog>, CallError> {
        self.get(&[waba_id, "product_catalogs"], &[]).await
    }

    /// Connects an account to a catalogue.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn connect_catalog(&self, waba_id: &str, catalog_id: &str) -> Result<Success, CallError> {
        self.post_query(&[waba_id, "product_catalogs"], &[("catalog_id", catalog_id)]).await
    }

    /// Disconnects an account from a catalogue.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn disconnect_catalog(&self, waba_id: &str, catalog_id: &str) -> Result<Success, CallError> {
        self.delete(&[waba_id, "product_catalogs"], &[("catalog_id", catalog_id)]).await
    }

    /// Lists the products of a catalogue, with [`PRODUCT_FIELDS`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_products(
        &self,
        catalog_id: &str,
        page: &PageRequest,
    ) -> Result<Page<Product>, CallError> {
        let query = page.query(&[("fields", PRODUCT_FIELDS)]);
        self.get(&[catalog_id, "products"], &page::borrowed(&query)).await
    }
}
