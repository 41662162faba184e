//! The one transaction of a lane: write down what became of the last window, hand out the next.

use super::{
    lease_name,
    verdict::{Consequence, Fate},
};
use std::{collections::HashSet, sync::Arc};
use tisara_domain::{
    Ambient, CampaignId, ConsentId, Day, NumberId, OrgId, Timestamp, campaign::CampaignEvent,
    consent::ConsentState,
};
use tisara_store::{
    OrgTx, Result, Store,
    campaigns::CampaignError,
    consents::NewConsent,
    ledger::{
        outcomes::{Attempted, Outcome},
        reserve::{Reserved, Window},
    },
    outgoing::{MessageOutcome, ReservedMessage},
    wabas::TokenState,
};

/// Something handed out.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// A row of a campaign.
    Recipient(Reserved),
    /// A single message.
    Message(ReservedMessage),
}

impl Task {
    pub(super) fn address(&self) -> &str {
        match self {
            Self::Recipient(row) => &row.address,
            Self::Message(message) => &message.address,
        }
    }

    pub(super) const fn attempt(&self) -> u32 {
        match self {
            Self::Recipient(row) => row.attempt,
            Self::Message(message) => message.attempt,
        }
    }
}

/// What became of a task.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) task: Task,
    /// When the attempt began.
    pub(super) began_at: Timestamp,
    pub(super) fate: Fate,
    pub(super) consequence: Consequence,
}

impl Done {
    /// A task that never left, and what becomes of it.
    pub(super) const fn unattempted(task: Task, now: Timestamp, fate: Fate) -> Self {
        Self { task, began_at: now, fate, consequence: Consequence::None }
    }
}

/// What the transaction is to do.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) org: OrgId,
    pub(super) number: NumberId,
    pub(super) token: i64,
    pub(super) now: Timestamp,
    pub(super) settle_at: Timestamp,
    pub(super) done: Arc<Vec<Done>>,
    /// Chunks whose every handed-out row has an outcome by the end of `done`.
    pub(super) idle_chunks: Vec<(CampaignId, i64)>,
    /// Chunks to be given back unfinished, all of their handed-out rows having outcomes likewise.
    pub(super) left_chunks: Vec<(CampaignId, i64)>,
    /// How many tasks may be handed out; 0 only writes.
    pub(super) want: u32,
    /// Running campaigns in the order of their turn.
    pub(super) campaigns: Vec<CampaignId>,
    /// Handed out before and without an outcome yet.
    pub(super) under_way: usize,
    /// At most so many messages a month, of all the organization's numbers.
    pub(super) messages_per_month: Option<i64>,
    /// What of this number's messages the organization's other numbers know to be under way; `None` when it is not
    /// to be changed.
    pub(super) known_under_way: Option<usize>,
}

/// What was handed out.
#[derive(Debug, Default)]
pub(super) struct Handed {
    /// The lease is gone: nothing was handed out and nothing may be sent any more.
    pub(super) fenced: bool,
    pub(super) messages: Vec<ReservedMessage>,
    pub(super) retries: Vec<Reserved>,
    pub(super) windows: Vec<(CampaignId, Window)>,
    /// Campaigns that came to their end.
    pub(super) finished: Vec<CampaignId>,
    /// Campaigns that were paused because the month's messages are used up.
    pub(super) paused: Vec<CampaignId>,
    /// Something stopped the whole number.
    pub(super) stopped: bool,
    /// What the other numbers know to be under way from now on.
    pub(super) known_under_way: Option<usize>,
}

/// Runs the transaction.
pub(super) async fn take_turn(store: &Store, ambient: &Ambient, turn: Turn) -> Result<Handed> {
    let ambient = ambient.clone();
    store
        .write(move |tx| {
            let mut handed = Handed::default();
            // What happened, happened: outcomes are written whoever owns the number now.
            write_outcomes(&mut tx.org(turn.org), &turn, &ambient, &mut handed)?;
            if !tx.holds_lease(&lease_name(turn.number), turn.token, turn.now)? {
                handed.fenced = true;
                return Ok(handed);
            }
            let mut org = tx.org(turn.org);
            for (campaign, chunk) in &turn.idle_chunks {
                org.close_chunk(*campaign, *chunk, turn.token)?;
            }
            for (campaign, chunk) in &turn.left_chunks {
                org.release_chunk(*campaign, *chunk, turn.token)?;
            }
            if !handed.stopped {
                hand_out(&mut org, &turn, &mut handed)?;
            }
            tell_under_way(&mut org, &turn, &mut handed)?;
            Ok(handed)
        })
        .await
}

