//! Business usernames, and Meta's contact book.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::client::call::Body;
use crate::client::{CallError, Calls, Page};
use crate::wire::{Extra, Product, Success, lenient, open_enum};

open_enum! {
    /// Where a username stands.
    pub enum UsernameState {
        /// In use.
        Approved = "approved",
        /// Kept for this number.
        Reserved = "reserved",
    }
}

/// A username to be claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsernameRequest {
    /// The username; see [`is_valid_username`].
    pub username: String,
    /// `none`, or `force_transfer` to take it from another number of the business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_action: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsernameAnswer {
    /// Where it stands.
    pub status: UsernameState,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The username of a number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Username {
    /// The username, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<UsernameState>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Usernames that are free.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsernameSuggestions {
    /// The usernames.
    #[serde(deserialize_with = "lenient::list")]
    pub username_suggestions: Vec<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether somebody was taken out of the contact book.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactBookOutcome {
    /// Always `whatsapp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whether the call went through.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// Whether there was an entry.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Meta's rules: 3 to 35 of a–z, 0–9, dot and underscore, at least one letter, no dot first, last or
/// doubled, not beginning with `www`. That it must not end like a domain only Meta can judge.
#[must_use]
pub fn is_valid_username(username: &str) -> bool {
    (3..=35).contains(&username.len())
        && username
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'_')
        && username.bytes().any(|byte| byte.is_ascii_lowercase())
        && !username.starts_with('.')
        && !username.ends_with('.')
        && !username.contains("..")
        && !username.starts_with("www")
}

impl Calls<'_> {
    /// Claims a username for a number.
    ///
    /// # Errors
    /// [`CallError`]; 147001 to 147005.
    pub async fn set_username(
        &self,
        phone_number_id: &str,
        request: &UsernameRequest,
    ) -> Result<UsernameAnswer, CallError> {
        self.post(&[phone_number_id, "username"], request).await
    }

    /// Reads the username of a number.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_username(&self, phone_number_id: &str) -> Result<Username, CallError> {
        self.get(&[phone_number_id, "username"], &[]).await
    }

    /// Gives the username of a number up.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn delete_username(&self, phone_number_id: &str) -> Result<Success, CallError> {
        self.delete(&[phone_number_id, "username"], &[]).await
    }

    /// Lists usernames that are free.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_username_suggestions(
        &self,
        phone_number_id: &str,
    ) -> Result<Page<UsernameSuggestions>, CallError> {
        self.get(&[phone_number_id, "username_suggestions"], &[]).await
    }

    /// Takes a person out of Meta's contact book, so that their number is no longer shown to the business.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn forget_contact(
        &self,
        phone_number_id: &str,
        bsuid: &str,
    ) -> Result<ContactBookOutcome, CallError> {
        let query = [("messaging_product", "whatsapp"), ("bsuid", bsuid)];
        self.delete(&[phone_number_id, "contact_book"], &query).await
    }

    /// Lists the portfolios that share parent BSUIDs with this one.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_parent_bsuid_accounts(
        &self,
        business_id: &str,
    ) -> Result<Page<serde_json::Value>, CallError> {
        self.call_unversioned(Method::GET, &[business_id, "parent-bsuid-accounts"], &[], Body::Empty).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_keep_metas_rules() {
        for good in ["abc", "lucky.shrub_1", "a1_"] {
            assert!(is_valid_username(good), "{good}");
        }
        for bad in ["ab", "ABC", "123", ".abc", "abc.", "a..b", "www.abc", "a b", &"a".repeat(36)] {
            assert!(!is_valid_username(bad), "{bad}");
        }
    }
}
