//! What a token is good for.

use serde::{Deserialize, Serialize};

use crate::client::{CallError, Calls};
use crate::token::AccessToken;
use crate::wire::{Extra, Timestamp, lenient};

/// The scope whose targets are the WABAs a token may manage.
const WABA_SCOPE: &str = "whatsapp_business_management";

/// What Meta knows of a token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenInfo {
    /// The app it was given to.
    pub app_id: String,
    /// `SYSTEM_USER`, `USER`, `APP`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Whether it works now.
    #[serde(deserialize_with = "lenient::bool")]
    pub is_valid: bool,
    /// When it ends; 0: never.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When access to a user's data ends; 0 for system users.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub data_access_expires_at: Option<Timestamp>,
    /// What it may do.
    #[serde(deserialize_with = "lenient::list")]
    pub scopes: Vec<String>,
    /// With which objects it may do so.
    #[serde(deserialize_with = "lenient::list")]
    pub granular_scopes: Vec<GranularScope>,
    /// Whose token it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One permission and the objects it holds for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GranularScope {
    /// The permission.
    pub scope: String,
    /// The objects, most recently onboarded first. Absent: all.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub target_ids: Vec<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl TokenInfo {
    /// The WABAs the token may manage, most recently onboarded first.
    #[must_use]
    pub fn waba_ids(&self) -> &[String] {
        self.granular_scopes
            .iter()
            .find(|granular| granular.scope == WABA_SCOPE)
            .map_or(&[], |granular| &granular.target_ids)
    }
}

#[derive(Deserialize)]
struct Wrapped {
    data: TokenInfo,
}

impl Calls<'_> {
    /// Asks what another token is good for. The calls must be made with the app's own token
    /// ([`AccessToken::of_app`]).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn debug_token(&self, input: &AccessToken) -> Result<TokenInfo, CallError> {
        let wrapped: Wrapped = self.get(&["debug_token"], &[("input_token", input.expose())]).await?;
        Ok(wrapped.data)
    }
}
