//! PostgreSQL's own guard before the tenants' rows: within [`Tx::org`] statements run as a role that sees one
//! organization's rows only, whatever they say. It is a second wall; every statement names its organization
//! as well. SQLite has no such thing: there the first wall stands alone.
//!
//! The role may not log in, owns nothing and cannot bypass the policies. Rows that belong to nobody yet, or to
//! everybody (accounts of people, the journal, leases), are not held to an organization.

use super::{
    error::Result,
    tx::{Engine, Tx},
};
use tisara_domain::{OrgId, id::TypedId as _};

/// Back to the role that the connection was made with.
pub(super) const LEAVE: &str = "SET LOCAL ROLE NONE;";

/// What makes the transaction see one organization only.
pub(super) fn enter(org: OrgId) -> String {
    let id = uuid::Uuid::from_bytes(org.to_bytes());
    format!("SET LOCAL ROLE tisara_tenant; SET LOCAL tisara.org = '{id}';")
}

/// The role, its rights, and a policy for every table that has an organization's rows. Tables that a later
/// migration brings get theirs by the same call.
///
/// `message_words` has none: a policy would keep PostgreSQL from using its index (`@@` is not leakproof). It
/// holds words and ordinals; which message an ordinal is, `message_search` says, and that is guarded.
const PUT: &str = "
DO $$
DECLARE
    name TEXT;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tisara_tenant') THEN
        BEGIN
            CREATE ROLE tisara_tenant NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this server was first
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the user % may not create the role tisara_tenant, which keeps organizations apart: let an administrator run CREATE ROLE tisara_tenant NOLOGIN; GRANT tisara_tenant TO %', current_user, current_user;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'tisara_tenant', 'MEMBER') THEN
        EXECUTE format('GRANT tisara_tenant TO %I', current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO tisara_tenant', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO tisara_tenant', current_schema());
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO tisara_tenant', current_schema());
    FOR name IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND NOT c.relrowsecurity
            AND c.relname <> 'message_words'
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I TO tisara_tenant USING (org_id = (SELECT current_setting(''tisara.org'')::uuid))', name);
    END LOOP;
    IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = 'organization'::regclass) THEN
        ALTER TABLE organization ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON organization TO tisara_tenant USING (id = (SELECT current_setting('tisara.org')::uuid));
    END IF;
END
$$";

/// Whether the guard is up; a database of an earlier release has none.
pub(crate) fn is_put(tx: &mut Tx<'_>) -> Result<bool> {
    match tx.engine() {
        Engine::Sqlite => Ok(true),
        Engine::Postgres => {
            tx.get("SELECT relrowsecurity FROM pg_class WHERE oid = 'organization'::regclass", &[], |r| {
                r.get(0)
            })
        }
    }
}

