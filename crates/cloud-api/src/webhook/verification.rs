//! The handshake when a callback is set: Meta asks, we echo.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// The query of the handshake: `GET callback?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Handshake {
    /// Always `subscribe`.
    #[serde(rename = "hub.mode")]
    pub mode: String,
    /// What to echo.
    #[serde(rename = "hub.challenge")]
    pub challenge: String,
    /// The secret word both sides know.
    #[serde(rename = "hub.verify_token")]
    pub verify_token: String,
}

/// Longest challenge that is echoed; Meta's have about ten digits.
pub const MAX_CHALLENGE: usize = 256;

/// Why the handshake is refused. Answer with a 4xx status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// Not a subscription.
    #[error("hub.mode is not subscribe")]
    Mode,
    /// The word is wrong, or none is set on this side.
    #[error("hub.verify_token is wrong")]
    Token,
    /// The challenge is empty, too long, or not plain.
    #[error("hub.challenge cannot be echoed")]
    Challenge,
}

impl Handshake {
    /// The body to answer with, status 200 and type `text/plain`. The comparison takes a time that tells
    /// nothing of the right word.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub fn answer(&self, verify_token: &str) -> Result<&str, HandshakeError> {
        if self.mode != "subscribe" {
            return Err(HandshakeError::Mode);
        }
        let equal = bool::from(self.verify_token.as_bytes().ct_eq(verify_token.as_bytes()));
        if verify_token.is_empty() || !equal {
            return Err(HandshakeError::Token);
        }
        // Echoed text must not become a page in somebody's browser.
        let plain = self.challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if self.challenge.is_empty() || self.challenge.len() > MAX_CHALLENGE || !plain {
            return Err(HandshakeError::Challenge);
        }
        Ok(&self.challenge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(mode: &str, challenge: &str, token: &str) -> Handshake {
        Handshake { mode: mode.into(), challenge: challenge.into(), verify_token: token.into() }
    }

    #[test]
    fn the_challenge_is_echoed_to_who_knows_the_word() {
        assert_eq!(handshake("subscribe", "1158201444", "word").answer("word"), Ok("1158201444"));
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(handshake("subscribe", "1", "wrong").answer("word"), Err(HandshakeError::Token));
        assert_eq!(handshake("subscribe", "1", "").answer(""), Err(HandshakeError::Token));
        assert_eq!(handshake("unsubscribe", "1", "word").answer("word"), Err(HandshakeError::Mode));
        assert_eq!(handshake("subscribe", "<script>", "word").answer("word"), Err(HandshakeError::Challenge));
    }
}
