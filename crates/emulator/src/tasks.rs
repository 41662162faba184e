//! What the emulator does by itself when its moment has come.

use crate::{Inner, accounts, control, templates::life, webhooks::Task};
use std::sync::Arc;
use tisara_domain::Timestamp;

pub(crate) fn run(e: &Arc<Inner>, task: Task, now: Timestamp) {
    match task {
        Task::Reaction { user, number, serial, stop } => control::answer_read(e, user, number, serial, stop),
        Task::Review { template, revision } => life::reviewed(e, template, revision, now),
        Task::Unpause { template, revision } => life::resumed(e, template, revision, now),
        Task::Sync { number, part } => accounts::sync(e, number, part, now),
        Task::Upgrade { portfolio } => accounts::upgrade(e, portfolio, now),
        Task::Release { template } => life::released(e, template, now),
    }
}
