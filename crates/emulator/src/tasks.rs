//! What the emulator does by itself when its moment has come.

use crate::{
    Inner, accounts, calling, control, messages,
    templates::{category, life, pacing},
    webhooks::Task,
};
use std::sync::Arc;
use tisara_domain::Timestamp;

pub(crate) fn run(e: &Arc<Inner>, task: Task, now: Timestamp) {
    match task {
        Task::Reaction { user, number, serial, stop } => control::answer_read(e, user, number, serial, stop),
        Task::Review { template, revision } => life::reviewed(e, template, revision, now),
        Task::Unpause { template, revision } => life::resumed(e, template, revision, now),
        Task::Sync { number, part } => accounts::sync(e, number, part, now),
        Task::Upgrade { portfolio } => accounts::upgrade(e, portfolio, now),
        Task::Tell(note) => messages::tell(e, note),
        Task::Pin { group, pin } => messages::pinned(e, &group, &pin, now),
        Task::Ring { call } => calling::ring(e, &call, now),
        Task::PickUp { call } => calling::picked_up(e, &call, now),
        Task::Missed { call } => calling::missed(e, &call, now),
        Task::Release { template } => pacing::released(e, template, now),
        Task::ReleaseBatch { portfolio } => pacing::released_batch(e, portfolio, now),
        Task::Notice { template, at_s } => category::notice(e, template, at_s, now),
        Task::Recategorise { template } => category::recategorised(e, template, now),
    }
}
