//! The phone's side of the encryption between a flow and the business's endpoint.
//!
//! Meta: a fresh AES key goes out sealed with the business's public key (RSA-OAEP, SHA-256); the
//! request is sealed with it (AES-128-GCM, tag behind), the answer with the same key and every bit of
//! the vector turned round.

use aes_gcm::{
    AesGcm, KeyInit as _, Nonce,
    aead::{Aead as _, array::typenum::U16},
    aes::Aes128,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use rsa::{Oaep, RsaPublicKey, pkcs8::DecodePublicKey as _, traits::PublicKeyParts as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// Meta: the vector has 16 bytes, not the usual 12.
type Cipher = AesGcm<Aes128, U16>;

/// Meta: RSA with 2048 bits.
const KEY_BITS: u32 = 2_048;

/// Why a public key is not taken.
pub(super) fn check_key(pem: &str) -> Result<(), &'static str> {
    let key = public_key(pem).ok_or("business_public_key must be an RSA public key in PEM format")?;
    if key.n().bits() == KEY_BITS { Ok(()) } else { Err("business_public_key must have 2048 bits") }
}

fn public_key(pem: &str) -> Option<RsaPublicKey> {
    RsaPublicKey::from_public_key_pem(pem.trim()).ok()
}

/// One request under way: what its answer is opened with.
pub(super) struct Sealed {
    key: [u8; 16],
    vector: [u8; 16],
    /// The three parts as the endpoint gets them.
    pub(super) body: Value,
}

/// Seals a request for the owner of a public key; chance comes from `seed` alone.
pub(super) fn seal(pem: &str, request: &Value, seed: u64) -> Option<Sealed> {
    let public = public_key(pem)?;
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut key, mut vector) = ([0; 16], [0; 16]);
    rng.fill_bytes(&mut key);
    rng.fill_bytes(&mut vector);
    let sealed_key = public.encrypt(&mut rng, Oaep::<Sha256>::new(), &key).ok()?;
    let data = cipher(&key).encrypt(&Nonce::from(vector), request.to_string().as_bytes()).ok()?;
    let body = json!({
        "encrypted_flow_data": STANDARD.encode(data),
        "encrypted_aes_key": STANDARD.encode(sealed_key),
        "initial_vector": STANDARD.encode(vector),
    });
    Some(Sealed { key, vector, body })
}

impl Sealed {
    /// Opens the endpoint's answer.
    pub(super) fn open(&self, answer: &[u8]) -> Option<Value> {
        let text = std::str::from_utf8(answer).ok()?;
        let data = STANDARD.decode(text.trim()).ok()?;
        let vector = self.vector.map(|b| !b);
        let plain = cipher(&self.key).decrypt(&Nonce::from(vector), data.as_slice()).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

fn cipher(key: &[u8; 16]) -> Cipher {
    Cipher::new(&(*key).into())
}
