//! What the outbox holds: messages under way, updates that wait, batches.

use super::plan::{Plan, Status};
use crate::{callback::Callback, saved, templates::Category};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, sync::Arc};
use tisara_domain::Timestamp;

/// An accepted message whose statuses are not all told yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) serial: u64,
    pub(crate) user: u64,
    pub(crate) accepted: Timestamp,
    /// The number's place in the directory.
    pub(crate) number: u32,
    pub(crate) plan: Plan,
    pub(crate) category: Category,
    /// 0 for a free-form message.
    pub(crate) template: u64,
    /// By the Marketing Messages API.
    pub(crate) lite: bool,
    pub(crate) to_bsuid: bool,
    pub(crate) free_entry: bool,
    pub(crate) in_window: bool,
    pub(crate) callback: Option<Callback>,
    pub(super) step: u8,
    pub(super) refs: u16,
}

impl Message {
    #[expect(clippy::too_many_arguments, reason = "one caller, every part needed")]
    pub(crate) fn new(
        serial: u64,
        user: u64,
        accepted: Timestamp,
        number: u32,
        plan: Plan,
        (category, template): (Category, u64),
        flags: (bool, bool, bool, bool),
        callback: Option<Callback>,
    ) -> Self {
        let (lite, to_bsuid, free_entry, in_window) = flags;
        Self {
            serial,
            user,
            accepted,
            number,
            plan,
            category,
            template,
            lite,
            to_bsuid,
            free_entry,
            in_window,
            callback,
            step: 0,
            refs: 0,
        }
    }
}

/// One update waiting to be posted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Item {
    Status {
        message: u32,
        status: Status,
        at_s: i64,
        error: u32,
        /// Comes again because another app has refused it.
        again: bool,
    },
    Note {
        #[serde(with = "saved::shared")]
        note: Arc<Note>,
        /// As above.
        again: bool,
    },
}

impl Item {
    /// The same for an app that has had it already.
    pub(super) fn once_more(&self) -> Self {
        match self.clone() {
            Self::Status { message, status, at_s, error, .. } => {
                Self::Status { message, status, at_s, error, again: true }
            }
            Self::Note { note, .. } => Self::Note { note, again: true },
        }
    }

    pub(super) fn is_again(&self) -> bool {
        matches!(self, Self::Status { again: true, .. } | Self::Note { again: true, .. })
    }
}

/// An update that is no status: an inbound message, a template's review, an account's news.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) waba: u64,
    /// The `entry.id`, where it is not the account.
    pub(crate) entry: u64,
    /// The number it concerns, for `messages` and its overrides.
    pub(crate) number: Option<u32>,
    pub(crate) field: Cow<'static, str>,
    /// Told to this app alone, subscribed or not.
    pub(crate) to_app: Option<u64>,
    /// The change's `value`, written with Meta's escapes already.
    pub(crate) value: String,
    pub(crate) at_s: i64,
}

impl Note {
    /// News of an account, told to the apps themselves and not to overrides.
    pub(crate) fn account(waba: u64, field: impl Into<Cow<'static, str>>, value: String, at_s: i64) -> Self {
        Self { waba, entry: waba, number: None, field: field.into(), to_app: None, value, at_s }
    }
}

/// Updates for one URL, posted together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) app: u64,
    pub(crate) url: String,
    pub(crate) items: Vec<Item>,
    /// Tells posts under way apart.
    pub(super) number: u64,
    pub(crate) tries: u32,
    pub(crate) first: Timestamp,
}

/// A message held for its template to be judged, as the ledger knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) number: u64,
    pub(crate) user: u64,
    pub(crate) content_hash: u64,
    pub(crate) callback: Option<Callback>,
}
