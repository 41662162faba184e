//! Marking a batch of rows as accepted.

use crate::{
    ledger::outcomes::{Attempted, Outcome},
    seam::{Driver, OrgTx, Pg, Result},
};
use postgres_types::ToSql;
use std::collections::BTreeMap;
use tisara_domain::{CampaignId, Timestamp, id::TypedId as _};
use uuid::Uuid;

const MARK: &str = "UPDATE recipient SET state = 3, attempt = ?4, wamid = ?5, accepted_at = ?6 \
                    WHERE org_id = ?1 AND campaign_id = ?2 AND seq = ?3 AND state = 0 AND attempt <= ?4 AND wamid IS NULL";

/// The same on PostgreSQL, over arrays of campaigns, rows, attempts and Meta's ids.
const MARK_ALL: &str = "INSERT INTO recipient AS r (org_id, campaign_id, seq, contact_id, address, state, reason, attempt, \
     wamid, accepted_at) SELECT $1, o.campaign_id, o.seq, k.contact_id, '', 3, 0, o.attempt, o.wamid, $6 \
     FROM unnest($2::uuid[], $3::bigint[], $4::int[], $5::text[]) AS o (campaign_id, seq, attempt, wamid) \
     CROSS JOIN LATERAL (SELECT r.contact_id FROM recipient r WHERE r.org_id = $1 AND r.campaign_id = o.campaign_id \
     AND r.seq = o.seq AND r.state = 0 AND r.attempt <= o.attempt AND r.wamid IS NULL FOR UPDATE) k \
     ON CONFLICT (org_id, campaign_id, seq) DO UPDATE SET state = excluded.state, attempt = excluded.attempt, \
     wamid = excluded.wamid, accepted_at = excluded.accepted_at RETURNING r.campaign_id";

/// Marks the outcomes, all of them accepted; says how many rows of each campaign went from planned to
/// accepted. A row of which a webhook told first is further on, and left as it is.
pub(crate) fn mark_accepted(
    tx: &mut OrgTx<'_, '_>,
    outcomes: &[&Outcome],
    now: Timestamp,
) -> Result<BTreeMap<CampaignId, i64>> {
    let org = tx.org.to_bytes();
    let mut moved = BTreeMap::new();
    match tx.tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut mark = conn.prepare_cached(MARK)?;
            for o in outcomes {
                let Attempted::Accepted { wamid } = &o.result else { continue };
                let values = (org, o.campaign.to_bytes(), o.seq, o.attempt, wamid, now.0);
                if mark.execute(values)? == 1 {
                    *moved.entry(o.campaign).or_default() += 1;
                }
            }
        }
        Driver::Postgres(mut pg) => {
            // In the order of the key, in which whoever else locks such rows goes too.
            let mut accepted: Vec<Accepted<'_>> = outcomes
                .iter()
                .filter_map(|o| match &o.result {
                    Attempted::Accepted { wamid } => Some((o.campaign, o.seq, o.attempt, wamid.as_str())),
                    _ => None,
                })
                .collect();
            accepted.sort_unstable();
            while !accepted.is_empty() {
                // One statement may change a row only once.
                let (once, again) = once_a_row(accepted);
                mark_once(&mut pg, Uuid::from_bytes(org), &once, now, &mut moved)?;
                accepted = again;
            }
        }
    }
    Ok(moved)
}

/// An attempt that Meta took: campaign, row, attempt, Meta's id.
type Accepted<'a> = (CampaignId, i64, u32, &'a str);

/// The first attempt of each row, and those that are left.
fn once_a_row(sorted: Vec<Accepted<'_>>) -> (Vec<Accepted<'_>>, Vec<Accepted<'_>>) {
    let mut last = None;
    sorted.into_iter().partition(|a| last.replace((a.0, a.1)) != Some((a.0, a.1)))
}

fn mark_once(
    pg: &mut Pg<'_>,
    org: Uuid,
    accepted: &[Accepted<'_>],
    now: Timestamp,
    moved: &mut BTreeMap<CampaignId, i64>,
) -> Result<()> {
    let campaigns: Vec<Uuid> = accepted.iter().map(|a| Uuid::from(a.0)).collect();
    let seqs: Vec<i64> = accepted.iter().map(|a| a.1).collect();
    let attempts: Vec<i32> = accepted.iter().map(|a| i32::try_from(a.2).unwrap_or(i32::MAX)).collect();
    let wamids: Vec<&str> = accepted.iter().map(|a| a.3).collect();
    let values: [&(dyn ToSql + Sync); 6] = [&org, &campaigns, &seqs, &attempts, &wamids, &now.0];
    for row in pg.query(MARK_ALL, &values)? {
        let campaign: Uuid = row.try_get(0)?;
        *moved.entry(CampaignId::from_bytes(campaign.into_bytes())).or_default() += 1;
    }
    Ok(())
}
