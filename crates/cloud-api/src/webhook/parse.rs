//! Reading an envelope: fast when all is as expected, element by element when it is not.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::coexistence::{EchoesValue, HistoryChunk, HistoryThread, HistoryValue};
use super::envelope::{Change, Entry, Envelope, MAX_BODY_BYTES, Malformed, Payload, WebhookError};
use super::inbound::InboundMessage;
use super::messages::{MessagesValue, WebhookContact};
use super::status::Status;
use crate::wire::{Extra, Raw, Str, Timestamp, lenient};

/// Reads a webhook body. Borrows from it wherever it can.
///
/// # Errors
/// [`WebhookError`] only when the body is too long, is not JSON, or has no list of entries. Anything
/// smaller that cannot be read is in [`Envelope::malformed`].
pub fn parse(body: &[u8]) -> Result<Envelope<'_>, WebhookError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(WebhookError::TooLarge { bytes: body.len() });
    }
    let mut malformed = Vec::new();
    let outer = match serde_json::from_slice::<Outer<'_, OuterEntry<'_>>>(body) {
        Ok(outer) => outer,
        Err(_) => entry_by_entry(serde_json::from_slice(body)?, &mut malformed),
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

/// An entry whose changes are not all as expected.
#[derive(Deserialize)]
struct LooseEntry<'a> {
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    time: Option<Raw<'a>>,
    #[serde(borrow)]
    changes: Vec<&'a RawValue>,
    #[serde(flatten)]
    extra: Extra,
}

fn entry_by_entry<'a>(
    outer: Outer<'a, &'a RawValue>,
    malformed: &mut Vec<Malformed<'a>>,
) -> Outer<'a, OuterEntry<'a>> {
    let mut entries = Vec::with_capacity(outer.entry.len());
    for raw in outer.entry {
        if let Ok(entry) = serde_json::from_str::<OuterEntry<'a>>(raw.get()) {
            entries.push(entry);
            continue;
        }
        match serde_json::from_str::<LooseEntry<'a>>(raw.get()) {
            Ok(loose) => entries.push(OuterEntry {
                id: loose.id.and_then(reread).unwrap_or_default(),
                time: loose.time.and_then(reread),
                changes: elements("changes", loose.changes, malformed),
                extra: loose.extra,
            }),
            Err(error) => malformed.push(set_aside("entry", raw, &error)),
        }
    }
    Outer { object: outer.object, entry: entries, extra: outer.extra }
}

fn reread<'a, T: Deserialize<'a>>(raw: Raw<'a>) -> Option<T> {
    serde_json::from_str(raw.borrowed_text()?).ok()
}

/// Reads each element of a list on its own; those that cannot be read are set aside.
fn elements<'a, T: Deserialize<'a>>(
    part: &'static str,
    raws: Vec<&'a RawValue>,
    malformed: &mut Vec<Malformed<'a>>,
) -> Vec<T> {
    let mut read = Vec::with_capacity(raws.len());
    for raw in raws {
        match serde_json::from_str(raw.get()) {
            Ok(element) => read.push(element),
            Err(error) => malformed.push(set_aside(part, raw, &error)),
        }
    }
    read
}

fn set_aside<'a>(part: impl Into<Str<'a>>, raw: &'a RawValue, error: &serde_json::Error) -> Malformed<'a> {
    // serde quotes the offending text ("invalid type: string "…""), which may be a customer's; only the
    // kind of error and the place are kept.
    let what = match error.classify() {
        serde_json::error::Category::Data => "unexpected shape",
        serde_json::error::Category::Syntax => "invalid JSON or too deeply nested",
        serde_json::error::Category::Eof => "ends too early",
        serde_json::error::Category::Io => "unreadable",
    };
    let error = format!("{what} at line {}, column {}", error.line(), error.column());
    Malformed { part: part.into(), raw: Raw::borrowed(raw), error }
}

fn read_change<'a>(change: OuterChange<'a>, malformed: &mut Vec<Malformed<'a>>) -> Change<'a> {
    let raw = change.value;
    let payload = match change.field.as_str() {
        "messages" => read_messages(raw, malformed),
        "smb_message_echoes" => read_echoes(raw, malformed),
        "history" => read_history(raw, malformed),
        field => match Payload::read(field, raw.get()) {
            Some(Ok(payload)) => payload,
            Some(Err(error)) => {
                malformed.push(set_aside(change.field.clone(), raw, &error));
                Payload::Unknown(Raw::borrowed(raw))
            }
            None => Payload::Unknown(Raw::borrowed(raw)),
        },
    };
    Change { field: change.field, payload, extra: change.extra }
}