/// Windows of one turn at most: where most rows turn out to be skipped, the transaction stays short.
const WINDOWS_MAX: usize = 64;

fn hand_out(org: &mut OrgTx<'_, '_>, turn: &Turn, handed: &mut Handed) -> Result<()> {
    let mut left = turn.want;
    if left == 0 {
        return Ok(());
    }
    handed.messages = org.reserve_messages(turn.number, turn.token, left, turn.now)?;
    left -= count(handed.messages.len(), left);
    left = left.min(room(org, turn, handed)?);
    if left > 0 {
        handed.retries = org.reserve_retries(turn.number, turn.token, left, turn.now)?;
        left -= count(handed.retries.len(), left);
    }
    let mut waiting: Vec<CampaignId> = turn.campaigns.clone();
    // Each campaign gets its share; what one does not use goes to the others.
    while left > 0 && !waiting.is_empty() && handed.windows.len() < WINDOWS_MAX {
        let share = (left / u32::try_from(waiting.len()).unwrap_or(u32::MAX)).max(1);
        let mut still_waiting = Vec::with_capacity(waiting.len());
        for campaign in waiting {
            if left == 0 {
                break;
            }
            let window = org.reserve_window(campaign, turn.token, share.min(left))?;
            if window.chunk.is_none() {
                if org.finish_campaign_if_done(campaign, turn.now)? {
                    handed.finished.push(campaign);
                }
                continue;
            }
            left -= count(window.rows.len(), left);
            handed.windows.push((campaign, window));
            still_waiting.push(campaign);
        }
        waiting = still_waiting;
    }
    Ok(())
}

/// How many messages of campaigns the month still has room for. What is under way takes its room, and so does what
/// is in doubt: Meta may have it. When the room is used up the campaigns are paused; while it is only taken, they
/// wait. Single messages were held against the limit when they were written.
fn room(org: &mut OrgTx<'_, '_>, turn: &Turn, handed: &mut Handed) -> Result<u32> {
    let Some(most) = turn.messages_per_month else { return Ok(u32::MAX) };
    let today = Day::of(turn.now);
    let under_way = turn.under_way + handed.messages.len();
    let left = org.find_room_of_month(turn.number, most, today)?;
    if left <= 0 && under_way == 0 && org.count_messages_of_month(today)? >= most {
        let anew = today.month().1.plus(1);
        let reason =
            format!("The limit of {most} messages a month is reached; the next month begins on {anew} (UTC)");
        for campaign in &turn.campaigns {
            if org.finish_campaign_if_done(*campaign, turn.now)? {
                handed.finished.push(*campaign);
            } else {
                pause(org, *campaign, &reason, turn.now)?;
                handed.paused.push(*campaign);
            }
        }
    }
    let left = left.saturating_sub(i64::try_from(under_way).unwrap_or(i64::MAX));
    Ok(u32::try_from(left.max(0)).unwrap_or(u32::MAX))
}

/// Where there is a limit, the organization's other numbers are told what this one has under way.
fn tell_under_way(org: &mut OrgTx<'_, '_>, turn: &Turn, handed: &mut Handed) -> Result<()> {
    let rows: usize = handed.windows.iter().map(|(_, window)| window.rows.len()).sum();
    let under_way = match turn.messages_per_month {
        Some(_) => turn.under_way + handed.messages.len() + handed.retries.len() + rows,
        None => 0,
    };
    handed.known_under_way = turn.known_under_way.map(|_| under_way);
    if turn.known_under_way.is_some_and(|known| known != under_way) {
        org.put_under_way(turn.number, i64::try_from(under_way).unwrap_or(i64::MAX))?;
    }
    Ok(())
}

fn count(n: usize, most: u32) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX).min(most)
}

