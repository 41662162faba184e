//! Any bytes may be posted to the server of a form. As they are, signed or not, they are refused with one of the
//! statuses Meta goes by; encrypted as Meta would, they are read or refused, and what was read is answered and
//! survives being written again.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tisara_cloud_api::flows::endpoint::{FlowAction, FlowAnswer, FlowFailure, FlowKey, FlowRequest};
use tisara_cloud_api::webhook::signature;

const SECRET: &[u8] = b"fuzz";
static KEY: LazyLock<FlowKey> = LazyLock::new(|| FlowKey::generate([1; 32]).expect("a key"));

fn open(body: &[u8]) -> Result<FlowRequest, FlowFailure> {
    KEY.open(SECRET, body, Some(&signature::sign(SECRET, body)), [2; 32]).map(|(request, _)| request)
}

/// The bytes in the place of one member of an envelope that would open otherwise.
fn spoiled(member: &str, text: &str) -> Vec<u8> {
    let (body, _) = KEY.public().seal(&FlowRequest::new(FlowAction::Ping), [3; 32]).expect("sealed");
    let mut body: Value = serde_json::from_slice(&body).expect("an envelope");
    body[member] = json!(text);
    serde_json::to_vec(&body).expect("an envelope")
}

fuzz_target!(|bytes: &[u8]| {
    assert!(matches!(KEY.open(SECRET, bytes, None, [2; 32]), Err(FlowFailure::Signature(_))));
    let failure = open(bytes).expect_err("nobody seals by chance");
    assert_eq!(failure.http_status(), 421);

    if let Ok(text) = str::from_utf8(bytes) {
        // A vector or a key that fits by chance is as good as impossible; none may panic.
        for member in ["encrypted_aes_key", "initial_vector", "encrypted_flow_data"] {
            let failure = open(&spoiled(member, text)).expect_err("nobody seals by chance");
            assert_eq!(failure, FlowFailure::NotDecryptable);
        }
    }

    let Ok(request) = serde_json::from_slice::<FlowRequest>(bytes) else { return };
    let _ = request.error_notice();
    let (body, metas) = KEY.public().seal(&request, [4; 32]).expect("sealed");
    let header = signature::sign(SECRET, &body);
    let (read, channel) = KEY.open(SECRET, &body, Some(&header), [5; 32]).expect("opened");
    assert_eq!(read, request);
    let answer = FlowAnswer::screen("NEXT", request.extra.clone());
    let sealed = channel.seal(&answer).expect("sealed");
    assert_eq!(metas.open_answer(&sealed), Ok(answer));
});
