//! Upload, look up, download, delete.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::client::call::{Answer, Body, MAX_ANSWER_BYTES, next_chunk, not_built, read};
use crate::client::{CallError, Calls, Unknown};
use crate::wire::{Extra, Product, Success, lenient, opt_text_or_number, text_or_number};

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// Name; shown to nobody.
    pub name: String,
    /// Type.
    pub mime_type: String,
    /// Content.
    pub content: Bytes,
}

/// The id of an upload. Lives 30 days; that of a received file, 7 days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MediaId {
    /// The id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What Meta knows of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MediaInfo {
    /// Always `whatsapp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// The id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Where it can be fetched with the token, for 5 minutes.
    pub url: String,
    /// Type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Hex here, unlike the base64 of webhooks.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Bytes.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A file that is being fetched.
#[derive(Debug)]
pub struct MediaDownload {
    /// Type, as the host says.
    pub mime_type: Option<String>,
    /// Bytes, as the host says; not to be trusted.
    pub length: Option<u64>,
    response: reqwest::Response,
}

impl MediaDownload {
    /// The next piece; `None` at the end. The caller bounds the sum.
    ///
    /// # Errors
    /// [`CallError::Unknown`] when the connection breaks or time runs out.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        next_chunk(&mut self.response).await
    }

    /// The whole file, if it has no more bytes than that.
    ///
    /// # Errors
    /// [`CallError::Unknown`] when the connection breaks, time runs out, or the file is longer.
    pub async fn bytes(mut self, most: usize) -> Result<Bytes, CallError> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if all.len() + chunk.len() > most {
                let http_status = self.response.status().as_u16();
                return Err(CallError::Unknown(Unknown::Unreadable { http_status }));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }
}

impl Calls<'_> {
    /// Uploads a file for messages of a number. `ttl_minutes` is for numbers without storage.
    /// Check it with [`super::MediaKind::check`] before.
    ///
    /// # Errors
    /// [`CallError`]; code 100 for a type Meta does not take.
    pub async fn upload_media(
        &self,
        phone_number_id: &str,
        file: &MediaFile,
        ttl_minutes: Option<u32>,
    ) -> Result<MediaId, CallError> {
        let part = reqwest::multipart::Part::stream_with_length(
            reqwest::Body::from(file.content.clone()),
            file.content.len() as u64,
        )
        .file_name(file.name.clone())
        .mime_str(&file.mime_type)
        .map_err(|_| not_built("the type of the file is malformed"))?;
        let mut form = reqwest::multipart::Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", file.mime_type.clone());
        if let Some(minutes) = ttl_minutes {
            form = form.text("ttl_minutes", minutes.to_string());
        }
        let form = form.part("file", part);
        self.call(Method::POST, &[phone_number_id, "media"], &[], Body::Multipart(form)).await
    }

    /// Looks a file up. With `phone_number_id` it must belong to that number.
    ///
    /// # Errors
    /// [`CallError`]; code 100/33 when it is gone.
    pub async fn get_media(
        &self,
        media_id: &str,
        phone_number_id: Option<&str>,
    ) -> Result<MediaInfo, CallError> {
        let query = phone_number_id.map(|id| ("phone_number_id", id));
        self.get(&[media_id], query.as_slice()).await
    }

    /// Begins to fetch a file from the address in [`MediaInfo::url`] or a webhook. The token is sent to
    /// trusted hosts only (`media_hosts` of the settings); any other address is refused.
    ///
    /// # Errors
    /// [`CallError`]; HTTP 404 (unreadable) when the address has expired: look the file up again.
    pub async fn download_media(&self, url: &str) -> Result<MediaDownload, CallError> {
        let url = Url::parse(url).map_err(|_| not_built("the address of the file is malformed"))?;
        let graph = self.client().graph();
        if !graph.may_receive_token(&url) {
            return Err(not_built(
                "the address of the file is not one of Meta's; add its host to media_hosts if it is",
            ));
        }
        let response = self
            .client()
            .request(Method::GET, url)
            .timeout(Duration::from_millis(graph.media_timeout_ms))
            .header(http::header::AUTHORIZATION, self.token().header())
            .send()
            .await
            .map_err(|error| CallError::from_reqwest(&error))?;
        if !response.status().is_success() {
            let status = response.status();
            let (headers, body) = read(response, MAX_ANSWER_BYTES).await?;
            return Err(Answer { status, headers, body }.refusal());
        }
        let mime_type = response
            .headers()
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(MediaDownload { mime_type, length: response.content_length(), response })
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// [`CallError`]; code 100/33 when it is gone.
    pub async fn delete_media(
        &self,
        media_id: &str,
        phone_number_id: Option<&str>,
    ) -> Result<Success, CallError> {
        let query = phone_number_id.map(|id| ("phone_number_id", id));
        self.delete(&[media_id], query.as_slice()).await
    }
}
