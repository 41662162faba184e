//! Webhooks as Meta posts them, signed and ready to be sent.

use crate::{made, raw};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::ops::Range;
use tisara_domain::Rng;
use tisara_emulator::World;

const PATH: &str = "/webhooks/whatsapp";

/// A message that the server sent, as its ledger tells.
pub(crate) struct Sent {
    /// `biz_opaque_callback_data` of its first attempt.
    pub(crate) callback_data: String,
    /// To whom, as Meta writes it.
    pub(crate) wa_id: String,
    /// Meta's id.
    pub(crate) wamid: String,
}

/// One status of a message, alone in its webhook.
pub(crate) fn status(sent: &Sent, status: &str, at_s: i64) -> Vec<u8> {
    post(&json!([{
        "value": {
            "messaging_product": "whatsapp",
            "metadata": metadata(),
            "contacts": [{ "wa_id": sent.wa_id }],
            "statuses": [{
                "id": sent.wamid, "status": status, "timestamp": at_s.to_string(),
                "recipient_id": sent.wa_id,
                "biz_opaque_callback_data": sent.callback_data,
                "pricing": { "billable": true, "pricing_model": "PMP", "category": "marketing", "type": "regular" },
            }],
        },
        "field": "messages",
    }]))
}

/// A word that only the last message has: once it is found, all are.
pub(crate) const LAST_WORD: &str = "behindeverything";

/// Messages that people wrote, those with these numbers of `all`, in one webhook.
pub(crate) fn messages(numbers: Range<u64>, all: u64, people: u64, at_s: i64, rng: &Rng) -> Vec<u8> {
    let changes: Vec<Value> = numbers
        .map(|n| {
            let wa_id = made::wa_id(n % people);
            json!({
                "value": {
                    "messaging_product": "whatsapp",
                    "metadata": metadata(),
                    "contacts": [{ "profile": { "name": "Somebody" }, "wa_id": wa_id }],
                    "messages": [{
                        "from": wa_id, "id": format!("wamid.HBgM{n:018}"), "timestamp": (at_s + (n / 100) as i64).to_string(),
                        "type": "text", "text": { "body": words(rng, n + 1 == all) },
                    }],
                },
                "field": "messages",
            })
        })
        .collect();
    post(&Value::Array(changes))
}

/// Words of many languages; those at the front are common, those at the end rare.
pub(crate) const WORDS: [&str; 24] = [
    "the",
    "order",
    "please",
    "thanks",
    "price",
    "delivery",
    "when",
    "shop",
    "today",
    "tomorrow",
    "ආයුබෝවන්",
    "ස්තූතියි",
    "මිල",
    "ශ්‍රී",
    "வணக்கம்",
    "நன்றி",
    "விலை",
    "नमस्ते",
    "धन्यवाद",
    "कीमत",
    "invoice",
    "refund",
    "warranty",
    "colour",
];

/// Eight words and a number that nobody else has.
fn words(rng: &Rng, is_last: bool) -> String {
    let mut text = String::new();
    for _ in 0..8 {
        // The lower of two draws: common words are common.
        let at = rng.below(WORDS.len() as u64).min(rng.below(WORDS.len() as u64));
        text.push_str(WORDS[at as usize]);
        text.push(' ');
    }
    text.push_str(&format!("w{}", rng.below(50_000)));
    if is_last {
        text.push_str(&format!(" {LAST_WORD}"));
    }
    text
}

fn metadata() -> Value {
    json!({ "display_phone_number": "15550783881", "phone_number_id": World::NUMBER_ID.to_string() })
}

fn post(changes: &Value) -> Vec<u8> {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": World::WABA_ID.to_string(), "changes": changes }],
    })
    .to_string();
    let signature = format!("sha256={}", hex::encode(sign(body.as_bytes())));
    let headers = [("content-type", "application/json"), ("x-hub-signature-256", &signature)];
    raw::request("POST", PATH, &headers, body.as_bytes())
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn sign(body: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(World::APP_SECRET.as_bytes()).expect("any length will do");
    mac.chain_update(body).finalize().into_bytes().into()
}
