//! Guesses in a row, counted before they are answered: many at once count like one after another.

use crate::{Result, Tx, args};
use tisara_domain::{Duration, Timestamp, throttle::Throttle};

/// After so long without a guess, counting starts anew.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 3600);

impl Tx<'_> {
    /// Counts a guess for each key. When one of them has to wait, nothing is counted and the moment
    /// comes back from which on it may guess again.
    ///
    /// # Errors
    /// As the database says.
    pub fn count_guess(
        &mut self,
        keys: &[([u8; 32], Throttle)],
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let mut counted = Vec::with_capacity(keys.len());
        for (key, throttle) in keys {
            let row = self.find(
                "SELECT guesses, last_at, blocked_until FROM throttle WHERE key = $1",
                args![key[..]],
                |row| Ok((row.get::<u32>(0)?, row.get::<Timestamp>(1)?, row.get::<Timestamp>(2)?)),
            )?;
            let guesses = match row {
                Some((_, _, until)) if now < until => return Ok(Some(until)),
                Some((guesses, last, _)) if now < last.plus(FORGOTTEN_AFTER) => guesses,
                _ => 0,
            };
            counted.push((key, guesses + 1, now.plus(throttle.wait_after(guesses + 1))));
        }
        for (key, guesses, until) in counted {
            self.execute(
                "INSERT INTO throttle (key, guesses, last_at, blocked_until) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (key) DO UPDATE SET guesses = CASE WHEN throttle.guesses >= excluded.guesses \
                 THEN throttle.guesses + 1 ELSE excluded.guesses END, \
                 last_at = excluded.last_at, blocked_until = excluded.blocked_until",
                args![key[..], guesses, now, until],
            )?;
        }
        Ok(None)
    }

    /// Forgets the guesses of a key: the right one came.
    ///
    /// # Errors
    /// As the database says.
    pub fn forget_guesses(&mut self, key: &[u8; 32]) -> Result<()> {
        self.execute("DELETE FROM throttle WHERE key = $1", args![key[..]])?;
        Ok(())
    }
}
