//! Portfolios and WhatsApp Business Accounts.

use crate::{
    chance::HashedMap,
    saved,
    settings::{PortfolioSettings, TemplateRecord, WabaSettings},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

/// A business portfolio and whom it reached lately outside windows.
#[derive(Serialize, Deserialize)]
pub(crate) struct Portfolio {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// 0: no limit.
    pub(crate) limit: u32,
    pub(crate) verified: bool,
    pub(crate) reached: Mutex<Reached>,
    /// An upgrade of the limit is on its way.
    pub(crate) growing: AtomicBool,
    pub(crate) template_messages: AtomicU64,
    /// Template messages let go of the present batch, while it is paced.
    pub(crate) in_batch: AtomicU32,
    pub(crate) suspected: bool,
    /// What users say of its messages is bad: what pacing holds will fail.
    pub(crate) bad_signals: bool,
    pub(crate) restricted: bool,
}

/// Meta: portfolios with fewer template messages in 365 days may be paced.
const PACED_BELOW: u64 = 500_000;

impl Portfolio {
    pub(crate) fn of(s: &PortfolioSettings) -> Self {
        Self {
            id: s.id.0,
            name: s.name.clone(),
            limit: s.limit,
            verified: s.verified,
            reached: Mutex::default(),
            growing: AtomicBool::new(false),
            template_messages: AtomicU64::new(s.template_messages),
            in_batch: AtomicU32::new(0),
            suspected: s.suspected,
            bad_signals: false,
            restricted: s.restricted,
        }
    }

    /// Counts a template message; true when it must wait because `batch` (0: no pacing) are out
    /// already.
    pub(crate) fn holds(&self, batch: u32) -> bool {
        let sent = self.template_messages.fetch_add(1, Ordering::Relaxed);
        batch > 0
            && (self.suspected || sent < PACED_BELOW)
            && self.in_batch.fetch_add(1, Ordering::Relaxed) >= batch
    }

    /// Meta's name of a limit.
    pub(crate) fn tier(&self) -> &'static str {
        match self.limit {
            0 => "TIER_UNLIMITED",
            1..=250 => "TIER_250",
            251..=2_000 => "TIER_2K",
            2_001..=10_000 => "TIER_10K",
            _ => "TIER_100K",
        }
    }
}

const DAY_S: i64 = 86_400;

/// Unique users reached outside windows within the last 24 hours.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Reached {
    last: HashedMap<i64>,
    order: VecDeque<(i64, u64)>,
}

impl Reached {
    /// Counts `user` at `now_s`; false when that would be one too many.
    pub(crate) fn admit(&mut self, user: u64, now_s: i64, limit: u32) -> bool {
        while let Some(&(at, old)) = self.order.front() {
            if at > now_s - DAY_S {
                break;
            }
            self.order.pop_front();
            if self.last.get(&old) == Some(&at) {
                self.last.remove(&old);
            }
        }
        // Within a minute of the last time nothing new is written down: it would change nothing.
        match self.last.get(&user) {
            Some(&at) if now_s - at < 60 => return true,
            None if self.last.len() >= limit as usize => return false,
            _ => {}
        }
        self.last.insert(user, now_s);
        self.order.push_back((now_s, user));
        true
    }

    pub(crate) fn count(&self) -> usize {
        self.last.len()
    }
}

/// A WhatsApp Business Account.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waba {
    pub(crate) id: u64,
    pub(crate) portfolio: u64,
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) country: String,
    pub(crate) payment_method: bool,
    pub(crate) marketing_disabled: bool,
    /// By app.
    pub(crate) subscriptions: BTreeMap<u64, Subscription>,
    /// Names of deleted templates and when (unix seconds): they stay locked for 30 days.
    #[serde(with = "saved::pairs")]
    pub(crate) deleted_names: BTreeMap<(String, String), i64>,
    /// When templates were created in the last hour (unix seconds).
    pub(crate) created: VecDeque<i64>,
    /// Whether template insights were switched on, which cannot be undone.
    pub(crate) insights: bool,
    pub(crate) record: TemplateRecord,
    /// The terms of payments were accepted.
    pub(crate) payment_terms: bool,
    /// The terms of In-App Signup were accepted.
    pub(crate) signup_terms: bool,
}

/// Templates whose analytics are asked for together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TemplateGroup {
    pub(crate) waba: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) templates: Vec<u64>,
    pub(crate) made_s: i64,
}

/// A link inside WhatsApp through which people ask for marketing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct InAppSignup {
    pub(crate) waba: u64,
    pub(crate) is_active: bool,
    /// What the person is asked.
    pub(crate) message: String,
    /// What the person gets.
    pub(crate) confirmation: String,
    pub(crate) privacy_policy_url: String,
    pub(crate) website_url: Option<String>,
    pub(crate) promo_code: Option<String>,
    pub(crate) display_name: Option<String>,
}

/// One app's subscription to an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) override_url: Option<String>,
}

impl Waba {
    pub(crate) fn of(portfolio: u64, s: &WabaSettings) -> Self {
        Self {
            id: s.id.0,
            portfolio,
            name: s.name.clone(),
            currency: s.currency.clone(),
            country: s.country.clone(),
            payment_method: s.payment_method,
            marketing_disabled: s.marketing_disabled,
            subscriptions: s
                .subscribed_apps
                .iter()
                .map(|a| (a.0, Subscription { override_url: s.override_url.clone() }))
                .collect(),
            deleted_names: BTreeMap::new(),
            created: VecDeque::new(),
            insights: s.insights,
            record: s.record.clone(),
            payment_terms: s.payment_terms,
            signup_terms: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_unique_users_of_a_moving_day() {
        let mut r = Reached::default();
        assert!(r.admit(1, 0, 2) && r.admit(2, 10, 2) && r.admit(1, 1_000, 2));
        assert!(!r.admit(3, 2_000, 2));
        // User 2 was last reached a day ago, user 1 was not.
        assert!(r.admit(3, 10 + DAY_S, 2));
        assert!(!r.admit(4, 11 + DAY_S, 2));
        assert_eq!(r.count(), 2);
    }
}
