//! Business portfolios, their accounts, and the people assigned to an account.

use serde::{Deserialize, Serialize};

use super::account::{WABA_FIELDS, Waba};
use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::wire::{Extra, Success, lenient};

/// A business portfolio.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Portfolio {
    /// Meta's id.
    pub id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `verified` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_status: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Someone who may use an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AssignedUser {
    /// Meta's id.
    pub id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What for: `MANAGE`, `DEVELOP`, `MANAGE_TEMPLATES`, …
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Reads a portfolio.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_portfolio(&self, business_id: &str) -> Result<Portfolio, CallError> {
        self.get(&[business_id], &[("fields", "id,name,verification_status")]).await
    }

    /// Lists the accounts a portfolio owns.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_owned_wabas(
        &self,
        business_id: &str,
        page: &PageRequest,
    ) -> Result<Page<Waba>, CallError> {
        let query = page.query(&[("fields", WABA_FIELDS)]);
        self.get(&[business_id, "owned_whatsapp_business_accounts"], &page::borrowed(&query)).await
    }

    /// Lists the accounts shared with a portfolio.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_client_wabas(
        &self,
        business_id: &str,
        page: &PageRequest,
    ) -> Result<Page<Waba>, CallError> {
        let query = page.query(&[("fields", WABA_FIELDS)]);
        self.get(&[business_id, "client_whatsapp_business_accounts"], &page::borrowed(&query)).await
    }

    /// Lists who may use an account, as far as a portfolio sees them.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_assigned_users(
        &self,
        waba_id: &str,
        business_id: &str,
        page: &PageRequest,
    ) -> Result<Page<AssignedUser>, CallError> {
        let query = page.query(&[("business", business_id)]);
        self.get(&[waba_id, "assigned_users"], &page::borrowed(&query)).await
    }

    /// Lets a (system) user use an account. Tasks such as `MANAGE`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn assign_user(
        &self,
        waba_id: &str,
        user_id: &str,
        tasks: &[&str],
    ) -> Result<Success, CallError> {
        let tasks = format!("['{}']", tasks.join("','"));
        self.post_query(&[waba_id, "assigned_users"], &[("user", user_id), ("tasks", &tasks)]).await
    }

    /// No longer lets a user use an account.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn unassign_user(&self, waba_id: &str, user_id: &str) -> Result<Success, CallError> {
        self.delete(&[waba_id, "assigned_users"], &[("user", user_id)]).await
    }
}
