//! The webhooks of groups: `group_lifecycle_update`, `group_participants_update`, `group_settings_update`
//! and `group_status_update`.

use super::Group;
use crate::{
    Inner,
    directory::Directory,
    graph::find_code,
    webhooks::{Metadata, Note, contact, to_json},
};
use serde_json::{Value, json};
use tisara_domain::Timestamp;

/// Tells of one change of a group.
pub(super) fn tell(
    e: &Inner,
    d: &Directory,
    group: &Group,
    field: &'static str,
    mut row: Value,
    now: Timestamp,
) {
    let Some(number) = d.number(group.number) else { return };
    row["timestamp"] = json!(now.seconds().to_string());
    row["group_id"] = json!(group.id);
    let value = json!({"messaging_product": "whatsapp", "metadata": Metadata::of(number), "groups": [row]});
    e.outbox.note(d, Note::account(number.waba, field, to_json(&value), now.seconds()));
}

/// An error, as these webhooks and mixed answers carry it.
pub(super) fn error(code: i64, details: &str) -> Value {
    let title = find_code(code).title;
    json!({"code": code, "message": format!("(#{code}) {title}"), "title": title, "error_data": {"details": details}})
}

/// A user as the number sees them: `wa_id` unless it is hidden, `user_id`, `username`.
pub(super) fn person(e: &Inner, d: &Directory, number: u64, user: u64) -> Value {
    let (Some(n), Some(place)) = (d.number(number), d.number_place(number)) else { return json!({}) };
    let c = contact(e, d, n, place, user);
    let mut row = json!({"user_id": c.user_id()});
    if let Some(wa_id) = c.wa_id() {
        row["wa_id"] = json!(wa_id);
    }
    row
}

/// A request's id, which comes back in the webhook.
pub(super) fn request_id(e: &Inner, group: &Group) -> String {
    let n = e.calls.load(std::sync::atomic::Ordering::Relaxed);
    (100_000_000_000_000 + crate::chance::join(e.seed ^ group.serial, n) % 900_000_000_000_000).to_string()
}
