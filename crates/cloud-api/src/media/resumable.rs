//! The resumable upload, whose handles go into template headers and profile pictures.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};
use serde::{Deserialize, Serialize};

use crate::client::call::not_built;
use crate::client::{CallError, Calls};
use crate::wire::{Extra, lenient};

/// An upload that was begun: `upload:…?sig=…`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadSession {
    /// The id, with its signature.
    pub id: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How far an upload has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadProgress {
    /// The id.
    pub id: String,
    /// Bytes Meta has; go on from there.
    #[serde(deserialize_with = "lenient::u64")]
    pub file_offset: u64,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What stands for the file in `example.header_handle[0]` or `profile_picture_handle`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadHandle {
    /// `4::aW1hZ2U…`.
    pub h: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Begins an upload. Meta takes PDF, JPEG, PNG and MP4 here.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn start_upload(
        &self,
        app_id: &str,
        file_name: &str,
        mime_type: &str,
        length: u64,
    ) -> Result<UploadSession, CallError> {
        let length = length.to_string();
        let query = [("file_name", file_name), ("file_length", length.as_str()), ("file_type", mime_type)];
        self.post_query(&[app_id, "uploads"], &query).await
    }

    /// Sends the rest of a file, from an offset on.
    ///
    /// # Errors
    /// [`CallError`]. When it broke on the way, ask [`Self::get_upload`] where to go on.
    pub async fn continue_upload(
        &self,
        session: &UploadSession,
        file_offset: u64,
        rest: Bytes,
    ) -> Result<UploadHandle, CallError> {
        let request = self
            .upload_request(Method::POST, session)?
            .timeout(Duration::from_millis(self.client().graph().media_timeout_ms))
            .header("file_offset", HeaderValue::from(file_offset))
            .body(rest);
        self.client().execute(request).await?.into()
    }

    /// Asks how far an upload has come.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_upload(&self, session: &UploadSession) -> Result<UploadProgress, CallError> {
        let request = self.upload_request(Method::GET, session)?;
        self.client().execute(request).await?.into()
    }

    fn upload_request(
        &self,
        method: Method,
        session: &UploadSession,
    ) -> Result<reqwest::RequestBuilder, CallError> {
        // The id brings its own query, the signature.
        let (path, signature) = session.id.split_once('?').unwrap_or((&session.id, ""));
        if !path.starts_with("upload:") {
            return Err(not_built("this is not an upload session"));
        }
        let mut url = self.client().url(&[path])?;
        if !signature.is_empty() {
            url.set_query(Some(signature));
        }
        let mut authorization = HeaderValue::try_from(format!("OAuth {}", self.token().expose()))
            .map_err(|_| not_built("the token cannot be sent"))?;
        authorization.set_sensitive(true);
        Ok(self.client().request(method, url).header(http::header::AUTHORIZATION, authorization))
    }
}
