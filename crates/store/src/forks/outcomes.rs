//! Marking a batch of rows as accepted.

use crate::{
    ledger::outcomes::{Attempted, Outcome},
    seam::{Driver, OrgTx, Result},
};
use std::collections::BTreeMap;
use tisara_domain::{CampaignId, Timestamp, id::TypedId as _};
use uuid::Uuid;

/// A webhook may have been faster than the answer: then the row is further on, or already holds
/// Meta's id, and only the time of acceptance is added.
const FIRST: &str = "UPDATE recipient SET state = 3, attempt = ?4, wamid = ?5, accepted_at = ?6 \
                     WHERE org_id = ?1 AND campaign_id = ?2 AND seq = ?3 AND state = 0 AND attempt <= ?4 AND wamid IS NULL";
const LATER: &str = "UPDATE recipient SET accepted_at = ?6, wamid = coalesce(wamid, ?5) \
                     WHERE org_id = ?1 AND campaign_id = ?2 AND seq = ?3 AND attempt = ?4 AND accepted_at IS NULL";

/// Rows, attempts and Meta's ids of one campaign, as arrays.
type Columns<'a> = (Vec<i64>, Vec<i32>, Vec<&'a str>);

/// Marks the outcomes, all of them accepted; says how many rows of each campaign went from planned to
/// accepted.
pub(crate) fn mark_accepted(
    tx: &mut OrgTx<'_, '_>,
    outcomes: &[&Outcome],
    now: Timestamp,
) -> Result<BTreeMap<CampaignId, i64>> {
    let org = tx.org.to_bytes();
    let mut moved = BTreeMap::new();
    match tx.tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut first = conn.prepare_cached(FIRST)?;
            let mut later = conn.prepare_cached(LATER)?;
            for o in outcomes {
                let Attempted::Accepted { wamid } = &o.result else { continue };
                let values = (org, o.campaign.to_bytes(), o.seq, o.attempt, wamid, now.0);
                if first.execute(values)? == 1 {
                    *moved.entry(o.campaign).or_default() += 1;
                } else {
                    later.execute(values)?;
                }
            }
        }
        Driver::Postgres(mut pg) => {
            let mut by_campaign: BTreeMap<CampaignId, Columns<'_>> = BTreeMap::new();
            for o in outcomes {
                let Attempted::Accepted { wamid } = &o.result else { continue };
                let (seqs, attempts, wamids) = by_campaign.entry(o.campaign).or_default();
                seqs.push(o.seq);
                attempts.push(i32::try_from(o.attempt).unwrap_or(i32::MAX));
                wamids.push(wamid);
            }
            for (campaign, (seqs, attempts, wamids)) in by_campaign {
                let (org, id) = (Uuid::from_bytes(org), Uuid::from(campaign));
                let n = pg.execute(
                    "UPDATE recipient r SET state = 3, attempt = o.attempt, wamid = o.wamid, accepted_at = $6 \
                     FROM unnest($3::bigint[], $4::int[], $5::text[]) AS o (seq, attempt, wamid) \
                     WHERE r.org_id = $1 AND r.campaign_id = $2 AND r.seq = o.seq AND r.state = 0 \
                     AND r.attempt <= o.attempt AND r.wamid IS NULL",
                    &[&org, &id, &seqs, &attempts, &wamids, &now.0],
                )?;
                if n < seqs.len() as u64 {
                    pg.execute(
                        "UPDATE recipient r SET accepted_at = $6, wamid = coalesce(r.wamid, o.wamid) \
                         FROM unnest($3::bigint[], $4::int[], $5::text[]) AS o (seq, attempt, wamid) \
                         WHERE r.org_id = $1 AND r.campaign_id = $2 AND r.seq = o.seq AND r.attempt = o.attempt \
                         AND r.accepted_at IS NULL",
                        &[&org, &id, &seqs, &attempts, &wamids, &now.0],
                    )?;
                }
                *moved.entry(campaign).or_default() += i64::try_from(n).unwrap_or(0);
            }
        }
    }
    Ok(moved)
}
