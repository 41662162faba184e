//! Working out a rule.

use super::{
    leaf::Leaf,
    rule::Rule,
    sets::{self, Ids, Set, Sets},
};
use crate::{OrgTx, Result};
use std::sync::Arc;
use tisara_domain::{ContactId, Timestamp, id::TypedId as _};

/// The contacts of a rule, by id.
#[derive(Clone, Debug)]
pub struct ContactSet(Ids);

impl ContactSet {
    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Up to `limit` of them, newest first, from behind `after` on.
    #[must_use]
    pub fn newest(&self, after: Option<ContactId>, limit: u32) -> Vec<ContactId> {
        let end = after.map_or(self.0.len(), |after| self.0.partition_point(|id| *id < number(after)));
        self.0[..end].iter().rev().take(limit as usize).map(|n| id(*n)).collect()
    }

    /// Up to `limit` of them, oldest first, from behind `after` on.
    #[must_use]
    pub fn oldest(&self, after: Option<ContactId>, limit: usize) -> Vec<ContactId> {
        let start = after.map_or(0, |after| self.0.partition_point(|id| *id <= number(after)));
        self.0[start..].iter().take(limit).map(|n| id(*n)).collect()
    }
}

fn number(id: ContactId) -> u128 {
    u128::from_be_bytes(id.to_bytes())
}

fn id(number: u128) -> ContactId {
    ContactId::from_bytes(number.to_be_bytes())
}

impl OrgTx<'_, '_> {
    /// The contacts that a rule means, as this transaction sees them. What a rule names and is not
    /// there (any more) has nobody.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_by_rule(&mut self, rule: &Rule, sets: &Sets, now: Timestamp) -> Result<ContactSet> {
        let set = self.evaluate(rule, sets, now)?;
        // Campaigns still name those who were erased since, and "all but some" must be told what all is.
        let everybody = self.leaf(Leaf::Everybody, sets)?;
        Ok(ContactSet(match set {
            Set::Only(ids) => sets::common(&ids, &everybody),
            Set::Except(ids) => sets::without(&everybody, &ids),
        }))
    }

    fn evaluate(&mut self, rule: &Rule, sets: &Sets, now: Timestamp) -> Result<Set> {
        let since = |days: u32| {
            let hour = 3_600_000_000;
            now.0.div_euclid(hour) * hour - i64::from(days) * 24 * hour
        };
        let leaf = match rule {
            Rule::All { rules } => return self.combine(rules, sets, now, Set::and),
            Rule::Any { rules } => return self.combine(rules, sets, now, Set::or),
            Rule::Not { rule } => return Ok(self.evaluate(rule, sets, now)?.not()),
            Rule::Label { label } => Leaf::Label(*label),
            Rule::Field { field, compare, value } => {
                Leaf::Field { field: *field, compare: *compare, value: value.clone() }
            }
            Rule::Consent { state } => Leaf::Consent(state.code()),
            Rule::Language { language } => Leaf::Language(language.clone()),
            Rule::Region { region } => Leaf::Region(region.to_ascii_uppercase()),
            Rule::Created { within_days } => Leaf::Created { since: since(*within_days) },
            Rule::LastInbound { within_days } => Leaf::Inbound { since: since(*within_days) },
            Rule::Campaign { campaign, did, within_days } => {
                Leaf::Campaign { campaign: *campaign, did: *did, since: within_days.map(since) }
            }
        };
        Ok(Set::Only(self.leaf(leaf, sets)?))
    }

    fn combine(
        &mut self,
        rules: &[Rule],
        sets: &Sets,
        now: Timestamp,
        with: impl Fn(Set, Set) -> Set,
    ) -> Result<Set> {
        let mut parts = rules.iter().map(|r| self.evaluate(r, sets, now)).collect::<Result<Vec<_>>>()?;
        // The shortest first: what is left gets shorter.
        parts.sort_by_key(Set::len);
        let nobody = || Set::Only(Arc::default());
        Ok(parts.into_iter().reduce(with).unwrap_or_else(nobody))
    }

    fn leaf(&mut self, leaf: Leaf, sets: &Sets) -> Result<Ids> {
        let version = self.leaf_version(&leaf)?;
        if let Some(ids) = version.as_ref().and_then(|v| sets.find(self.org, &leaf, v)) {
            return Ok(ids);
        }
        let ids = self.read_leaf(&leaf)?;
        if let Some(version) = version {
            sets.keep(self.org, leaf, version, &ids);
        }
        Ok(ids)
    }
}
