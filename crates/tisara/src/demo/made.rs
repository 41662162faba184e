//! Made-up contacts, written to a file as a shop would send them. Millions take no memory.

use crate::exit::Failure;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};
use tisara_domain::Rng;

const FIRST: [&str; 16] = [
    "Nimal",
    "Kamala",
    "Ruwan",
    "Dilani",
    "Sunil",
    "Priya",
    "Fathima",
    "Mohamed",
    "නිමල්",
    "රුවන්",
    "பிரியா",
    "சுரேஷ்",
    "अमित",
    "प्रिया",
    "José",
    "Zoë",
];
const LAST: [&str; 10] =
    ["Perera", "Silva", "Fernando", "Rahman", "Nair", "Kumar", "de Alwis", "පෙරේරා", "சிவா", "शर्मा"];
const CITIES: [&str; 6] = ["Colombo", "Kandy", "Galle", "Negombo", "யாழ்ப்பாணம்", "කොළඹ"];

/// The first two digits of Sri Lanka's mobile numbers; seven more follow.
const PREFIXES: [u64; 7] = [70, 71, 72, 75, 76, 77, 78];
const NUMBERS_PER_PREFIX: u64 = 10_000_000;

/// Writes `count` contacts with numbers of their own, as the seed says. About one in twenty has said
/// no to marketing, or nothing.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, count: u32, seed: u64) -> Result<(), Failure> {
    let io = |e: std::io::Error| {
        Failure::surroundings(format!("the made-up contacts cannot be written to {}: {e}", path.display()))
            .todo("Free some space there, or choose another folder with --data-dir.")
    };
    let mut file = BufWriter::new(File::create(path).map_err(io)?);
    rows(&mut file, count, &Rng::seeded(seed)).and_then(|()| file.flush()).map_err(io)
}

fn rows(to: &mut impl Write, count: u32, rng: &Rng) -> std::io::Result<()> {
    writeln!(to, "Full Name,Mobile No.,E-mail,City,WhatsApp OK?")?;
    let first_number = rng.below(NUMBERS_PER_PREFIX);
    for i in 0..u64::from(count) {
        let first = FIRST[rng.below(FIRST.len() as u64) as usize];
        let last = LAST[rng.below(LAST.len() as u64) as usize];
        let city = CITIES[rng.below(CITIES.len() as u64) as usize];
        let consent = match rng.below(40) {
            0 => "no",
            1 => "",
            _ => "yes",
        };
        writeln!(to, "{first} {last},{},u{i}@example.org,{city},{consent}", phone(i, first_number))?;
    }
    Ok(())
}

/// The number of contact `i`: each is another one, and they do not stand in order.
fn phone(i: u64, first_number: u64) -> String {
    let prefix = PREFIXES[(i % PREFIXES.len() as u64) as usize];
    // 7,654,321 and ten million have no common divisor, so every rest comes once.
    let rest = (first_number + (i / PREFIXES.len() as u64) * 7_654_321) % NUMBERS_PER_PREFIX;
    format!("0{prefix}{rest:07}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use tisara_domain::{Phone, Region};

    #[test]
    fn made_contacts_have_valid_numbers_of_their_own() {
        let mut seen = HashSet::new();
        for i in 0..20_000 {
            let phone = Phone::parse(&phone(i, 9_999_000), Region::LK).unwrap();
            assert!(seen.insert(phone.as_str().to_owned()));
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_file() {
        let file = |seed| {
            let mut out = Vec::new();
            rows(&mut out, 50, &Rng::seeded(seed)).unwrap();
            out
        };
        assert_eq!(file(1), file(1));
        assert_ne!(file(1), file(2));
        assert_eq!(String::from_utf8(file(3)).unwrap().lines().count(), 51);
    }
}
