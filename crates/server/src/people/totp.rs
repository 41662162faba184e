//! Codes of six digits that an app and we make from the same secret and the time: RFC 6238 with SHA-1, 30
//! seconds and six digits, which is what every app knows.

use ring::hmac;
use tisara_domain::{Rng, Timestamp};

const STEP_S: i64 = 30;
const DIGITS: u32 = 6;
/// Clocks may differ by so many steps.
const DRIFT: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A fresh secret: 160 bits, as RFC 4226 advises.
pub(super) fn secret(rng: &Rng) -> [u8; 20] {
    rng.bytes()
}

/// The secret as people type it into an app: base 32 of RFC 4648. Its 20 bytes need no padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    let bit = |n: usize| bytes.get(n / 8).map_or(0, |byte| usize::from(byte >> (7 - n % 8) & 1));
    (0..(bytes.len() * 8).div_ceil(5))
        .map(|digit| char::from(ALPHABET[(0..5).fold(0, |value, n| value << 1 | bit(digit * 5 + n))]))
        .collect()
}

/// The address that apps read from a QR code.
pub(super) fn uri(secret: &[u8], email: &str, host: &str) -> String {
    let encode = |text: &str| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    };
    format!(
        "otpauth://totp/{}:{}?secret={}&issuer={}",
        encode("Tisara"),
        encode(email),
        base32(secret),
        encode(&format!("Tisara {host}"))
    )
}

fn code(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    // RFC 4226, 5.3: the last four bits say where the number stands.
    let at = usize::from(tag.last().copied().unwrap_or_default() & 15);
    let number = tag.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
    (number & 0x7fff_ffff) % 10_u32.pow(DIGITS)
}

/// The step whose code this is, if it is one of now, give or take one.
pub(super) fn step_of(secret: &[u8], text: &str, now: Timestamp) -> Option<i64> {
    use subtle::ConstantTimeEq as _;
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.len() != DIGITS as usize || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let current = now.seconds().div_euclid(STEP_S);
    let mut found = None;
    for step in current - DRIFT..=current + DRIFT {
        let expected = format!("{:06}", code(secret, step));
        if bool::from(expected.as_bytes().ct_eq(text.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, its last six digits.
    #[test]
    fn the_standards_own_examples_hold() {
        let secret = b"12345678901234567890";
        for (seconds, expected) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(step_of(secret, expected, now), Some(seconds / 30), "{seconds}");
            assert!(
                step_of(secret, expected, Timestamp::from_seconds(seconds + 30)).is_some(),
                "clocks differ"
            );
            assert_eq!(step_of(secret, expected, Timestamp::from_seconds(seconds + 61)), None, "too late");
        }
        for wrong in ["", "28708", "2870820", "abcdef", "٢٨٧٠٨٢"] {
            assert_eq!(step_of(secret, wrong, Timestamp::from_seconds(59)), None, "{wrong}");
        }
        assert_eq!(base32(b"Hello!\xDE\xAD\xBE\xEF"), "JBSWY3DPEHPK3PXP");
        assert!(
            uri(secret, "a b@example.org", "x.y")
                .starts_with("otpauth://totp/Tisara:a%20b%40example.org?secret=GEZD")
        );
    }
}
