//! Time and chance together: the two things no part of Tisara takes from the air.

use crate::{
    clock::{Clock, Sleep, SystemClock},
    id::TypedId,
    rng::Rng,
    time::{Duration, Timestamp},
};
use std::{fmt, sync::Arc};

/// The clock and the generator that a part works with. Cheap to clone.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    rng: Rng,
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ambient").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Ambient {
    /// Puts a clock and a generator together.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, rng: Rng) -> Self {
        Self { clock, rng }
    }

    /// The real clock and the operating system's randomness.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn real() -> std::io::Result<Self> {
        Ok(Self::new(Arc::new(SystemClock::new()), Rng::from_os()?))
    }

    /// The real clock with a seeded generator, for tests that run in real time.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::new(Arc::new(SystemClock::new()), Rng::seeded(seed))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The generator.
    #[must_use]
    pub fn rng(&self) -> &Rng {
        &self.rng
    }

    /// Ends once `for_` has gone by.
    pub fn sleep(&self, for_: Duration) -> Sleep {
        self.clock.sleep(for_)
    }

    /// A fresh id: UUIDv7 of the present moment.
    #[must_use]
    pub fn id<T: TypedId>(&self) -> T {
        T::new(self.now(), &self.rng)
    }
}
