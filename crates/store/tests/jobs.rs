//! Jobs: claimed by one worker, resumed when it dies, cancelled when asked.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, read, write};
use tisara_domain::Duration;
use tisara_store::{
    Error, Store, contract,
    jobs::{Hold, Job, JobState, NewJob},
};

const LOCK: Duration = Duration::from_secs(60);

async fn create(store: &Store, n: u32, kind: &'static str, seconds: i64) {
    write(store, move |tx| {
        let new =
            NewJob { id: id(n), kind: kind.to_owned(), input: r#"{"a":1}"#.to_owned(), now: at(seconds) };
        tx.org(org()).create_job(&new)
    })
    .await;
}

async fn claim(store: &Store, kinds: &'static [&'static str], seconds: i64) -> Option<Job> {
    write(store, move |tx| tx.claim_job(kinds, at(seconds), LOCK)).await
}

async fn progress(store: &Store, n: u32, attempt: u32, text: &'static str, seconds: i64) -> Hold {
    write(store, move |tx| tx.org(org()).set_job_progress(id(n), attempt, text, at(seconds), LOCK)).await
}

async fn state(store: &Store, n: u32) -> JobState {
    read(store, move |tx| tx.org(org()).find_job(id(n))).await.unwrap().state
}

contract! {
    /// The job that is due longest is claimed first, once, and only by who knows its kind.
    async fn a_job_is_claimed_once(store) {
        furnish(store).await;
        create(store, 1, "import", 5).await;
        create(store, 2, "import", 3).await;
        create(store, 3, "export", 1).await;
        assert_eq!(claim(store, &["import"], 2).await, None, "not yet due");
        let job = claim(store, &["import", "sync"], 10).await.unwrap();
        assert_eq!((job.id, job.org_id, job.attempts, job.state), (id(2), org(), 1, JobState::Running));
        assert_eq!((job.input.as_str(), job.progress.as_str(), job.locked_until), (r#"{"a":1}"#, "{}", at(70)));
        assert_eq!(claim(store, &["import"], 10).await.unwrap().id, id(1));
        assert_eq!(claim(store, &["import"], 10).await, None);
        assert_eq!(claim(store, &[], 10).await, None);
        assert_eq!(claim(store, &["export"], 10).await.unwrap().id, id(3));
        let twice = store.write(|tx| tx.org(org()).create_job(&NewJob { id: id(1), kind: "x".into(), input: "{}".into(), now: at(0) })).await;
        assert!(matches!(twice, Err(Error::Duplicate { .. })));
    }
}

contract! {
    /// A worker that died is followed by another, and its late writes are refused.
    async fn a_dead_workers_job_goes_on_elsewhere(store) {
        furnish(store).await;
        create(store, 1, "import", 0).await;
        claim(store, &["import"], 0).await.unwrap();
        assert_eq!(progress(store, 1, 1, r#"{"rows":10}"#, 30).await, Hold::Held);
        assert_eq!(claim(store, &["import"], 89).await, None, "progress renews the claim");
        let second = claim(store, &["import"], 90).await.unwrap();
        assert_eq!((second.attempts, second.progress.as_str()), (2, r#"{"rows":10}"#));
        assert_eq!(progress(store, 1, 1, r#"{"rows":99}"#, 91).await, Hold::Lost);
        let late = write(store, |tx| tx.org(org()).finish_job(id(1), 1, JobState::Done, "{}", None, at(91))).await;
        assert!(!late);
        let done = write(store, |tx| tx.org(org()).finish_job(id(1), 2, JobState::Done, r#"{"rows":20}"#, None, at(92))).await;
        assert!(done);
        let job = read(store, |tx| tx.org(org()).find_job(id(1))).await.unwrap();
        assert_eq!((job.state, job.progress.as_str(), job.finished_at), (JobState::Done, r#"{"rows":20}"#, Some(at(92))));
        assert_eq!(claim(store, &["import"], 1000).await, None);
    }
}

contract! {
    /// A job that failed for now is claimed again at its time, with what went wrong.
    async fn a_job_is_tried_again(store) {
        furnish(store).await;
        create(store, 1, "sync", 0).await;
        claim(store, &["sync"], 0).await.unwrap();
        assert!(write(store, |tx| tx.org(org()).retry_job(id(1), 1, at(50), "Meta is away", at(2))).await);
        assert!(!write(store, |tx| tx.org(org()).retry_job(id(1), 1, at(50), "again", at(2))).await);
        assert_eq!(claim(store, &["sync"], 49).await, None);
        let job = claim(store, &["sync"], 50).await.unwrap();
        assert_eq!((job.attempts, job.error.as_deref()), (2, Some("Meta is away")));
    }
}

contract! {
    /// What waits is cancelled at once; what runs hears of it; what died while stopping has stopped.
    async fn a_job_is_cancelled(store) {
        furnish(store).await;
        for n in 1..=4 { create(store, n, "import", i64::from(n)).await; }
        for _ in 1..=3 { claim(store, &["import"], 10).await.unwrap(); }
        for n in 1..=4 {
            assert!(write(store, move |tx| tx.org(org()).cancel_job(id(n), at(11))).await);
        }
        assert!(!write(store, |tx| tx.org(id(2)).cancel_job(id(1), at(11))).await);
        assert_eq!(state(store, 4).await, JobState::Cancelled);
        assert!(!write(store, |tx| tx.org(org()).cancel_job(id(4), at(12))).await);

        assert_eq!(progress(store, 1, 1, "{}", 12).await, Hold::Cancelling);
        assert!(write(store, |tx| tx.org(org()).finish_job(id(1), 1, JobState::Cancelled, "{}", None, at(13))).await);
        assert!(write(store, |tx| tx.org(org()).retry_job(id(2), 1, at(50), "x", at(13))).await);
        assert_eq!((state(store, 1).await, state(store, 2).await), (JobState::Cancelled, JobState::Cancelled));

        assert_eq!(state(store, 3).await, JobState::Cancelling);
        assert_eq!(claim(store, &["import"], 500).await, None);
        assert_eq!(state(store, 3).await, JobState::Cancelled);
    }
}

contract! {
    /// Lists show the newest job first and no other organization's.
    async fn jobs_are_paged(store) {
        furnish(store).await;
        for n in 1..=3 { create(store, n, "import", 0).await; }
        let ids = |jobs: Vec<Job>| jobs.into_iter().map(|j| j.id).collect::<Vec<_>>();
        assert_eq!(ids(read(store, |tx| tx.org(org()).list_jobs(None, 2)).await), [id(3), id(2)]);
        assert_eq!(ids(read(store, |tx| tx.org(org()).list_jobs(Some(id(2)), 2)).await), [id(1)]);
        assert!(read(store, |tx| tx.org(id(2)).list_jobs(None, 2)).await.is_empty());
        assert!(read(store, |tx| tx.org(id(2)).find_job(id(1))).await.is_none());
    }
}

contract! {
    /// However many workers ask at once, each job goes to one of them.
    async fn workers_at_once_share_the_jobs(store) {
        furnish(store).await;
        for n in 1..=20 { create(store, n, "import", 0).await; }
        let mut claimed = Vec::new();
        while claimed.len() < 20 {
            let workers: Vec<_> = (0..8).map(|_| {
                let store = store.clone();
                tokio::spawn(async move { claim(&store, &["import"], 1).await })
            }).collect();
            for worker in workers {
                claimed.extend(worker.await.unwrap().map(|j| j.id));
            }
        }
        claimed.sort();
        claimed.dedup();
        assert_eq!(claimed.len(), 20);
    }
}
