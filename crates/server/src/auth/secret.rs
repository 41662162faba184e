//! Secrets that are handed out once and stored as their SHA-256: cookies, links in e-mails.
//!
//! They are 32 random bytes, so a fast hash is enough: nobody can try them all.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use tisara_domain::Rng;

/// A fresh secret and what is stored of it.
#[derive(Clone)]
pub(crate) struct Secret {
    /// What is handed out: 43 characters that need no escaping anywhere.
    pub(crate) text: String,
    /// What is stored.
    pub(crate) hash: [u8; 32],
}

impl Secret {
    pub(crate) fn generate(rng: &Rng) -> Self {
        let text = URL_SAFE_NO_PAD.encode(rng.bytes::<32>());
        let hash = sha256(&[text.as_bytes()]);
        Self { text, hash }
    }
}

impl std::fmt::Debug for Secret {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is stored of a secret that came back; `None` when it has not the shape of one.
pub(crate) fn hash_of(text: &str) -> Option<[u8; 32]> {
    let shaped = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
    shaped.then(|| sha256(&[text.as_bytes()]))
}

/// The hash of several parts, with their lengths, so that no two lists of parts are alike.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    if let [only] = parts {
        return Sha256::digest(only).into();
    }
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_back_to_its_hash_and_nothing_else_does() {
        let secret = Secret::generate(&Rng::seeded(1));
        assert_eq!(hash_of(&secret.text), Some(secret.hash));
        assert_ne!(Secret::generate(&Rng::seeded(2)).hash, secret.hash);
        for text in
            ["", "a", &secret.text[1..], &format!("{}a", secret.text), &"\u{e4}".repeat(43), &"!".repeat(43)]
        {
            assert_eq!(hash_of(text), None, "{text}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(sha256(&[b"ab", b"c"]), sha256(&[b"a", b"bc"]));
    }
}
