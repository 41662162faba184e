//! The bearer token, which must never be printed.

use std::fmt;

use http::HeaderValue;

/// A bearer token of some business. Cheap to clone. `Debug` shows no part of it, and there is no
/// `Display` and no `Serialize`: storing it is the caller's business, through [`AccessToken::expose`].
#[derive(Clone)]
pub struct AccessToken {
    header: HeaderValue,
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
        Ok(Self { header })
    }

    /// The app's own token, `app_id|app_secret`, for calls made as the app.
    ///
    /// # Errors
    /// [`InvalidToken`] when a part holds anything but visible ASCII.
    pub fn of_app(app_id: &str, app_secret: &str) -> Result<Self, InvalidToken> {
        Self::new(&format!("{app_id}|{app_secret}"))
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
    fn a_token_that_would_break_the_header_is_refused() {
        assert_eq!(AccessToken::new("").unwrap_err(), InvalidToken);
        assert_eq!(AccessToken::new("a\r\nX-Evil: 1").unwrap_err(), InvalidToken);
    }
}
