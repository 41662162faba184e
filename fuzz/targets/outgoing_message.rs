//! Whatever reads as a message is either refused by the check of Meta's limits or passes it, and is the same
//! after being written and read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tisara_cloud_api::send::OutgoingMessage;

fuzz_target!(|body: &[u8]| {
    let Ok(first) = serde_json::from_slice::<OutgoingMessage>(body) else { return };
    let verdict = first.validate();
    let written = serde_json::to_vec(&first).expect("a message can be written");
    let second: OutgoingMessage = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(first, second);
    assert_eq!(format!("{verdict:?}"), format!("{:?}", second.validate()));
});
