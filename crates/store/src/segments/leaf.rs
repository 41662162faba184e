//! The conditions of a rule, each read by one statement along one index.

use super::{
    rule::{Compare, Did},
    sets::Ids,
};
use crate::{
    OrgTx, Result, args,
    changes::Topic,
    fields::FieldKind,
    fold::fold,
    keys::first,
    seam::{Arg, Row, ToArg as _},
};
use std::sync::Arc;
use tisara_domain::{CampaignId, ContactId, FieldId, LabelId, RecipientState, ThreadId, id::TypedId as _};

/// A condition, down to what it reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Leaf {
    Everybody,
    Label(LabelId),
    Field { field: FieldId, compare: Compare, value: Option<String> },
    Consent(i64),
    Language(String),
    Region(String),
    Created { since: i64 },
    Inbound { since: i64 },
    Campaign { campaign: CampaignId, did: Did, since: Option<i64> },
}

/// Rows read by one statement: PostgreSQL's client holds them all.
const BLOCK: u32 = 50_000;

impl OrgTx<'_, '_> {
    /// What must be the same for a set that was read before to hold; `None` when nothing could say so.
    pub(super) fn leaf_version(&mut self, leaf: &Leaf) -> Result<Option<Vec<i64>>> {
        let mut version = vec![self.count_changes(Topic::Erasures)?];
        match leaf {
            Leaf::Everybody
            | Leaf::Consent(_)
            | Leaf::Language(_)
            | Leaf::Region(_)
            | Leaf::Created { .. } => version.push(self.count_changes(Topic::Contacts)?),
            Leaf::Label(label) => version.push(self.count_changes(Topic::Label(*label))?),
            Leaf::Field { field, .. } => version.push(self.count_changes(Topic::Field(*field))?),
            Leaf::Inbound { .. } => version.push(self.count_changes(Topic::Inbound)?),
            // The counters of a campaign move with its rows. Into and out of these states rows go only
            // one way, so where the counters are as they were, so are the rows. Other states may be
            // left and come to again, and moments may be learned later.
            Leaf::Campaign { campaign, did, since: None } => {
                let counts = self.campaign_counts(*campaign)?;
                let n = |wanted: &dyn Fn(RecipientState) -> bool| {
                    counts.iter().filter(|c| wanted(c.state)).map(|c| c.n).sum::<i64>()
                };
                match did {
                    Did::Planned => version.extend([n(&|_| true), n(&|s| s == RecipientState::Skipped)]),
                    Did::Delivered | Did::Read | Did::NotRead => {
                        version.extend([
                            n(&|s| s == RecipientState::Delivered),
                            n(&|s| s == RecipientState::Read),
                        ]);
                    }
                    Did::Sent | Did::Failed | Did::Replied => return Ok(None),
                }
            }
            Leaf::Campaign { .. } => return Ok(None),
        }
        Ok(Some(version))
    }

    /// Reads a condition's contacts.
    pub(super) fn read_leaf(&mut self, leaf: &Leaf) -> Result<Ids> {
        const CONTACT: &str = "SELECT id FROM contact WHERE org_id = $1 AND id > $2";
        const END: &str = "ORDER BY id LIMIT $3";
        let any = |_: &Row<'_>| Ok(true);
        let ids = match leaf {
            Leaf::Everybody => self.read_by_contact(&format!("{CONTACT} {END}"), None, any)?,
            Leaf::Consent(state) => {
                self.read_by_contact(&format!("{CONTACT} AND consent = $4 {END}"), Some(state.to_arg()), any)?
            }
            Leaf::Language(language) => {
                self.read_by_contact(&format!("{CONTACT} AND language = $4 {END}"), Some(language.to_arg()), any)?
            }
            Leaf::Region(region) => {
                self.read_by_contact(&format!("{CONTACT} AND region = $4 {END}"), Some(region.to_arg()), any)?
            }
            Leaf::Created { since } => {
                self.read_by_contact(&format!("{CONTACT} AND created_at >= $4 {END}"), Some(since.to_arg()), any)?
            }
            Leaf::Label(label) => self.read_by_contact(
                "SELECT contact_id FROM contact_label WHERE org_id = $1 AND label_id = $4 AND contact_id > $2 \
                 ORDER BY contact_id LIMIT $3",
                Some(label.to_arg()),
                any,
            )?,
            Leaf::Field { field, compare, value } => self.read_field(*field, *compare, value.as_deref())?,
            Leaf::Inbound { since } => {
                let sql = "SELECT id, contact_id FROM thread WHERE org_id = $1 AND id > $2 AND last_inbound_at >= $4 \
                           ORDER BY id LIMIT $3";
                self.read_by_thread(sql, &[since.to_arg()])?
            }
            Leaf::Campaign { campaign, did: Did::Replied, since } => {
                let sql = "SELECT t.id, t.contact_id FROM campaign c JOIN thread t ON t.org_id = c.org_id \
                           AND t.number_id = c.number_id JOIN recipient r ON r.org_id = t.org_id \
                           AND r.contact_id = t.contact_id AND r.campaign_id = c.id \
                           WHERE c.org_id = $1 AND t.org_id = $1 AND c.id = $4 AND t.id > $2 AND t.last_inbound_at >= $5 \
                           AND r.state IN (3, 4, 6, 7) AND t.last_inbound_at > COALESCE(r.accepted_at, r.sent_at, r.delivered_at, \
                           r.read_at) ORDER BY t.id LIMIT $3";
                self.read_by_thread(sql, &[campaign.to_arg(), since.unwrap_or(i64::MIN).to_arg()])?
            }
            Leaf::Campaign { campaign, did, since } => self.read_campaign(*campaign, *did, *since)?,
        };
        Ok(Arc::new(ids))
    }

