//! Sharing a partner's line of credit (Solution Partners only).

use http::Method;
use serde::{Deserialize, Serialize};

use crate::client::call::Body;
use crate::client::{CallError, Calls, Page};
use crate::wire::{Extra, Success, opt_text_or_number, text_or_number};

/// A line of credit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditLine {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity_name: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// That a line of credit is shared with an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditAllocation {
    /// Meta's id of the sharing.
    #[serde(deserialize_with = "text_or_number")]
    pub allocation_config_id: String,
    /// The account.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub waba_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
struct Receiving {
    #[serde(default)]
    receiving_credential: Option<Credential>,
}

#[derive(Deserialize)]
struct Credential {
    #[serde(deserialize_with = "text_or_number")]
    id: String,
}

#[derive(Deserialize)]
struct Funding {
    #[serde(default, deserialize_with = "opt_text_or_number")]
    primary_funding_id: Option<String>,
}

impl Calls<'_> {
    /// Lists the lines of credit of a portfolio.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_credit_lines(&self, business_id: &str) -> Result<Page<CreditLine>, CallError> {
        self.get(&[business_id, "extendedcredits"], &[]).await
    }

    /// Shares a line of credit with an account, in its currency. Needs the partner's system token.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn share_credit_line(
        &self,
        credit_line_id: &str,
        waba_id: &str,
        currency: &str,
    ) -> Result<CreditAllocation, CallError> {
        let query = [("waba_currency", currency), ("waba_id", waba_id)];
        let path = [credit_line_id, "whatsapp_credit_sharing_and_attach"];
        self.call(Method::POST, &path, &query, Body::Empty).await
    }

    /// Whether a line of credit pays for an account: the credential it was shared with is the one the
    /// account is funded by.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn is_credit_line_used(
        &self,
        allocation_config_id: &str,
        waba_id: &str,
    ) -> Result<bool, CallError> {
        let shared: Receiving =
            self.get(&[allocation_config_id], &[("fields", "receiving_credential{id}")]).await?;
        let funded: Funding = self.get(&[waba_id], &[("fields", "primary_funding_id")]).await?;
        Ok(shared
            .receiving_credential
            .is_some_and(|credential| Some(credential.id) == funded.primary_funding_id))
    }

    /// No longer shares it.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn revoke_credit_line(&self, allocation_config_id: &str) -> Result<Success, CallError> {
        self.delete(&[allocation_config_id], &[]).await
    }
}
