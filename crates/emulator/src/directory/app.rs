//! Developer apps and access tokens.

use crate::settings::{AppSettings, TokenSettings};
use serde::{Deserialize, Serialize};

/// A developer app: where webhooks go, and what signs them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) verify_token: String,
    pub(crate) callback_url: Option<String>,
    pub(crate) fields: Vec<String>,
    pub(crate) webhook_version: u32,
    pub(crate) deauthorize_url: Option<String>,
}

impl App {
    pub(crate) fn of(s: &AppSettings) -> Self {
        Self {
            id: s.id.0,
            name: s.name.clone(),
            secret: s.secret.clone(),
            verify_token: s.verify_token.clone(),
            callback_url: s.callback_url.clone(),
            fields: s.fields.clone(),
            webhook_version: if s.webhook_version == 0 { 25 } else { s.webhook_version },
            deauthorize_url: s.deauthorize_url.clone(),
        }
    }

    /// Whether the app listens to a webhook field.
    pub(crate) fn listens(&self, field: &str) -> bool {
        self.fields.is_empty() || self.fields.iter().any(|f| f == field)
    }
}

/// An access token and what it was made for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) token: String,
    pub(crate) app: u64,
    /// Empty: all accounts.
    pub(crate) wabas: Vec<u64>,
    /// Empty: all permissions.
    pub(crate) scopes: Vec<String>,
    /// Unix seconds; 0 is never.
    pub(crate) expires_at: i64,
    pub(crate) revoked: bool,
}

impl Token {
    pub(crate) fn of(s: &TokenSettings) -> Self {
        Self {
            token: s.token.clone(),
            app: s.app.0,
            wabas: s.wabas.iter().map(|w| w.0).collect(),
            scopes: s.scopes.clone(),
            expires_at: s.expires_at,
            revoked: false,
        }
    }
}
