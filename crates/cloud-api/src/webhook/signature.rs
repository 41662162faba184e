//! The signature over the raw body: `X-Hub-Signature-256: sha256=<hex>`.
//!
//! Over the bytes as they came: Meta escapes non-ASCII characters and slashes, so a body written anew
//! has another signature. The key is the app's secret even where a tenant has its own callback.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header's name.
pub const HEADER: &str = "X-Hub-Signature-256";

const PREFIX: &str = "sha256=";

/// Why a body is not believed to come from Meta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no header.
    #[error("the signature header is missing")]
    Missing,
    /// The header is not `sha256=` and 64 hex digits.
    #[error("the signature header is malformed")]
    Malformed,
    /// The signature is not that of this body under this secret.
    #[error("the signature does not fit the body")]
    Wrong,
}

/// Checks a body, in a time that tells nothing of the right signature.
///
/// # Errors
/// [`SignatureError`].
pub fn verify(app_secret: &[u8], raw_body: &[u8], header: Option<&str>) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let hex = header.trim().strip_prefix(PREFIX).ok_or(SignatureError::Malformed)?;
    let mut claimed = [0_u8; 32];
    hex::decode_to_slice(hex, &mut claimed).map_err(|_| SignatureError::Malformed)?;
    keyed(app_secret).chain_update(raw_body).verify_slice(&claimed).map_err(|_| SignatureError::Wrong)
}

/// The header's value for a body.
#[must_use]
pub fn sign(app_secret: &[u8], raw_body: &[u8]) -> String {
    let digest = keyed(app_secret).chain_update(raw_body).finalize().into_bytes();
    let mut header = String::with_capacity(PREFIX.len() + 64);
    header.push_str(PREFIX);
    for byte in digest {
        // Writing to a String cannot fail.
        let _ = write!(header, "{byte:02x}");
    }
    header
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("any length will do")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"app secret";

    #[test]
    fn what_was_signed_verifies_and_nothing_else() {
        let body = br#"{"a":"\u0d85\/"}"#;
        let header = sign(SECRET, body);
        assert_eq!(verify(SECRET, body, Some(&header)), Ok(()));
        assert_eq!(verify(SECRET, b"{}", Some(&header)), Err(SignatureError::Wrong));
        assert_eq!(verify(b"other", body, Some(&header)), Err(SignatureError::Wrong));
    }

    #[test]
    fn the_known_answer_is_given() {
        // RFC 4231, test case 2.
        assert_eq!(
            sign(b"Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_missing_or_malformed_header_is_told_apart() {
        assert_eq!(verify(SECRET, b"", None), Err(SignatureError::Missing));
        for header in
            ["", "sha1=00", "sha256=", "sha256=zz", "sha256=00", &format!("sha256={}", "0".repeat(66))]
        {
            assert_eq!(verify(SECRET, b"", Some(header)), Err(SignatureError::Malformed), "{header}");
        }
    }

    #[test]
    fn hex_digits_may_be_in_either_case() {
        let header = sign(SECRET, b"x").to_uppercase().replace("SHA256", "sha256");
        assert_eq!(verify(SECRET, b"x", Some(&header)), Ok(()));
    }
}
