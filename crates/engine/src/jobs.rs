//! Long tasks: claimed with a lock, run outside of any transaction, finished in another.
//!
//! A job carries ids and options, never data. A run that was cut off is run again from its last
//! progress, so every runner says why a second run does no harm.

use crate::{
    bus::Hint,
    parts::{Shared, in_the_way},
};
use futures::future::BoxFuture;
use std::sync::Arc;
use tisara_domain::{Duration, JobId, OrgId, Timestamp};
use tisara_store::{
    OrgTx, Result, Store,
    jobs::{Hold, Job, JobState},
};
use tokio_util::sync::CancellationToken;

/// How long a job is kept from other nodes without a word from its runner.
const LOCK: Duration = Duration::from_secs(30);
/// Jobs that run at once on one node.
const AT_ONCE: usize = 2;

/// What runs the jobs of one kind.
pub trait JobRunner: Send + Sync + 'static {
    /// The kind, as it stands in the job's row.
    fn kind(&self) -> &'static str;

    /// Runs a job to its end. Called again after a crash, with the progress that was last saved: it
    /// must then do no harm.
    fn run<'a>(&'a self, job: Job, context: JobContext) -> BoxFuture<'a, JobEnd>;
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum JobEnd {
    /// Done; what it says of itself, JSON.
    Done(String),
    /// Cannot be done: a sentence for a person, and the progress.
    Failed(String, String),
    /// To be run again then.
    RetryAt(Timestamp, String),
    /// Somebody cancelled it; the progress.
    Cancelled(String),
    /// The process is stopping: it goes on at the next start.
    Interrupted,
}

/// What a running job may use.
#[derive(Clone)]
pub struct JobContext {
    shared: Arc<Shared>,
    org: OrgId,
    id: JobId,
    attempt: u32,
    stop: CancellationToken,
}

impl JobContext {
    /// The database.
    #[must_use]
    #[expect(clippy::misnamed_getters, reason = "jobs have a way into the database of their own")]
    pub fn store(&self) -> &Store {
        &self.shared.store_of_jobs
    }

    /// Time and chance.
    #[must_use]
    pub fn ambient(&self) -> &tisara_domain::Ambient {
        &self.shared.ambient
    }

    /// Cancelled when the process is stopping: return [`JobEnd::Interrupted`] soon.
    #[must_use]
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Saves the progress (JSON) within the transaction that did the work, and keeps the claim. On
    /// [`Hold::Lost`] that transaction must be undone: somebody else runs the job now.
    ///
    /// # Errors
    /// As the database says.
    pub fn hold(&self, tx: &mut OrgTx<'_, '_>, progress: &str) -> Result<Hold> {
        tx.set_job_progress(self.id, self.attempt, progress, self.shared.ambient.now(), LOCK)
    }

    /// The organization whose job it is.
    #[must_use]
    pub const fn org(&self) -> OrgId {
        self.org
    }
}

/// Runs due jobs, on hints and by itself, until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, runners: Vec<Arc<dyn JobRunner>>, stop: CancellationToken) {
    let mut ear = shared.bus.subscribe();
    let mut running = tokio::task::JoinSet::new();
    let kinds: Vec<&'static str> = runners.iter().map(|r| r.kind()).collect();
    while !stop.is_cancelled() {
        while running.len() < AT_ONCE {
            let (now, kinds) = (shared.ambient.now(), kinds.clone());
            match shared.store.write(move |tx| tx.claim_job(&kinds, now, LOCK)).await {
                Ok(Some(job)) => {
                    let Some(runner) = runners.iter().find(|r| r.kind() == job.kind) else { break };
                    running.spawn(one(Arc::clone(&shared), Arc::clone(runner), job, stop.clone()));
                }
                Ok(None) => break,
                Err(e) => {
                    in_the_way(&e, "jobs");
                    break;
                }
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            Some(_) = running.join_next(), if !running.is_empty() => {}
            () = ear.wait_for(|h| h == Hint::Jobs), if running.len() < AT_ONCE => {}
            () = shared.ambient.sleep(shared.settings.tick()) => {}
        }
    }
    while running.join_next().await.is_some() {}
}

async fn one(shared: Arc<Shared>, runner: Arc<dyn JobRunner>, job: Job, stop: CancellationToken) {
    let (org, id, attempt, kind) = (job.org_id, job.id, job.attempts, runner.kind());
    let context = JobContext { shared: Arc::clone(&shared), org, id, attempt, stop };
    let end = runner.run(job, context).await;
    tracing::info!(org.id = %org, job.id = %id, job.kind = kind, end = end_word(&end), "a job ended");
    let now = shared.ambient.now();
    let written = shared
        .store
        .write(move |tx| {
            let mut org = tx.org(org);
            match &end {
                JobEnd::Done(progress) => {
                    org.finish_job(id, attempt, JobState::Done, progress, None, now).map(|_| ())
                }
                JobEnd::Failed(error, progress) => {
                    org.finish_job(id, attempt, JobState::Failed, progress, Some(error), now).map(|_| ())
                }
                JobEnd::Cancelled(progress) => {
                    org.finish_job(id, attempt, JobState::Cancelled, progress, None, now).map(|_| ())
                }
                JobEnd::RetryAt(at, error) => org.retry_job(id, attempt, *at, error, now).map(|_| ()),
                JobEnd::Interrupted => {
                    org.retry_job(id, attempt, now, "the server was stopped", now).map(|_| ())
                }
            }
        })
        .await;
    if let Err(e) = written {
        // Its lock will run out and it will be run again.
        in_the_way(&e, "writing down the end of a job");
    }
    shared.bus.publish(Hint::Jobs);
}

fn end_word(end: &JobEnd) -> &'static str {
    match end {
        JobEnd::Done(_) => "done",
        JobEnd::Failed(..) => "failed",
        JobEnd::RetryAt(..) => "retry",
        JobEnd::Cancelled(_) => "cancelled",
        JobEnd::Interrupted => "interrupted",
    }
}
