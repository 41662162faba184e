//! Months and dates, in UTC.

use tisara_domain::Timestamp;

/// When the month of this moment begins (unix seconds).
pub(crate) fn month_begins(at_s: i64) -> i64 {
    let (year, month) = month(at_s);
    first_of(year, month)
}

/// When the month after this moment begins (unix seconds).
pub(crate) fn next_month_begins(at_s: i64) -> i64 {
    let (year, month) = month(at_s);
    if month == 12 { first_of(year + 1, 1) } else { first_of(year, month + 1) }
}

/// A moment as the Graph API writes dates: `2026-11-21T09:30:00+0000`.
pub(crate) fn graph_date(at_s: i64) -> String {
    Timestamp::from_seconds(at_s).to_string().replace('Z', "+0000")
}

fn month(at_s: i64) -> (i64, i64) {
    let text = Timestamp::from_seconds(at_s).to_string();
    let part = |from: usize, to: usize| text.get(from..to).and_then(|p| p.parse().ok());
    // Years that RFC 3339 cannot write are as good as the first one.
    (part(0, 4).unwrap_or(1970), part(5, 7).unwrap_or(1))
}

fn first_of(year: i64, month: i64) -> i64 {
    format!("{year:04}-{month:02}-01T00:00:00Z").parse().map_or(0, Timestamp::seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_at_midnight_and_december_is_followed_by_january() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().seconds();
        assert_eq!(month_begins(at("2026-12-31T23:59:59Z")), at("2026-12-01T00:00:00Z"));
        assert_eq!(next_month_begins(at("2026-12-31T23:59:59Z")), at("2027-01-01T00:00:00Z"));
        assert_eq!(next_month_begins(at("2028-02-01T00:00:00Z")), at("2028-03-01T00:00:00Z"));
        assert_eq!(graph_date(at("2026-11-21T09:30:00Z")), "2026-11-21T09:30:00+0000");
        let _ = (month_begins(i64::MAX), next_month_begins(i64::MIN));
    }
}
