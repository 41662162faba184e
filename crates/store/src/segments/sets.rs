//! Sets of contacts: sorted ids. And those that were read before and still hold.

use super::leaf::Leaf;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use tisara_domain::OrgId;

/// Ids as numbers, sorted, each once: compared in one instruction or two.
pub(super) type Ids = Arc<Vec<u128>>;

/// Some contacts, or all but some.
#[derive(Clone, Debug)]
pub(super) enum Set {
    Only(Ids),
    Except(Ids),
}

impl Set {
    pub(super) fn not(self) -> Self {
        match self {
            Self::Only(ids) => Self::Except(ids),
            Self::Except(ids) => Self::Only(ids),
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(common(&a, &b)),
            (Self::Only(a), Self::Except(b)) | (Self::Except(b), Self::Only(a)) => {
                Self::Only(without(&a, &b))
            }
            (Self::Except(a), Self::Except(b)) => Self::Except(either(&a, &b)),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// How many ids there are to look at.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Only(ids) | Self::Except(ids) => ids.len(),
        }
    }
}

/// So much shorter must one list be than the other for a search in the longer to pay.
const SEARCH_FROM: usize = 16;

/// Whether `ids` has `wanted`; moves `ids` up to it. Lists are walked through from the front.
fn advance(ids: &mut &[u128], wanted: u128, search: bool) -> bool {
    let skip = if search {
        // Twice as far each time, then between: near ids are found in a few steps.
        let mut reach = 1;
        while reach < ids.len() && ids[reach] < wanted {
            reach *= 2;
        }
        let end = ids.len().min(reach + 1);
        ids[..end].partition_point(|id| *id < wanted)
    } else {
        ids.iter().position(|id| *id >= wanted).unwrap_or(ids.len())
    };
    *ids = &ids[skip..];
    ids.first() == Some(&wanted)
}

pub(super) fn common(a: &Ids, b: &Ids) -> Ids {
    let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let search = large.len() / SEARCH_FROM > small.len();
    let mut rest = large.as_slice();
    Arc::new(small.iter().copied().filter(|id| advance(&mut rest, *id, search)).collect())
}

pub(super) fn without(a: &Ids, b: &Ids) -> Ids {
    if b.is_empty() {
        return Arc::clone(a);
    }
    let search = b.len() / SEARCH_FROM > a.len();
    let mut rest = b.as_slice();
    Arc::new(a.iter().copied().filter(|id| !advance(&mut rest, *id, search)).collect())
}

fn either(a: &Ids, b: &Ids) -> Ids {
    if a.is_empty() || b.is_empty() {
        return Arc::clone(if a.is_empty() { b } else { a });
    }
    let mut all = Vec::with_capacity(a.len() + b.len());
    let mut rest = b.as_slice();
    for id in a.iter() {
        let smaller = rest.partition_point(|other| other < id);
        all.extend_from_slice(&rest[..smaller]);
        rest = &rest[smaller..];
        if rest.first() != Some(id) {
            all.push(*id);
        }
    }
    all.extend_from_slice(rest);
    all.dedup();
    Arc::new(all)
}

/// Sets that were read before, up to a size. Cheap to clone; all clones share them.
#[derive(Clone)]
pub struct Sets(Arc<Mutex<Kept>>);

struct Kept {
    bytes_max: usize,
    bytes: usize,
    clock: u64,
    sets: HashMap<(OrgId, Leaf), Entry>,
}

struct Entry {
    version: Vec<i64>,
    ids: Ids,
    used: u64,
}

impl Default for Sets {
    /// Room for some four million contacts in sets.
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

impl fmt::Debug for Sets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sets")
    }
}

impl Sets {
    /// Room for so many bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Kept { bytes_max, bytes: 0, clock: 0, sets: HashMap::new() })))
    }

    pub(super) fn find(&self, org: OrgId, leaf: &Leaf, version: &[i64]) -> Option<Ids> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let now = kept.clock;
        let entry = kept.sets.get_mut(&(org, leaf.clone())).filter(|e| e.version == version)?;
        entry.used = now;
        Some(Arc::clone(&entry.ids))
    }

    pub(super) fn keep(&self, org: OrgId, leaf: Leaf, version: Vec<i64>, ids: &Ids) {
        let size = |ids: &Ids| ids.len() * size_of::<u128>() + 256;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *kept;
        if size(ids) > kept.bytes_max {
            return;
        }
        kept.clock += 1;
        let entry = Entry { version, ids: Arc::clone(ids), used: kept.clock };
        kept.bytes += size(ids);
        if let Some(old) = kept.sets.insert((org, leaf), entry) {
            kept.bytes -= size(&old.ids);
        }
        while kept.bytes > kept.bytes_max {
            let Some(oldest) = kept.sets.iter().min_by_key(|(_, e)| e.used).map(|(key, _)| key.clone())
            else {
                return;
            };
            if let Some(gone) = kept.sets.remove(&oldest) {
                kept.bytes -= size(&gone.ids);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::btree_set, prelude::*};
    use std::collections::BTreeSet;
    use tisara_domain::id::TypedId as _;

    fn ids(set: &BTreeSet<u128>) -> Ids {
        Arc::new(set.iter().copied().collect())
    }

    proptest! {
        #[test]
        fn sets_are_cut_and_joined_as_sets_are(
            a in btree_set(0_u128..300, 0..200),
            b in prop_oneof![btree_set(0_u128..300, 0..200), btree_set(0_u128..300, 0..5)],
            not_a in any::<bool>(), not_b in any::<bool>(),
        ) {
            let universe: BTreeSet<u128> = (0..300).collect();
            let of = |s: &BTreeSet<u128>, not: bool| {
                if not { (Set::Only(ids(s)).not(), &universe - s) } else { (Set::Only(ids(s)), s.clone()) }
            };
            let ((left, l), (right, r)) = (of(&a, not_a), of(&b, not_b));
            let members = |set: Set| -> BTreeSet<u128> {
                match set {
                    Set::Only(ids) => ids.iter().copied().collect(),
                    Set::Except(ids) => &universe - &ids.iter().copied().collect(),
                }
            };
            prop_assert_eq!(members(left.clone().and(right.clone())), &l & &r);
            prop_assert_eq!(members(left.or(right)), &l | &r);
        }
    }

    #[test]
    fn what_was_used_longest_ago_gives_way() {
        let (sets, org) = (Sets::new(100_000), OrgId::from_bytes([1; 16]));
        let (leaf, many) = (|n| Leaf::Created { since: n }, Arc::new(vec![0; 2_000]));
        for n in 0..3 {
            sets.keep(org, leaf(n), vec![n], &many);
        }
        assert!(sets.find(org, &leaf(0), &[0]).is_some());
        sets.keep(org, leaf(3), vec![3], &many);
        assert!(sets.find(org, &leaf(1), &[1]).is_none());
        assert!(sets.find(org, &leaf(0), &[0]).is_some());
        assert!(sets.find(org, &leaf(0), &[1]).is_none(), "another version is another set");
    }
}