    /// Reads statements whose first column is the contact, `$2` the one to go on behind, `$3` the most
    /// rows, `$4` the value if there is one.
    fn read_by_contact(
        &mut self,
        sql: &str,
        value: Option<Arg<'_>>,
        mut keep: impl FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<Vec<u128>> {
        let mut ids = Vec::new();
        let mut after: ContactId = first();
        loop {
            let (org, mut n, before) = (self.org, 0, after);
            let mut args = args![org, before, BLOCK].to_vec();
            args.extend(value.clone());
            self.tx.for_each(sql, &args, |row| {
                n += 1;
                after = row.get(0)?;
                if keep(row)? {
                    ids.push(u128::from_be_bytes(after.to_bytes()));
                }
                Ok::<(), crate::Error>(())
            })?;
            if n < BLOCK {
                return Ok(ids);
            }
        }
    }

    /// The same by thread, with the contact in the second column.
    fn read_by_thread(&mut self, sql: &str, values: &[Arg<'_>]) -> Result<Vec<u128>> {
        let mut ids = Vec::new();
        let mut after: ThreadId = first();
        loop {
            let (org, mut n, before) = (self.org, 0, after);
            let mut args = args![org, before, BLOCK].to_vec();
            args.extend_from_slice(values);
            self.tx.for_each(sql, &args, |row| {
                n += 1;
                after = row.get(0)?;
                ids.push(u128::from_be_bytes(row.get::<ContactId>(1)?.to_bytes()));
                Ok::<(), crate::Error>(())
            })?;
            if n < BLOCK {
                return Ok(sorted(ids));
            }
        }
    }

    fn read_field(&mut self, field: FieldId, compare: Compare, value: Option<&str>) -> Result<Vec<u128>> {
        let Some(known) = self.find_field(field)? else { return Ok(Vec::new()) };
        let test = Test::new(known.kind, compare, value.unwrap_or_default());
        self.read_by_contact(
            "SELECT contact_id, value FROM contact_field WHERE org_id = $1 AND contact_id > $2 AND field_id = $4 \
             ORDER BY contact_id LIMIT $3",
            Some(field.to_arg()),
            |row| Ok(test.passes(row.get(1)?)),
        )
    }

    fn read_campaign(&mut self, campaign: CampaignId, did: Did, since: Option<i64>) -> Result<Vec<u128>> {
        use RecipientState as S;
        let (low, high, at) = match did {
            Did::Planned => (S::Planned, S::Read, ""),
            Did::Sent | Did::Replied => {
                (S::Accepted, S::Read, "COALESCE(accepted_at, sent_at, delivered_at, read_at)")
            }
            Did::Delivered => (S::Delivered, S::Read, "COALESCE(delivered_at, read_at)"),
            Did::Read => (S::Read, S::Read, "read_at"),
            Did::NotRead => (S::Delivered, S::Delivered, "delivered_at"),
            Did::Failed => (S::Failed, S::Failed, "failed_at"),
        };
        // The one state within that range that is not meant; any outside of it where all are.
        let but = match did {
            Did::Planned => S::Skipped,
            Did::Sent => S::Failed,
            _ => S::Uncertain,
        };
        let since = since.filter(|_| !at.is_empty());
        let condition = if since.is_some() { format!("AND {at} >= $8") } else { String::new() };
        let sql = format!(
            "SELECT seq, contact_id FROM recipient WHERE org_id = $1 AND campaign_id = $4 AND seq > $2 \
             AND state >= $5 AND state <= $6 AND state <> $7 {condition} ORDER BY seq LIMIT $3"
        );
        let (mut ids, mut after) = (Vec::new(), -1_i64);
        loop {
            let (org, mut n, before) = (self.org, 0, after);
            let mut args = args![org, before, BLOCK, campaign, low, high, but].to_vec();
            args.extend(since.as_ref().map(|at| at.to_arg()));
            self.tx.for_each(&sql, &args, |row| {
                n += 1;
                after = row.get(0)?;
                ids.push(u128::from_be_bytes(row.get::<ContactId>(1)?.to_bytes()));
                Ok::<(), crate::Error>(())
            })?;
            if n < BLOCK {
                return Ok(sorted(ids));
            }
        }
    }
}

fn sorted(mut ids: Vec<u128>) -> Vec<u128> {
    if !ids.is_sorted() {
        ids.sort_unstable();
    }
    ids.dedup();
    ids
}

/// What a field's value must be.
struct Test {
    kind: FieldKind,
    compare: Compare,
    text: String,
    number: f64,
}

impl Test {
    fn new(kind: FieldKind, compare: Compare, value: &str) -> Self {
        let text = if kind == FieldKind::Text { fold(value) } else { value.trim().to_owned() };
        Self { kind, compare, number: text.parse().unwrap_or(f64::NAN), text }
    }

    fn passes(&self, value: &str) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        if self.compare == Compare::Present {
            return true;
        }
        let order = match self.kind {
            FieldKind::Number => value.parse::<f64>().ok().and_then(|v| v.partial_cmp(&self.number)),
            FieldKind::Text => {
                let value = fold(value);
                match self.compare {
                    Compare::StartsWith => return value.starts_with(&self.text),
                    Compare::Contains => return value.contains(&self.text),
                    _ => Some(value.cmp(&self.text)),
                }
            }
            FieldKind::Date | FieldKind::Boolean => Some(value.cmp(self.text.as_str())),
        };
        let Some(order) = order else { return false };
        match self.compare {
            Compare::Is => order == Equal,
            Compare::Less => order == Less,
            Compare::AtMost => order != Greater,
            Compare::Greater => order == Greater,
            Compare::AtLeast => order != Less,
            Compare::StartsWith | Compare::Contains | Compare::Present => false,
        }
    }
}
