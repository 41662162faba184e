//! One question and its answer, encrypted.

use std::fmt;

use aes_gcm::aead::Aead as _;
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aes::Aes128;
use aes_gcm::{AesGcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use super::key::{FlowKey, FlowPublicKey};
use super::message::{FlowAnswer, FlowRequest};
use crate::webhook::signature::{self, SignatureError};
use crate::wire::Extra;

/// The longest request that is decrypted. What people fill in is a few kilobytes; files travel by link.
pub const MAX_FLOW_BODY_BYTES: usize = 1024 * 1024;

const KEY_BYTES: usize = 16;

/// What Meta posts to the server of a form. Everything is base64.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EncryptedFlowRequest {
    /// The request, by AES-128-GCM, with the tag behind it.
    pub encrypted_flow_data: String,
    /// The AES key, by RSA-OAEP.
    pub encrypted_aes_key: String,
    /// The initial vector: 16 bytes.
    pub initial_vector: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Why a question gets no ordinary answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowFailure {
    /// It does not come from Meta.
    #[error("the request is not signed by Meta: {0}")]
    Signature(#[from] SignatureError),
    /// It was encrypted for another key, or was damaged. Meta fetches the public key anew and asks again.
    #[error("the request cannot be decrypted with this number's key")]
    NotDecryptable,
    /// The token is used up or too old. Meta closes the form, shows the text and blocks the button.
    #[error("the token of the form is no longer valid")]
    TokenInvalid {
        /// What the person reads.
        message: String,
    },
    /// It was decrypted and is no request.
    #[error("the decrypted request cannot be read")]
    Malformed,
    /// Longer than [`MAX_FLOW_BODY_BYTES`].
    #[error("the request has {bytes} bytes; at most {MAX_FLOW_BODY_BYTES} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The answer could not be encrypted.
    #[error("the answer could not be encrypted")]
    NotSealed,
}

impl FlowFailure {
    /// The status Meta goes by. The body of a [`Self::TokenInvalid`] is
    /// [`FlowChannel::seal_token_invalid`], that of all others is empty.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::NotDecryptable => 421,
            Self::TokenInvalid { .. } => 427,
            Self::Signature(_) => 432,
            Self::Malformed => 400,
            Self::TooLarge { .. } => 413,
            Self::NotSealed => 500,
        }
    }
}

impl FlowKey {
    /// Checks and decrypts a request: its raw body, the header [`signature::HEADER`], and the app's secret. The
    /// seed blinds the decryption; it must come from a cryptographically secure source and be used once.
    ///
    /// Takes about a millisecond and more, all of it computing.
    ///
    /// # Errors
    /// [`FlowFailure`]; answer with its status.
    pub fn open(
        &self,
        app_secret: &[u8],
        raw_body: &[u8],
        signature_header: Option<&str>,
        seed: [u8; 32],
    ) -> Result<(FlowRequest, FlowChannel), FlowFailure> {
        if raw_body.len() > MAX_FLOW_BODY_BYTES {
            return Err(FlowFailure::TooLarge { bytes: raw_body.len() });
        }
        signature::verify(app_secret, raw_body, signature_header)?;
        let (plain, channel) = self.decrypt_body(raw_body, seed).ok_or(FlowFailure::NotDecryptable)?;
        let request = serde_json::from_slice(&plain).map_err(|_| FlowFailure::Malformed)?;
        Ok((request, channel))
    }

    fn decrypt_body(&self, raw_body: &[u8], seed: [u8; 32]) -> Option<(Vec<u8>, FlowChannel)> {
        let sealed: EncryptedFlowRequest = serde_json::from_slice(raw_body).ok()?;
        let wrapped_key = STANDARD.decode(&sealed.encrypted_aes_key).ok()?;
        let vector = STANDARD.decode(&sealed.initial_vector).ok()?;
        let data = STANDARD.decode(&sealed.encrypted_flow_data).ok()?;
        let key = self.decrypt(seed, &wrapped_key)?.try_into().ok()?;
        let channel = FlowChannel { key, vector };
        Some((gcm(&channel.key, &channel.vector, Do::Open, &data)?, channel))
    }
}

