//! Recovering what a crash left in doubt, and settling what may or may not have gone out.

use crate::parts::Shared;
use std::collections::HashMap;
use tisara_domain::{
    CampaignId, CampaignState, NumberId, OrgId, Timestamp,
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
    let last_webhook_at = account.last_webhook_at;
    let decide = move |began_at: Timestamp, attempted_at: Timestamp, policy: SettlePolicy| {
        settle(
            now,
            grace,
            policy,
            Evidence {
                began_at,
                attempted_at,
                receiving_since: hearing.since,
                deaf_for: hearing.deaf_for,
                last_webhook_at,
                // What has come by the end of the grace time must have been read.
                journal_is_applied: applied_until >= now || applied_until >= attempted_at.plus(grace),
            },
        )
    };
    shared
        .store
        .write(move |tx| {
            let mut org = tx.org(org);
            let mut policies = HashMap::new();
            for row in org.list_unsettled(number, now, SETTLE_BATCH)? {
                let policy = policy(&mut org, &mut policies, row.campaign)?;
                apply(&mut org, number, row, decide(row.began_at, row.attempted_at, policy), now)?;
            }
            for message in org.list_unsettled_messages(number, now, SETTLE_BATCH)? {
                match decide(message.began_at, message.attempted_at, SettlePolicy::Resend) {
                    Settlement::Wait(until) => org.settle_message(message.id, until, true)?,
                    Settlement::Resend | Settlement::GiveUp => org.settle_message(message.id, now, false)?,
                }
            }
            Ok::<_, Error>(())
        })
        .await
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
fn policy(
    org: &mut OrgTx<'_, '_>,
    known: &mut HashMap<CampaignId, SettlePolicy>,
    id: CampaignId,
) -> Result<SettlePolicy> {
    if let Some(policy) = known.get(&id) {
        return Ok(*policy);
    }
    let policy = match org.find_campaign(id)? {
        Some(c) if c.state != CampaignState::Cancelled => c.definition.settle,
        _ => SettlePolicy::GiveUp,
    };
    known.insert(id, policy);
    Ok(policy)
}
