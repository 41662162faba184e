//! Recovering what a crash left in doubt, and settling what may or may not have gone out.

use crate::parts::Shared;
use std::collections::HashMap;
use tisara_domain::{
    CampaignId, CampaignState, NumberId, OrgId, RecipientState, Timestamp,
    settle::{Evidence, SettlePolicy, Settlement, settle},
};
use tisara_store::{
    Error, OrgTx, Result,
    ledger::{follow_ups::Unsettled, recover::Doubt},
    sending::SendingAccount,
};

/// Chunks and follow-ups recovered in one transaction.
const RECOVER_BATCH: u32 = 50;
/// Rows settled in one transaction.
const SETTLE_BATCH: u32 = 500;

/// Takes up what earlier owners of the number left: rows that were handed out and have no outcome are
/// in doubt, all others are free again.
pub(crate) async fn recover(shared: &Shared, org: OrgId, number: NumberId, token: i64) -> Result<()> {
    loop {
        let now = shared.ambient.now();
        let settle_at = now.plus(shared.settings.grace());
        // The owner before renewed its lease while it lived, and heard as long as this installation did.
        let began_at = now.minus(shared.hearing().deaf_for + shared.settings.lease());
        let doubt = Doubt { began_at, found_at: now, settle_at };
        let more = shared
            .store
            .write(move |tx| {
                let mut org = tx.org(org);
                org.recover_messages(number, token, now, settle_at)?;
                org.recover_number(number, token, doubt, RECOVER_BATCH)
            })
            .await?;
        if !more {
            return Ok(());
        }
    }
}

/// Settles the rows and messages of a number whose time has come.
pub(crate) async fn settle_due(
    shared: &Shared,
    org: OrgId,
    number: NumberId,
    account: &SendingAccount,
    now: Timestamp,
) -> Result<()> {
    let grace = shared.settings.grace();
    let hearing = shared.hearing();
    let applied_until = shared.applied_until().await?;
    #[cfg(test)]
    let account = &crate::simulation::broken::as_if_fresh(account);
    let (news, last_webhook_at) = (account.news, account.last_webhook_at);
    let decide = move |began_at: Timestamp, attempted_at: Timestamp, wish: Wish| {
        settle(
            now,
            grace,
            wish.policy,
            Evidence {
                began_at,
                attempted_at,
                receiving_since: hearing.since,
                deaf_for: hearing.deaf_for,
                news,
                last_webhook_at,
                applied_until,
                all_else_is_told: wish.all_else_is_told,
            },
        )
    };
    shared
        .store
        .write(move |tx| {
            let mut org = tx.org(org);
            let mut wishes = HashMap::new();
            for row in org.list_unsettled(number, now, SETTLE_BATCH)? {
                let wish = wish(&mut org, &mut wishes, row.campaign)?;
                apply(&mut org, number, row, decide(row.began_at, row.attempted_at, wish), now)?;
            }
            for message in org.list_unsettled_messages(number, now, SETTLE_BATCH)? {
                match decide(message.began_at, message.attempted_at, Wish::OF_MESSAGES) {
                    Settlement::Wait(until) => org.settle_message(message.id, until, true)?,
                    Settlement::Resend | Settlement::GiveUp => org.settle_message(message.id, now, false)?,
                }
            }
            Ok::<_, Error>(())
        })
        .await
}

/// What is wanted for a campaign's uncertain rows, and what is known of its other ones.
#[derive(Clone, Copy)]
struct Wish {
    policy: SettlePolicy,
    all_else_is_told: bool,
}

impl Wish {
    /// Single messages are few; nothing is counted for them.
    const OF_MESSAGES: Self = Self { policy: SettlePolicy::Resend, all_else_is_told: true };
}

fn apply(
    org: &mut OrgTx<'_, '_>,
    number: NumberId,
    row: Unsettled,
    settlement: Settlement,
    now: Timestamp,
) -> Result<()> {
    match settlement {
        Settlement::Wait(until) => org.postpone_settling(row, until),
        Settlement::Resend => org.send_again(number, row, now),
        Settlement::GiveUp => org.give_up(row),
    }
}

/// What the campaign wants; one that was cancelled sends nothing again.
fn wish(org: &mut OrgTx<'_, '_>, known: &mut HashMap<CampaignId, Wish>, id: CampaignId) -> Result<Wish> {
    if let Some(wish) = known.get(&id) {
        return Ok(*wish);
    }
    let policy = match org.find_campaign(id)? {
        Some(c) if c.state != CampaignState::Cancelled => c.definition.settle,
        _ => SettlePolicy::GiveUp,
    };
    let counts = org.campaign_counts(id)?;
    let all_else_is_told = !counts.iter().any(|c| c.state == RecipientState::Accepted && c.n > 0);
    let wish = Wish { policy, all_else_is_told };
    known.insert(id, wish);
    Ok(wish)
}
