//! The server behind a form, against vectors that another implementation made (`flow_endpoint/make.py`).

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use tisara_cloud_api::flows::endpoint::{
    FlowAction, FlowAnswer, FlowFailure, FlowKey, FlowPublicKey, FlowRequest, InvalidFlowKey,
    MAX_FLOW_BODY_BYTES,
};
use tisara_cloud_api::webhook::signature;

const SEED: [u8; 32] = [7; 32];

#[derive(Deserialize)]
struct Vectors {
    app_secret: String,
    pkcs8_pem: String,
    pkcs1_pem: String,
    public_pem: String,
    too_short_pem: String,
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Exchange {
    name: String,
    body: String,
    signature: String,
    request: Value,
    answer: Value,
    sealed_answer: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("fixtures/flow_endpoint/vectors.json")).unwrap()
}

impl Vectors {
    fn key(&self) -> FlowKey {
        FlowKey::from_pem(&self.pkcs8_pem).unwrap()
    }

    fn open(&self, body: &[u8], signature: &str) -> Result<FlowRequest, FlowFailure> {
        self.key().open(self.app_secret.as_bytes(), body, Some(signature), SEED).map(|(request, _)| request)
    }

    /// Opens a body that Meta signed, whatever is in it.
    fn open_signed(&self, body: &[u8]) -> Result<FlowRequest, FlowFailure> {
        self.open(body, &signature::sign(self.app_secret.as_bytes(), body))
    }
}

#[test]
fn what_another_implementation_sealed_is_opened_and_answered_byte_for_byte() {
    let vectors = vectors();
    let key = vectors.key();
    for exchange in &vectors.exchanges {
        let name = &exchange.name;
        let secret = vectors.app_secret.as_bytes();
        let (request, channel) =
            key.open(secret, exchange.body.as_bytes(), Some(&exchange.signature), SEED).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), exchange.request, "{name}");
        let answer: FlowAnswer = serde_json::from_value(exchange.answer.clone()).unwrap();
        // Meta reads JSON with the keys in any order; the vectors were written in this crate's.
        let read = channel.open_answer(&exchange.sealed_answer).unwrap();
        assert_eq!(read, answer, "{name}");
        assert_eq!(channel.open_answer(&channel.seal(&answer).unwrap()).unwrap(), answer, "{name}");
        if exchange.answer.as_object().unwrap().len() == 1 {
            assert_eq!(channel.seal(&answer).unwrap(), exchange.sealed_answer, "{name}");
        }
    }
}

#[test]
fn each_action_is_read_as_its_type() {
    let vectors = vectors();
    let actions: Vec<_> = vectors
        .exchanges
        .iter()
        .map(|exchange| vectors.open(exchange.body.as_bytes(), &exchange.signature).unwrap())
        .collect();
    for word in FlowAction::KNOWN {
        assert!(actions.iter().any(|request| request.action.as_str() == *word), "no vector for {word}");
    }
    assert_eq!(actions[4].error_notice(), Some(("INVALID_SCREEN_TRANSITION", "no such screen")));
}

#[test]
fn each_failure_has_the_status_meta_goes_by() {
    let vectors = vectors();
    let ping = &vectors.exchanges[0];
    let body = ping.body.as_bytes();

    let strange = vectors.open(body, &signature::sign(b"another secret", body)).unwrap_err();
    assert!(matches!(strange, FlowFailure::Signature(_)));
    assert_eq!(strange.http_status(), 432);
    let unsigned = vectors.key().open(b"s", body, None, SEED).unwrap_err();
    assert_eq!(unsigned.http_status(), 432);

    let other = FlowKey::generate([1; 32]).unwrap();
    let stale = other.open(vectors.app_secret.as_bytes(), body, Some(&ping.signature), SEED).unwrap_err();
    assert_eq!((&stale, stale.http_status()), (&FlowFailure::NotDecryptable, 421));

    let used = FlowFailure::TokenInvalid { message: "Already ordered.".into() };
    assert_eq!(used.http_status(), 427);
    let (_, channel) =
        vectors.key().open(vectors.app_secret.as_bytes(), body, Some(&ping.signature), SEED).unwrap();
    let told = channel.open_answer(&channel.seal_token_invalid("Already ordered.").unwrap()).unwrap();
    assert_eq!(told.extra["error_msg"], json!("Already ordered."));

    let long = vec![b'x'; MAX_FLOW_BODY_BYTES + 1];
    assert_eq!(vectors.open_signed(&long).unwrap_err().http_status(), 413);
}

