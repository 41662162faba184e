//! What the emulator does by itself when its moment has come.

use crate::{Inner, control, webhooks::Task};
use std::sync::Arc;
use tisara_domain::Timestamp;

pub(crate) fn run(e: &Arc<Inner>, task: Task, _now: Timestamp) {
    match task {
        Task::Reaction { user, number, serial, stop } => control::answer_read(e, user, number, serial, stop),
        Task::Review { .. } | Task::Unpause { .. } | Task::Release { .. } | Task::Sync { .. } => {}
    }
}
