//! People who write while all this goes on, and somebody who answers each of them through the API.

use crate::world;
use anyhow::Context as _;
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tisara_domain::{Ambient, Duration, Rng};
use tisara_emulator::Control;
use tisara_stage::{Api, text};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// People who write, each kind.
const CONTACTS: u64 = 150;
const STRANGERS: u64 = 50;
/// Between two messages, in milliseconds. With 200 people nobody comes near Meta's pace for one person.
const PAUSE_MS: std::ops::Range<u64> = 20..200;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What somebody wrote.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) phone: String,
    /// Which of the two numbers they wrote to.
    pub(crate) number: usize,
    /// Different each time.
    pub(crate) text: String,
}

/// An answer that the server took.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) thread: String,
    /// Different each time.
    pub(crate) text: String,
}

#[derive(Default)]
struct Said {
    written: Mutex<Vec<Written>>,
    replies: Mutex<Vec<Reply>>,
}

impl Said {
    fn write(&self, emulator: &Control, phone: String, number: usize, text: String) {
        if emulator.write(&phone, Some(world::NUMBERS[number]), &text).is_ok() {
            lock(&self.written).push(Written { phone, number, text });
        }
    }
}

/// Both sides at work.
pub(crate) struct Chats {
    said: Arc<Said>,
    emulator: Control,
    stop_writing: CancellationToken,
    stop_replying: CancellationToken,
    replying: JoinHandle<anyhow::Result<()>>,
}

impl Chats {
    /// Begins. `contacts` is how many contacts there are to write.
    pub(crate) fn begin(emulator: Control, api: Api, contacts: u32, ambient: Ambient, rng: Rng) -> Self {
        let said = Arc::new(Said::default());
        let (stop_writing, stop_replying) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn(write(
            Arc::clone(&said),
            emulator.clone(),
            contacts,
            ambient.clone(),
            rng,
            stop_writing.clone(),
        ));
        let replying = tokio::spawn(reply(Arc::clone(&said), api, ambient, stop_replying.clone()));
        Self { said, emulator, stop_writing, stop_replying, replying }
    }

    /// Nobody writes any more.
    pub(crate) fn stop_writing(&self) {
        self.stop_writing.cancel();
    }

    /// One more person writes to each number, and is answered: an attempt that nothing follows is in doubt
    /// for ever, as silence proves nothing.
    pub(crate) fn write_once_more(&self) {
        for number in 0..world::NUMBERS.len() {
            let n = lock(&self.said.written).len();
            let phone = world::stranger(u32::try_from(n as u64 % STRANGERS).unwrap_or(0));
            self.said.write(&self.emulator, phone, number, format!("one more question {n}"));
        }
    }

    /// Whether whoever answers has given up; [`Chats::end`] says why.
    pub(crate) fn have_failed(&self) -> bool {
        self.replying.is_finished()
    }

    /// Nobody answers any more; what was said.
    pub(crate) async fn end(self) -> anyhow::Result<(Vec<Written>, Vec<Reply>)> {
        self.stop_writing.cancel();
        self.stop_replying.cancel();
        self.replying.await??;
        let (written, replies) = (lock(&self.said.written).clone(), lock(&self.said.replies).clone());
        Ok((written, replies))
    }
}

async fn write(
    said: Arc<Said>,
    emulator: Control,
    contacts: u32,
    ambient: Ambient,
    rng: Rng,
    stop: CancellationToken,
) {
    let writers = u64::from(contacts).clamp(1, CONTACTS);
    for n in 0_u64.. {
        let pause = PAUSE_MS.start + rng.below(PAUSE_MS.end - PAUSE_MS.start);
        tokio::select! {
            () = stop.cancelled() => return,
            () = ambient.sleep(Duration::from_millis(pause)) => {}
        }
        let who = rng.below(writers + STRANGERS);
        let phone = match u32::try_from(who).unwrap_or(0) {
            n if who < writers => world::contact(n),
            n => world::stranger(n),
        };
        let number = usize::try_from(rng.below(2)).unwrap_or(0);
        let text = format!("question {n}");
        said.write(&emulator, phone, number, text);
    }
}

async fn reply(said: Arc<Said>, api: Api, ambient: Ambient, stop: CancellationToken) -> anyhow::Result<()> {
    let mut n = 0;
    while !stop.is_cancelled() {
        let unread = api.get_surely("/threads?unread=true&limit=100").await?;
        for thread in unread["items"].as_array().into_iter().flatten() {
            let (thread, line) = (text(&thread["id"])?, format!("answer {n}"));
            n += 1;
            let path = format!("/threads/{thread}/messages");
            let reply = json!({ "kind": "text", "text": line });
            api.post_once(&path, &reply, &format!("answer-{n}")).await.context("an answer was not taken")?;
            lock(&said.replies).push(Reply { thread: thread.clone(), text: line });
            // Should this be lost, there is one more answer; that does no harm.
            let _ = api.post(&format!("/threads/{thread}/read"), &json!({})).await;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = ambient.sleep(LOOK_AGAIN) => {}
        }
    }
    Ok(())
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