#[test]
fn every_way_of_not_opening_looks_the_same() {
    let vectors = vectors();
    let sealed: Value = serde_json::from_str(&vectors.exchanges[0].body).unwrap();
    let mut damaged = vec![json!({}), json!([]), json!("x"), Value::Null];
    for (field, value) in [
        ("encrypted_aes_key", json!("")),
        ("encrypted_aes_key", json!("AAAA")),
        ("encrypted_aes_key", json!("not base64!")),
        ("encrypted_flow_data", json!("")),
        ("encrypted_flow_data", json!("AAAAAAAAAAAAAAAAAAAAAAAA")),
        ("initial_vector", json!("")),
        ("initial_vector", json!("AAAAAAAAAAAAAAAAAAAAAA==")),
        ("initial_vector", json!(7)),
    ] {
        let mut body = sealed.clone();
        body[field] = value;
        damaged.push(body);
    }
    for body in damaged {
        let failure = vectors.open_signed(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(failure, FlowFailure::NotDecryptable, "{body}");
    }
}

#[test]
fn what_is_opened_and_no_request_is_malformed() {
    let key = vectors().key();
    let request = FlowRequest { extra: serde_json::Map::new(), ..FlowRequest::new(FlowAction::Ping) };
    let (body, _) = key.public().seal(&request, [3; 32]).unwrap();
    // Signed, for the right key, but the wrong way round: an answer where a request should be.
    let (_, channel) = key.open(b"s", &body, Some(&signature::sign(b"s", &body)), SEED).unwrap();
    let answer = channel.seal(&FlowAnswer::pong()).unwrap();
    let mut sealed: Value = serde_json::from_slice(&body).unwrap();
    let vector = sealed["initial_vector"].as_str().unwrap().to_owned();
    sealed["encrypted_flow_data"] = json!(answer);
    sealed["initial_vector"] = json!(inverted(&vector));
    let body = sealed.to_string();
    let failure =
        key.open(b"s", body.as_bytes(), Some(&signature::sign(b"s", body.as_bytes())), SEED).unwrap_err();
    assert_eq!((&failure, failure.http_status()), (&FlowFailure::Malformed, 400));
}

fn inverted(vector: &str) -> String {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let bytes: Vec<u8> = base64.decode(vector).unwrap().into_iter().map(|byte| !byte).collect();
    base64.encode(bytes)
}

#[test]
fn keys_are_read_in_both_forms_and_only_in_metas_size() {
    let vectors = vectors();
    let key = FlowKey::from_pem(&vectors.pkcs1_pem).unwrap();
    assert_eq!(key.to_pem().unwrap(), vectors.pkcs8_pem);
    assert_eq!(key.public().to_pem().unwrap(), vectors.public_pem);
    assert_eq!(FlowPublicKey::from_pem(&vectors.public_pem).unwrap(), key.public());
    assert_eq!(
        FlowKey::from_pem(&vectors.too_short_pem).unwrap_err(),
        InvalidFlowKey::WrongSize { bits: 1024 }
    );
    for text in
        ["", "x", &vectors.public_pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
    {
        assert_eq!(FlowKey::from_pem(text).unwrap_err(), InvalidFlowKey::NotRsaPem);
    }
    assert_eq!(FlowPublicKey::from_pem(&vectors.pkcs8_pem).unwrap_err(), InvalidFlowKey::NotRsaPem);
}

#[test]
fn a_key_is_made_from_its_seed_and_printed_by_nobody() {
    let key = FlowKey::generate([9; 32]).unwrap();
    assert_eq!(key.to_pem().unwrap(), FlowKey::generate([9; 32]).unwrap().to_pem().unwrap());
    assert_eq!(format!("{key:?}"), "FlowKey(…)");
    let request = FlowRequest {
        flow_token: Some("t".into()),
        data: Some(json!({"a": [1, null, "අ"]})),
        ..FlowRequest::new(FlowAction::DataExchange)
    };
    let (body, metas) = key.public().seal(&request, [4; 32]).unwrap();
    let (read, ours) = key.open(b"s", &body, Some(&signature::sign(b"s", &body)), SEED).unwrap();
    assert_eq!(read, request);
    assert_eq!(ours, metas);
    assert_eq!(format!("{ours:?}"), "FlowChannel(…)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_request_never_panics_and_never_opens(at: prop::sample::Index, bit in 0..8_u8) {
        let vectors = vectors();
        let mut body = vectors.exchanges[2].body.clone().into_bytes();
        let at = at.index(body.len());
        body[at] ^= 1 << bit;
        if let Ok(request) = vectors.open_signed(&body) {
            // Only white space and the names of further fields may change without harm.
            prop_assert_eq!(serde_json::to_value(request).unwrap(), vectors.exchanges[2].request.clone());
        }
    }
}
