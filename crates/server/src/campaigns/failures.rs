//! Why messages fail, in words for a person.

use tisara_cloud_api::codes;
use tisara_domain::recipient::own_code;

/// The sentence of Meta's code, or of one of ours.
pub(crate) fn explanation(code: i32) -> String {
    if let Some(ours) = own_code::explanation(code) {
        return ours.to_owned();
    }
    match codes::lookup(i64::from(code)) {
        Some(entry) => entry.title.to_owned(),
        None => format!("Meta's error {code}."),
    }
}
