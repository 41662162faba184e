//! Taking messages off the list of those that wait to be indexed.

use crate::{
    OrgTx, Result, args,
    keys::{IN_MAX, padded, placeholders},
    seam::{Arg, Driver, ToArg as _},
};
use std::collections::HashSet;
use tisara_domain::{MessageId, id::TypedId as _};
use uuid::Uuid;

/// Takes these off the list; gives those that were on it.
pub(crate) fn take_unindexed(tx: &mut OrgTx<'_, '_>, ids: &[MessageId]) -> Result<HashSet<MessageId>> {
    let org = tx.org;
    if let Driver::Postgres(mut pg) = tx.tx.driver()? {
        let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from(*id)).collect();
        // Row by row along the key: `IN` would be held against all rows that wait, for each batch anew.
        let found = pg.query(
            "SELECT u.place FROM unnest($2::uuid[]) AS k (id) CROSS JOIN LATERAL (SELECT u.ctid::text AS place \
             FROM message_unindexed u WHERE u.org_id = $1 AND u.message_id = k.id FOR UPDATE) u",
            &[&org.to_arg(), &ids],
        )?;
        let places = found.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
        let taken = tx.by_place(|tx| {
            let Driver::Postgres(mut pg) = tx.tx.driver()? else { return Ok(Vec::new()) };
            pg.query(
                "DELETE FROM message_unindexed WHERE ctid = ANY ($2::text[]::tid[]) AND org_id = $1 RETURNING message_id",
                &[&org.to_arg(), &places],
            )
        })?;
        return taken
            .iter()
            .map(|row| Ok(MessageId::from_bytes(row.try_get::<_, Uuid>(0)?.into_bytes())))
            .collect();
    }
    let mut taken = HashSet::with_capacity(ids.len());
    for piece in ids.chunks(IN_MAX) {
        let ids = padded(piece);
        let mut args: Vec<Arg<'_>> = args![org].to_vec();
        args.extend(ids.iter().map(|id| id.to_arg()));
        let sql = format!(
            "DELETE FROM message_unindexed WHERE org_id = $1 AND message_id IN ({}) RETURNING message_id",
            placeholders(2, ids.len())
        );
        taken.extend(tx.tx.list(&sql, &args, |row| row.get::<MessageId>(0))?);
    }
    Ok(taken)
}
