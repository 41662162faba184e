//! Any bytes may come to the callback. They are read or refused, never a panic; what was read can be
//! written and read again as the same; a signature holds for its own bytes and its own secret only.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tisara_cloud_api::webhook::{self, signature, verification::Handshake};

const SECRET: &[u8] = b"fuzz";

fuzz_target!(|body: &[u8]| {
    let signed = signature::sign(SECRET, body);
    assert_eq!(signature::verify(SECRET, body, Some(&signed)), Ok(()));
    assert!(signature::verify(b"other", body, Some(&signed)).is_err());
    let text = str::from_utf8(body).ok();
    assert!(signature::verify(SECRET, b"x", text).is_err());
    if let Some(text) = text {
        let asked = Handshake { mode: "subscribe".into(), challenge: text.into(), verify_token: text.into() };
        assert!(asked.answer("the right word").is_err() || text == "the right word");
        let _ = asked.answer(text);
    }

    let Ok(first) = webhook::parse(body) else { return };
    let written = serde_json::to_vec(&first).expect("what was read can be written");
    if written.len() > webhook::MAX_BODY_BYTES {
        return;
    }
    let second = webhook::parse(&written).expect("what was written can be read");
    // Elements that could not be read are set aside and not written.
    if first.malformed.is_empty() {
        assert_eq!(first, second);
    }
});
