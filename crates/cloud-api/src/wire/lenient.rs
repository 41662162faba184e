//! For `deserialize_with`: numbers and flags that Meta sends as themselves or as text.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A whole number, or text holding one.
///
/// # Errors
/// When it is neither.
pub fn i64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_any(IntVisitor)
}

/// As [`i64()`], where the field may be null or absent (with `default`).
///
/// # Errors
/// When it is something else.
pub fn opt_i64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<Int>::deserialize(deserializer)?.map(|int| int.0))
}

/// A whole number that is never negative, or text holding one.
///
/// # Errors
/// When it is neither.
pub fn u64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    u64::try_from(i64(deserializer)?).map_err(|_| Error::custom("expected a number that is not negative"))
}

/// As [`u64()`], where the field may be null or absent (with `default`).
///
/// # Errors
/// When it is something else.
pub fn opt_u64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    opt_i64(deserializer)?
        .map(|number| {
            u64::try_from(number).map_err(|_| Error::custom("expected a number that is not negative"))
        })
        .transpose()
}

/// Any number, or text holding one.
///
/// # Errors
/// When it is neither.
pub fn f64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(FloatVisitor)
}

/// As [`f64()`], where the field may be null or absent (with `default`).
///
/// # Errors
/// When it is something else.
pub fn opt_f64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Option::<Float>::deserialize(deserializer)?.map(|float| float.0))
}

/// A flag, or the text `true` or `false`, or 0 or 1.
///
/// # Errors
/// When it is none of these.
pub fn bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    deserializer.deserialize_any(FlagVisitor)
}

/// As [`bool()`], where the field may be null or absent (with `default`).
///
/// # Errors
/// When it is something else.
pub fn opt_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(Option::<Flag>::deserialize(deserializer)?.map(|flag| flag.0))
}

/// A list, or null for an empty one.
///
/// # Errors
/// When an element is not of its type.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// An object, or null for an empty one.
///
/// # Errors
/// When it is something else.
pub fn map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<super::Extra, D::Error> {
    Ok(Option::<super::Extra>::deserialize(deserializer)?.unwrap_or_default())
}

struct Int(i64);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64(deserializer).map(Self)
    }
}

struct Float(f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64(deserializer).map(Self)
    }
}

struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bool(deserializer).map(Self)
    }
}

struct IntVisitor;

impl Visitor<'_> for IntVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or text holding one")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        // Within ±2^53 a whole f64 is exact, so the cast loses nothing.
        if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
            return Ok(number as i64);
        }
        Err(E::custom("expected a whole number"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
        text.trim().parse().map_err(|_| E::custom("expected a whole number in the text"))
    }
}

struct FloatVisitor;

impl Visitor<'_> for FloatVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or text holding one")
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        match text.trim().parse::<f64>() {
            // JSON cannot write the others back.
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(E::custom("expected a number in the text")),
        }
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<bool, E> {
        Ok(flag)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        match number {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(E::custom("expected 0 or 1")),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        match text {
            "true" | "True" | "1" => Ok(true),
            "false" | "False" | "0" => Ok(false),
            _ => Err(E::custom("expected true or false")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_flags_may_come_as_text() {
        assert_eq!(serde_json::from_str::<Int>("\"1750030073\"").unwrap().0, 1_750_030_073);
        assert_eq!(serde_json::from_str::<Int>("1750030073").unwrap().0, 1_750_030_073);
        assert!(serde_json::from_str::<Int>("\"soon\"").is_err());
        assert!(serde_json::from_str::<Flag>("\"true\"").unwrap().0);
        assert!((serde_json::from_str::<Float>("\"37.44\"").unwrap().0 - 37.44).abs() < 1e-9);
        assert!(serde_json::from_str::<Float>("\"NaN\"").is_err());
    }
}
