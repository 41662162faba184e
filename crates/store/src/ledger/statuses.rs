//! Applying what Meta tells later: statuses only move a row forward, in whatever order they come.

use super::{
    counts::{Deltas, Slot},
    follow_up_kind,
    follow_ups::Times,
};
use crate::{
    forks,
    seam::{OrgTx, Result},
    usage::kind,
};
use std::collections::{BTreeMap, BTreeSet};
use tisara_domain::{
    CampaignId, CampaignState, NumberId, RecipientRef, RecipientState, Timestamp, recipient::own_code,
};

/// News of one message, from a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusNews {
    /// Which attempt for which row it is about: our id, as it came back.
    pub about: RecipientRef,
    /// What Meta says: sent, failed, delivered or read.
    pub state: RecipientState,
    /// When it happened, by Meta's clock.
    pub at: Timestamp,
    /// Meta's id of the message.
    pub wamid: String,
    /// Meta's code, with `failed`.
    pub code: i32,
    /// With `failed`: it may be tried again then.
    pub retry_at: Option<Timestamp>,
    /// Meta's pricing, as `category/type`.
    pub billing: Option<String>,
}

/// What applying a batch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// News about rows that do not exist in this organization.
    pub unknown: u64,
    /// People who got a message twice: two attempts, both of them out. Must stay 0.
    pub doubled: u64,
}

/// The part of a row that statuses look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StatusRow {
    /// Where PostgreSQL has it, for as long as it is locked.
    pub(crate) place: Option<String>,
    pub(crate) state: i64,
    pub(crate) reason: i64,
    pub(crate) attempt: i64,
    pub(crate) wamid: Option<String>,
    pub(crate) billing: Option<String>,
    pub(crate) accepted_at: Option<i64>,
    pub(crate) sent_at: Option<i64>,
    pub(crate) delivered_at: Option<i64>,
    pub(crate) read_at: Option<i64>,
    pub(crate) failed_at: Option<i64>,
}

impl OrgTx<'_, '_> {
    /// Applies a batch of news about campaign messages of one number.
    ///
    /// # Errors
    /// As the database says. Applying the same news again changes nothing.
    pub fn apply_statuses<'n>(
        &mut self,
        number: NumberId,
        news: impl IntoIterator<Item = &'n StatusNews>,
    ) -> Result<Applied> {
        let mut by_row: BTreeMap<(CampaignId, i64), Vec<&StatusNews>> = BTreeMap::new();
        for n in news {
            by_row.entry((n.about.campaign, n.about.seq)).or_default().push(n);
        }
        let retried = self.lock_retried(by_row.values().flatten().copied())?;
        let keys: Vec<(CampaignId, i64)> = by_row.keys().copied().collect();
        let mut rows = forks::load_status_rows(self, &keys)?;
        let mut applied = Applied::default();
        let mut deltas = Deltas::default();
        let mut changed = Vec::with_capacity(rows.len());
        let mut billed: BTreeMap<(CampaignId, String), i64> = BTreeMap::new();
        for (key, news) in &by_row {
            let Some(row) = rows.remove(key) else {
                applied.unknown += news.len() as u64;
                continue;
            };
            let mut after = row.clone();
            let mut follow_up = FollowUp::Keep;
            // Counted on the day on which it happened, by Meta's clock.
            let at = news.last().map_or_else(Timestamp::default, |n| n.at);
            for n in news {
                let may_retry = retried.get(&key.0).is_some_and(|s| *s != CampaignState::Cancelled);
                advance(&mut after, n, may_retry, &mut follow_up, &mut applied);
            }
            match follow_up {
                FollowUp::Keep => {}
                FollowUp::Drop => self.delete_follow_up(key.0, key.1)?,
                FollowUp::Retry(due_at) => {
                    self.reopen_campaign(key.0)?;
                    self.write_follow_up(*key, number, follow_up_kind::RETRY, Times::due(due_at))?;
                }
            }
            if let (None, Some(billing)) = (&row.billing, &after.billing) {
                *billed.entry((key.0, billing.clone())).or_default() += 1;
                self.note_usage(Slot::Journal, number, at, format!("{}{billing}", kind::BILLED), 1);
            }
            if after != row {
                let (from, to) = (state(row.state), state(after.state));
                match (from.is_out(), to.is_out()) {
                    (false, true) => self.note_usage(Slot::Journal, number, at, kind::CAMPAIGN, 1),
                    (true, false) => self.note_usage(Slot::Journal, number, at, kind::CAMPAIGN_FAILED, 1),
                    _ => {}
                }
                deltas.moved(key.0, (from, row.reason), (to, after.reason), 1);
                changed.push((*key, after));
            }
        }
        forks::save_status_rows(self, &changed)?;
        self.bump_counts(Slot::Journal, &deltas)?;
        self.bump_billing(&billed)?;
        Ok(applied)
    }

    /// The states of the campaigns of which something may be tried again, held as they are until this
    /// transaction ends: so a campaign cannot end just before the follow-up that keeps it open is seen.
    fn lock_retried<'n>(
        &mut self,
        news: impl Iterator<Item = &'n StatusNews>,
    ) -> Result<BTreeMap<CampaignId, CampaignState>> {
        let retried: BTreeSet<CampaignId> =
            news.filter(|n| n.retry_at.is_some()).map(|n| n.about.campaign).collect();
        let mut states = BTreeMap::new();
        for campaign in retried {
            states.extend(self.lock_campaign(campaign)?.map(|state| (campaign, state)));
        }
        Ok(states)
    }
}

