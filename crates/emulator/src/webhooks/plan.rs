//! What will become of an accepted message: which statuses come, and when. Decided at once, from
//! the seed and the state at acceptance, so that no call order changes it.

use crate::{
    chance::Draw,
    settings::{Behaviour, Between},
    templates::Category,
    users::Traits,
};
use serde::{Deserialize, Serialize};

/// A status of an outbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Status {
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
}

impl Status {
    pub(crate) const ALL: [Self; 5] = [Self::Sent, Self::Delivered, Self::Read, Self::Played, Self::Failed];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
        }
    }
}

/// One status and how long after acceptance it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) status: Status,
    pub(crate) after_ms: u32,
}

/// The statuses a message will have, in order. Kept of every message under way, so it is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    after_ms: [u32; 4],
    statuses: [Status; 4],
    len: u8,
    /// It comes too late for its time to live: nothing follows `sent`.
    pub(crate) expires: bool,
    /// The code of the failure, 0 without one.
    pub(crate) error: u32,
}

impl Plan {
    pub(crate) const EMPTY: Self =
        Self { after_ms: [0; 4], statuses: [Status::Sent; 4], len: 0, expires: false, error: 0 };

    fn push(&mut self, status: Status, after_ms: u64) {
        let start = self.steps().last().map_or(0, |s| s.after_ms);
        let at = usize::from(self.len);
        if let (Some(ms), Some(free)) = (self.after_ms.get_mut(at), self.statuses.get_mut(at)) {
            *ms = u32::try_from(after_ms).unwrap_or(u32::MAX).saturating_add(start);
            *free = status;
            self.len += 1;
        }
    }

    pub(crate) fn steps(&self) -> impl DoubleEndedIterator<Item = Step> {
        let (statuses, after_ms) = (self.statuses, self.after_ms);
        (0..usize::from(self.len)).map(move |i| Step { status: statuses[i], after_ms: after_ms[i] })
    }

    /// The step at a place, from 0.
    pub(crate) fn step(&self, place: u8) -> Option<Step> {
        self.steps().nth(place.into())
    }

    pub(crate) fn fails(&self) -> bool {
        self.error != 0
    }

    /// Whether `status` carries the price: `sent`, and the first of `delivered` and `read`.
    pub(crate) fn priced(&self, status: Status) -> bool {
        match status {
            Status::Sent | Status::Delivered => true,
            Status::Read => !self.steps().any(|s| s.status == Status::Delivered),
            Status::Played | Status::Failed => false,
        }
    }

    /// A user is back and gets what was waiting.
    pub(crate) fn back_online(reads: bool, delivered_ms: u64, read_ms: u64) -> Self {
        let mut plan = Self::EMPTY;
        plan.push(Status::Delivered, delivered_ms);
        if reads {
            plan.push(Status::Read, read_ms);
        }
        plan
    }

    /// A plan that does nothing but fail.
    pub(crate) fn failure(error: u32, after_ms: u64) -> Self {
        let mut plan = Self { error, ..Self::EMPTY };
        plan.push(Status::Failed, after_ms);
        plan
    }
}

/// All that decides a message's fate.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) user: Traits,
    pub(crate) category: Category,
    pub(crate) now_s: i64,
    /// How long it may wait for its user.
    pub(crate) life_s: i64,
    pub(crate) to_us: bool,
    pub(crate) reaction: bool,
    pub(crate) voice: bool,
    /// 131009: the message reacted to is unknown.
    pub(crate) bad_target: bool,
    /// 137000: the identity key has changed.
    pub(crate) identity_changed: bool,
    pub(crate) broken_media: bool,
    pub(crate) no_payment: bool,
    pub(crate) over_user_cap: bool,
    pub(crate) over_limit: bool,
    /// A fault says it fails with this code.
    pub(crate) fault: Option<u32>,
}

impl Facts {
    /// The code this message fails with later, if any.
    pub(crate) fn failure(&self, behaviour: &Behaviour, draw: &mut Draw) -> Option<u32> {
        let rules = &behaviour.rules;
        let marketing = self.category == Category::Marketing;
        let in_window = self.user.window_until > self.now_s;
        let experiment = draw.chance(rules.experiment);
        let first = |code: u32, holds: bool| holds.then_some(code);
        first(137_000, self.identity_changed)
            .or(first(131_009, self.bad_target))
            .or(first(131_026, rules.not_on_whatsapp && !self.user.on_whatsapp))
            .or(first(131_042, rules.payment && self.no_payment))
            .or(first(131_047, rules.closed_window && self.category == Category::Service && !in_window))
            .or(first(131_050, rules.opted_out && marketing && self.user.opted_out))
            .or(first(131_049, rules.us_marketing && marketing && self.to_us))
            .or(first(131_049, self.over_user_cap))
            .or(first(130_472, experiment && marketing))
            .or(first(131_048, self.over_limit))
            .or(first(131_053, rules.media_fetch && self.broken_media))
            .or(self.fault)
    }