impl FlowPublicKey {
    /// Encrypts a request as Meta does, for whoever plays Meta. Returns the body, and the channel that opens
    /// the answer. The seed as for [`FlowKey::open`].
    ///
    /// # Errors
    /// [`FlowFailure::NotSealed`].
    pub fn seal(&self, request: &FlowRequest, seed: [u8; 32]) -> Result<(Vec<u8>, FlowChannel), FlowFailure> {
        let mut rng = StdRng::from_seed(seed);
        let mut key = [0; KEY_BYTES];
        rng.fill_bytes(&mut key);
        let mut vector = vec![0; 16];
        rng.fill_bytes(&mut vector);
        let wrapped_key = self.encrypt(&mut rng, &key).ok_or(FlowFailure::NotSealed)?;
        let channel = FlowChannel { key, vector };
        let body = EncryptedFlowRequest {
            encrypted_flow_data: seal_json(&channel.key, &channel.vector, request)?,
            encrypted_aes_key: STANDARD.encode(wrapped_key),
            initial_vector: STANDARD.encode(&channel.vector),
            extra: Extra::new(),
        };
        Ok((serde_json::to_vec(&body).map_err(|_| FlowFailure::NotSealed)?, channel))
    }
}

/// What the answer to one question is encrypted with. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct FlowChannel {
    key: [u8; KEY_BYTES],
    vector: Vec<u8>,
}

impl fmt::Debug for FlowChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlowChannel(…)")
    }
}

impl FlowChannel {
    /// Encrypts the answer: the body to send, as `text/plain`. One answer a question: under the same key
    /// and vector a second one would betray both.
    ///
    /// # Errors
    /// [`FlowFailure::NotSealed`].
    pub fn seal(&self, answer: &FlowAnswer) -> Result<String, FlowFailure> {
        seal_json(&self.key, &self.inverted(), answer)
    }

    /// The body that goes with the status of [`FlowFailure::TokenInvalid`]: the text the person reads.
    ///
    /// # Errors
    /// [`FlowFailure::NotSealed`].
    pub fn seal_token_invalid(&self, message: &str) -> Result<String, FlowFailure> {
        seal_json(&self.key, &self.inverted(), &serde_json::json!({"error_msg": message}))
    }

    /// Decrypts an answer, for whoever plays Meta.
    ///
    /// # Errors
    /// [`FlowFailure::NotDecryptable`] when it was encrypted with something else, [`FlowFailure::Malformed`]
    /// when it is no answer.
    pub fn open_answer(&self, body: &str) -> Result<FlowAnswer, FlowFailure> {
        let sealed = STANDARD.decode(body.trim()).map_err(|_| FlowFailure::NotDecryptable)?;
        let plain = gcm(&self.key, &self.inverted(), Do::Open, &sealed).ok_or(FlowFailure::NotDecryptable)?;
        serde_json::from_slice(&plain).map_err(|_| FlowFailure::Malformed)
    }

    fn inverted(&self) -> Vec<u8> {
        self.vector.iter().map(|byte| !byte).collect()
    }
}

fn seal_json<T: Serialize>(key: &[u8; KEY_BYTES], vector: &[u8], value: &T) -> Result<String, FlowFailure> {
    let plain = serde_json::to_vec(value).map_err(|_| FlowFailure::NotSealed)?;
    gcm(key, vector, Do::Seal, &plain).map(|sealed| STANDARD.encode(sealed)).ok_or(FlowFailure::NotSealed)
}

enum Do {
    Seal,
    Open,
}

/// AES-128-GCM. Meta's vector has 16 bytes; the 12 that the cipher is mostly used with are taken too.
fn gcm(key: &[u8; KEY_BYTES], vector: &[u8], what: Do, data: &[u8]) -> Option<Vec<u8>> {
    if let Ok(nonce) = Nonce::<U16>::try_from(vector) {
        let cipher = AesGcm::<Aes128, U16>::new(&(*key).into());
        return match what {
            Do::Seal => cipher.encrypt(&nonce, data).ok(),
            Do::Open => cipher.decrypt(&nonce, data).ok(),
        };
    }
    let nonce = Nonce::<U12>::try_from(vector).ok()?;
    let cipher = AesGcm::<Aes128, U12>::new(&(*key).into());
    match what {
        Do::Seal => cipher.encrypt(&nonce, data).ok(),
        Do::Open => cipher.decrypt(&nonce, data).ok(),
    }
}
