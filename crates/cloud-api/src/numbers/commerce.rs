//! The shop of a number, and the key for forms with a server behind them.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls, Page};
use crate::wire::{Extra, Success, lenient, opt_text_or_number};

/// What of the shop people see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommerceSettings {
    /// Meta's id.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether orders can be put together.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub is_cart_enabled: Option<bool>,
    /// Whether the catalogue is shown.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub is_catalog_visible: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The public key forms are encrypted with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessEncryption {
    /// PEM, RSA of 2048 bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_public_key: Option<String>,
    /// `VALID` or `MISMATCH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_public_key_signature_status: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Reads what of the shop people see.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_commerce_settings(&self, phone_number_id: &str) -> Result<CommerceSettings, CallError> {
        let page: Page<CommerceSettings> =
            self.get(&[phone_number_id, "whatsapp_commerce_settings"], &[]).await?;
        Ok(page.data.into_iter().next().unwrap_or_default())
    }

    /// Sets what of the shop people see.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn update_commerce_settings(
        &self,
        phone_number_id: &str,
        settings: &CommerceSettings,
    ) -> Result<Success, CallError> {
        self.post(&[phone_number_id, "whatsapp_commerce_settings"], settings).await
    }

    /// Reads the public key forms are encrypted with.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_encryption_key(&self, phone_number_id: &str) -> Result<BusinessEncryption, CallError> {
        let page: Page<BusinessEncryption> =
            self.get(&[phone_number_id, "whatsapp_business_encryption"], &[]).await?;
        Ok(page.data.into_iter().next().unwrap_or_default())
    }

    /// Sets the public key forms are encrypted with.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn set_encryption_key(
        &self,
        phone_number_id: &str,
        public_key_pem: &str,
    ) -> Result<Success, CallError> {
        let key = BusinessEncryption {
            business_public_key: Some(public_key_pem.to_owned()),
            ..BusinessEncryption::default()
        };
        self.post(&[phone_number_id, "whatsapp_business_encryption"], &key).await
    }
}
