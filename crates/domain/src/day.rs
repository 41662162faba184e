//! Days and months of the calendar, in UTC: by them usage is counted and limited.
//!
//! UTC, not a business's own time: an organization has no time zone here, its people and customers may
//! live in several, and Meta's own counts go by UTC.

use crate::time::Timestamp;
use jiff::{civil, tz::TimeZone};
use std::{fmt, str::FromStr};

const DAY_S: i64 = 24 * 3600;

/// A day, as its number since 1970-01-01. Shown as `2026-11-22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self(at.seconds().div_euclid(DAY_S))
    }

    /// Its first moment.
    #[must_use]
    pub const fn begins_at(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_mul(DAY_S))
    }

    /// The day `days` later, or earlier.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The first and the last day of its month.
    #[must_use]
    pub fn month(self) -> (Self, Self) {
        match self.date() {
            Some(date) => (Self::from(date.first_of_month()), Self::from(date.last_of_month())),
            None => (self, self),
        }
    }

    /// `None` outside the years that a calendar has.
    fn date(self) -> Option<civil::Date> {
        let moment = jiff::Timestamp::from_second(self.0.checked_mul(DAY_S)?).ok()?;
        Some(moment.to_zoned(TimeZone::UTC).date())
    }
}

impl From<civil::Date> for Day {
    fn from(date: civil::Date) -> Self {
        let begins = date.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second());
        Self(begins.div_euclid(DAY_S))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => write!(f, "{date}"),
            None => write!(f, "day {}", self.0),
        }
    }
}

/// The text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day: write it like 2026-11-22")]
pub struct DayError;

impl FromStr for Day {
    type Err = DayError;
    fn from_str(text: &str) -> Result<Self, DayError> {
        // Other forms that the library reads would mean another day in another place.
        let date: civil::Date = text.parse().map_err(|_| DayError)?;
        if date.to_string() == text { Ok(Self::from(date)) } else { Err(DayError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_begins_and_ends_in_utc() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!(day.begins_at().to_string(), "2026-11-22T00:00:00Z");
        let last = Timestamp(day.plus(1).begins_at().0 - 1);
        assert_eq!((Day::of(day.begins_at()), Day::of(last)), (day, day));
        assert_eq!(Day::of(Timestamp(-1)).to_string(), "1969-12-31");
    }

    #[test]
    fn a_month_has_its_days() {
        let month = |day: &str| {
            let (first, last) = day.parse::<Day>().unwrap().month();
            (first.to_string(), last.to_string())
        };
        assert_eq!(month("2024-02-10"), ("2024-02-01".to_owned(), "2024-02-29".to_owned()));
        assert_eq!(month("2026-12-31"), ("2026-12-01".to_owned(), "2026-12-31".to_owned()));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "2026-13-01", "2026-02-29", "22.11.2026", "20261122", "2026-11-22T01:00", "today"] {
            assert_eq!(text.parse::<Day>(), Err(DayError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_day_survives_its_words(days in -100_000_i64..1_000_000) {
            prop_assert_eq!(Day(days).to_string().parse(), Ok(Day(days)));
        }

        #[test]
        fn any_moment_has_a_day(at: i64) {
            let day = Day::of(Timestamp(at));
            let (first, last) = day.month();
            prop_assert!(first <= day && day <= last);
            let _ = day.to_string();
        }
    }
}
