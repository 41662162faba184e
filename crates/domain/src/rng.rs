//! Chance that is given, not taken: one seeded generator, shared by handle.

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use std::sync::{Arc, Mutex, PoisonError};

/// A cryptographically strong generator. Cloning shares it; [`Rng::fork`] parts from it.
#[derive(Clone, Debug)]
pub struct Rng(Arc<Mutex<StdRng>>);

impl Rng {
    /// The same seed gives the same chances: for tests, simulations and the emulator.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Seeded by the operating system: for everything real, above all for secrets.
    ///
    /// # Errors
    /// When the operating system gives no randomness; nothing safe can run then.
    pub fn from_os() -> std::io::Result<Self> {
        let rng = StdRng::try_from_rng(&mut rand::rngs::SysRng)
            .map_err(|e| std::io::Error::other(e.to_string()))?;
        Ok(Self(Arc::new(Mutex::new(rng))))
    }

    fn with<T>(&self, f: impl FnOnce(&mut StdRng) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.with(|r| r.fill_bytes(&mut out));
        out
    }

    /// A random 64-bit number.
    #[must_use]
    pub fn next_u64(&self) -> u64 {
        self.with(rand::Rng::next_u64)
    }

    /// A number in `0..below`; 0 when `below` is 0.
    #[must_use]
    pub fn below(&self, below: u64) -> u64 {
        if below == 0 { 0 } else { self.with(|r| r.random_range(0..below)) }
    }

    /// True with the given probability (0 never, 1 always).
    #[must_use]
    pub fn chance(&self, probability: f64) -> bool {
        let p = if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) };
        self.with(|r| r.random_bool(p))
    }

    /// A generator of its own, seeded from this one, so that parts that draw at their own speed do
    /// not disturb each other's sequence.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::seeded(self.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_numbers() {
        let (a, b) = (Rng::seeded(7), Rng::seeded(7));
        assert_eq!(a.bytes::<32>(), b.bytes::<32>());
        assert_eq!(a.fork().next_u64(), b.fork().next_u64());
        assert_ne!(Rng::seeded(8).next_u64(), Rng::seeded(7).next_u64());
    }

    #[test]
    fn extreme_probabilities_are_certain() {
        let r = Rng::seeded(1);
        assert!(!r.chance(0.0) && r.chance(1.0) && !r.chance(f64::NAN) && r.chance(7.0));
        assert_eq!(r.below(0), 0);
    }
}
