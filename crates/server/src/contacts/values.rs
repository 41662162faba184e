//! Single values as people write them.

use tisara_domain::Region;

/// Yes and no as shops write them, in English, Sinhala, Tamil and Hindi; `None` for anything else.
pub(crate) fn truth(text: &str) -> Option<bool> {
    const YES: &[&str] = &[
        "1",
        "y",
        "yes",
        "true",
        "t",
        "ok",
        "on",
        "x",
        "✓",
        "✔",
        "✅",
        "opted in",
        "opted_in",
        "opt-in",
        "subscribed",
        "agreed",
        "ඔව්",
        "ඔවු",
        "ஆம்",
        "ஆமாம்",
        "हाँ",
        "हां",
        "हा",
        "जी हाँ",
    ];
    const NO: &[&str] = &[
        "0",
        "n",
        "no",
        "false",
        "f",
        "off",
        "opted out",
        "opted_out",
        "opt-out",
        "unsubscribed",
        "stop",
        "නැත",
        "නෑ",
        "නැහැ",
        "එපා",
        "இல்லை",
        "வேண்டாம்",
        "नहीं",
        "ना",
        "नही",
    ];
    let folded = text.trim().trim_end_matches(['.', '!']).to_lowercase();
    if YES.contains(&folded.as_str()) {
        Some(true)
    } else if NO.contains(&folded.as_str()) {
        Some(false)
    } else {
        None
    }
}

/// An e-mail address in the shape that mail can be sent to.
pub(crate) fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |s: &str| {
        !s.is_empty() && s.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '@' && c != ',')
    };
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    (text.len() <= 254 && plain(local) && plain(domain) && dotted).then(|| text.to_owned())
}

/// A language as Meta's templates name it: `si`, `en_US`.
pub(crate) fn language(text: &str) -> Option<String> {
    let folded = text.trim().to_lowercase().replace('-', "_");
    let known = match folded.as_str() {
        "english" | "ඉංග්‍රීසි" => "en",
        "sinhala" | "sinhalese" | "සිංහල" => "si",
        "tamil" | "தமிழ்" => "ta",
        "hindi" | "हिन्दी" | "हिंदी" => "hi",
        code => {
            let (language, country) = code.split_once('_').unwrap_or((code, ""));
            let letters = |s: &str, len: std::ops::RangeInclusive<usize>| {
                len.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphabetic())
            };
            if !letters(language, 2..=3) || !(country.is_empty() || letters(country, 2..=2)) {
                return None;
            }
            return Some(if country.is_empty() {
                language.to_owned()
            } else {
                format!("{language}_{}", country.to_ascii_uppercase())
            });
        }
    };
    Some(known.to_owned())
}

/// A date as `2026-11-21`. Of `03/07/1985` the day comes first, except in the United States.
pub(crate) fn date(text: &str, region: Region) -> Option<String> {
    let day_part = text.trim().split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day_part.split(['-', '/', '.']).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let number = |s: &str| (s.len() <= 4 && !s.is_empty()).then(|| s.parse::<u32>().ok()).flatten();
    let (a_n, b_n, c_n) = (number(a)?, number(b)?, number(c)?);
    let (year, month, day) = if a.len() == 4 {
        (a_n, b_n, c_n)
    } else if c.len() == 4 {
        // An impossible month says that it is the other way round.
        let month_first = (region == Region::US && a_n <= 12) || b_n > 12;
        if month_first { (c_n, a_n, b_n) } else { (c_n, b_n, a_n) }
    } else {
        return None;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    ((1800..=2200).contains(&year) && (1..=days).contains(&day))
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// A number as `1234.5`: thousands commas and spaces are dropped.
pub(crate) fn number(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
    let shaped = !plain.is_empty()
        && plain.len() <= 40
        && plain
            .bytes()
            .enumerate()
            .all(|(i, b)| b.is_ascii_digit() || b == b'.' || (i == 0 && (b == b'-' || b == b'+')));
    (shaped && plain.parse::<f64>().is_ok_and(f64::is_finite))
        .then(|| plain.trim_start_matches('+').to_owned())
}

/// Text without control characters, white space folded, and no longer than `max` characters.
pub(crate) fn line(text: &str, max: usize) -> String {
    let plain =
        text.chars().all(|c| !c.is_control() && (!c.is_whitespace() || c == ' ')) && !text.contains("  ");
    if plain && text.len() <= max {
        return text.to_owned();
    }
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(max).collect()
}

/// What a spreadsheet did to a long number: `9.4771234567E+10`. Gives the digits back where none was
/// lost, and says so where some were.
pub(crate) fn unscientific(text: &str) -> Option<Result<String, ()>> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: usize = exponent.trim_start_matches('+').parse().ok().filter(|e| (5..=20).contains(e))?;
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 1 || !digits(whole) || !digits(fraction) {
        return None;
    }
    Some(if fraction.len() == exponent { Ok(format!("{whole}{fraction}")) } else { Err(()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_are_known_in_four_languages() {
        for yes in ["1", "Yes", "Y", "TRUE", "ඔව්", "ஆம்", "हाँ", "हां"] {
            assert_eq!(truth(yes), Some(true), "{yes}");
        }
        for no in ["0", "No", "n", "false", "නැත", "இல்லை", "नहीं"] {
            assert_eq!(truth(no), Some(false), "{no}");
        }
        assert_eq!(truth("maybe"), None);
    }

    #[test]
    fn dates_are_read_by_the_countrys_habit() {
        assert_eq!(date("03/07/1985", Region::LK).as_deref(), Some("1985-07-03"));
        assert_eq!(date("03/07/1985", Region::US).as_deref(), Some("1985-03-07"));
        assert_eq!(date("03/17/1985", Region::LK).as_deref(), Some("1985-03-17"));
        assert_eq!(date("1990-02-28 00:00:00", Region::LK).as_deref(), Some("1990-02-28"));
        assert_eq!(date("29.2.2023", Region::LK), None);
        assert_eq!(date("yesterday", Region::LK), None);
    }

    #[test]
    fn addresses_that_are_none_are_left_out() {
        assert!(email("u0@example.org").is_some());
        for no in ["not-an-email", "a@b", "@example.org", "a b@example.org", "a@.org", "a@b@c.org"] {
            assert_eq!(email(no), None, "{no}");
        }
    }

    #[test]
    fn a_cut_number_is_told_from_a_whole_one() {
        assert_eq!(unscientific("9.4771234567E+10"), Some(Ok("94771234567".to_owned())));
        assert_eq!(unscientific("9.47712E+10"), Some(Err(())));
        assert_eq!(unscientific("0771234567"), None);
    }

    #[test]
    fn numbers_and_languages_are_read() {
        assert_eq!(number("1,234.50").as_deref(), Some("1234.50"));
        assert_eq!(number("12 apples"), None);
        assert_eq!(language("Sinhala").as_deref(), Some("si"));
        assert_eq!(language("en-us").as_deref(), Some("en_US"));
        assert_eq!(language("the usual one"), None);
    }
}
