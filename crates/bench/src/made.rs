//! Made-up contacts as shops have them: numbers written in five ways, names in four scripts, some rows
//! twice, some without a number that can be.

use std::fmt::Write as _;
use tisara_domain::Rng;

const NAMES: [&str; 10] = [
    "Nimal Perera",
    "Kamala Silva",
    "Ruwan Fernando",
    "නිමල් පෙරේරා",
    "பிரியா சிவா",
    "अमित शर्मा",
    "José Nair",
    "Zoë de Alwis",
    "Mohamed Rahman",
    "Dilani Kumar",
];
const CITIES: [&str; 5] = ["Colombo", "Kandy", "Galle", "யாழ்ப்பாணம்", "කොළඹ"];
const LANGUAGES: [&str; 4] = ["en", "si", "ta", "hi"];
/// The first digits of Sri Lanka's mobile numbers; eight more follow.
const PREFIXES: [u64; 5] = [70, 71, 75, 76, 77];
const PER_PREFIX: u64 = 10_000_000;

/// The digits of contact `n` after the country code; each is another one, in no order.
fn subscriber(n: u64) -> (u64, u64) {
    // 7,654,321 and ten million have no common divisor, so every rest comes once.
    (PREFIXES[(n % 5) as usize], (n / 5 * 7_654_321) % PER_PREFIX)
}

/// The number of contact `n` as Meta writes it.
pub(crate) fn wa_id(n: u64) -> String {
    let (prefix, rest) = subscriber(n);
    format!("94{prefix}{rest:07}")
}

/// A list of contacts `from` to `to`, as CSV. One row in a hundred comes again in another spelling, one
/// in two hundred has no valid number, one in forty has not agreed.
pub(crate) fn csv(from: u64, to: u64, rng: &Rng) -> String {
    let mut out = String::with_capacity((to - from) as usize * 64);
    out.push_str("Full Name,Mobile No.,E-mail,City,Points,Language,WhatsApp OK?\n");
    for n in from..to {
        row(&mut out, n, spelling(n, rng.below(5)), rng);
        if rng.below(100) == 0 {
            row(&mut out, n, spelling(n, rng.below(5)), rng);
        }
        if rng.below(200) == 0 {
            row(&mut out, n, "not known".to_owned(), rng);
        }
    }
    out
}

/// The same people with nothing but their names and numbers.
pub(crate) fn plain_csv(count: u64, rng: &Rng) -> String {
    let mut out = String::with_capacity(count as usize * 36);
    out.push_str("Full Name,Mobile No.\n");
    for n in 0..count {
        let times = 1 + u64::from(rng.below(100) == 0);
        for _ in 0..times {
            let name = NAMES[rng.below(NAMES.len() as u64) as usize];
            let _ = writeln!(out, "{name},{}", spelling(n, rng.below(5)));
        }
        if rng.below(200) == 0 {
            out.push_str("Somebody,not known\n");
        }
    }
    out
}

fn spelling(n: u64, kind: u64) -> String {
    let (prefix, rest) = subscriber(n);
    let (head, tail) = (rest / 10_000, rest % 10_000);
    match kind {
        0 => format!("+94{prefix}{rest:07}"),
        1 => format!("0{prefix} {head:03} {tail:04}"),
        2 => format!("+94 {prefix}-{head:03}-{tail:04}"),
        3 => format!("0094{prefix}{rest:07}"),
        _ => format!("(0{prefix}) {rest:07}"),
    }
}

fn row(out: &mut String, n: u64, phone: String, rng: &Rng) {
    let pick = |all: &[&'static str]| all[rng.below(all.len() as u64) as usize];
    let agreed = if rng.below(40) == 0 { "no" } else { "yes" };
    let (name, city, language) = (pick(&NAMES), pick(&CITIES), pick(&LANGUAGES));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{name},{phone},u{n}@example.org,{city},{},{language},{agreed}", rng.below(1_000));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use tisara_domain::{Phone, Region};

    #[test]
    fn every_spelling_is_the_same_valid_number() {
        let mut seen = HashSet::new();
        for n in 0..5_000 {
            let phones: HashSet<String> = (0..5)
                .map(|kind| Phone::parse(&spelling(n, kind), Region::LK).unwrap().as_str().to_owned())
                .collect();
            assert_eq!(phones, HashSet::from([format!("+{}", wa_id(n))]));
            assert!(seen.insert(wa_id(n)));
        }
    }
}
