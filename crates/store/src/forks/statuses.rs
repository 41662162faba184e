//! Loading and saving the rows that a batch of statuses is about.

use crate::{
    ledger::statuses::StatusRow,
    seam::{Driver, Error, OrgTx, Result},
};
use rusqlite::OptionalExtension as _;
use std::collections::BTreeMap;
use tisara_domain::{CampaignId, id::TypedId as _};
use uuid::Uuid;

type Key = (CampaignId, i64);

/// The rows of these keys, locked on PostgreSQL until the transaction ends (in key order, so that two
/// batches cannot lock each other out).
pub(crate) fn load_status_rows(tx: &mut OrgTx<'_, '_>, keys: &[Key]) -> Result<BTreeMap<Key, StatusRow>> {
    let org = tx.org.to_bytes();
    let mut rows = BTreeMap::new();
    match tx.tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut select = conn.prepare_cached(
                "SELECT state, reason, attempt, wamid, billing, accepted_at, sent_at, delivered_at, read_at, failed_at \
                 FROM recipient WHERE org_id = ?1 AND campaign_id = ?2 AND seq = ?3",
            )?;
            for key in keys {
                let row = select
                    .query_row((org, key.0.to_bytes(), key.1), |r| {
                        Ok(StatusRow {
                            place: None,
                            state: r.get(0)?,
                            reason: r.get(1)?,
                            attempt: r.get(2)?,
                            wamid: r.get(3)?,
                            billing: r.get(4)?,
                            accepted_at: r.get(5)?,
                            sent_at: r.get(6)?,
                            delivered_at: r.get(7)?,
                            read_at: r.get(8)?,
                            failed_at: r.get(9)?,
                        })
                    })
                    .optional()?;
                rows.extend(row.map(|row| (*key, row)));
            }
        }
        Driver::Postgres(mut pg) => {
            let (campaigns, seqs): (Vec<Uuid>, Vec<i64>) =
                keys.iter().map(|(campaign, seq)| (Uuid::from(*campaign), *seq)).unzip();
            let found = pg.query(
                "SELECT r.* FROM unnest($2::uuid[], $3::bigint[]) AS k (campaign_id, seq) CROSS JOIN LATERAL (\
                 SELECT r.campaign_id, r.seq, r.state::bigint, r.reason::bigint, r.attempt::bigint, r.wamid, r.billing, \
                 r.accepted_at, r.sent_at, r.delivered_at, r.read_at, r.failed_at, r.ctid::text FROM recipient r \
                 WHERE r.org_id = $1 AND r.campaign_id = k.campaign_id AND r.seq = k.seq FOR UPDATE) r",
                &[&Uuid::from_bytes(org), &campaigns, &seqs],
            )?;
            for r in found {
                let campaign: Uuid = r.try_get(0)?;
                let row = StatusRow {
                    state: r.try_get(2)?,
                    reason: r.try_get(3)?,
                    attempt: r.try_get(4)?,
                    wamid: r.try_get(5)?,
                    billing: r.try_get(6)?,
                    accepted_at: r.try_get(7)?,
                    sent_at: r.try_get(8)?,
                    delivered_at: r.try_get(9)?,
                    read_at: r.try_get(10)?,
                    failed_at: r.try_get(11)?,
                    place: r.try_get(12)?,
                };
                rows.insert((CampaignId::from_bytes(campaign.into_bytes()), r.try_get(1)?), row);
            }
        }
    }
    Ok(rows)
}

/// Writes rows back that were loaded in this transaction and have changed.
pub(crate) fn save_status_rows(tx: &mut OrgTx<'_, '_>, rows: &[(Key, StatusRow)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.by_place(|tx| save(tx, rows))
}

fn save(tx: &mut OrgTx<'_, '_>, rows: &[(Key, StatusRow)]) -> Result<()> {
    let org = tx.org.to_bytes();
    match tx.tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut update = conn.prepare_cached(
                "UPDATE recipient SET state = ?4, reason = ?5, attempt = ?6, wamid = ?7, billing = ?8, \
                 accepted_at = ?9, sent_at = ?10, delivered_at = ?11, read_at = ?12, failed_at = ?13 \
                 WHERE org_id = ?1 AND campaign_id = ?2 AND seq = ?3",
            )?;
            for ((campaign, seq), r) in rows {
                update.execute(rusqlite::params![
                    org,
                    campaign.to_bytes(),
                    seq,
                    r.state,
                    r.reason,
                    r.attempt,
                    r.wamid,
                    r.billing,
                    r.accepted_at,
                    r.sent_at,
                    r.delivered_at,
                    r.read_at,
                    r.failed_at
                ])?;
            }
        }
        Driver::Postgres(mut pg) => {
            let column = |f: fn(&StatusRow) -> i64| rows.iter().map(|(_, r)| f(r)).collect::<Vec<i64>>();
            let optional = |f: fn(&StatusRow) -> Option<i64>| {
                rows.iter().map(|(_, r)| f(r)).collect::<Vec<Option<i64>>>()
            };
            let text = |f: fn(&StatusRow) -> Option<&str>| {
                rows.iter().map(|(_, r)| f(r)).collect::<Vec<Option<&str>>>()
            };
            // By their places: they were locked when they were loaded, so they still stand there.
            let saved = pg.execute(
                "UPDATE recipient r SET state = n.state, reason = n.reason, attempt = n.attempt, wamid = n.wamid, \
                 billing = n.billing, accepted_at = n.accepted_at, sent_at = n.sent_at, delivered_at = n.delivered_at, \
                 read_at = n.read_at, failed_at = n.failed_at FROM (SELECT u.place::tid AS place, u.state, u.reason, \
                 u.attempt, u.wamid, u.billing, u.accepted_at, u.sent_at, u.delivered_at, u.read_at, u.failed_at \
                 FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], \
                 $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[]) AS u (place, state, reason, attempt, wamid, \
                 billing, accepted_at, sent_at, delivered_at, read_at, failed_at) OFFSET 0) n WHERE r.ctid = n.place AND r.org_id = $1",
                &[
                    &Uuid::from_bytes(org),
                    &text(|r| r.place.as_deref()),
                    &column(|r| r.state),
                    &column(|r| r.reason),
                    &column(|r| r.attempt),
                    &text(|r| r.wamid.as_deref()),
                    &text(|r| r.billing.as_deref()),
                    &optional(|r| r.accepted_at),
                    &optional(|r| r.sent_at),
                    &optional(|r| r.delivered_at),
                    &optional(|r| r.read_at),
                    &optional(|r| r.failed_at),
                ],
            )?;
            if saved != rows.len() as u64 {
                return Err(Error::Conflict("rows moved while they were locked".to_owned()));
            }
        }
    }
    Ok(())
}
