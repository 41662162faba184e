//! Meta's time: whole seconds since 1970, as text here and as a number there.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::lenient;

/// Unix seconds. Reads text or a number; writes text, as messages and statuses carry it. Fields that
/// Meta sends as numbers use [`Timestamp::as_number`] in `serialize_with`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Microseconds since 1970, `None` when the seconds are beyond what fits.
    #[must_use]
    pub fn micros(self) -> Option<i64> {
        self.0.checked_mul(1_000_000)
    }

    /// For `serialize_with` on fields that Meta sends as numbers.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn as_number<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }

    /// As [`Timestamp::as_number`] for a field that may be absent.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn opt_as_number<S: Serializer>(time: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(|time| time.0).serialize(serializer)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::i64(deserializer).map(Self)
    }
}
