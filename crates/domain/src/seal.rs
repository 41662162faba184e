//! Secrets at rest: access tokens, PINs and the like are sealed with AES-256-GCM.
//!
//! Each organization has a data key; data keys are themselves sealed by a key-encryption key that
//! never enters the database. A sealed value is bound to the place it belongs to, so that a row
//! copied to another tenant or column does not open.

use crate::rng::Rng;
use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use std::fmt;

/// A 256-bit key. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A sealed value does not open: wrong key, wrong place, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored secret does not open with this installation's key: was the key file replaced or the database copied?"
)]
pub struct SealError;

const VERSION: u8 = 1;
const NONCE_LEN: usize = 12;

impl Key {
    /// A fresh key.
    #[must_use]
    pub fn generate(rng: &Rng) -> Self {
        Self(rng.bytes())
    }

    /// A key from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for wrapping by another key or for the key file.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Seals `plain` for `place` (such as `waba.token/<org>/<row>`): version, nonce, ciphertext.
    ///
    /// # Errors
    /// Only when the value is too large for the cipher (64 GiB).
    pub fn seal(&self, rng: &Rng, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = rng.bytes();
        let sealed = self
            .cipher()
            .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: place.as_bytes() })
            .map_err(|_| SealError)?;
        let mut out = Vec::with_capacity(1 + NONCE_LEN + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`Key::seal`] made for the same place.
    ///
    /// # Errors
    /// When key, place or bytes are not the ones it was sealed with.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (&version, rest) = sealed.split_first().ok_or(SealError)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| SealError)?;
        if version != VERSION {
            return Err(SealError);
        }
        self.cipher()
            .decrypt(&Nonce::from(nonce), Payload { msg: body, aad: place.as_bytes() })
            .map_err(|_| SealError)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn a_value_opens_only_in_its_place() {
        let rng = Rng::seeded(3);
        let key = Key::generate(&rng);
        let sealed = key.seal(&rng, "waba.token/a", b"EAAJ").unwrap();
        assert_eq!(key.open("waba.token/a", &sealed), Ok(b"EAAJ".to_vec()));
        assert_eq!(key.open("waba.token/b", &sealed), Err(SealError));
        assert_eq!(Key::generate(&rng).open("waba.token/a", &sealed), Err(SealError));
    }

    #[test]
    fn keys_are_not_printed() {
        assert_eq!(format!("{:?}", Key::from_bytes([7; 32])), "Key(…)");
    }

    proptest! {
        #[test]
        fn damaged_values_do_not_open(plain: Vec<u8>, seed: u64, at: prop::sample::Index, cut: prop::sample::Index) {
            let rng = Rng::seeded(seed);
            let key = Key::generate(&rng);
            let mut sealed = key.seal(&rng, "p", &plain).unwrap();
            prop_assert_eq!(key.open("p", &sealed[..cut.index(sealed.len())]), Err(SealError));
            let at = at.index(sealed.len());
            sealed[at] ^= 1;
            prop_assert_eq!(key.open("p", &sealed), Err(SealError));
        }
    }
}
