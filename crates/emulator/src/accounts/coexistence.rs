//! What the WhatsApp Business app hands over when a number is used in both places.

use crate::{
    Inner,
    chance::join,
    messages::wamid,
    sync::read,
    webhooks::{Metadata, Note, to_json},
};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use tisara_domain::Timestamp;

/// People the app knows.
const PEOPLE: u64 = 6;

fn person(e: &Inner, number: u64, i: u64) -> u64 {
    94_770_000_000 + join(e.seed ^ number, i) % 9_000_000
}

/// Part 0 is the contacts; parts 1 to 3 are the phases of the history.
pub(crate) fn sync(e: &Inner, place: u32, part: u32, now: Timestamp) {
    let d = read(&e.directory);
    let Some(n) = d.numbers.get(place as usize) else { return };
    let people: Vec<u64> = (0..PEOPLE).map(|i| person(e, n.id, i)).collect();
    let (field, key, rows): (_, _, Value) = if part == 0 {
        let contact = |p: &u64| {
            let name = e.users.name(*p);
            let first = name.split(' ').next().unwrap_or_default();
            json!({"type": "contact", "contact": {"full_name": name, "first_name": first, "phone_number": p.to_string()},
                "action": "add", "metadata": {"timestamp": now.seconds().to_string()}})
        };
        ("smb_app_state_sync", "state_sync", people.iter().map(contact).collect())
    } else {
        // Meta: day 0–1, 1–90, 90–180.
        let phase = part - 1;
        let days_ago = [0, 30, 120].get(phase as usize).copied().unwrap_or(0);
        let threads: Vec<Value> = people
            .iter()
            .map(|p| {
                let message = |i: i64| {
                    let serial = e.serial.fetch_add(1, Ordering::Relaxed);
                    let at = now.seconds() - days_ago * 86_400 - 3_600 + i * 60;
                    let ours = i % 2 == 1;
                    let id = if ours { wamid::outbound(e.seed, *p, serial) } else { wamid::inbound(e.seed, *p, serial) };
                    let mut m = json!({"from": if ours { n.digits } else { *p }.to_string(), "id": id, "timestamp": at.to_string(),
                        "type": "text", "text": {"body": if ours { "We are open until six." } else { "Are you open today?" }},
                        "history_context": {"status": "READ"}});
                    if ours {
                        m["to"] = json!(p.to_string());
                    }
                    m
                };
                json!({"id": p.to_string(), "messages": (0..4).map(message).collect::<Vec<_>>()})
            })
            .collect();
        let progress = [34, 67, 100].get(phase as usize).copied().unwrap_or(100);
        let chunk =
            json!({"metadata": {"phase": phase, "chunk_order": 1, "progress": progress}, "threads": threads});
        ("history", "history", json!([chunk]))
    };
    let value = json!({"messaging_product": "whatsapp", "metadata": Metadata::of(n), key: rows});
    e.outbox.note(&d, Note::account(n.waba, field, to_json(&value), now.seconds()));
}