    /// The statuses that will come.
    pub(crate) fn plan(&self, behaviour: &Behaviour, mut draw: Draw) -> Plan {
        let times = &behaviour.statuses;
        let wait = |d: &mut Draw, (low, high): Between| d.between(low, high);
        if let Some(error) = self.failure(behaviour, &mut draw) {
            let mut plan = Plan { error, ..Plan::EMPTY };
            if draw.chance(times.failed_after_sent) {
                let after = wait(&mut draw, times.sent_ms);
                plan.push(Status::Sent, after);
            }
            let after = wait(&mut draw, times.failed_ms);
            plan.push(Status::Failed, after);
            return plan;
        }
        let mut plan = Plan::EMPTY;
        let after = wait(&mut draw, times.sent_ms);
        plan.push(Status::Sent, after);
        if self.reaction || self.user.blocked || !self.user.online {
            return plan;
        }
        let after = wait(&mut draw, times.delivered_ms);
        let delivered_ms = plan.after_ms[0].saturating_add(u32::try_from(after).unwrap_or(u32::MAX));
        if behaviour.rules.template_ttl && i64::from(delivered_ms) > self.life_s.saturating_mul(1_000) {
            plan.expires = true;
            return plan;
        }
        let read_only = self.user.reads && draw.chance(behaviour.population.read_only);
        if read_only {
            plan.push(Status::Read, after);
            return plan;
        }
        plan.push(Status::Delivered, after);
        if self.user.reads {
            let after = wait(&mut draw, times.read_ms);
            plan.push(Status::Read, after);
            if self.voice {
                let after = wait(&mut draw, times.read_ms);
                plan.push(Status::Played, after);
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            user: Traits {
                on_whatsapp: true,
                online: true,
                reads: true,
                opted_out: false,
                blocked: false,
                has_username: false,
                phone_hidden: false,
                generation: 0,
                window_until: 0,
                free_until: 0,
            },
            category: Category::Marketing,
            now_s: 1_000,
            life_s: 600,
            to_us: false,
            reaction: false,
            voice: false,
            bad_target: false,
            identity_changed: false,
            broken_media: false,
            no_payment: false,
            over_user_cap: false,
            over_limit: false,
            fault: None,
        }
    }

    fn error(change: impl FnOnce(&mut Facts)) -> u32 {
        let mut f = facts();
        change(&mut f);
        f.plan(&Behaviour::default(), Draw::from(1)).error
    }

    #[test]
    fn every_late_rule_has_its_code() {
        assert_eq!(error(|_| {}), 0);
        assert_eq!(error(|f| f.user.on_whatsapp = false), 131_026);
        assert_eq!(error(|f| f.category = Category::Service), 131_047);
        assert_eq!(
            error(|f| {
                f.category = Category::Service;
                f.user.window_until = 1_001;
            }),
            0
        );
        assert_eq!(error(|f| f.user.opted_out = true), 131_050);
        assert_eq!(error(|f| f.to_us = true), 131_049);
        assert_eq!(error(|f| f.over_user_cap = true), 131_049);
        assert_eq!(error(|f| f.over_limit = true), 131_048);
        assert_eq!(error(|f| f.no_payment = true), 131_042);
        assert_eq!(error(|f| f.broken_media = true), 131_053);
        assert_eq!(error(|f| f.bad_target = true), 131_009);
        assert_eq!(error(|f| f.identity_changed = true), 137_000);
        assert_eq!(error(|f| f.fault = Some(131_000)), 131_000);
        assert_eq!(
            error(|f| {
                f.category = Category::Utility;
                f.user.opted_out = true;
                f.to_us = true;
            }),
            0,
            "only marketing can be stopped"
        );
    }

    fn kinds(f: &Facts) -> Vec<Status> {
        f.plan(&Behaviour::default(), Draw::from(9)).steps().map(|s| s.status).collect()
    }

    #[test]
    fn statuses_come_in_their_order() {
        let mut f = facts();
        assert_eq!(kinds(&f), [Status::Sent, Status::Delivered, Status::Read]);
        f.voice = true;
        assert_eq!(kinds(&f).last(), Some(&Status::Played));
        f.reaction = true;
        assert_eq!(kinds(&f), [Status::Sent]);
        let plan = facts().plan(&Behaviour::default(), Draw::from(3));
        assert!(plan.steps().map(|s| s.after_ms).is_sorted());
    }

    #[test]
    fn a_read_without_delivered_carries_the_price() {
        let mut b = Behaviour::default();
        b.population.read_only = 1.0;
        let plan = facts().plan(&b, Draw::from(3));
        assert!(plan.priced(Status::Read) && plan.steps().count() == 2);
        let plan = facts().plan(&Behaviour::default(), Draw::from(3));
        assert!(!plan.priced(Status::Read) && plan.priced(Status::Delivered));
    }
}