/// What is to become of the row's follow-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FollowUp {
    Keep,
    Drop,
    Retry(Timestamp),
}

fn state(code: i64) -> RecipientState {
    RecipientState::from_code(code).unwrap_or(RecipientState::Planned)
}

/// One piece of news changes a row, or not. What failed is tried again only if it `may_retry`: its campaign
/// was not cancelled.
fn advance(
    row: &mut StatusRow,
    news: &StatusNews,
    may_retry: bool,
    follow_up: &mut FollowUp,
    applied: &mut Applied,
) {
    let now_state = state(row.state);
    let attempt = i64::from(news.about.attempt);
    let at = news.at.0;
    if news.state == RecipientState::Failed {
        // Only news about the present attempt can fail the row. (A row in its first attempt still
        // says 0: its chunk's mark stands for it.)
        let present = attempt >= row.attempt;
        if !present || now_state >= RecipientState::Failed || now_state == RecipientState::Skipped {
            return;
        }
        row.attempt = attempt;
        row.wamid.get_or_insert_with(|| news.wamid.clone());
        row.accepted_at.get_or_insert(at);
        if let Some(due_at) = news.retry_at.filter(|_| may_retry) {
            row.state = RecipientState::Planned.code();
            row.reason = 0;
            *follow_up = FollowUp::Retry(due_at);
        } else {
            row.state = RecipientState::Failed.code();
            row.reason = i64::from(if news.code == 0 { own_code::UNNAMED } else { news.code });
            row.failed_at = Some(at);
            *follow_up = FollowUp::Drop;
        }
        return;
    }
    if let Some(known) = &row.wamid
        && *known != news.wamid
        && now_state.is_out()
    {
        applied.doubled += 1;
    }
    // It is out: whichever attempt did it, there must not be another one.
    if now_state == RecipientState::Uncertain || row.attempt > 0 && now_state == RecipientState::Planned {
        *follow_up = FollowUp::Drop;
    }
    row.attempt = row.attempt.max(attempt);
    if row.wamid.is_none() || !now_state.is_out() {
        row.wamid = Some(news.wamid.clone());
    }
    // Whatever Meta tells of, it took: its answer may come later, or never.
    row.accepted_at.get_or_insert(at);
    if row.billing.is_none() {
        row.billing.clone_from(&news.billing);
    }
    let slot = match news.state {
        RecipientState::Sent => &mut row.sent_at,
        RecipientState::Delivered => &mut row.delivered_at,
        _ => &mut row.read_at,
    };
    *slot = Some(slot.map_or(at, |known| known.min(at)));
    let next = now_state.advanced_by(news.state);
    #[cfg(feature = "testing")]
    let next = if testing::order_is_ignored() { news.state } else { next };
    if next != now_state {
        row.state = next.code();
        row.reason = 0;
    }
}

/// For the simulation's own test: with the order of statuses ignored it must fail.
#[cfg(feature = "testing")]
pub mod testing {
    use std::cell::Cell;

    thread_local!(static IGNORED: Cell<bool> = const { Cell::new(false) });

    /// Whether a later status overwrites an earlier one on this thread, whatever they say.
    pub fn ignore_order(ignored: bool) {
        IGNORED.set(ignored);
    }

    pub(super) fn order_is_ignored() -> bool {
        IGNORED.get()
    }
}
