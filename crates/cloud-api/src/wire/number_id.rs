//! Ids that Meta writes as numbers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Str;

/// An id that Meta sends as a JSON number here and as text elsewhere. Reads both, writes a number where
/// it is one, compares as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct NumberId(pub String);

impl NumberId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for NumberId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for NumberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for NumberId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.parse::<u64>() {
            // Only where the digits come back as they were: not with leading zeros.
            Ok(number) if number.to_string() == self.0 => serializer.serialize_u64(number),
            _ => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for NumberId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Str::deserialize(deserializer).map(|id| Self(id.into_string()))
    }
}
