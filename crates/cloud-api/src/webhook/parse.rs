//! Reading an envelope: fast when all is as expected, element by element when it is not.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{Change, Entry, Envelope, MAX_BODY_BYTES, Malformed, Payload, WebhookError};
use super::limits;
use super::parts::{Parts, Pieces, set_aside};
use crate::wire::{Extra, Str, Timestamp, lenient};

/// Reads a webhook body. Borrows from it wherever it can.
///
/// # Errors
/// [`WebhookError`] only when the body is beyond a limit, is not JSON, or has no list of entries. Anything
/// smaller that cannot be read is in [`Envelope::malformed`].
pub fn parse(body: &[u8]) -> Result<Envelope<'_>, WebhookError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(WebhookError::TooLarge { bytes: body.len() });
    }
    limits::check_count(body)?;
    let mut malformed = Vec::new();
    let outer = match serde_json::from_slice::<Outer<'_, OuterEntry<'_>>>(body) {
        Ok(outer) => outer,
        Err(_) => match serde_json::from_slice(body) {
            Ok(outer) => entry_by_entry(outer, &mut malformed),
            Err(error) => return Err(limits::check_depth(body).err().unwrap_or(error.into())),
        },
    };
    let entry = outer
        .entry
        .into_iter()
        .map(|entry| Entry {
            id: entry.id,
            time: entry.time,
            changes: entry.changes.into_iter().map(|change| read_change(change, &mut malformed)).collect(),
            extra: entry.extra,
        })
        .collect();
    Ok(Envelope { object: outer.object, entry, malformed, extra: outer.extra })
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a, E: Deserialize<'de>"))]
struct Outer<'a, E> {
    #[serde(borrow, default)]
    object: Str<'a>,
    entry: Vec<E>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Deserialize)]
struct OuterEntry<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(default)]
    time: Option<Timestamp>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    changes: Vec<OuterChange<'a>>,
    #[serde(flatten)]
    extra: Extra,
}

impl<'a> Pieces<'a> for OuterEntry<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            id: parts.one("id").unwrap_or_default(),
            time: parts.one("time"),
            changes: parts.list("changes"),
            extra: parts.rest(),
        }
    }
}

/// `value` mostly comes before `field`, so it is read in a second step.
#[derive(Deserialize)]
struct OuterChange<'a> {
    #[serde(borrow, default)]
    field: Str<'a>,
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(flatten)]
    extra: Extra,
}

fn entry_by_entry<'a>(
    outer: Outer<'a, &'a RawValue>,
    malformed: &mut Vec<Malformed<'a>>,
) -> Outer<'a, OuterEntry<'a>> {
    let mut entries = Vec::with_capacity(outer.entry.len());
    for raw in outer.entry {
        match serde_json::from_str::<OuterEntry<'a>>(raw.get()) {
            Ok(entry) => entries.push(entry),
            Err(error) => match Parts::of(raw, malformed).filter(|parts| parts.has_list("changes")) {
                Some(parts) => entries.push(OuterEntry::from_parts(parts)),
                None => malformed.push(set_aside("entry", raw, &error)),
            },
        }
    }
    Outer { object: outer.object, entry: entries, extra: outer.extra }
}

fn read_change<'a>(change: OuterChange<'a>, malformed: &mut Vec<Malformed<'a>>) -> Change<'a> {
    let payload = Payload::read(&change.field, change.value, malformed);
    Change { field: change.field, payload, extra: change.extra }
}
