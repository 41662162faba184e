//! The bearer token, which must never be printed.

use std::fmt;
use std::sync::Arc;

use hmac::Mac;
use http::HeaderValue;
use url::Url;

use crate::webhook::signature::keyed;

/// The parameter that carries the proof.
pub(crate) const PROOF: &str = "appsecret_proof";

/// A bearer token of some business. Cheap to clone. `Debug` shows no part of it, and there is no
/// `Display` and no `Serialize`: storing it is the caller's business, through [`AccessToken::expose`].
#[derive(Clone)]
pub struct AccessToken {
    header: HeaderValue,
    proof: Option<Arc<str>>,
}

/// The text cannot be a token: it is empty or holds characters that no HTTP header may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the access token is empty or holds characters that cannot be sent; copy it again without spaces or line breaks"
)]
pub struct InvalidToken;

impl AccessToken {
    /// Takes a token as Meta gave it. Surrounding white space is dropped.
    ///
    /// # Errors
    /// [`InvalidToken`] when it is empty or holds anything but visible ASCII.
    pub fn new(secret: &str) -> Result<Self, InvalidToken> {
        let secret = secret.trim();
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        let mut header = HeaderValue::try_from(format!("Bearer {secret}")).map_err(|_| InvalidToken)?;
        header.set_sensitive(true);
        Ok(Self { header, proof: None })
    }

    /// The app's own token, `app_id|app_secret`, for calls made as the app.
    ///
    /// # Errors
    /// [`InvalidToken`] when a part holds anything but visible ASCII.
    pub fn of_app(app_id: &str, app_secret: &str) -> Result<Self, InvalidToken> {
        Self::new(&format!("{app_id}|{app_secret}"))
    }

    /// The same token with the proof that its user knows the app's secret. Needed where the app requires
    /// it of servers; harmless elsewhere. Meta: `appsecret_proof` is the HMAC-SHA256 of the token.
    #[must_use]
    pub fn with_app_secret(mut self, app_secret: &[u8]) -> Self {
        let proof = keyed(app_secret).chain_update(self.expose().as_bytes()).finalize().into_bytes();
        self.proof = Some(hex::encode(proof).into());
        self
    }

    /// Adds the proof to an address, if there is one.
    pub(crate) fn prove(&self, url: &mut Url) {
        if let Some(proof) = self.proof() {
            url.query_pairs_mut().append_pair(PROOF, proof);
        }
    }

    /// The proof, if there is one: hexadecimal digits.
    pub(crate) fn proof(&self) -> Option<&str> {
        self.proof.as_deref()
    }

    /// The secret itself, to store it encrypted or to compute a proof of it. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.header.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default()
    }

    /// The `Authorization` header, marked sensitive.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let token = AccessToken::new(" EAAJsecret \n").unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(…)");
        assert!(!format!("{:?}", token.header()).contains("secret"));
        assert_eq!(token.expose(), "EAAJsecret");
    }

    #[test]
    fn the_proof_is_the_mac_of_the_token() {
        let token = AccessToken::new("what do ya want for nothing?".replace(' ', "").as_str()).unwrap();
        let mut url = Url::parse("https://graph.facebook.com/1?fields=id").unwrap();
        token.prove(&mut url);
        assert_eq!(url.query(), Some("fields=id"));
        token.with_app_secret(b"Jefe").prove(&mut url);
        let proof = url.query().unwrap().strip_prefix("fields=id&appsecret_proof=").unwrap();
        assert_eq!(proof.len(), 64);
    }

    #[test]
    fn a_token_that_would_break_the_header_is_refused() {
        assert_eq!(AccessToken::new("").unwrap_err(), InvalidToken);
        assert_eq!(AccessToken::new("a\r\nX-Evil: 1").unwrap_err(), InvalidToken);
    }
}
