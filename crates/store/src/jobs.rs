//! Long tasks: written down first, then run by whoever claims them, resumed by another if that one dies.
//!
//! A claim holds until `locked_until` and is told apart from later ones by its attempt: whoever was
//! too slow finds that its writes are refused.

use crate::{OrgTx, Result, Tx, args, keys::placeholders, seam::Row, seam::ToArg as _, words::words};
use tisara_domain::{Duration, JobId, OrgId, Timestamp};

words! {
    /// Where a job is.
    JobState, "state of a job" {
        "Waits for its time and a worker." Queued = "queued",
        "Somebody works on it, or did and died." Running = "running",
        "It was asked to stop and has not yet." Cancelling = "cancelling",
        "Done." Done = "done",
        "Given up; see its error." Failed = "failed",
        "Stopped because it was asked to." Cancelled = "cancelled",
    }
}

impl JobState {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A long task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// For whom.
    pub org_id: OrgId,
    /// Its id.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// Where it is.
    pub state: JobState,
    /// What with, JSON.
    pub input: String,
    /// How far it came, JSON; `{}` at first. A later attempt starts from there.
    pub progress: String,
    /// What went wrong last.
    pub error: Option<String>,
    /// How often it was claimed; names the present claim.
    pub attempts: u32,
    /// Not before.
    pub run_at: Timestamp,
    /// Until when the present claim holds.
    pub locked_until: Timestamp,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
}

/// A task to be written down.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// What with, JSON.
    pub input: String,
    /// When it was asked for; it may run at once.
    pub now: Timestamp,
}

/// What a worker hears when it reports progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Go on; the claim was renewed.
    Held,
    /// Stop and finish it as cancelled; the claim was renewed for that.
    Cancelling,
    /// Stop and write nothing more: the claim ran out and the job is somebody else's, or finished.
    Lost,
}

const COLUMNS: &str = "org_id, id, kind, state, input, progress, error, attempts, run_at, locked_until, \
                       created_at, finished_at";

fn read(row: &Row<'_>) -> Result<Job> {
    Ok(Job {
        org_id: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        state: row.get(3)?,
        input: row.get(4)?,
        progress: row.get(5)?,
        error: row.get(6)?,
        attempts: row.get(7)?,
        run_at: row.get(8)?,
        locked_until: row.get(9)?,
        created_at: row.get(10)?,
        finished_at: row.get(11)?,
    })
}

impl Tx<'_> {
    /// Takes the job of one of these kinds that is due longest and nobody holds, for `lock_for`.
    /// `None` when there is none, or when another worker was quicker.
    ///
    /// # Errors
    /// As the database says.
    pub fn claim_job(&mut self, kinds: &[&str], now: Timestamp, lock_for: Duration) -> Result<Option<Job>> {
        if kinds.is_empty() {
            return Ok(None);
        }
        // Whoever was to stop it died: then it has stopped.
        self.execute(
            "UPDATE job SET state = 'cancelled', finished_at = $1 \
             WHERE finished_at IS NULL AND run_at <= $1 AND state = 'cancelling' AND locked_until <= $1",
            args![now],
        )?;
        let until = now.plus(lock_for);
        let mut args = args![now, until].to_vec();
        args.extend(kinds.iter().map(|k| k.to_arg()));
        // The last conditions are those of the selection: of two workers at once on PostgreSQL, the
        // second looks at them again after the first has committed, and comes away with nothing.
        let sql = format!(
            "UPDATE job SET state = 'running', attempts = attempts + 1, locked_until = $2 WHERE (org_id, id) = \
             (SELECT org_id, id FROM job WHERE finished_at IS NULL AND run_at <= $1 AND locked_until <= $1 \
             AND kind IN ({}) ORDER BY run_at, id LIMIT 1) \
             AND finished_at IS NULL AND locked_until <= $1 RETURNING {COLUMNS}",
            placeholders(3, kinds.len())
        );
        self.find(&sql, &args, read)
    }
}

impl Tx<'_> {
    /// Frees every job that a dead worker held: for the start of a program that is alone with its database.
    ///
    /// # Errors
    /// As the database says.
    pub fn unlock_all_jobs(&mut self) -> Result<u64> {
        self.execute("UPDATE job SET locked_until = 0 WHERE finished_at IS NULL AND locked_until > 0", &[])
    }
}

