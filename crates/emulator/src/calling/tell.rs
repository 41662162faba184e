//! The webhook `calls`.

use super::line::{PhoneCall, Stage};
use crate::{
    Inner,
    directory::Directory,
    webhooks::{Metadata, Note, contact, to_json},
};
use serde_json::{Value, json};
use tisara_domain::Timestamp;

/// A call begins: `connect`, with how the other side's media is to be reached.
pub(super) fn connect(e: &Inner, d: &Directory, call: &PhoneCall, now: Timestamp) {
    let sdp_type = if call.by_business { "answer" } else { "offer" };
    let mut row = row(d, call, "connect", now);
    row["session"] = json!({"sdp_type": sdp_type, "sdp": sdp(call)});
    if let Some(payload) = &call.payload {
        row["cta_payload"] = json!(payload);
    }
    note(e, d, call, json!({"calls": [row]}), now);
}

/// A call has ended. `error` is Meta's code, for one that failed.
pub(super) fn terminate(e: &Inner, d: &Directory, call: &PhoneCall, error: Option<i64>, now: Timestamp) {
    let mut row = row(d, call, "terminate", now);
    match call.stage {
        Stage::Accepted(since) => {
            row["status"] = json!("COMPLETED");
            row["start_time"] = json!(since.to_string());
            row["end_time"] = json!(now.seconds().to_string());
            row["duration"] = json!(now.seconds() - since);
        }
        _ => row["status"] = json!("FAILED"),
    }
    let mut value = json!({"calls": [row]});
    if let Some(code) = error {
        let title = crate::graph::find_code(code).title;
        value["errors"] = json!([{"code": code, "title": title, "message": title, "error_data": {"details": title},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/calling/troubleshooting"}]);
    }
    note(e, d, call, value, now);
}

/// How a call of the business stands: RINGING, ACCEPTED or REJECTED.
pub(super) fn status(e: &Inner, d: &Directory, call: &PhoneCall, status: &str, now: Timestamp) {
    let mut row =
        json!({"id": call.id, "type": "call", "status": status, "timestamp": now.seconds().to_string()});
    if let Some((wa_id, user_id)) = who(e, d, call) {
        if !call.to_bsuid || wa_id.is_some() {
            row["recipient_id"] = json!(call.user.to_string());
        }
        row["recipient_user_id"] = json!(user_id);
    }
    if let Some(data) = &call.callback {
        row["biz_opaque_callback_data"] = json!(data);
    }
    note(e, d, call, json!({"statuses": [row]}), now);
}

fn row(d: &Directory, call: &PhoneCall, event: &str, now: Timestamp) -> Value {
    let business = d.number(call.number).map(|n| n.digits.to_string()).unwrap_or_default();
    let user = call.user.to_string();
    let (from, to) = if call.by_business { (business, user) } else { (user, business) };
    let mut row = json!({"id": call.id, "from": from, "to": to, "event": event,
        "timestamp": now.seconds().to_string(), "direction": call.direction()});
    if let Some(data) = &call.callback {
        row["biz_opaque_callback_data"] = json!(data);
    }
    row
}

/// The user's phone number, unless it is hidden, and id.
fn who(e: &Inner, d: &Directory, call: &PhoneCall) -> Option<(Option<String>, String)> {
    let place = d.number_place(call.number)?;
    let c = contact(e, d, d.number(call.number)?, place, call.user);
    Some((c.wa_id().map(str::to_owned), c.user_id().to_owned()))
}

fn note(e: &Inner, d: &Directory, call: &PhoneCall, mut value: Value, now: Timestamp) {
    let (Some(number), Some(place)) = (d.number(call.number), d.number_place(call.number)) else { return };
    let contact = contact(e, d, number, place, call.user);
    // Who hides the phone number is named by id only.
    let side = if call.by_business { "to" } else { "from" };
    for row in value["calls"].as_array_mut().into_iter().flatten() {
        row[format!("{side}_user_id")] = json!(contact.user_id());
        if contact.wa_id().is_none()
            && let Some(row) = row.as_object_mut()
        {
            row.remove(side);
        }
    }
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!(Metadata::of(number));
    value["contacts"] = json!([contact]);
    e.outbox.note(d, Note::account(number.waba, "calls", to_json(&value), now.seconds()));
}

/// A session description that says as much as a test needs: audio, and where from.
fn sdp(call: &PhoneCall) -> String {
    let setup = if call.by_business { "active" } else { "actpass" };
    let print =
        "35:47:24:24:9F:93:C4:3E:DB:37:7F:BB:ED:F8:20:B5:AD:AC:DC:35:C2:7D:67:EE:6C:35:54:DF:A6:00:5C:4A";
    format!(
        "v=0\r\no=- {} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:4g1c\r\na=ice-pwd:qY/Bb+jQzg5ICn6X4fhJQetk\r\na=fingerprint:sha-256 {print}\r\na=setup:{setup}\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:126 telephone-event/8000\r\n",
        call.user
    )
}
