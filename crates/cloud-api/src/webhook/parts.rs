//! Reading a value piece by piece, when it cannot be read whole: what is wrong is set aside, all else stays.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::{Malformed, Payload};
use crate::wire::{Extra, Raw, Str};

/// A value that holds lists, whose good elements are worth reading beside a bad one.
pub(super) trait Pieces<'a>: Deserialize<'a> {
    /// Puts the value together from its members.
    fn from_parts(parts: Parts<'a, '_>) -> Self;
}

/// Reads a value whole, else by its pieces, else keeps it raw.
pub(super) fn read<'a, T: Pieces<'a>>(
    field: Str<'a>,
    raw: &'a RawValue,
    malformed: &mut Vec<Malformed<'a>>,
    payload: fn(Box<T>) -> Payload<'a>,
) -> Payload<'a> {
    match serde_json::from_str::<T>(raw.get()) {
        Ok(value) => payload(Box::new(value)),
        Err(error) => match Parts::of(raw, malformed) {
            Some(parts) => payload(Box::new(T::from_parts(parts))),
            None => unknown(field, raw, &error, malformed),
        },
    }
}

/// Reads a value whole, else keeps it raw.
pub(super) fn read_whole<'a, T: Deserialize<'a>>(
    field: Str<'a>,
    raw: &'a RawValue,
    malformed: &mut Vec<Malformed<'a>>,
    payload: fn(Box<T>) -> Payload<'a>,
) -> Payload<'a> {
    match serde_json::from_str::<T>(raw.get()) {
        Ok(value) => payload(Box::new(value)),
        Err(error) => unknown(field, raw, &error, malformed),
    }
}

fn unknown<'a>(
    field: Str<'a>,
    raw: &'a RawValue,
    error: &serde_json::Error,
    malformed: &mut Vec<Malformed<'a>>,
) -> Payload<'a> {
    malformed.push(set_aside(field, raw, error));
    Payload::Unknown(Raw::borrowed(raw))
}

pub(super) fn set_aside<'a>(
    part: impl Into<Str<'a>>,
    raw: &'a RawValue,
    error: &serde_json::Error,
) -> Malformed<'a> {
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

/// The members of an object, still unread.
pub(super) struct Parts<'a, 'm> {
    members: Vec<(Str<'a>, &'a RawValue)>,
    malformed: &'m mut Vec<Malformed<'a>>,
}

impl<'a, 'm> Parts<'a, 'm> {
    /// `None` when it is no object.
    pub(super) fn of(raw: &'a RawValue, malformed: &'m mut Vec<Malformed<'a>>) -> Option<Self> {
        let Members(members) = serde_json::from_str(raw.get()).ok()?;
        Some(Self { members, malformed })
    }

    /// A member, if it is there. One that cannot be read is set aside and stays among the rest.
    pub(super) fn one<T: Deserialize<'a>>(&mut self, name: &'static str) -> Option<T> {
        let index = self.members.iter().position(|(member, _)| *member == name)?;
        match serde_json::from_str::<Option<T>>(self.members[index].1.get()) {
            Ok(value) => {
                self.members.remove(index);
                value
            }
            Err(error) => {
                self.malformed.push(set_aside(name, self.members[index].1, &error));
                None
            }
        }
    }

    /// A list, element by element. Those that cannot be read are set aside.
    pub(super) fn list<T: Deserialize<'a>>(&mut self, name: &'static str) -> Vec<T> {
        self.elements(name).into_iter().filter_map(|raw| self.element(name, raw)).collect()
    }

    /// A list of objects that hold lists themselves.
    pub(super) fn nested<T: Pieces<'a>>(&mut self, name: &'static str) -> Vec<T> {
        let mut read = Vec::new();
        for raw in self.elements(name) {
            match serde_json::from_str(raw.get()) {
                Ok(value) => read.push(value),
                Err(error) => match Parts::of(raw, self.malformed) {
                    Some(parts) => read.push(T::from_parts(parts)),
                    None => self.malformed.push(set_aside(name, raw, &error)),
                },
            }
        }
        read
    }

    /// Whether there is a list of this name.
    pub(super) fn has_list(&self, name: &'static str) -> bool {
        self.members
            .iter()
            .any(|(member, raw)| *member == name && serde_json::from_str::<Vec<&RawValue>>(raw.get()).is_ok())
    }

    fn element<T: Deserialize<'a>>(&mut self, name: &'static str, raw: &'a RawValue) -> Option<T> {
        serde_json::from_str(raw.get())
            .map_err(|error| self.malformed.push(set_aside(name, raw, &error)))
            .ok()
    }

    /// Takes every list of this name out; one that is no list is set aside and stays among the rest.
    fn elements(&mut self, name: &'static str) -> Vec<&'a RawValue> {
        let mut elements = Vec::new();
        let malformed = &mut *self.malformed;
        self.members.retain(|(member, raw)| {
            if *member != name {
                return true;
            }
            match serde_json::from_str::<Option<Vec<&'a RawValue>>>(raw.get()) {
                Ok(list) => elements.extend(list.unwrap_or_default()),
                Err(error) => {
                    malformed.push(set_aside(name, raw, &error));
                    return true;
                }
            }
            false
        });
        elements
    }

    /// What nobody asked for.
    pub(super) fn rest(self) -> Extra {
        let mut extra = Extra::new();
        for (name, raw) in self.members {
            match serde_json::from_str(raw.get()) {
                Ok(value) => _ = extra.insert(name.into_string(), value),
                Err(error) => self.malformed.push(set_aside(name, raw, &error)),
            }
        }
        extra
    }
}

struct Members<'a>(Vec<(Str<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Vec<(Str<'de>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}
