//! How long to wait after wrong guesses: not at all at first, then twice as long each time.

use crate::time::Duration;

/// How many guesses are free, and how the wait grows after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Guesses without any wait.
    pub free: u32,
    /// The wait after the first guess that is not free.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Throttle {
    /// For secrets that people type: five guesses, then from 2 s up to a quarter of an hour.
    pub const GUESSES: Self =
        Self { free: 5, first: Duration::from_secs(2), longest: Duration::from_secs(15 * 60) };
    /// For all guesses from one network, where many people may sit: fifty, then as above.
    pub const NETWORK: Self =
        Self { free: 50, first: Duration::from_secs(2), longest: Duration::from_secs(15 * 60) };
    /// For e-mails to one address that one network asks for: four an hour or so.
    pub const MAILS: Self =
        Self { free: 4, first: Duration::from_secs(15 * 60), longest: Duration::from_secs(60 * 60) };

    /// The wait after that many guesses in a row.
    #[must_use]
    pub fn wait_after(&self, guesses: u32) -> Duration {
        match guesses.checked_sub(self.free) {
            None | Some(0) => Duration::ZERO,
            Some(over) => {
                let factor = 2_u32.checked_pow(over - 1).unwrap_or(u32::MAX);
                self.first.saturating_mul(factor).min(self.longest)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wait_doubles_up_to_its_bound() {
        let waits: Vec<u64> = (4..10).map(|n| Throttle::GUESSES.wait_after(n).as_secs()).collect();
        assert_eq!(waits, [0, 0, 2, 4, 8, 16]);
        assert_eq!(Throttle::GUESSES.wait_after(u32::MAX), Duration::from_secs(900));
    }

    proptest! {
        #[test]
        fn more_guesses_never_wait_less(n in 0_u32..200) {
            prop_assert!(Throttle::GUESSES.wait_after(n) <= Throttle::GUESSES.wait_after(n + 1));
        }
    }
}
