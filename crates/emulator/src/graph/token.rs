//! Who calls, and what the token lets them do.

use super::{
    call::Call,
    error::{GraphError, Outcome},
};
use crate::directory::{Directory, Token};
use tisara_domain::Timestamp;

/// Meta's permissions that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Messaging,
    Management,
}

impl Permission {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Messaging => "whatsapp_business_messaging",
            Self::Management => "whatsapp_business_management",
        }
    }
}

/// What a checked token grants.
pub(crate) struct Grant<'d> {
    pub(crate) token: &'d Token,
    method: &'d str,
}

impl<'d> Grant<'d> {
    /// Meta: no token or a broken one is 190 (401); an expired one 190 with subcode 463.
    pub(crate) fn of(directory: &'d Directory, call: &'d Call, now: Timestamp) -> Outcome<Self> {
        let text = call.token().ok_or_else(|| {
            GraphError::new(190).message("An access token is required to request this resource.").subcode(467)
        })?;
        let token = directory.token(text).ok_or_else(|| {
            GraphError::new(190)
                .message("Invalid OAuth access token - Cannot parse access token")
                .subcode(467)
        })?;
        if token.revoked {
            return Err(GraphError::new(190)
                .message("Error validating access token: The user has not authorized application.")
                .subcode(458));
        }
        if token.expires_at != 0 && token.expires_at <= now.seconds() {
            return Err(expired(now));
        }
        Ok(Self { token, method: call.method.as_str() })
    }

    /// Meta: an object the token may not see is answered like one that does not exist, or with 200
    /// where it is known to exist.
    pub(crate) fn may(&self, permission: Permission, waba: u64) -> Outcome<()> {
        if !self.token.scopes.is_empty() && !self.token.scopes.iter().any(|s| s == permission.name()) {
            return Err(
                GraphError::new(10).details(format!("The token lacks the permission {}.", permission.name()))
            );
        }
        if !self.token.wabas.is_empty() && !self.token.wabas.contains(&waba) {
            return Err(GraphError::new(200)
                .details(format!("The token was not made for the WhatsApp Business Account {waba}.")));
        }
        Ok(())
    }

    pub(crate) fn unknown(&self, id: &str) -> GraphError {
        GraphError::unsupported(self.method, id)
    }
}

/// Meta's answer to a token that has run out.
pub(crate) fn expired(now: Timestamp) -> GraphError {
    GraphError::new(190)
        .message(format!("Error validating access token: Session has expired. The current time is {now}."))
        .subcode(463)
}
