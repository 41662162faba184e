//! `X-Hub-Signature-256`: HMAC-SHA256 of the exact bytes, with the app's secret.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header's value for `body`.
pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(mac(secret, body)))
}

/// The bare signature, as `signed_request` uses it.
pub(crate) fn mac(secret: &str, body: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        // Test case 2 of RFC 4231.
        assert_eq!(
            sign("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
