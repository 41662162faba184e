//! The business's side of flows: an endpoint that opens what the phone seals, and seals its answers.

use aes_gcm::{
    AesGcm, KeyInit as _, Nonce,
    aead::{Aead as _, array::typenum::U16},
    aes::Aes128,
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use rand::{SeedableRng as _, rngs::StdRng};
use rsa::{Oaep, RsaPrivateKey, RsaPublicKey, pkcs8::EncodePublicKey as _, pkcs8::LineEnding};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock},
};
use tisara_emulator::World;

/// A key pair; the same seed gives the same one, made once.
pub(crate) fn key(seed: u64) -> &'static RsaPrivateKey {
    static KEYS: [OnceLock<RsaPrivateKey>; 2] = [OnceLock::new(), OnceLock::new()];
    KEYS[seed as usize % 2]
        .get_or_init(|| RsaPrivateKey::new(&mut StdRng::seed_from_u64(seed), 2_048).unwrap())
}

/// The public half as Meta takes it.
pub(crate) fn pem(key: &RsaPrivateKey) -> String {
    RsaPublicKey::from(key).to_public_key_pem(LineEnding::LF).unwrap()
}

/// An endpoint: keeps what it was asked, answers what it was told to.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) asked: Arc<Mutex<Vec<Value>>>,
    /// A status other than 200 comes with its body; JSON is sealed. Pings are answered by themselves.
    pub(crate) answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    pub(crate) key: Arc<Mutex<&'static RsaPrivateKey>>,
}

impl Endpoint {
    pub(crate) fn new() -> Self {
        Self { asked: Arc::default(), answers: Arc::default(), key: Arc::new(Mutex::new(key(0))) }
    }

    pub(crate) fn answer(&self, status: u16, body: Value) {
        self.answers.lock().unwrap().push_back((status, body));
    }

    pub(crate) fn screen(&self, id: &str, data: Value) {
        self.answer(200, json!({"screen": id, "data": data}));
    }

    pub(crate) fn router(&self) -> Router {
        Router::new().route("/flow", post(take)).with_state(self.clone())
    }
}

async fn take(State(this): State<Endpoint>, headers: HeaderMap, body: Bytes) -> axum::response::Response {
    let mut mac = Hmac::<Sha256>::new_from_slice(World::APP_SECRET.as_bytes()).unwrap();
    mac.update(&body);
    let wanted = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(headers["x-hub-signature-256"], wanted.as_str());
    let sealed: Value = serde_json::from_slice(&body).unwrap();
    let part = |name: &str| STANDARD.decode(sealed[name].as_str().unwrap()).unwrap();
    let key = *this.key.lock().unwrap();
    let Ok(aes) = key.decrypt(Oaep::<Sha256>::new(), &part("encrypted_aes_key")) else {
        return (StatusCode::from_u16(421).unwrap(), "").into_response();
    };
    let aes: [u8; 16] = aes.try_into().unwrap();
    let vector: [u8; 16] = part("initial_vector").try_into().unwrap();
    let cipher = AesGcm::<Aes128, U16>::new(&aes.into());
    let plain = cipher.decrypt(&Nonce::from(vector), part("encrypted_flow_data").as_slice()).unwrap();
    let request: Value = serde_json::from_slice(&plain).unwrap();
    let (status, answer) = if request["action"] == "ping" {
        (200, json!({"data": {"status": "active"}}))
    } else if request["data"]["error"].is_string() {
        (200, json!({"data": {"acknowledged": true}}))
    } else {
        this.answers.lock().unwrap().pop_front().unwrap_or((500, Value::Null))
    };
    this.asked.lock().unwrap().push(request);
    let status = StatusCode::from_u16(status).unwrap();
    if status != 200 {
        return (status, answer.to_string()).into_response();
    }
    let turned = vector.map(|b| !b);
    let data = cipher.encrypt(&Nonce::from(turned), answer.to_string().as_bytes()).unwrap();
    (status, STANDARD.encode(data)).into_response()
}
