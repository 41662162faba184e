//! Business-scoped user ids (BSUID), computed instead of stored.
//!
//! Meta: an id names one user for one business portfolio: the country's two letters, a dot, and up
//! to 128 alphanumerics; it changes when the user changes phone number. Here the digits are the
//! phone number and its generation, encrypted with a key of the portfolio, so a million users cost
//! no memory and any id can be read back.

use super::country::country;
use crate::chance::join;

const PHONE_BITS: u32 = 50;
const GENERATION_BITS: u32 = 6;

/// The id that `portfolio` sees for the user of `phone` in its `generation` (0 at first).
pub(crate) fn bsuid(seed: u64, portfolio: u64, phone: u64, generation: u8) -> String {
    let plain = phone << 14 | u64::from(generation & 63) << 8;
    let digits = phone.to_string();
    format!("{}.{:020}", country(&digits).unwrap_or("ZZ"), encrypt(join(seed, portfolio), plain))
}

/// The phone number and generation an id of `portfolio` stands for; `None` for an id of another
/// portfolio or an invented one.
pub(crate) fn user_of(seed: u64, portfolio: u64, bsuid: &str) -> Option<(u64, u8)> {
    let (letters, digits) = bsuid.split_once('.')?;
    let plain = decrypt(join(seed, portfolio), digits.parse().ok()?);
    let phone = plain >> 14;
    let known = plain & 0xff == 0 && phone >> PHONE_BITS == 0;
    let generation = u8::try_from(plain >> 8 & ((1 << GENERATION_BITS) - 1)).ok()?;
    (known && country(&phone.to_string()).unwrap_or("ZZ") == letters).then_some((phone, generation))
}

/// A four-round Feistel network over two halves of 32 bits: not a secret, only a permutation.
fn encrypt(key: u64, plain: u64) -> u64 {
    let (mut left, mut right) = ((plain >> 32) as u32, plain as u32);
    for round in 0..4 {
        (left, right) = (right, left ^ join(key ^ round, u64::from(right)) as u32);
    }
    u64::from(left) << 32 | u64::from(right)
}

fn decrypt(key: u64, cipher: u64) -> u64 {
    let (mut left, mut right) = ((cipher >> 32) as u32, cipher as u32);
    for round in (0..4).rev() {
        (left, right) = (right ^ join(key ^ round, u64::from(left)) as u32, left);
    }
    u64::from(left) << 32 | u64::from(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_has_the_shape_meta_gives_it() {
        let id = bsuid(1, 7, 94_771_234_567, 0);
        assert!(id.starts_with("LK.") && id.len() == 23, "{id}");
        assert_ne!(id, bsuid(1, 8, 94_771_234_567, 0));
        assert_ne!(id, bsuid(1, 7, 94_771_234_567, 1));
        assert_eq!(user_of(1, 8, &id), None);
        assert_eq!(user_of(1, 7, "LK.123"), None);
    }

    proptest! {
        #[test]
        fn an_id_reads_back_as_its_user(seed: u64, portfolio: u64, phone in 1_u64..999_999_999_999_999, generation in 0_u8..64) {
            let id = bsuid(seed, portfolio, phone, generation);
            prop_assert_eq!(user_of(seed, portfolio, &id), Some((phone, generation)));
        }
    }
}
