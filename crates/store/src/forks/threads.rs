//! Loading and saving the threads that a batch of messages stands in.

use crate::seam::{Driver, Engine, OrgTx, Result};
use rusqlite::OptionalExtension as _;
use std::collections::BTreeMap;
use tisara_domain::{ConversationId, NumberId, ThreadId, id::TypedId as _};
use uuid::Uuid;

/// A page of threads (alias `t`), newest first, each with its contact (alias `c`). `columns` are those of the result,
/// `conditions` are held against the threads; `$1` is the organization, `$4` the length of the page.
pub(crate) fn page_of_threads(engine: Engine, columns: &str, conditions: &str) -> String {
    const ORDER: &str = "ORDER BY t.last_message_at DESC, t.id DESC";
    match engine {
        Engine::Sqlite => format!(
            "SELECT {columns} FROM thread t JOIN contact c ON c.org_id = t.org_id AND c.id = t.contact_id \
             WHERE t.org_id = $1{conditions} {ORDER} LIMIT $4"
        ),
        Engine::Postgres => format!(
            "SELECT {columns} FROM (SELECT t.* FROM thread t WHERE t.org_id = $1{conditions} {ORDER} LIMIT $4) t \
             CROSS JOIN LATERAL (SELECT c.name, c.phone FROM contact c WHERE c.org_id = $1 AND c.id = t.contact_id \
             OFFSET 0) c {ORDER}"
        ),
    }
}

/// What messages change in a thread, and its number.
#[derive(Clone, Debug)]
pub(crate) struct ThreadRow {
    pub number: NumberId,
    pub last_message_at: i64,
    pub last_inbound_at: Option<i64>,
    pub last_line: String,
    pub unread: i64,
    pub conversation: Option<ConversationId>,
}

/// The rows of these threads, locked on PostgreSQL until the transaction ends, in the order given: sort the ids, so
/// that two batches cannot lock each other out.
pub(crate) fn load_thread_rows(
    tx: &mut OrgTx<'_, '_>,
    threads: &[ThreadId],
) -> Result<BTreeMap<ThreadId, ThreadRow>> {
    let org = tx.org.to_bytes();
    let mut rows = BTreeMap::new();
    match tx.tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut select = conn.prepare_cached(
                "SELECT number_id, last_message_at, last_inbound_at, last_line, unread, conversation_id \
                 FROM thread WHERE org_id = ?1 AND id = ?2",
            )?;
            for id in threads {
                let row = select
                    .query_row((org, id.to_bytes()), |r| {
                        Ok(ThreadRow {
                            number: NumberId::from_bytes(r.get(0)?),
                            last_message_at: r.get(1)?,
                            last_inbound_at: r.get(2)?,
                            last_line: r.get(3)?,
                            unread: r.get(4)?,
                            conversation: r.get::<_, Option<[u8; 16]>>(5)?.map(ConversationId::from_bytes),
                        })
                    })
                    .optional()?;
                rows.extend(row.map(|row| (*id, row)));
            }
        }
        Driver::Postgres(mut pg) => {
            let ids: Vec<Uuid> = threads.iter().map(|id| Uuid::from(*id)).collect();
            let found = pg.query(
                "SELECT t.* FROM unnest($2::uuid[]) AS k (id) CROSS JOIN LATERAL (\
                 SELECT t.id, t.number_id, t.last_message_at, t.last_inbound_at, t.last_line, t.unread, \
                 t.conversation_id FROM thread t WHERE t.org_id = $1 AND t.id = k.id FOR UPDATE) t",
                &[&Uuid::from_bytes(org), &ids],
            )?;
            for r in found {
                let row = ThreadRow {
                    number: NumberId::from_bytes(r.try_get::<_, Uuid>(1)?.into_bytes()),
                    last_message_at: r.try_get(2)?,
                    last_inbound_at: r.try_get(3)?,
                    last_line: r.try_get(4)?,
                    unread: r.try_get(5)?,
                    conversation: r
                        .try_get::<_, Option<Uuid>>(6)?
                        .map(|id| ConversationId::from_bytes(id.into_bytes())),
                };
                rows.insert(ThreadId::from_bytes(r.try_get::<_, Uuid>(0)?.into_bytes()), row);
            }
        }
    }
    Ok(rows)
}

/// Writes the rows back. Their numbers never change.
pub(crate) fn save_thread_rows(tx: &mut OrgTx<'_, '_>, rows: &[(ThreadId, ThreadRow)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let org = tx.org.to_bytes();
    match tx.tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut update = conn.prepare_cached(
                "UPDATE thread SET last_message_at = ?3, last_inbound_at = ?4, last_line = ?5, unread = ?6, \
                 conversation_id = ?7 WHERE org_id = ?1 AND id = ?2",
            )?;
            for (id, r) in rows {
                update.execute(rusqlite::params![
                    org,
                    id.to_bytes(),
                    r.last_message_at,
                    r.last_inbound_at,
                    r.last_line,
                    r.unread,
                    r.conversation.map(|c| c.to_bytes())
                ])?;
            }
        }
        Driver::Postgres(mut pg) => {
            let ids: Vec<Uuid> = rows.iter().map(|(id, _)| Uuid::from(*id)).collect();
            let last_message_at: Vec<i64> = rows.iter().map(|(_, r)| r.last_message_at).collect();
            let last_inbound_at: Vec<Option<i64>> = rows.iter().map(|(_, r)| r.last_inbound_at).collect();
            let last_line: Vec<&str> = rows.iter().map(|(_, r)| r.last_line.as_str()).collect();
            let unread: Vec<i64> = rows.iter().map(|(_, r)| r.unread).collect();
            let conversation: Vec<Option<Uuid>> =
                rows.iter().map(|(_, r)| r.conversation.map(Uuid::from)).collect();
            pg.execute(
                "INSERT INTO thread AS t (org_id, id, contact_id, number_id, last_message_at, last_inbound_at, last_line, \
                 unread, conversation_id) SELECT $1, n.id, k.contact_id, k.number_id, n.last_message_at, \
                 n.last_inbound_at, n.last_line, n.unread, n.conversation_id \
                 FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::uuid[]) \
                 AS n (id, last_message_at, last_inbound_at, last_line, unread, conversation_id) \
                 CROSS JOIN LATERAL (SELECT t.contact_id, t.number_id FROM thread t \
                 WHERE t.org_id = $1 AND t.id = n.id FOR UPDATE) k \
                 ON CONFLICT (org_id, id) DO UPDATE SET last_message_at = excluded.last_message_at, \
                 last_inbound_at = excluded.last_inbound_at, last_line = excluded.last_line, \
                 unread = excluded.unread, conversation_id = excluded.conversation_id",
                &[
                    &Uuid::from_bytes(org),
                    &ids,
                    &last_message_at,
                    &last_inbound_at,
                    &last_line,
                    &unread,
                    &conversation,
                ],
            )?;
        }
    }
    Ok(())
}
