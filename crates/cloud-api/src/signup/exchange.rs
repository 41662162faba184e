//! A code for a token.

use std::fmt;

use serde::Deserialize;

use crate::client::call::not_built;
use crate::client::{CallError, Client};
use crate::token::AccessToken;
use crate::wire::lenient;

/// The token of a business: a system user of its own, scoped to what it shared.
#[derive(Debug, Clone)]
pub struct BusinessToken {
    /// The token.
    pub token: AccessToken,
    /// Seconds until it ends, when told. 60 days or never, by the login configuration.
    pub expires_in_s: Option<u64>,
}

#[derive(Deserialize)]
struct Wire {
    access_token: String,
    #[serde(default, deserialize_with = "lenient::opt_u64")]
    expires_in: Option<u64>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire(…)")
    }
}

impl Client {
    /// Exchanges the code of a signup. The code lives 30 seconds and works once, so this call must be
    /// made at once and never repeated.
    ///
    /// # Errors
    /// [`CallError`]; code 100 when the code has expired or was used.
    pub async fn exchange_code(
        &self,
        app_id: &str,
        app_secret: &str,
        code: &str,
    ) -> Result<BusinessToken, CallError> {
        let query = [("client_id", app_id), ("client_secret", app_secret), ("code", code)];
        self.fetch_token(&query).await
    }

    /// Fetches the app's own token anew; `app_id|app_secret` ([`AccessToken::of_app`]) does the same work.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn fetch_app_token(&self, app_id: &str, app_secret: &str) -> Result<BusinessToken, CallError> {
        let query =
            [("client_id", app_id), ("client_secret", app_secret), ("grant_type", "client_credentials")];
        self.fetch_token(&query).await
    }

    async fn fetch_token(&self, query: &[(&str, &str)]) -> Result<BusinessToken, CallError> {
        let mut url = self.url(&["oauth", "access_token"])?;
        url.query_pairs_mut().extend_pairs(query);
        let wire: Wire = self.execute(self.request(http::Method::GET, url)).await?.into()?;
        let token = AccessToken::new(&wire.access_token).map_err(|error| not_built(&error.to_string()))?;
        Ok(BusinessToken { token, expires_in_s: wire.expires_in })
    }
}
