//! Calls under way, and what two people's phones remember of each other: permission and limits.

use crate::{
    chance::{Draw, join},
    saved,
    settings::CallBehaviour,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

const DAY_S: i64 = 86_400;
/// Meta: a permission that is not for good lasts seven days.
pub(super) const TEMPORARY_S: i64 = 7 * DAY_S;
/// Meta: this many calls missed in a row take the permission away.
const MISSED: u32 = 4;

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Asked for; the other phone does not ring yet.
    Calling,
    Ringing,
    PreAccepted,
    /// Talking, since then (unix seconds).
    Accepted(i64),
    Ended,
}

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PhoneCall {
    pub(super) id: String,
    /// The business number.
    pub(super) number: u64,
    pub(super) user: u64,
    pub(super) by_business: bool,
    pub(super) to_bsuid: bool,
    pub(super) stage: Stage,
    pub(super) callback: Option<String>,
    /// The user's call came from this payload of a button.
    pub(super) payload: Option<String>,
}

impl PhoneCall {
    pub(super) fn direction(&self) -> &'static str {
        if self.by_business { "BUSINESS_INITIATED" } else { "USER_INITIATED" }
    }
}

/// What one number and one user have with each other.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pair {
    /// Until when the user may be called; `i64::MAX` for good.
    pub(super) permitted_until: i64,
    /// When permission was asked for (unix seconds).
    pub(super) requests: VecDeque<i64>,
    /// When the user took calls of the business (unix seconds).
    pub(super) connected: VecDeque<i64>,
    missed: u32,
}

/// How often something was done in a time, and may be.
pub(super) struct Limit {
    pub(super) period: &'static str,
    pub(super) used: usize,
    pub(super) most: usize,
    /// When the oldest of them no longer counts.
    pub(super) free_s: i64,
}

impl Pair {
    pub(super) fn permitted(&self, now_s: i64) -> bool {
        self.permitted_until > now_s
    }

    pub(super) fn request_limits(&mut self, b: &CallBehaviour, now_s: i64) -> [Limit; 2] {
        while self.requests.front().is_some_and(|at| *at <= now_s - 7 * DAY_S) {
            self.requests.pop_front();
        }
        [
            limit("PT24H", &self.requests, b.requests.0, now_s, DAY_S),
            limit("P7D", &self.requests, b.requests.1, now_s, 7 * DAY_S),
        ]
    }

    pub(super) fn call_limit(&mut self, b: &CallBehaviour, now_s: i64) -> Limit {
        while self.connected.front().is_some_and(|at| *at <= now_s - DAY_S) {
            self.connected.pop_front();
        }
        limit("PT24H", &self.connected, b.connected_per_day, now_s, DAY_S)
    }

    /// A call was taken. Meta: that makes room for requests again.
    pub(super) fn took(&mut self, by_business: bool, now_s: i64) {
        self.missed = 0;
        self.requests.clear();
        if by_business {
            self.connected.push_back(now_s);
        }
    }

    /// A call of the business was missed or refused.
    pub(super) fn missed(&mut self) {
        self.missed += 1;
        if self.missed >= MISSED {
            self.permitted_until = 0;
        }
    }
}

fn limit(period: &'static str, all: &VecDeque<i64>, most: usize, now_s: i64, within_s: i64) -> Limit {
    let counted: Vec<i64> = all.iter().copied().filter(|at| *at > now_s - within_s).collect();
    let free_s = counted.first().map_or(now_s, |at| at + within_s);
    Limit { period, used: counted.len(), most, free_s }
}

/// All calls.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Lines {
    pub(super) calls: BTreeMap<String, PhoneCall>,
    #[serde(with = "saved::pairs")]
    pub(super) pairs: BTreeMap<(u64, u64), Pair>,
    /// When a number asked about permissions lately (microseconds).
    pub(super) asked: BTreeMap<u64, VecDeque<i64>>,
    made: u64,
}

/// Calls kept after their end, so that a late action on them is told apart from an unknown one.
const KEPT: usize = 10_000;

impl Lines {
    /// An id in Meta's manner.
    pub(super) fn new_id(&mut self, seed: u64, user: u64) -> String {
        self.made += 1;
        let mut draw = Draw::from(join(join(seed ^ 0x6361_6c6c, user), self.made));
        let mut record = vec![0x1c, 0x18, u8::try_from(user.to_string().len()).unwrap_or(0)];
        record.extend(user.to_string().into_bytes());
        record.extend([0x15, 0x02, 0x00, 0x11, 0x18, 0x20]);
        record.extend(format!("{:016X}{:016X}", draw.next(), draw.next()).into_bytes());
        format!("wacid.{}", STANDARD.encode(record))
    }

    pub(super) fn put(&mut self, call: PhoneCall) {
        if self.calls.len() >= KEPT {
            self.calls.retain(|_, c| c.stage != Stage::Ended);
        }
        self.calls.insert(call.id.clone(), call);
    }

    pub(super) fn pair(&mut self, number: u64, user: u64) -> &mut Pair {
        self.pairs.entry((number, user)).or_default()
    }

    pub(super) fn under_way(&self, number: u64) -> impl Iterator<Item = &PhoneCall> {
        self.calls.values().filter(move |c| c.number == number && c.stage != Stage::Ended)
    }

    /// The call of a user that is not over.
    pub(super) fn of_user(&self, user: u64, id: Option<&str>) -> Option<&PhoneCall> {
        self.calls
            .values()
            .find(|c| c.user == user && c.stage != Stage::Ended && id.is_none_or(|id| id == c.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_limited_by_day_and_week_and_a_call_makes_room() {
        let b = CallBehaviour::default();
        let mut p = Pair::default();
        let room = |p: &mut Pair, at: i64| p.request_limits(&b, at).iter().all(|l| l.used < l.most);
        assert!(room(&mut p, 0));
        p.requests.push_back(1);
        assert!(!room(&mut p, 100) && room(&mut p, DAY_S + 2));
        p.requests.push_back(DAY_S + 2);
        assert!(!room(&mut p, 3 * DAY_S) && room(&mut p, 7 * DAY_S + 2));
        p.took(true, 3 * DAY_S);
        assert!(room(&mut p, 3 * DAY_S));
    }

    #[test]
    fn four_missed_calls_take_the_permission_away() {
        let mut p = Pair { permitted_until: i64::MAX, ..Pair::default() };
        (0..3).for_each(|_| p.missed());
        assert!(p.permitted(5));
        p.missed();
        assert!(!p.permitted(5));
    }
}
