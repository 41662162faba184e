//! QR codes and short links that open a chat with a prefilled message.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::wire::{Extra, Success, open_enum};

open_enum! {
    /// The form of the picture.
    pub enum QrImage {
        /// Pixels.
        Png = "PNG",
        /// Shapes.
        Svg = "SVG",
    }
}

/// A code to be made, or changed when `code` is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewQrCode {
    /// What stands in the chat to be sent; at most 140 characters.
    pub prefilled_message: String,
    /// Have a picture made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generate_qr_image: Option<QrImage>,
    /// Which code to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QrCode {
    /// Its name.
    pub code: String,
    /// What stands in the chat to be sent.
    pub prefilled_message: String,
    /// `https://wa.me/message/…`.
    pub deep_link_url: String,
    /// The picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qr_image_url: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Makes or changes a code.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn save_qr_code(&self, phone_number_id: &str, code: &NewQrCode) -> Result<QrCode, CallError> {
        self.post(&[phone_number_id, "message_qrdls"], code).await
    }

    /// Lists the codes of a number.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_qr_codes(
        &self,
        phone_number_id: &str,
        page: &PageRequest,
    ) -> Result<Page<QrCode>, CallError> {
        let query =
            page.query(&[("fields", "code,prefilled_message,deep_link_url,qr_image_url.format(SVG)")]);
        self.get(&[phone_number_id, "message_qrdls"], &page::borrowed(&query)).await
    }

    /// Reads a code. One that does not exist (any more) is an empty one.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_qr_code(&self, phone_number_id: &str, code: &str) -> Result<QrCode, CallError> {
        let query = [("fields", "code,prefilled_message,deep_link_url,qr_image_url.format(SVG)")];
        let page: Page<QrCode> = self.get(&[phone_number_id, "message_qrdls", code], &query).await?;
        Ok(page.data.into_iter().next().unwrap_or_default())
    }

    /// Deletes a code: it stops working at once.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn delete_qr_code(&self, phone_number_id: &str, code: &str) -> Result<Success, CallError> {
        self.delete(&[phone_number_id, "message_qrdls", code], &[]).await
    }
}
