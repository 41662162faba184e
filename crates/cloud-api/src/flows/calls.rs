//! The types and calls of forms.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::call::{Body, not_built};
use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::waba::HealthStatus;
use crate::wire::{Extra, Success, lenient, open_enum, opt_text_or_number, text_or_number};

/// The fields read by [`Calls::get_flow`].
pub const FLOW_FIELDS: &str = "id,name,status,categories,validation_errors,json_version,data_api_version,\
endpoint_uri,preview.invalidate(false),health_status";

open_enum! {
    /// Where a form stands.
    pub enum FlowStatus {
        /// Can be changed and tried.
        Draft = "DRAFT",
        /// Can be sent, no longer changed.
        Published = "PUBLISHED",
        /// Can no longer be sent.
        Deprecated = "DEPRECATED",
        /// Its server failed too much (132068).
        Blocked = "BLOCKED",
        /// Its server fails: 10 messages an hour (132069).
        Throttled = "THROTTLED",
    }
}

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<FlowStatus>,
    /// What it is for: `SIGN_UP`, `APPOINTMENT_BOOKING`, `SURVEY`, `OTHER`, …
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Mistakes in its JSON.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<FlowValidationError>,
    /// Version of its JSON.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub json_version: Option<String>,
    /// Version of the talk with its server.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub data_api_version: Option<String>,
    /// Its server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_uri: Option<String>,
    /// Where it can be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<FlowPreview>,
    /// Whether anything keeps it from being sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<HealthStatus>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Where a form can be tried.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowPreview {
    /// A page that anyone with the link can open.
    pub preview_url: String,
    /// Until when, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A mistake in a form's JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowValidationError {
    /// Which rule.
    pub error: String,
    /// Kind of rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// In words.
    pub message: String,
    /// Where it begins.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub line_start: Option<u64>,
    /// Where it ends.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub line_end: Option<u64>,
    /// Where in the line it begins.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub column_start: Option<u64>,
    /// Where in the line it ends.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub column_end: Option<u64>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Name, categories and server of a form. What is absent in a change stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowMetadata {
    /// Name; needed for a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for; needed for a new one.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Its server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_uri: Option<String>,
    /// Of a new one: its JSON, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_json: Option<String>,
    /// Of a new one: publish it at once.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub publish: Option<bool>,
    /// Of a new one: copy this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clone_flow_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A form that was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowCreated {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Whether it was published, if that was asked.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// Mistakes in its JSON.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<FlowValidationError>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// That the JSON of a form was taken, with its mistakes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowSaved {
    /// Whether it was taken.
    #[serde(deserialize_with = "lenient::bool")]
    pub success: bool,
    /// Mistakes: it can be tried but not published.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<FlowValidationError>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A file of a form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowAsset {
    /// `FLOW_JSON`.
    pub asset_type: String,
    /// `flow.json`.
    pub name: String,
    /// Where it can be fetched.
    pub download_url: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of forms taken over from another account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowMigration {
    /// `{source_name, source_id, migrated_id}`.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub migrated_flows: Vec<Value>,
    /// `{source_name, error_code, error_message}`.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub failed_flows: Vec<Value>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Makes a form.
    ///
    /// # Errors
    /// [`CallError`]; 139000 when the account may not.
    pub async fn create_flow(&self, waba_id: &str, flow: &FlowMetadata) -> Result<FlowCreated, CallError> {
        self.post(&[waba_id, "flows"], flow).await
    }

    /// Lists the forms of an account.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_flows(&self, waba_id: &str, page: &PageRequest) -> Result<Page<Flow>, CallError> {
        self.get(&[waba_id, "flows"], &page::borrowed(&page.query(&[]))).await
    }

    /// Reads a form, with [`FLOW_FIELDS`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_flow(&self, flow_id: &str) -> Result<Flow, CallError> {
        self.get(&[flow_id], &[("fields", FLOW_FIELDS)]).await
    }

    /// Changes name, categories or server of a form.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn update_flow(&self, flow_id: &str, change: &FlowMetadata) -> Result<Success, CallError> {
        self.post(&[flow_id], change).await
    }

    /// Replaces the JSON of a draft.
    ///
    /// # Errors
    /// [`CallError`]; 139001 when it is no draft. Mistakes are no error: see [`FlowSaved`].
    pub async fn upload_flow_json(&self, flow_id: &str, flow_json: String) -> Result<FlowSaved, CallError> {
        let part = reqwest::multipart::Part::text(flow_json)
            .file_name("flow.json")
            .mime_str("application/json")
            .map_err(|_| not_built("the type of the file is malformed"))?;
        let form = reqwest::multipart::Form::new()
            .text("name", "flow.json")
            .text("asset_type", "FLOW_JSON")
            .part("file", part);
        self.call(Method::POST, &[flow_id, "assets"], &[], Body::Multipart(form)).await
    }

    /// Lists the files of a form.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_flow_assets(&self, flow_id: &str) -> Result<Page<FlowAsset>, CallError> {
        self.get(&[flow_id, "assets"], &[]).await
    }

    /// Publishes a draft. It cannot be changed afterwards.
    ///
    /// # Errors
    /// [`CallError`]; 139002 when it has mistakes.
    pub async fn publish_flow(&self, flow_id: &str) -> Result<Success, CallError> {
        self.post_query(&[flow_id, "publish"], &[]).await
    }

    /// Withdraws a published form.
    ///
    /// # Errors
    /// [`CallError`]; 139003 when it is not published.
    pub async fn deprecate_flow(&self, flow_id: &str) -> Result<Success, CallError> {
        self.post_query(&[flow_id, "deprecate"], &[]).await
    }

    /// Deletes a draft.
    ///
    /// # Errors
    /// [`CallError`]; 139004 when it is no draft.
    pub async fn delete_flow(&self, flow_id: &str) -> Result<Success, CallError> {
        self.delete(&[flow_id], &[]).await
    }

    /// Takes forms over from another account of the business; all when `names` is empty.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn migrate_flows(
        &self,
        to_waba_id: &str,
        from_waba_id: &str,
        names: &[&str],
    ) -> Result<FlowMigration, CallError> {
        let mut body = json!({"source_waba_id": from_waba_id});
        if !names.is_empty() {
            body["source_flow_names"] = json!(names);
        }
        self.post(&[to_waba_id, "migrate_flows"], &body).await
    }
}