fn write_outcomes(
    org: &mut OrgTx<'_, '_>,
    turn: &Turn,
    ambient: &Ambient,
    handed: &mut Handed,
) -> Result<()> {
    let outcomes: Vec<Outcome> = turn.done.iter().filter_map(|d| outcome(d, turn.settle_at)).collect();
    org.record_outcomes(turn.number, &outcomes, turn.now)?;
    for done in turn.done.iter() {
        if let Task::Message(message) = &done.task {
            let outcome = message_outcome(done, turn);
            org.record_message_outcome(message.id, message.attempt, &outcome, turn.now)?;
        }
    }
    let mut paused = HashSet::new();
    for done in turn.done.iter() {
        match &done.consequence {
            Consequence::None | Consequence::SlowDown | Consequence::Unreachable => {}
            Consequence::PauseCampaign(reason) => {
                if let Task::Recipient(row) = &done.task
                    && paused.insert(row.campaign)
                {
                    pause(org, row.campaign, reason, turn.now)?;
                }
            }
            Consequence::StopNumber { reason, token_is_dead } => {
                if !handed.stopped {
                    stop_number(org, turn.number, reason, *token_is_dead)?;
                }
                handed.stopped = true;
            }
            Consequence::OptOut => {
                if let Some(contact) = contact(org, &done.task)? {
                    org.record_consent(&opt_out(contact, ambient.id(), turn.now))?;
                }
            }
            Consequence::Unreached => {
                if let Some(contact) = contact(org, &done.task)? {
                    org.note_unreachable(contact, turn.now)?;
                }
            }
        }
    }
    Ok(())
}

/// Meta's word that a person wants no more marketing, as an entry of the ledger.
pub(crate) fn opt_out(contact: tisara_domain::ContactId, id: ConsentId, now: Timestamp) -> NewConsent {
    NewConsent {
        id,
        contact_id: contact,
        at: now,
        state: ConsentState::OptedOut,
        purpose: "marketing".to_owned(),
        source: "whatsapp_preferences".to_owned(),
        wording: "Meta: the person stopped marketing messages from this business (131050)".to_owned(),
    }
}

/// Pauses a campaign for a reason; one that is not running is left alone.
pub(crate) fn pause(
    org: &mut OrgTx<'_, '_>,
    campaign: CampaignId,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    match org.move_campaign_because(campaign, CampaignEvent::Pause, Some(reason), now) {
        Err(CampaignError::Store(e)) => Err(e),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Stops everything on a number until a person has acted.
pub(crate) fn stop_number(
    org: &mut OrgTx<'_, '_>,
    number: NumberId,
    reason: &str,
    token_is_dead: bool,
) -> Result<()> {
    org.set_number_stopped(number, Some(reason))?;
    if token_is_dead && let Some(account) = org.find_sending_account(number)? {
        org.set_token_state(account.waba_id, TokenState::Refused)?;
    }
    Ok(())
}

fn contact(org: &mut OrgTx<'_, '_>, task: &Task) -> Result<Option<tisara_domain::ContactId>> {
    match task {
        Task::Recipient(row) => org.find_recipient_contact(row.campaign, row.seq),
        Task::Message(message) => org.find_message_contact(message.id),
    }
}

fn outcome(done: &Done, settle_at: Timestamp) -> Option<Outcome> {
    let Task::Recipient(row) = &done.task else { return None };
    let result = match &done.fate {
        Fate::Accepted { wamid } => Attempted::Accepted { wamid: wamid.clone() },
        Fate::Failed { code, .. } => Attempted::Failed { code: *code },
        Fate::Retry { due_at } => Attempted::Retry { due_at: *due_at },
        Fate::Return { due_at } => Attempted::Returned { due_at: *due_at },
        Fate::Uncertain => Attempted::Uncertain { began_at: done.began_at, settle_at },
    };
    Some(Outcome {
        campaign: row.campaign,
        seq: row.seq,
        attempt: row.attempt,
        from_follow_up: row.chunk.is_none(),
        result,
    })
}

fn message_outcome(done: &Done, turn: &Turn) -> MessageOutcome {
    match &done.fate {
        Fate::Accepted { wamid } => MessageOutcome::Accepted { wamid: wamid.clone() },
        Fate::Failed { code, details } => MessageOutcome::Failed { code: *code, details: details.clone() },
        Fate::Retry { due_at } | Fate::Return { due_at } => MessageOutcome::Retry { due_at: *due_at },
        Fate::Uncertain => MessageOutcome::Uncertain { settle_at: turn.settle_at },
    }
}
