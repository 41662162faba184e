//! The block list of a number.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::call::Body;
use crate::client::{CallError, Calls, ErrorBody, Page, PageRequest, page};
use crate::wire::{Extra, Product, lenient, opt_text_or_number};

/// Whom to block: by phone number or by BSUID.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockEntry {
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// BSUID; the parent form is not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Someone on the block list, or who should have come on it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockedUser {
    /// As it was given.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The WhatsApp number.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// The BSUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Why it failed.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorBody>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of blocking or unblocking.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockOutcome {
    /// Blocked.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub added_users: Vec<BlockedUser>,
    /// Unblocked.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub removed_users: Vec<BlockedUser>,
    /// Neither.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub failed_users: Vec<BlockedUser>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(default)]
    block_users: BlockOutcome,
}

impl Calls<'_> {
    /// Blocks people. Meta: only those who wrote in the last 24 hours; at most 64,000 a number.
    ///
    /// # Errors
    /// [`CallError`]. Failing for some is no error: see [`BlockOutcome::failed_users`].
    pub async fn block_users(
        &self,
        phone_number_id: &str,
        users: &[BlockEntry],
    ) -> Result<BlockOutcome, CallError> {
        self.change_block_list(Method::POST, phone_number_id, users).await
    }

    /// Unblocks people.
    ///
    /// # Errors
    /// [`CallError`]. Failing for some is no error: see [`BlockOutcome::failed_users`].
    pub async fn unblock_users(
        &self,
        phone_number_id: &str,
        users: &[BlockEntry],
    ) -> Result<BlockOutcome, CallError> {
        self.change_block_list(Method::DELETE, phone_number_id, users).await
    }

    /// Lists who is blocked.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_blocked_users(
        &self,
        phone_number_id: &str,
        page: &PageRequest,
    ) -> Result<Page<BlockedUser>, CallError> {
        self.get(&[phone_number_id, "block_users"], &page::borrowed(&page.query(&[]))).await
    }

    async fn change_block_list(
        &self,
        method: Method,
        phone_number_id: &str,
        users: &[BlockEntry],
    ) -> Result<BlockOutcome, CallError> {
        let body = Body::json(&json!({"messaging_product": Product::WhatsApp, "block_users": users}))?;
        match self.call::<Wrapped>(method, &[phone_number_id, "block_users"], &[], body).await {
            Ok(wrapped) => Ok(wrapped.block_users),
            // Meta: a mixed outcome is HTTP 400 with both the outcome and an error.
            Err(CallError::Refused(mut refusal)) => match refusal.beside.remove("block_users") {
                Some(outcome) => serde_json::from_value(outcome).map_err(|_| CallError::Refused(refusal)),
                None => Err(CallError::Refused(refusal)),
            },
            Err(error) => Err(error),
        }
    }
}
