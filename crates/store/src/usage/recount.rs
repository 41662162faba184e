//! Counting the rows themselves, to prove what was counted.
//!
//! A row does not say on which day it was counted, and its moments may change; what can be proven is the
//! sum over all days. A difference is put right on the day on which it is found.

use super::kind;
use crate::{OrgTx, Result, args, keys::first, ledger::counts::Slot};
use std::collections::BTreeMap;
use tisara_domain::Day;

/// Sums of an organization that do not say what its rows say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageDifference {
    /// What is counted.
    pub kind: &'static str,
    /// How many rows there are.
    pub rows: i64,
    /// How many were counted.
    pub counted: i64,
}

impl OrgTx<'_, '_> {
    /// Counts an organization's messages and compares; an empty answer is the proof. Those of campaigns are
    /// taken from the campaigns' counters, which [`OrgTx::recount_campaign`] proves.
    ///
    /// # Errors
    /// As the database says.
    pub fn recount_usage(&mut self) -> Result<Vec<UsageDifference>> {
        let counted: BTreeMap<String, i64> = self
            .tx
            .list(
                "SELECT kind, CAST(sum(n) AS BIGINT) FROM usage_day WHERE org_id = $1 GROUP BY kind",
                args![self.org],
                |r| Ok((r.get(0)?, r.get(1)?)),
            )?
            .into_iter()
            .collect();
        let sum = |kind: &str| counted.get(kind).copied().unwrap_or(0);
        let mut rows: BTreeMap<&'static str, i64> = BTreeMap::new();
        let campaigns = self.tx.get(
            "SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) FROM campaign_count WHERE org_id = $1 AND state IN (3, 4, 6, 7)",
            args![self.org],
            |r| r.get(0),
        )?;
        rows.insert(kind::CAMPAIGN, campaigns);
        let single = self.tx.list(
            "SELECT CASE WHEN state = 8 THEN 0 WHEN kind = 'template' THEN 1 ELSE 2 END, count(*) FROM message \
             WHERE org_id = $1 AND state IN (3, 4, 6, 7, 8) GROUP BY 1",
            args![self.org],
            |r| {
                let kind = match r.get::<i64>(0)? {
                    0 => kind::INBOUND,
                    1 => kind::TEMPLATE,
                    _ => kind::REPLY,
                };
                Ok((kind, r.get(1)?))
            },
        )?;
        rows.extend(single);
        let kinds = [kind::INBOUND, kind::REPLY, kind::TEMPLATE, kind::CAMPAIGN];
        let found = kinds.into_iter().map(|kind| UsageDifference {
            kind,
            rows: rows.get(kind).copied().unwrap_or(0),
            counted: sum(kind) - sum(&format!("{kind}_failed")) - sum(&format!("{kind}_erased")),
        });
        Ok(found.filter(|d| d.rows != d.counted).collect())
    }

    /// Puts the sums right, on the day `today`.
    ///
    /// # Errors
    /// As the database says.
    pub fn repair_usage(&mut self, today: Day) -> Result<()> {
        for d in self.recount_usage()? {
            self.note_usage_on(today, Slot::Person, first(), d.kind, d.rows - d.counted);
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use crate::{Engine, Result, Tx, args, testing::TestStore};
    use tisara_domain::{CampaignId, Day, NumberId, OrgId, id::TypedId as _};

    const MIGRATIONS: [(Engine, &str); 2] = [
        (Engine::Sqlite, include_str!("../../migrations/sqlite/0011_usage.sql")),
        (Engine::Postgres, include_str!("../../migrations/postgres/0011_usage.sql")),
    ];

    fn org() -> OrgId {
        OrgId::from_bytes([1; 16])
    }

    /// Two campaign messages that are out, one that failed; a reply, a template, two that came in.
    fn rows_of_before(tx: &mut Tx<'_>, day: Day) -> Result<()> {
        let (campaign, number, at) =
            (CampaignId::from_bytes([2; 16]), NumberId::from_bytes([3; 16]), day.begins_at());
        tx.execute(
            "INSERT INTO campaign (org_id, id, name, number_id, template_id, template_version, state, definition, \
             planned, created_at) VALUES ($1, $2, 'c', $3, $3, 1, 'completed', '{}', 3, $4)",
            args![org(), campaign, number, at],
        )?;
        for (seq, state) in [(0, 3), (1, 7), (2, 5)] {
            tx.execute(
                "INSERT INTO recipient (org_id, campaign_id, seq, contact_id, address, state, reason, attempt, billing) \
                 VALUES ($1, $2, $3, $2, 'x', $4, 0, 1, 'marketing/regular')",
                args![org(), campaign, seq, state],
            )?;
            tx.execute(
                "INSERT INTO campaign_count (org_id, campaign_id, slot, state, reason, n) VALUES ($1, $2, 0, $3, 0, 1)",
                args![org(), campaign, state],
            )?;
        }
        for (n, state, kind) in
            [(1, 4, "text"), (2, 6, "template"), (3, 8, "text"), (4, 8, "image"), (5, 5, "text")]
        {
            tx.execute(
                "INSERT INTO message (org_id, id, thread_id, number_id, state, kind, text, content, address, attempt, \
                 lease, due_at, created_at) VALUES ($1, $2, $3, $3, $4, $5, '', '{}', 'x', 0, 0, 0, $6)",
                args![org(), CampaignId::from_bytes([n; 16]), number, state, kind, at],
            )?;
        }
        Ok(())
    }

    #[expect(clippy::unwrap_used, reason = "both tests below")]
    async fn what_was_there_before_is_counted_by_the_migration(engine: Engine) {
        let test = TestStore::new(engine).await;
        let day: Day = "2026-10-31".parse().unwrap();
        let used = test.store.write(move |tx| {
            rows_of_before(tx, day)?;
            let sql = MIGRATIONS.iter().find(|(of, _)| *of == engine).map_or("", |(_, sql)| sql);
            tx.script(&sql[sql.find("INSERT").unwrap_or_default()..])?;
            let mut org = tx.org(org());
            assert_eq!(org.recount_usage()?, []);
            org.list_usage(day, day)
        });
        let used: Vec<_> = used.await.unwrap().into_iter().map(|u| (u.kind, u.n)).collect();
        let expected =
            [("billed.marketing/regular", 3), ("campaign", 2), ("inbound", 2), ("reply", 1), ("template", 1)];
        assert_eq!(used, expected.map(|(kind, n)| (kind.to_owned(), n)));
    }

    #[tokio::test]
    async fn what_was_there_before_is_counted_by_the_migration_of_sqlite() {
        what_was_there_before_is_counted_by_the_migration(Engine::Sqlite).await;
    }

    #[tokio::test]
    async fn what_was_there_before_is_counted_by_the_migration_of_postgres() {
        what_was_there_before_is_counted_by_the_migration(Engine::Postgres).await;
    }
}