/// Puts the guard up, or up again after new tables came. Nothing to do on SQLite.
pub(crate) fn put(tx: &mut Tx<'_>) -> Result<()> {
    match tx.engine() {
        Engine::Sqlite => Ok(()),
        Engine::Postgres => tx.script(PUT),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Engine, Error, OrgTx, Result, Store, Url, testing::TestStore};
    use tisara_domain::{OrgId, Timestamp, id::TypedId as _};

    fn org(n: u8) -> OrgId {
        OrgId::from_bytes([n; 16])
    }

    fn count(tx: &mut OrgTx<'_, '_>, sql: &str) -> Result<i64> {
        tx.tx.get(sql, &[], |r| r.get(0))
    }

    const LABELS: &str = "SELECT count(*) FROM label";

    /// Two organizations with a label each.
    async fn two(store: &Store) {
        let furnished = store
            .write(|tx| {
                for n in [1, 2] {
                    let insert = "INSERT INTO label (org_id, id, name, name_fold, created_at) VALUES ($1, $1, 'a', 'a', 0)";
                    tx.execute(insert, crate::args![org(n)])?;
                    let insert = "INSERT INTO organization (id, name, default_region, data_key, created_at) \
                                  VALUES ($1, 'a', 'LK', $2, 0)";
                    tx.execute(insert, crate::args![org(n), vec![0_u8]])?;
                }
                Ok::<_, Error>(())
            })
            .await;
        furnished.unwrap();
    }

    #[tokio::test]
    async fn a_statement_that_names_no_organization_sees_its_own_rows_only() {
        let test = TestStore::new(Engine::Postgres).await;
        two(&test.store).await;
        let seen = test.store.read(|tx| {
            let mut seen = vec![tx.get(LABELS, &[], |r| r.get(0))?];
            for n in [1, 2, 3] {
                let mut org = tx.org(org(n));
                seen.push(count(&mut org, LABELS)?);
                seen.push(count(&mut org, "SELECT count(*) FROM organization")?);
            }
            seen.push(tx.get(LABELS, &[], |r| r.get(0))?);
            Ok::<_, Error>(seen)
        });
        assert_eq!(seen.await.unwrap(), [2, 1, 1, 1, 1, 0, 0, 2]);
    }

    #[tokio::test]
    async fn nothing_is_written_for_another_organization() {
        let test = TestStore::new(Engine::Postgres).await;
        two(&test.store).await;
        let changed = test.store.write(|tx| {
            let org = tx.org(org(1));
            let updated = org.tx.execute("UPDATE label SET name = 'mine'", &[])?;
            let moved = org.tx.execute("DELETE FROM label WHERE org_id = $1", crate::args![self::org(2)])?;
            Ok::<_, Error>((updated, moved))
        });
        assert_eq!(changed.await.unwrap(), (1, 0));
        let foreign = test.store.write(|tx| {
            let org = tx.org(org(1));
            let insert =
                "INSERT INTO label (org_id, id, name, name_fold, created_at) VALUES ($1, $1, 'b', 'b', 0)";
            org.tx.execute(insert, crate::args![self::org(2)])
        });
        let refused = foreign.await.unwrap_err().to_string();
        assert!(refused.contains("row-level security"), "{refused}");
    }

    #[tokio::test]
    async fn every_table_with_rows_of_organizations_is_guarded() {
        let test = TestStore::new(Engine::Postgres).await;
        let open = test.store.read(|tx| {
            tx.list(
                "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' \
                 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' \
                 AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)",
                &[],
                |r| r.get::<String>(0),
            )
        });
        assert_eq!(open.await.unwrap(), ["message_words"], "and this one for a reason");
        let bypasses = test.store.read(|tx| {
            let sql = "SELECT rolbypassrls OR rolsuper OR rolcanlogin FROM pg_roles WHERE rolname = 'tisara_tenant'";
            tx.get(sql, &[], |r| r.get::<bool>(0))
        });
        assert!(!bypasses.await.unwrap());
    }

    /// As a hosted PostgreSQL is used: the program's user is no superuser.
    #[tokio::test]
    async fn a_user_without_great_rights_can_put_it_up_and_is_held_to_it() {
        let test = TestStore::new(Engine::Postgres).await;
        let Url::Postgres(url) = test.url.clone() else { unreachable!("asked for PostgreSQL") };
        let (base, schema) = url.split_once("?options=-csearch_path%3D").unwrap();
        let schema = format!("{schema}_small");
        let make = format!(
            "DROP SCHEMA IF EXISTS {schema} CASCADE; DROP ROLE IF EXISTS {schema}; \
             CREATE ROLE {schema} LOGIN CREATEROLE; GRANT tisara_tenant TO {schema}; \
             CREATE SCHEMA {schema} AUTHORIZATION {schema}"
        );
        let made = test.store.write(move |tx| tx.script(&make));
        made.await.unwrap();
        let (_, host) = base.split_once('@').unwrap();
        let url = format!("postgres://{schema}@{host}?options=-csearch_path%3D{schema}");
        let store = Store::open(&Url::Postgres(url), crate::Options::default()).unwrap();
        store.migrate(Timestamp::default()).await.unwrap();
        two(&store).await;
        let seen = store.read(|tx| count(&mut tx.org(org(1)), LABELS));
        assert_eq!(seen.await.unwrap(), 1);
    }
}
