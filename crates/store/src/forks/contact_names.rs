//! Names for contacts that have none.

use crate::{
    Result,
    fold::fold,
    seam::{Driver, OrgTx},
};
use tisara_domain::{ContactId, Timestamp, id::TypedId as _};
use uuid::Uuid;

/// Writes the names.
pub(crate) fn write_contact_names(
    tx: &mut OrgTx<'_, '_>,
    names: &[(ContactId, String)],
    now: Timestamp,
) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let org = tx.org.to_bytes();
    match tx.tx.driver()? {
        Driver::Sqlite(conn) => {
            let mut update = conn.prepare_cached(
                "UPDATE contact SET name = ?3, name_fold = ?4, updated_at = ?5 WHERE org_id = ?1 AND id = ?2",
            )?;
            for (contact, name) in names {
                update.execute((org, contact.to_bytes(), name, fold(name), now.0))?;
            }
        }
        Driver::Postgres(mut pg) => {
            let contacts: Vec<Uuid> = names.iter().map(|(contact, _)| Uuid::from(*contact)).collect();
            let texts: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
            let folded: Vec<String> = texts.iter().map(|name| fold(name)).collect();
            pg.execute(
                "INSERT INTO contact AS c (org_id, id, name, name_fold, consent, reachable, created_at, updated_at) \
                 SELECT $1, n.id, n.name, n.name_fold, 0, 1, $5, $5 \
                 FROM unnest($2::uuid[], $3::text[], $4::text[]) AS n (id, name, name_fold) CROSS JOIN LATERAL (\
                 SELECT FROM contact c WHERE c.org_id = $1 AND c.id = n.id FOR UPDATE) k \
                 ON CONFLICT (org_id, id) DO UPDATE SET name = excluded.name, name_fold = excluded.name_fold, \
                 updated_at = excluded.updated_at",
                &[&Uuid::from_bytes(org), &contacts, &texts, &folded, &now.0],
            )?;
        }
    }
    Ok(())
}
