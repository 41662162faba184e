//! The key pair of a number: the private half stays here, the public half goes to Meta.

use std::fmt;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding,
};
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, RsaPrivateKey, RsaPublicKey};
use sha2::Sha256;

/// Meta takes RSA keys of this length only.
const KEY_BITS: usize = 2048;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFlowKey {
    /// Not the PEM of an RSA key, or protected by a passphrase.
    #[error("this is not an RSA key in PEM form without a passphrase; make one with `openssl genrsa 2048`")]
    NotRsaPem,
    /// Of another length.
    #[error("the key has {bits} bits; WhatsApp takes RSA keys of 2048 bits")]
    WrongSize {
        /// Its length.
        bits: u32,
    },
    /// No key could be made or written.
    #[error("no key could be made")]
    NotMade,
}

/// The private key forms are decrypted with. `Debug` shows nothing of it; its memory is wiped when it is
/// dropped.
#[derive(Clone)]
pub struct FlowKey(RsaPrivateKey);

impl fmt::Debug for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlowKey(…)")
    }
}

impl FlowKey {
    /// Makes a key. Takes a good part of a second: do it where nothing waits. The seed must come from a
    /// cryptographically secure source, and be used for nothing else.
    ///
    /// # Errors
    /// [`InvalidFlowKey::NotMade`], which a fresh seed cures.
    pub fn generate(seed: [u8; 32]) -> Result<Self, InvalidFlowKey> {
        RsaPrivateKey::new(&mut StdRng::from_seed(seed), KEY_BITS)
            .map(Self)
            .map_err(|_| InvalidFlowKey::NotMade)
    }

    /// Reads a private key: PEM, PKCS#8 or PKCS#1, without passphrase.
    ///
    /// # Errors
    /// [`InvalidFlowKey`].
    pub fn from_pem(pem: &str) -> Result<Self, InvalidFlowKey> {
        let key = RsaPrivateKey::from_pkcs8_pem(pem)
            .or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem))
            .map_err(|_| InvalidFlowKey::NotRsaPem)?;
        check_size(&key)?;
        Ok(Self(key))
    }

    /// Writes the private key (PKCS#8), to be stored encrypted.
    ///
    /// # Errors
    /// [`InvalidFlowKey::NotMade`].
    pub fn to_pem(&self) -> Result<String, InvalidFlowKey> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|_| InvalidFlowKey::NotMade)?;
        Ok(pem.as_str().to_owned())
    }

    /// The half for Meta, see [`set_encryption_key`](crate::Calls::set_encryption_key).
    #[must_use]
    pub fn public(&self) -> FlowPublicKey {
        FlowPublicKey(self.0.to_public_key())
    }

    /// Decrypts what was encrypted for the public half, blinded.
    pub(super) fn decrypt(&self, seed: [u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt_blinded(&mut StdRng::from_seed(seed), Oaep::<Sha256>::new(), sealed).ok()
    }
}

/// The public key that Meta encrypts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowPublicKey(RsaPublicKey);

impl FlowPublicKey {
    /// Reads a public key: PEM, `BEGIN PUBLIC KEY`.
    ///
    /// # Errors
    /// [`InvalidFlowKey`].
    pub fn from_pem(pem: &str) -> Result<Self, InvalidFlowKey> {
        let key = RsaPublicKey::from_public_key_pem(pem).map_err(|_| InvalidFlowKey::NotRsaPem)?;
        check_size(&key)?;
        Ok(Self(key))
    }

    /// Writes it as Meta takes it.
    ///
    /// # Errors
    /// [`InvalidFlowKey::NotMade`].
    pub fn to_pem(&self) -> Result<String, InvalidFlowKey> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|_| InvalidFlowKey::NotMade)
    }

    pub(super) fn encrypt(&self, rng: &mut StdRng, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.encrypt(rng, Oaep::<Sha256>::new(), plain).ok()
    }
}

fn check_size(key: &impl PublicKeyParts) -> Result<(), InvalidFlowKey> {
    let bits = key.n().bits();
    if usize::try_from(bits) == Ok(KEY_BITS) { Ok(()) } else { Err(InvalidFlowKey::WrongSize { bits }) }
}