impl OrgTx<'_, '_> {
    /// Writes a job down. It is done even if this program dies before it begins.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when the id is taken, or as the database says.
    pub fn create_job(&mut self, new: &NewJob) -> Result<()> {
        self.tx.execute(
            "INSERT INTO job (org_id, id, kind, state, input, progress, attempts, run_at, locked_until, created_at) \
             VALUES ($1, $2, $3, 'queued', $4, '{}', 0, $5, 0, $5)",
            args![self.org, new.id, new.kind, new.input, new.now],
        )?;
        Ok(())
    }

    /// The job of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_job(&mut self, id: JobId) -> Result<Option<Job>> {
        self.tx.find(
            &format!("SELECT {COLUMNS} FROM job WHERE org_id = $1 AND id = $2"),
            args![self.org, id],
            read,
        )
    }

    /// Up to `limit` jobs, newest first, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_jobs(&mut self, after: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
        let before = after.unwrap_or(crate::keys::last());
        self.tx.list(
            &format!("SELECT {COLUMNS} FROM job WHERE org_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"),
            args![self.org, before, limit],
            read,
        )
    }

    /// Writes how far the claim `attempt` of a job came and renews it. Call it in the transaction that
    /// does the work, so that work and progress cannot part; on [`Hold::Lost`] nothing was written,
    /// and that transaction must be undone.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_job_progress(
        &mut self,
        id: JobId,
        attempt: u32,
        progress: &str,
        now: Timestamp,
        lock_for: Duration,
    ) -> Result<Hold> {
        let state = self.tx.find(
            "UPDATE job SET progress = $4, locked_until = $5 \
             WHERE org_id = $1 AND id = $2 AND attempts = $3 AND state IN ('running', 'cancelling') RETURNING state",
            args![self.org, id, attempt, progress, now.plus(lock_for)],
            |row| row.get::<JobState>(0),
        )?;
        Ok(match state {
            Some(JobState::Cancelling) => Hold::Cancelling,
            Some(_) => Hold::Held,
            None => Hold::Lost,
        })
    }

    /// Brings a job to its end: done, failed or cancelled. `false` when the claim was lost.
    ///
    /// # Errors
    /// As the database says.
    pub fn finish_job(
        &mut self,
        id: JobId,
        attempt: u32,
        state: JobState,
        progress: &str,
        error: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        debug_assert!(state.is_final(), "a job ends in a final state");
        let changed = self.tx.execute(
            "UPDATE job SET state = $4, progress = $5, error = $6, finished_at = $7, locked_until = 0 \
             WHERE org_id = $1 AND id = $2 AND attempts = $3 AND state IN ('running', 'cancelling')",
            args![self.org, id, attempt, state, progress, error, now],
        )?;
        Ok(changed == 1)
    }

    /// Puts a job back to be claimed again at `run_at`, or ends it if it was asked to stop. `false`
    /// when the claim was lost.
    ///
    /// # Errors
    /// As the database says.
    pub fn retry_job(
        &mut self,
        id: JobId,
        attempt: u32,
        run_at: Timestamp,
        error: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE job SET finished_at = CASE WHEN state = 'cancelling' THEN $6 ELSE finished_at END, \
             state = CASE WHEN state = 'cancelling' THEN 'cancelled' ELSE 'queued' END, \
             run_at = $4, error = $5, locked_until = 0 \
             WHERE org_id = $1 AND id = $2 AND attempts = $3 AND state IN ('running', 'cancelling')",
            args![self.org, id, attempt, run_at, error, now],
        )?;
        Ok(changed == 1)
    }

    /// Asks a job to stop: at once if it waits, else when its worker next reports. `false` when it has
    /// ended already, or there is none.
    ///
    /// # Errors
    /// As the database says.
    pub fn cancel_job(&mut self, id: JobId, now: Timestamp) -> Result<bool> {
        let changed = self.tx.execute(
            "UPDATE job SET finished_at = CASE WHEN state = 'queued' THEN $3 ELSE finished_at END, \
             state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE 'cancelling' END \
             WHERE org_id = $1 AND id = $2 AND finished_at IS NULL",
            args![self.org, id, now],
        )?;
        Ok(changed == 1)
    }
}
