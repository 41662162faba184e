//! How far Meta's news of each account have come: written with the news themselves.

use crate::{
    args,
    seam::{OrgTx, Result, Row},
};
use tisara_domain::{Duration, WabaId, watermark::Watermark};

/// The columns of a watermark, of the table under the name `f`.
pub(crate) const COLUMNS: &str = "f.statuses_until, f.events_until, f.lag_us, f.lag_at, f.heard_at";

/// Reads [`COLUMNS`] from column `first` on; all of them are NULL where nothing was heard yet.
pub(crate) fn watermark(row: &Row<'_>, first: usize) -> Result<Watermark> {
    let lag_us: Option<i64> = row.get(first + 2)?;
    Ok(Watermark {
        statuses_until: row.get(first)?,
        events_until: row.get(first + 1)?,
        lag: Duration::from_micros(lag_us.and_then(|us| us.try_into().ok()).unwrap_or(0)),
        lag_at: row.get::<Option<_>>(first + 3)?.unwrap_or_default(),
        heard_at: row.get(first + 4)?,
    })
}

impl OrgTx<'_, '_> {
    /// How far the news of an account have come.
    ///
    /// # Errors
    /// As the database says.
    pub fn get_watermark(&mut self, waba: WabaId) -> Result<Watermark> {
        let sql = format!("SELECT {COLUMNS} FROM watermark f WHERE f.org_id = $1 AND f.waba_id = $2");
        let found = self.tx.find(&sql, args![self.org, waba], |r| watermark(r, 0))?;
        Ok(found.unwrap_or_default())
    }

    /// Adds what a batch of webhooks told, in the transaction that applies it. Writes only what is worth it:
    /// at a steady flow once a second.
    ///
    /// # Errors
    /// As the database says.
    pub fn raise_watermark(&mut self, waba: WabaId, news: &Watermark) -> Result<()> {
        let stored = self.get_watermark(waba)?;
        let mut raised = stored;
        raised.merge(news);
        if !raised.is_worth_keeping(&stored) {
            return Ok(());
        }
        let lag_us = i64::try_from(raised.lag.as_micros()).unwrap_or(i64::MAX);
        self.tx.execute(
            "INSERT INTO watermark (org_id, waba_id, statuses_until, events_until, lag_us, lag_at, heard_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org_id, waba_id) DO UPDATE SET \
             statuses_until = excluded.statuses_until, events_until = excluded.events_until, \
             lag_us = excluded.lag_us, lag_at = excluded.lag_at, heard_at = excluded.heard_at",
            args![
                self.org,
                waba,
                raised.statuses_until,
                raised.events_until,
                lag_us,
                raised.lag_at,
                raised.heard_at
            ],
        )?;
        Ok(())
    }
}
