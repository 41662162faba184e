//! Moments: what is still to happen, in the order in which it will.

use super::update::{Batch, Item, Note};
use crate::saved;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tisara_domain::Timestamp;

/// What happens at a moment. Nearly all are steps: the others are boxed to keep those small.
#[derive(Serialize, Deserialize)]
pub(super) enum Timed {
    /// The next status of the message at this place.
    Step(u32),
    /// An update that comes late, for one app.
    Late(Box<(u64, Item)>),
    Retry(Box<Batch>),
    /// Something else the emulator does later.
    Task(Box<Task>),
}

/// What the emulator does by itself at a later moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// A template's review ends.
    Review { template: u64, revision: u64 },
    /// A pause of a template ends.
    Unpause { template: u64, revision: u64 },
    /// Pacing has judged a template: held messages go or fail.
    Release { template: u64 },
    /// Pacing has judged a portfolio: a batch of its held messages goes, or all fail.
    ReleaseBatch { portfolio: u64 },
    /// Meta gives notice that a template is in the wrong category.
    Notice { template: u64, at_s: i64 },
    /// Templates in the wrong category are moved.
    Recategorise { template: u64 },
    /// A part of what the Business app hands over.
    Sync { number: u32, part: u32 },
    /// A portfolio's messaging limit grows.
    Upgrade { portfolio: u64 },
    /// An update planned for this moment.
    Tell(#[serde(with = "saved::shared")] Arc<Note>),
    /// A message of a group is pinned, or no longer.
    Pin { group: Box<str>, pin: Box<str> },
    /// The phone of a called user rings.
    Ring { call: Box<str> },
    /// A called user picks up.
    PickUp { call: Box<str> },
    /// Nobody has taken a call.
    Missed { call: Box<str> },
    /// A user answers or stops marketing after reading.
    Reaction { user: u64, number: u32, serial: u64, stop: bool },
}

/// Something that happens later; the earliest is the greatest, for a heap.
#[derive(Serialize, Deserialize)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) order: u64,
    pub(super) what: Timed,
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Moment {}
impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Moment {
    // Reversed: the heap's greatest is the earliest; equal moments keep the order they came in.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.key().cmp(&self.key())
    }
}
impl Moment {
    fn key(&self) -> (Timestamp, u64) {
        (self.at, self.order)
    }
}

/// The heap as a list, the earliest first.
pub(super) mod in_order {
    use super::Moment;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::BinaryHeap;

    pub(in crate::webhooks) fn serialize<S: Serializer>(
        heap: &BinaryHeap<Moment>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        let mut all: Vec<&Moment> = heap.iter().collect();
        all.sort_unstable_by_key(|m| m.key());
        s.collect_seq(all)
    }

    pub(in crate::webhooks) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BinaryHeap<Moment>, D::Error> {
        Ok(Vec::<Moment>::deserialize(d)?.into())
    }
}