/// The lists of a `messages` value, each element still unread.
#[derive(Deserialize)]
struct LooseMessages<'a> {
    #[serde(borrow, default)]
    messaging_product: Option<Raw<'a>>,
    #[serde(borrow, default)]
    metadata: Option<Raw<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    contacts: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    messages: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    statuses: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    errors: Vec<&'a RawValue>,
    #[serde(flatten)]
    extra: Extra,
}

fn read_messages<'a>(raw: &'a RawValue, malformed: &mut Vec<Malformed<'a>>) -> Payload<'a> {
    let error = match serde_json::from_str::<MessagesValue<'a>>(raw.get()) {
        Ok(value) => return Payload::Messages(Box::new(value)),
        Err(error) => error,
    };
    let Ok(loose) = serde_json::from_str::<LooseMessages<'a>>(raw.get()) else {
        malformed.push(set_aside("messages", raw, &error));
        return Payload::Unknown(Raw::borrowed(raw));
    };
    Payload::Messages(Box::new(MessagesValue {
        messaging_product: loose.messaging_product.and_then(reread),
        metadata: loose.metadata.and_then(reread),
        contacts: elements::<WebhookContact<'a>>("contacts", loose.contacts, malformed),
        messages: elements::<InboundMessage<'a>>("messages", loose.messages, malformed),
        statuses: elements::<Status<'a>>("statuses", loose.statuses, malformed),
        errors: elements("errors", loose.errors, malformed),
        extra: loose.extra,
    }))
}

/// The lists of an echo, each element still unread.
#[derive(Deserialize)]
struct LooseEchoes<'a> {
    #[serde(borrow, default)]
    messaging_product: Option<Raw<'a>>,
    #[serde(borrow, default)]
    metadata: Option<Raw<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    contacts: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    message_echoes: Vec<&'a RawValue>,
    #[serde(flatten)]
    extra: Extra,
}

fn read_echoes<'a>(raw: &'a RawValue, malformed: &mut Vec<Malformed<'a>>) -> Payload<'a> {
    let error = match serde_json::from_str::<EchoesValue<'a>>(raw.get()) {
        Ok(value) => return Payload::Echoes(Box::new(value)),
        Err(error) => error,
    };
    let Ok(loose) = serde_json::from_str::<LooseEchoes<'a>>(raw.get()) else {
        malformed.push(set_aside("smb_message_echoes", raw, &error));
        return Payload::Unknown(Raw::borrowed(raw));
    };
    Payload::Echoes(Box::new(EchoesValue {
        messaging_product: loose.messaging_product.and_then(reread),
        metadata: loose.metadata.and_then(reread),
        contacts: elements("contacts", loose.contacts, malformed),
        message_echoes: elements("message_echoes", loose.message_echoes, malformed),
        extra: loose.extra,
    }))
}

/// The lists of a history, each element still unread.
#[derive(Deserialize)]
struct LooseHistory<'a> {
    #[serde(borrow, default)]
    messaging_product: Option<Raw<'a>>,
    #[serde(borrow, default)]
    metadata: Option<Raw<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    contacts: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    history: Vec<LooseChunk<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    messages: Vec<&'a RawValue>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Deserialize)]
struct LooseChunk<'a> {
    #[serde(borrow, default)]
    metadata: Option<Raw<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    threads: Vec<LooseThread<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    errors: Vec<&'a RawValue>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Deserialize)]
struct LooseThread<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    messages: Vec<&'a RawValue>,
    #[serde(flatten)]
    extra: Extra,
}

fn read_history<'a>(raw: &'a RawValue, malformed: &mut Vec<Malformed<'a>>) -> Payload<'a> {
    let error = match serde_json::from_str::<HistoryValue<'a>>(raw.get()) {
        Ok(value) => return Payload::History(Box::new(value)),
        Err(error) => error,
    };
    let Ok(loose) = serde_json::from_str::<LooseHistory<'a>>(raw.get()) else {
        malformed.push(set_aside("history", raw, &error));
        return Payload::Unknown(Raw::borrowed(raw));
    };
    let mut history = Vec::with_capacity(loose.history.len());
    for chunk in loose.history {
        let threads = chunk
            .threads
            .into_iter()
            .map(|thread| HistoryThread {
                id: thread.id,
                messages: elements("history messages", thread.messages, malformed),
                extra: thread.extra,
            })
            .collect();
        history.push(HistoryChunk {
            metadata: chunk.metadata.and_then(reread),
            threads,
            errors: elements("errors", chunk.errors, malformed),
            extra: chunk.extra,
        });
    }
    Payload::History(Box::new(HistoryValue {
        messaging_product: loose.messaging_product.and_then(reread),
        metadata: loose.metadata.and_then(reread),
        contacts: elements("contacts", loose.contacts, malformed),
        history,
        messages: elements("messages", loose.messages, malformed),
        extra: loose.extra,
    }))
}
